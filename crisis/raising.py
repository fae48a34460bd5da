"""Raises open incidents by the rules of ``listener.detect.escalation``; people lower them.

What a person has weighed when setting the severity does not raise it again: only texts that came
after that count.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from crisis.announce import INCIDENT, number_of, post_notice, refresh_alert
from crisis.clocks import keep_first_statement
from crisis.desk import Desk
from crisis.evidence import faults_in
from crisis.kinds import crisis_type_of
from crisis.permissions import Action
from listener.complaints import SEVERITY_LABELS, Severity, severity_rank
from listener.detect.escalation import DAY, Raise, Voice, escalate
from listener.store import incidents, links, mentions, series
from listener.store.records import IncidentRecord, JudgedMention
from listener.store.rows import BUCKET

SYSTEM = "system"
# Groups of sources in which an author is a newsroom, not a customer.
_MEDIA = frozenset({"news"})
# An incident with more negative texts a day has long been raised by them.
MOST_TEXTS = 2_000


def raise_incidents(session: Session, desk: Desk, now: datetime) -> int:
    """Raise every open incident that a rule says is worse than it stands; return how many."""
    raised = 0
    for incident in incidents.open_incidents(session):
        if incident.severity == Severity.URGENT or incident.brand_id not in desk.brands:
            continue
        found = judge_incident(session, incident, now)
        if found is None or _rank(found.severity) <= _rank(incident.severity):
            continue
        _raise(session, desk, incident, found, now)
        raised += 1
    return raised


def judge_incident(session: Session, incident: IncidentRecord, now: datetime) -> Raise | None:
    """Return what the rules raise an incident to by what was said of it in the last day."""
    said = mentions.mentions_between(
        session,
        brand_id=incident.brand_id,
        since=now - DAY,
        until=now + BUCKET,
        limit=MOST_TEXTS,
        negative_only=True,
    )
    weighed_at = _weighed_at(session, incident.id)
    ours = [one for one in said if _is_about(session, incident, one)]
    if weighed_at is not None:
        ours = [one for one in ours if one.collected_at > weighed_at]
    if not ours:
        return None
    rules = mentions.rules_of(session, [one.id for one in ours])
    total = 0 if weighed_at else _all_mentions(session, incident, now)
    return escalate(_voices(ours, rules), mentions=total, now=now)


def _all_mentions(session: Session, incident: IncidentRecord, now: datetime) -> int:
    """Return how many texts of the day the share is of; 0 where the incident is only a part."""
    if not _is_whole(incident):
        return 0
    buckets = series.load_buckets(
        session,
        series.overall_id(session, incident.brand_id),
        since=now - DAY,
        until=now + BUCKET,
    )
    return sum(one.mentions for one in buckets.values())


def _is_whole(incident: IncidentRecord) -> bool:
    return incident.group_key == f"brand:{incident.brand_id}"


def _is_about(session: Session, incident: IncidentRecord, one: JudgedMention) -> bool:
    """Whether a text belongs to the incident: by story, by type, or to the brand's own rise."""
    apart = incident.evidence["judgement"].get("stories")
    if apart is not None:
        return one.story_id in apart or one.story_id in links.stories_of(session, incident.id)
    if _is_whole(incident):
        return True
    return one.is_complaint and crisis_type_of(one.type) == incident.crisis_type


def _weighed_at(session: Session, incident_id: int) -> datetime | None:
    events = incidents.timeline(session, incident_id)
    return max((one.at for one in events if one.kind == Action.SEVERITY), default=None)


def _voices(texts: Sequence[JudgedMention], rules: Mapping[int, frozenset[str]]) -> list[Voice]:
    return [
        Voice(
            author=one.author_hash or f"mention {one.id}",
            story=one.story_id,
            platform=one.source_key,
            at=one.event_at,
            severity=one.severity,
            rules=rules.get(one.id, frozenset()),
            faults=faults_in(f"{one.title or ''} {one.text}"),
            followers=one.author_followers or 0,
            reach=one.views or one.author_followers or 0,
            is_media=one.group_name in _MEDIA,
        )
        for one in texts
    ]


def _rank(severity: str) -> int:
    return severity_rank(Severity(severity))


def _raise(
    session: Session, desk: Desk, incident: IncidentRecord, found: Raise, now: datetime
) -> None:
    values = {"severity": found.severity, "severity_reason": found.reason}
    incidents.change_incident(session, incident.id, values)
    session.expire_all()
    changed = incidents.incident(session, incident.id)
    keep_first_statement(session, desk, changed)
    incidents.add_event(
        session,
        incident.id,
        at=now,
        kind="severity_raised",
        actor=SYSTEM,
        data={
            "from": incident.severity,
            "to": found.severity,
            "reason": found.reason,
            "figure": found.figure,
        },
    )
    text = desk.catalog.incident["severity_raised"].format(
        number=number_of(incident.id),
        severity=SEVERITY_LABELS[desk.lang][Severity(found.severity)],
        reason=desk.catalog.reasons[found.reason],
    )
    key = f"raised-{found.severity}-{now.isoformat()}"
    post_notice(session, desk, text, subject=(INCIDENT, incident.id), key=key, now=now)
    refresh_alert(session, desk, incident.id, now)
