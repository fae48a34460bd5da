"""The course of an incident after its alert: reminders while a rise goes on, and its end.

Every notice is written down in the timeline in the same transaction, which is what makes it come
once, however often and on however many machines this runs.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from crisis.announce import INCIDENT, number_of, post_notice, window_text
from crisis.desk import Desk
from crisis.duration import duration_text
from crisis.intake import SYSTEM, most_telling
from crisis.policy import held_back
from listener.store import findings, incidents
from listener.store.records import FindingRecord, IncidentRecord, TimelineEntry

REMINDED = "reminded"
RECOVERED = "recovered"
# What fell back longer ago is no news: after a standstill, or for what an older version left open.
NEWS_FOR = timedelta(hours=6)


def tell_course(session: Session, desk: Desk, now: datetime) -> int:
    """Remind of open incidents whose rise goes on, and tell once when it is over.

    Return how many notices were written, those held back by a mute included.
    """
    told = 0
    for incident in incidents.open_incidents(session):
        incidents.lock_brand(session, incident.brand_id)
        rises = [
            one
            for one in findings.changed_findings(session, [incident.id])
            if one.series_id is not None
        ]
        events = incidents.timeline(session, incident.id)
        going = [one for one in rises if one.ended_at is None]
        if going:
            told += _remind(session, desk, incident, going, events, now=now)
        elif rises:
            told += _tell_end(session, desk, incident, rises, events, now=now)
    return told


def _remind(
    session: Session,
    desk: Desk,
    incident: IncidentRecord,
    going: Sequence[FindingRecord],
    events: Sequence[TimelineEntry],
    *,
    now: datetime,
) -> bool:
    reminders = [event.at for event in events if event.kind == REMINDED]
    last = max([min(one.found_at for one in going), *reminders])
    every = _remind_every(desk, going)
    if not every or now - last < every:
        return False
    text = _words(desk, "still_rising", incident, going, until=now)
    _say(session, desk, incident, text, key=f"{REMINDED}:{len(reminders) + 1}", now=now)
    incidents.add_event(session, incident.id, at=now, kind=REMINDED, actor=SYSTEM)
    return True


def _remind_every(desk: Desk, going: Sequence[FindingRecord]) -> timedelta:
    """Return the pause between reminders; while only rules hold, the shortest of their own."""
    rules = [one.judgement.get("rule") for one in going]
    own = [rule["remind_hours"] for rule in rules if rule and rule["remind_hours"] is not None]
    if len(own) < len(going):
        return desk.remind_every
    return min((timedelta(hours=hours) for hours in own if hours), default=timedelta(0))


def _tell_end(
    session: Session,
    desk: Desk,
    incident: IncidentRecord,
    rises: Sequence[FindingRecord],
    events: Sequence[TimelineEntry],
    *,
    now: datetime,
) -> bool:
    known = {
        finding_id
        for event in events
        if event.kind == RECOVERED
        for finding_id in event.data["findings"]
    }
    fresh = [one for one in rises if one.id not in known]
    ended_at = max((one.ended_at for one in fresh if one.ended_at), default=None)
    if ended_at is None or now - ended_at > NEWS_FOR:
        return False
    text = _words(desk, "recovered", incident, fresh, until=ended_at)
    newest = max(one.id for one in fresh)
    _say(session, desk, incident, text, key=f"{RECOVERED}:{newest}", now=now)
    data = {"findings": [one.id for one in fresh], "ended_at": ended_at.isoformat()}
    incidents.add_event(session, incident.id, at=now, kind=RECOVERED, actor=SYSTEM, data=data)
    return True


def _words(
    desk: Desk,
    name: str,
    incident: IncidentRecord,
    rises: Sequence[FindingRecord],
    *,
    until: datetime,
) -> str:
    peak = most_telling(rises)
    lasted = until - min(one.started_at for one in rises)
    return desk.catalog.words[name].format(
        number=number_of(incident.id),
        title=incident.title,
        window=window_text(desk, peak.judgement["window_buckets"]),
        observed=peak.observed,
        lasted=duration_text(desk, lasted),
        owner=desk.name_of(incident.owner_key),
    )


def _say(
    session: Session, desk: Desk, incident: IncidentRecord, text: str, *, key: str, now: datetime
) -> None:
    held = held_back(session, brand_id=incident.brand_id, severity=incident.severity, now=now)
    post_notice(
        session, desk, text, subject=(INCIDENT, incident.id), key=key, now=now, not_sent=held
    )
