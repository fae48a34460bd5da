"""Splits stories off an incident into one of their own, where their later texts go too."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from crisis.announce import INCIDENT, number_of, post_notice, refresh_alert
from crisis.desk import Desk
from crisis.evidence import MOST_MENTIONS, build_evidence
from crisis.intake import open_from
from crisis.kinds import CrisisType, crisis_type_of
from crisis.permissions import Action, Actor
from crisis.record import open_incident, record, said
from listener.complaints import Severity, severity_rank
from listener.errors import Conflict
from listener.store import findings, incidents, links, mentions
from listener.store.records import IncidentRecord, JudgedMention
from listener.store.rows import BUCKET

SPLIT = findings.SPLIT


def stories_said(
    session: Session, incident: IncidentRecord, now: datetime
) -> dict[int, list[JudgedMention]]:
    """Return the negative texts since an incident began, by story, the most told first."""
    told = mentions.mentions_between(
        session,
        brand_id=incident.brand_id,
        since=min(incident.first_seen_at, datetime.fromisoformat(incident.evidence["since"])),
        until=now + BUCKET,
        limit=MOST_MENTIONS,
        negative_only=True,
    )
    counts = Counter(one.story_id for one in told)
    return {
        story_id: [one for one in told if one.story_id == story_id]
        for story_id, _ in counts.most_common()
    }


def split(
    session: Session,
    desk: Desk,
    incident_id: int,
    story_ids: Sequence[int],
    *,
    actor: Actor,
    reason: str,
    now: datetime,
    crisis_type: CrisisType | None = None,
) -> int:
    """Open an incident of their own for some stories of an incident; return its id.

    Its severity is the highest of its texts, its crisis type that of most of them if not given.
    Doing it again returns the incident there is; merging it back undoes it. The counts of a series
    stay what they are: detection counts texts, not incidents.
    """
    actor.role_for(Action.MERGE)
    why = said(reason, "a split needs a reason")
    incidents.lock_brand(session, incidents.incident(session, incident_id).brand_id)
    incident = open_incident(session, incident_id)
    known = stories_said(session, incident, now)
    chosen = sorted(set(story_ids))
    strange = [one for one in chosen if one not in known]
    if not chosen or strange:
        raise Conflict(
            f"incident {incident_id} has no story {', '.join(map(str, strange)) or 'named'}; "
            f"see 'fengsheng incidents stories {incident_id}'"
        )
    there = {links.incident_of_story(session, one) for one in chosen}
    if len(there) == 1 and (found := there.pop()) not in (None, incident_id):
        return int(found or 0)
    texts = [one for story_id in chosen for one in known[story_id]]
    new_id = _open(session, desk, incident, texts, crisis_type=crisis_type, now=now)
    links.move_stories(session, new_id, chosen)
    moved = links.findings_of_stories(session, incident_id, chosen)
    links.move_held(session, "findings", moved, new_id)
    data = {"from": incident_id, "to": new_id, "stories": chosen, "reason": why}
    links.add_link(
        session,
        kind=links.SPLIT,
        from_id=new_id,
        to_id=incident_id,
        data={"stories": chosen, "findings": moved},
        by=actor.key,
        now=now,
    )
    for one in (incident_id, new_id):
        record(session, one, Action.MERGE, actor, now, split=True, **data)
    new = incidents.incident(session, new_id)
    text = desk.catalog.incident["split_notice"].format(
        **{"from": number_of(incident_id), "number": number_of(new_id), "title": new.title}
    )
    post_notice(session, desk, text, subject=(INCIDENT, new_id), key=SPLIT, now=now)
    refresh_alert(session, desk, incident_id, now)
    return new_id


def _open(
    session: Session,
    desk: Desk,
    incident: IncidentRecord,
    texts: Sequence[JudgedMention],
    *,
    crisis_type: CrisisType | None,
    now: datetime,
) -> int:
    first = min(texts, key=lambda one: one.event_at)
    kinds = Counter(one.type for one in texts if one.is_complaint)
    kind = kinds.most_common(1)[0][0] if kinds else "other"
    severity = max(
        (Severity(one.severity) for one in texts), key=severity_rank, default=Severity.GENERAL
    )
    chosen = sorted({one.story_id for one in texts})
    finding_id = findings.insert_finding(
        session,
        {
            "natural_key": f"{SPLIT}:{incident.id}:{now.isoformat()}",
            "brand_id": incident.brand_id,
            "mention_id": first.id,
            "channel": SPLIT,
            "severity": max(severity, Severity.GENERAL, key=severity_rank),
            "severity_reason": "split_off",
            "started_at": first.event_at,
            "last_on_at": max(one.event_at for one in texts),
            "ended_at": now,
            "score": 0.0,
            "observed": len(texts),
            "expected": 0.0,
            "judgement": {"type": kind, "stories": chosen, "split_from": incident.id},
            "found_at": now,
            "changed_at": now,
            "handled_at": now,
        },
    )
    if finding_id is None:
        raise Conflict(f"incident {incident.id} is being split at this very moment; look again")
    finding = findings.finding(session, finding_id)
    new_id = open_from(
        session,
        desk,
        finding,
        build_evidence(session, finding, now=now),
        crisis_type=crisis_type or crisis_type_of(kind),
        now=now,
    )
    findings.change_finding(session, finding_id, {"incident_id": new_id})
    return new_id
