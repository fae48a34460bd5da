"""How the clocks of an incident read to people: what is left, what is overdue, what was met.

Reads and words only; starting, meeting and chasing is in ``crisis.clocks``.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlmodel import Session

from crisis.desk import Desk
from crisis.playbooks import Playbook
from listener.complaints import Severity
from listener.config import ClockSettings
from listener.store import clocks, playbooks
from listener.store.clocks import ClockRecord
from listener.store.records import IncidentRecord

FIRST_STATEMENT = "first_statement"
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


def first_statement_limits(settings: ClockSettings) -> Mapping[Severity, timedelta]:
    """Return how soon the first statement is due at each severity."""
    return {
        Severity.URGENT: settings.first_statement_urgent_hours * _HOUR,
        Severity.SERIOUS: settings.first_statement_serious_hours * _HOUR,
        Severity.GENERAL: settings.first_statement_general_hours * _HOUR,
    }


def playbook_of(session: Session, incident_id: int) -> Playbook | None:
    """Return the playbook the incident was opened with; None when it has none."""
    found = playbooks.snapshot(session, incident_id)
    return None if found is None else Playbook.model_validate(found.content)


def alert_lines(
    session: Session, desk: Desk, incident: IncidentRecord, now: datetime
) -> list[str]:
    """Return the lines of an alert about clocks: the first statement, and what runs besides.

    The time left is rounded down in steps, so that the alert is edited a few times an hour. A
    closed incident only shows when the first statement was out.
    """
    running = [
        one
        for one in clocks.clocks(session, incident.id)
        if (one.met_at is None and incident.is_open)
        or (one.met_at is not None and one.code == FIRST_STATEMENT)
    ]
    return [clock_line(session, desk, one, now, in_steps=True) for one in running]


def clock_line(
    session: Session, desk: Desk, clock: ClockRecord, now: datetime, *, in_steps: bool = False
) -> str:
    """Return one clock in a few words, such as 距首次回应还有 23 分钟（11:42 前）."""
    words = desk.catalog.incident
    label = clock_label(session, desk, clock)
    due = time_of(desk, clock.due_at, now)
    if clock.met_at is not None:
        return words["clock_met_late" if clock.is_breached(now) else "clock_met"].format(
            label=label,
            at=time_of(desk, clock.met_at, now),
            took=span(desk, clock.met_at - clock.started_at),
        )
    left = clock.due_at - now
    if left <= timedelta(0):
        # An alert is not edited again and again to say how late it is.
        key = "clock_overdue" if in_steps else "clock_late_by"
        return words[key].format(label=label, late=span(desk, -left), due=due)
    shown = in_step(left) if in_steps else left
    return words["clock_left"].format(label=label, left=span(desk, shown), due=due)


def clock_label(session: Session, desk: Desk, clock: ClockRecord) -> str:
    """Return what a clock is called: by the incident's own playbook, or as the rules are now."""
    if clock.code == FIRST_STATEMENT:
        return desk.catalog.incident["clock_first_statement"]
    playbook = playbook_of(session, clock.incident_id)
    for rule in playbook.clocks if playbook else ():
        if rule.code == clock.code:
            return rule.label.said(desk.lang)
    rule_now = desk.playbooks.clocks().get(clock.code)
    return rule_now.label.said(desk.lang) if rule_now else clock.code


def in_step(left: timedelta) -> timedelta:
    """Round what is left down: to hours above two, to five minutes above five, else to minutes."""
    step = _HOUR if left > 2 * _HOUR else 5 * _MINUTE if left > 5 * _MINUTE else _MINUTE
    return left // step * step


def span(desk: Desk, length: timedelta) -> str:
    """Return a length of time in words, rounded down to minutes: 2 小时 5 分钟."""
    words = desk.catalog.incident
    minutes = max(0, length // _MINUTE)
    if minutes == 0:
        return words["now"]
    days, rest = divmod(minutes, 1440) if minutes >= 4320 else (0, minutes)
    hours, left = divmod(rest, 60)
    parts = [(days, "day"), (hours, "hour"), (0 if days else left, "minute")]
    return " ".join(f"{count} {words[unit]}" for count, unit in parts if count)


def time_of(desk: Desk, at: datetime, now: datetime) -> str:
    """Return a time of day, with the date unless it is today's."""
    local = at.astimezone(desk.tz)
    if local.date() == now.astimezone(desk.tz).date():
        return f"{local:%H:%M}"
    return f"{local.month}-{local.day:02d} {local:%H:%M}"
