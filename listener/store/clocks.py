"""Time limits that run in incidents: when they fall due, and what met them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from listener.store.engine import insert_new
from listener.store.rows import records_of
from listener.store.tables import Incident, IncidentClock


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRecord:
    """One clock; it is breached when it was not met by ``due_at``."""

    id: int
    incident_id: int
    code: str
    started_at: datetime
    started_by: str
    reason: str
    due_at: datetime
    met_at: datetime | None
    met_by: str | None
    met_how: str | None
    cancelled_at: datetime | None

    def is_breached(self, now: datetime) -> bool:
        """Whether it was met too late, or is not met and past its time."""
        return (self.met_at or now) > self.due_at


def start_clock(
    session: Session,
    incident_id: int,
    *,
    code: str,
    started_at: datetime,
    due_at: datetime,
    by: str,
    reason: str,
) -> int | None:
    """Start a clock; None when one with this code runs, or was met, in the incident."""
    return insert_new(
        session,
        IncidentClock,
        {
            "incident_id": incident_id,
            "code": code,
            "started_at": started_at,
            "started_by": by,
            "reason": reason,
            "due_at": due_at,
        },
    )


def clocks(session: Session, incident_id: int) -> list[ClockRecord]:
    """Return the clocks of an incident that were not cancelled, the first due first."""
    query = (
        select(IncidentClock)
        .where(IncidentClock.incident_id == incident_id, col(IncidentClock.cancelled_at).is_(None))
        .order_by(col(IncidentClock.due_at), col(IncidentClock.id))
    )
    return records_of(ClockRecord, session.exec(query))


def running_clocks(session: Session, *, limit: int = 500) -> list[ClockRecord]:
    """Return the clocks of open incidents that nothing has met yet, the first due first."""
    query = (
        select(IncidentClock)
        .join(Incident, col(Incident.id) == IncidentClock.incident_id)
        .where(
            col(IncidentClock.met_at).is_(None),
            col(IncidentClock.cancelled_at).is_(None),
            col(Incident.closed_at).is_(None),
        )
        .order_by(col(IncidentClock.due_at))
        .limit(limit)
    )
    return records_of(ClockRecord, session.exec(query))


def change_running(
    session: Session, incident_id: int, code: str, values: dict[str, Any]
) -> ClockRecord | None:
    """Change a clock that still runs and return it; None when there is none."""
    statement = (
        update(IncidentClock)
        .where(
            col(IncidentClock.incident_id) == incident_id,
            col(IncidentClock.code) == code,
            col(IncidentClock.met_at).is_(None),
            col(IncidentClock.cancelled_at).is_(None),
        )
        .values(values)
        .returning(col(IncidentClock.id))
    )
    clock_id = session.execute(statement).scalar_one_or_none()
    if clock_id is None:
        return None
    query = select(IncidentClock).where(IncidentClock.id == clock_id)
    found = session.exec(query.execution_options(populate_existing=True))
    return records_of(ClockRecord, found)[0]


def meet_earlier(session: Session, incident_id: int, code: str, values: dict[str, Any]) -> None:
    """Replace what met a clock where ``values`` did so earlier."""
    session.execute(
        update(IncidentClock)
        .where(
            col(IncidentClock.incident_id) == incident_id,
            col(IncidentClock.code) == code,
            col(IncidentClock.cancelled_at).is_(None),
            col(IncidentClock.met_at) > values["met_at"],
        )
        .values(values)
    )
    session.expire_all()


def move_clock(session: Session, clock_id: int, incident_id: int) -> None:
    """Let another incident hold a clock; of two with one code, what is met or due first stays."""
    clock = session.get(IncidentClock, clock_id)
    if clock is None:
        return
    same = next((one for one in clocks(session, incident_id) if one.code == clock.code), None)
    if same is None:
        clock.incident_id = incident_id
    elif same.met_at is None and (clock.met_at is not None or clock.due_at < same.due_at):
        change_running(
            session,
            incident_id,
            clock.code,
            {
                "started_at": clock.started_at,
                "due_at": clock.due_at,
                "met_at": clock.met_at,
                "met_by": clock.met_by,
                "met_how": clock.met_how,
            },
        )
    session.flush()
