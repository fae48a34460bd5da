"""Starts, meets and chases the clocks of incidents: the golden hours and what laws set.

The clock of the first statement runs by itself and ends with the first recorded publication. A
legal one runs only once a person has confirmed its trigger; nothing here judges the law.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from crisis.announce import number_of, post_notice, refresh_alert
from crisis.countdown import FIRST_STATEMENT, clock_line, playbook_of, time_of
from crisis.desk import Desk
from crisis.permissions import Action, Actor
from crisis.playbooks import ClockRule
from crisis.policy import held_back
from crisis.record import open_incident, record, said
from listener.complaints import Severity
from listener.config import Role
from listener.errors import Conflict
from listener.store import clocks, incidents, playbooks, room
from listener.store.clocks import ClockRecord
from listener.store.records import IncidentRecord

SYSTEM = "system"
CLOCK = "clock"
DEPUTY = "deputy"
_LEAST_NOTICE = timedelta(minutes=15)
_MOST_NOTICE = timedelta(hours=6)


def keep_first_statement(session: Session, desk: Desk, incident: IncidentRecord) -> None:
    """Let the first-statement clock run by the severity, from the first post on.

    Runs by itself when an incident opens and whenever its severity changes; what has been met
    stays as it was.
    """
    due_at = incident.first_seen_at + desk.first_statement_within[Severity(incident.severity)]
    started = clocks.start_clock(
        session,
        incident.id,
        code=FIRST_STATEMENT,
        started_at=incident.first_seen_at,
        due_at=due_at,
        by=SYSTEM,
        reason=incident.severity,
    )
    if started is None:
        values = {"due_at": due_at, "reason": incident.severity}
        clocks.change_running(session, incident.id, FIRST_STATEMENT, values)


def meet_first_statement(
    session: Session, incident_id: int, *, at: datetime, by: str, how: str
) -> None:
    """Note the first publication; one recorded later with an earlier time takes its place."""
    playbook = playbook_of(session, incident_id)
    if playbook and any(one.id == FIRST_STATEMENT for one in playbook.checklist):
        playbooks.mark(session, incident_id, FIRST_STATEMENT, by=by, now=at)
    values = {"met_at": at, "met_by": by, "met_how": how[:500]}
    if clocks.change_running(session, incident_id, FIRST_STATEMENT, values) is None:
        clocks.meet_earlier(session, incident_id, FIRST_STATEMENT, values)


def start(
    session: Session,
    desk: Desk,
    incident_id: int,
    code: str,
    *,
    actor: Actor,
    reason: str,
    now: datetime,
    since: datetime | None = None,
) -> ClockRecord:
    """Confirm that a law's trigger is met: its clock runs from ``since`` (now) on.

    Raises ``Conflict`` for an unknown code, a time ahead, or a clock that was started before.
    """
    actor.role_for(Action.CLOCK)
    incident = open_incident(session, incident_id)
    why = said(reason, "say on what grounds the trigger is met")
    rule = _rule(session, desk, incident, code)
    since = since or now
    if since > now:
        raise Conflict(f"{since.isoformat()} lies ahead; give the time at which it was known")
    due_at = since + timedelta(minutes=rule.minutes)
    started = clocks.start_clock(
        session,
        incident_id,
        code=code,
        started_at=since,
        due_at=due_at,
        by=actor.key,
        reason=why,
    )
    if started is None:
        raise Conflict(f"clock '{code}' of incident {incident_id} was started before")
    record(
        session,
        incident_id,
        Action.CLOCK,
        actor,
        now,
        code=code,
        did="start",
        law=rule.law,
        since=since.isoformat(),
        due_at=due_at.isoformat(),
        reason=why,
    )
    text = desk.catalog.incident["clock_started"].format(
        number=number_of(incident_id),
        name=actor.name,
        label=rule.label.said(desk.lang),
        due=time_of(desk, due_at, now),
        to=rule.to.said(desk.lang),
        law=rule.law,
    )
    post_notice(session, desk, text, subject=(CLOCK, started), key="clock-start", now=now)
    refresh_alert(session, desk, incident_id, now)
    return next(one for one in clocks.clocks(session, incident_id) if one.id == started)


def _rule(session: Session, desk: Desk, incident: IncidentRecord, code: str) -> ClockRule:
    """Return the limit as the incident's playbook has it, else as it stands in the files."""
    if code == FIRST_STATEMENT:
        raise Conflict("the clock of the first statement runs by itself")
    playbook = playbook_of(session, incident.id)
    own = {one.code: one for one in playbook.clocks} if playbook else {}
    if code in own:
        return own[code]
    every = desk.playbooks.clocks()
    if code not in every:
        raise Conflict(f"there is no clock '{code}'; there are {', '.join(every)}")
    return every[code]


