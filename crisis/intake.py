"""From finding to incident: one transaction opens or joins it, asks for a draft, writes the alert.

Whatever races or crashes, there is one open incident per group, and its alert is in the outbox.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from crisis.announce import VOLUME, post_alert, post_notice, refresh_alert, title_of
from crisis.clocks import keep_first_statement
from crisis.desk import Desk
from crisis.evidence import build_evidence, main_product, one_text
from crisis.facts import first_facts
from crisis.kinds import CrisisType, Kind, Phase, crisis_type_of
from crisis.permissions import Action
from crisis.room import open_room
from crisis.rules import rules_of, shows_own_rise, tell_rule
from crisis.single import incidents_of_story, tell_friendly, told_posts
from listener.complaints import Severity, severity_rank
from listener.config import Brand
from listener.failpoints import reach
from listener.store import findings, incidents, links, statements
from listener.store.records import FindingRecord, IncidentRecord

SYSTEM = "system"
GENERAL = "general"
HOLDING = Kind.HOLDING
# Marks the group of an incident that people split off.
_STORIES = ":stories:"


def handle_finding(session: Session, desk: Desk, finding: FindingRecord, now: datetime) -> int:
    """Open an incident for the finding, or join the one it belongs to; return its id.

    Unusual volume alone opens none: it is told as a notice, or, while an incident of the brand is
    open, not at all. So are single texts that harm nobody. Returns 0 then.
    """
    incidents.lock_brand(session, finding.brand_id)
    if finding.channel == findings.VOLUME:
        _tell_volume(session, desk, finding, now)
        findings.change_finding(session, finding.id, {"handled_at": now})
        return 0
    if finding.severity == GENERAL and finding.mention_id is not None:
        tell_friendly(session, desk, finding, now)
        findings.change_finding(session, finding.id, {"handled_at": now})
        return 0
    if finding.channel == findings.RULE and tell_rule(session, desk, finding, now):
        findings.change_finding(session, finding.id, {"handled_at": now})
        return 0
    evidence = _evidence(session, desk, finding, now)
    crisis_type = _crisis_type(finding, evidence)
    existing = _incident_to_join(session, finding, crisis_type)
    if existing is None:
        incident_id = open_from(session, desk, finding, evidence, crisis_type=crisis_type, now=now)
        reach("incident-opened")
    else:
        incident_id = existing.id
        _join(session, desk, existing, finding, evidence=evidence, now=now)
    findings.change_finding(session, finding.id, {"incident_id": incident_id, "handled_at": now})
    return incident_id


def _evidence(
    session: Session, desk: Desk, finding: FindingRecord, now: datetime
) -> dict[str, Any]:
    brand = desk.brands[finding.brand_id]
    evidence = build_evidence(
        session,
        finding,
        now=now,
        ignore_terms=known_names(brand),
        occasions=desk.calendar.at(brand.key, now),
    )
    return evidence | {"rules": rules_of(session, desk.lang, finding)}


def _tell_volume(session: Session, desk: Desk, finding: FindingRecord, now: datetime) -> None:
    if incidents.open_incidents(session, brand_id=finding.brand_id):
        return
    text = desk.catalog.words["volume_notice"].format(
        brand=desk.brands[finding.brand_id].name,
        minutes=30,
        observed=finding.observed,
        expected=f"{finding.expected:.0f}",
    )
    occasions = desk.calendar.at(desk.brands[finding.brand_id].key, finding.started_at)
    if occasions:
        names = ", ".join(one.name for one in occasions[:2])
        text += " " + desk.catalog.words["occasion_now"].format(names=names)
    post_notice(
        session, desk, text, subject=(VOLUME, finding.id), key=f"{VOLUME}:{finding.id}", now=now
    )


def known_names(brand: Brand) -> list[str]:
    """Return what an alert must not name as the cause: the brand itself."""
    return [
        brand.name,
        *brand.names,
        *brand.aliases,
        *brand.query.must,
        *brand.query.any,
        *(product.name for product in brand.products),
    ]


def _crisis_type(finding: FindingRecord, evidence: dict[str, Any]) -> CrisisType:
    if finding.series_id is None:
        return crisis_type_of(finding.judgement["type"])
    if evidence["types"]:
        return crisis_type_of(evidence["types"][0][0])
    return CrisisType.SERVICE_AFTERSALES


def _group_key(finding: FindingRecord, crisis_type: CrisisType) -> str:
    """Return the group that holds one open incident.

    All series of a brand are one group, and so are posts that take off: what spreads is the same
    episode whichever channel hears it first. A single urgent text makes its own group by crisis
    type: a report of fire must not vanish inside an outage.
    """
    if "stories" in finding.judgement:
        return f"brand:{finding.brand_id}{_STORIES}{finding.judgement['stories'][0]}"
    is_alone = finding.judgement.get("text_severity") == "urgent"
    if finding.series_id is None and (finding.channel != findings.TAKEOFF or is_alone):
        return f"brand:{finding.brand_id}:{crisis_type}"
    return f"brand:{finding.brand_id}"


def _incident_to_join(
    session: Session, finding: FindingRecord, crisis_type: CrisisType
) -> IncidentRecord | None:
    if finding.mention_id is not None:
        story_id = links.story_of_mention(session, finding.mention_id)
        apart = links.incident_of_story(session, story_id) if story_id else None
        if apart is not None:
            return incidents.incident(session, apart)
    key = _group_key(finding, crisis_type)
    same_story = incidents_of_story(session, finding)
    candidates = incidents.open_incidents(session, brand_id=finding.brand_id)
    for incident in candidates:
        if incident.id in same_story:
            return incident
    for incident in candidates:
        if incident.group_key == key:
            return incident
    for incident in candidates:
        # What people split off takes only texts of its own stories, which were looked up above.
        if incident.crisis_type == crisis_type and _STORIES not in incident.group_key:
            return incident
    merged = links.merged_incidents(session, finding.brand_id)
    return _survivor(
        session,
        [
            into_id
            for gone, into_id in merged
            if gone.group_key == key or gone.crisis_type == crisis_type
        ],
    )


def _survivor(session: Session, merged_into: Sequence[int]) -> IncidentRecord | None:
    """Return the open incident that a merged one ended in, however many merges lie between."""
    for into_id in merged_into:
        incident = incidents.incident(session, into_id)
        while not incident.is_open and (link := links.merge_of(session, incident.id)):
            incident = incidents.incident(session, link.to_id)
        if incident.is_open:
            return incident
    return None


def open_from(
    session: Session,
    desk: Desk,
    finding: FindingRecord,
    evidence: dict[str, Any],
    *,
    crisis_type: CrisisType,
    now: datetime,
) -> int:
    """Open an incident from a finding, with its room, its alert and its draft; return its id."""
    brand = desk.brands[finding.brand_id]
    incident_id = incidents.insert_incident(
        session,
        {
            "brand_id": finding.brand_id,
            "group_key": _group_key(finding, crisis_type),
            "title": title_of(brand.name, main_product(evidence), crisis_type, desk.lang),
            "crisis_type": crisis_type,
            "phase": Phase.ALERTED,
            "severity": finding.severity,
            "severity_reason": finding.severity_reason,
            "is_unverified": finding.series_id is None,
            "first_seen_at": finding.started_at,
            "opened_at": now,
            "evidence": evidence,
            "refreshed_at": now,
        },
    )
    if incident_id is None:
        raise RuntimeError("an incident of this group is open although the brand is locked")
    incidents.add_event(
        session,
        incident_id,
        at=now,
        kind="opened",
        actor=SYSTEM,
        data={
            "finding": finding.id,
            "severity": finding.severity,
            "reason": finding.severity_reason,
            "observed": finding.observed,
            "expected": finding.expected,
        },
    )
    for fact in first_facts(
        brand, evidence, crisis_type=crisis_type, now=now, tz=desk.tz, lang=desk.lang
    ):
        incidents.set_fact(
            session,
            incident_id,
            name=fact.name,
            state=fact.state,
            value=fact.value,
            source=fact.source,
            stated_by=fact.stated_by,
            as_of=now,
        )
    incident = incidents.incident(session, incident_id)
    open_room(session, desk, incident, now)
    post_alert(session, desk, incident, now)
    request_draft(session, desk, incident, requested_by=SYSTEM, now=now)
    return incident_id


def request_draft(
    session: Session,
    desk: Desk,
    incident: IncidentRecord,
    *,
    requested_by: str,
    now: datetime,
    kind: str = HOLDING,
) -> int | None:
    """Ask for a statement; None when there is no template of this kind for this crisis type.

    Asking again returns the statement there is.
    """
    template = desk.library.find(lang=desk.lang, crisis_type=incident.crisis_type, kind=kind)
    if template is None:
        return None
    statement_id = statements.request_statement(
        session,
        {
            "incident_id": incident.id,
            "kind": kind,
            "channel": template.channel,
            "lang": desk.lang,
            "crisis_type": incident.crisis_type,
            "state": statements.REQUESTED,
            "requested_at": now,
            "requested_by": requested_by,
            "missing": [],
        },
    )
    if statement_id is not None:
        return statement_id
    known = statements.list_statements(session, incident_id=incident.id)
    return next(one.id for one in known if one.kind == kind)


def _join(
    session: Session,
    desk: Desk,
    incident: IncidentRecord,
    finding: FindingRecord,
    *,
    evidence: dict[str, Any],
    now: datetime,
) -> None:
    incidents.add_event(
        session,
        incident.id,
        at=now,
        kind="joined",
        actor=SYSTEM,
        data={"finding": finding.id, "channel": finding.channel, "severity": finding.severity},
    )
    update_incident(session, desk, incident, finding, evidence=evidence, now=now)


def update_incident(
    session: Session,
    desk: Desk,
    incident: IncidentRecord,
    finding: FindingRecord,
    *,
    evidence: dict[str, Any],
    now: datetime,
) -> None:
    """Take over newer figures; severity only rises here, and a rise is told at once."""
    rises = _rises(session, incident, finding)
    values: dict[str, Any] = {"refreshed_at": now}
    if finding.series_id is not None:
        values |= {"is_unverified": False}
        # A part that turns abnormal too must not replace the figures of the whole.
        if finding.channel == findings.RULE and shows_own_rise(incident):
            values |= {"evidence": incident.evidence | {"rules": evidence["rules"]}}
        elif is_overall(finding) or not _shows_overall(incident):
            values |= {"evidence": evidence | told_posts(incident.evidence)}
    elif "observed" in incident.evidence["judgement"]:
        values |= {"evidence": incident.evidence | told_posts(evidence)}
    elif finding.channel == findings.TAKEOFF:
        values |= {"evidence": evidence}
    if rises:
        values |= {"severity": finding.severity, "severity_reason": finding.severity_reason}
        incidents.add_event(
            session,
            incident.id,
            at=now,
            kind="severity_raised",
            actor=SYSTEM,
            data={
                "from": incident.severity,
                "to": finding.severity,
                "reason": finding.severity_reason,
            },
        )
    incidents.change_incident(session, incident.id, values)
    if rises:
        keep_first_statement(session, desk, incidents.incident(session, incident.id))
    refresh_alert(session, desk, incident.id, now, is_repeat=not rises)


def rebuild_evidence(session: Session, desk: Desk, brand_id: int, now: datetime) -> None:
    """Bring the alerts of a brand's open incidents up to date after mentions were corrected.

    What was observed when the alert was raised stays; whom it quotes and what it counts follows.
    """
    brand = desk.brands.get(brand_id)
    if brand is None:
        return  # no longer configured: its incidents stand as they are
    for incident in incidents.open_incidents(session, brand_id=brand_id):
        known = findings.changed_findings(session, [incident.id])
        if not known:
            continue
        shown = most_telling(known)
        evidence = build_evidence(
            session,
            shown,
            now=now,
            ignore_terms=known_names(brand),
            occasions=desk.calendar.at(brand.key, now),
        )
        about_posts = [one for one in known if one.mention_id is not None]
        if shown.mention_id is None and about_posts:
            evidence |= one_text(session, max(about_posts, key=lambda one: one.id))
        incidents.change_incident(session, incident.id, {"evidence": evidence})
        # Somebody has just corrected it: silence holds back the machine's repeats, not this.
        refresh_alert(session, desk, incident.id, now)


def _rises(session: Session, incident: IncidentRecord, finding: FindingRecord) -> bool:
    """Whether the finding makes it worse; one a person already weighed when lowering does not."""
    if severity_rank(Severity(finding.severity)) <= severity_rank(Severity(incident.severity)):
        return False
    weighed = [
        event.at
        for event in incidents.timeline(session, incident.id)
        if event.kind == Action.SEVERITY
    ]
    return not weighed or finding.found_at > max(weighed)


def most_telling(changed: Sequence[FindingRecord]) -> FindingRecord:
    """Return the finding whose figures the alert shows: the whole brand's before any part's."""
    return max(changed, key=lambda one: (is_overall(one), one.score, one.id))


def _shows_overall(incident: IncidentRecord) -> bool:
    judgement = incident.evidence["judgement"]
    parts = (judgement.get("topic", "all"), judgement.get("source_group", "all"))
    return "observed" in judgement and parts == ("all", "all")


def is_overall(finding: FindingRecord) -> bool:
    """Whether the finding is about all of the brand's mentions, not one group or type."""
    parts = (finding.judgement.get("topic", "all"), finding.judgement.get("source_group", "all"))
    return finding.series_id is not None and parts == ("all", "all")


def refresh_open_incidents(session: Session, desk: Desk, now: datetime) -> int:
    """Take changed findings into their open incidents' alerts; return how many were refreshed.

    At most one edit per incident and ``desk.refresh_every``, unless the severity rises.
    """
    refreshed = 0
    for incident in incidents.open_incidents(session):
        changed = [
            finding
            for finding in findings.changed_findings(session, [incident.id])
            if finding.changed_at > incident.refreshed_at
            and (finding.series_id is not None or finding.channel == findings.TAKEOFF)
        ]
        if not changed:
            continue
        newest = most_telling(changed)
        rises = _rises(session, incident, newest)
        if now - incident.refreshed_at < desk.refresh_every and not rises:
            continue
        evidence = _evidence(session, desk, newest, now)
        update_incident(session, desk, incident, newest, evidence=evidence, now=now)
        refreshed += 1
    return refreshed