def meet(
    session: Session,
    desk: Desk,
    incident_id: int,
    code: str,
    *,
    actor: Actor,
    how: str,
    now: datetime,
    at: datetime | None = None,
) -> ClockRecord:
    """Record by what a legal clock was met, and when. Raises ``Conflict`` if none runs."""
    actor.role_for(Action.CLOCK)
    how = said(how, "say by what the clock was met: to whom, how, its receipt number")
    if code == FIRST_STATEMENT:
        raise Conflict(
            "the first statement is met by recording it: 'fengsheng statements published'"
        )
    at = at or now
    if at > now:
        raise Conflict(f"{at.isoformat()} lies ahead; record it once it is done")
    values = {"met_at": at, "met_by": actor.key, "met_how": how}
    return _change(session, desk, incident_id, code, values, actor=actor, did="meet", now=now)


def cancel(
    session: Session,
    desk: Desk,
    incident_id: int,
    code: str,
    *,
    actor: Actor,
    reason: str,
    now: datetime,
) -> ClockRecord:
    """Take a legal clock back that was started in error; it stays on record with the reason."""
    actor.role_for(Action.CLOCK)
    why = said(reason, "say why the trigger is not met")
    if code == FIRST_STATEMENT:
        raise Conflict("the clock of the first statement runs by itself and cannot be cancelled")
    values = {"cancelled_at": now, "cancelled_by": actor.key}
    return _change(
        session, desk, incident_id, code, values, actor=actor, did="cancel", now=now, reason=why
    )


def _change(
    session: Session,
    desk: Desk,
    incident_id: int,
    code: str,
    values: dict[str, object],
    *,
    actor: Actor,
    did: str,
    now: datetime,
    reason: str = "",
) -> ClockRecord:
    incidents.incident(session, incident_id)
    changed = clocks.change_running(session, incident_id, code, values)
    if changed is None:
        raise Conflict(f"no clock '{code}' runs in incident {incident_id}")
    data = {"code": code, "did": did, "reason": reason or str(values.get("met_how", ""))}
    record(session, incident_id, Action.CLOCK, actor, now, **data)
    refresh_alert(session, desk, incident_id, now)
    return changed


def follow_clocks(session: Session, desk: Desk, now: datetime) -> None:
    """Remind of clocks that are near their time or past it, once each, and show what is left.

    The owner is asked first; once it is overdue, deputies and leads too. A mute holds the edits
    of the alert back, never the reminder.
    """
    shown = set()
    for clock in clocks.running_clocks(session):
        incident = incidents.incident(session, clock.incident_id)
        if incident.brand_id not in desk.brands:
            continue
        if now >= clock.due_at:
            _remind(session, desk, incident, clock, "clock_gone", now=now)
        elif now >= clock.due_at - notice_time(clock):
            _remind(session, desk, incident, clock, "clock_near", now=now)
        held = held_back(session, brand_id=incident.brand_id, severity=incident.severity, now=now)
        if held is None and incident.id not in shown:
            shown.add(incident.id)
            refresh_alert(session, desk, incident.id, now, is_repeat=True)


def notice_time(clock: ClockRecord) -> timedelta:
    """Return how long before its time people are reminded: a quarter, 15 minutes to 6 hours."""
    return min(max((clock.due_at - clock.started_at) / 4, _LEAST_NOTICE), _MOST_NOTICE)


def _remind(
    session: Session,
    desk: Desk,
    incident: IncidentRecord,
    clock: ClockRecord,
    words: str,
    *,
    now: datetime,
) -> None:
    names = _asked(session, desk, incident, is_overdue=words == "clock_gone")
    text = desk.catalog.incident[words].format(
        number=number_of(incident.id),
        line=clock_line(session, desk, clock, now),
        names=desk.catalog.incident["joint"].join(names) or desk.catalog.incident["nobody_owns"],
    )
    # A new due time, after a change of severity, is a new reminder.
    key = f"{words}-{clock.due_at.isoformat()}"
    post_notice(session, desk, text, subject=(CLOCK, clock.id), key=key, now=now)


def _asked(
    session: Session, desk: Desk, incident: IncidentRecord, *, is_overdue: bool
) -> Sequence[str]:
    owner = [incident.owner_key] if incident.owner_key else []
    leads = [one.key for one in desk.people if Role.LEAD in one.roles]
    deputies = [one.person_key for one in room.roles(session, incident.id) if one.role == DEPUTY]
    asked = [*owner, *deputies, *leads] if is_overdue or not owner else owner
    return [desk.name_of(key) for key in dict.fromkeys(asked)]
