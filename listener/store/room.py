"""Who holds which role in an incident, and who outside has been informed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from listener.store.engine import insert_new
from listener.store.rows import records_of
from listener.store.tables import IncidentRole, Stakeholder


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRecord:
    """A role that a person holds in one incident."""

    role: str
    person_key: str
    assigned_at: datetime
    assigned_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StakeholderRecord:
    """Somebody who has to hear of the incident from us; the two times say whether they have."""

    code: str
    name: str
    channel: str
    role: str
    due_at: datetime
    message: str
    informed_at: datetime | None
    informed_by: str | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None


def give_role(
    session: Session, incident_id: int, *, role: str, person: str, by: str, now: datetime
) -> bool:
    """Give a person a role; False when they hold it already."""
    return (
        insert_new(
            session,
            IncidentRole,
            {
                "incident_id": incident_id,
                "role": role,
                "person_key": person,
                "assigned_at": now,
                "assigned_by": by,
            },
        )
        is not None
    )


def end_role(session: Session, incident_id: int, *, role: str, person: str, now: datetime) -> bool:
    """Take a role back; False when the person does not hold it."""
    statement = (
        update(IncidentRole)
        .where(
            col(IncidentRole.incident_id) == incident_id,
            col(IncidentRole.role) == role,
            col(IncidentRole.person_key) == person,
            col(IncidentRole.ended_at).is_(None),
        )
        .values(ended_at=now)
        .returning(col(IncidentRole.id))
    )
    return session.execute(statement).scalar_one_or_none() is not None


def roles(session: Session, incident_id: int) -> list[RoleRecord]:
    """Return who holds which role, in the order they were given."""
    query = (
        select(IncidentRole)
        .where(IncidentRole.incident_id == incident_id, col(IncidentRole.ended_at).is_(None))
        .order_by(col(IncidentRole.id))
    )
    return records_of(RoleRecord, session.exec(query))


def add_stakeholder(
    session: Session,
    incident_id: int,
    *,
    code: str,
    name: str,
    channel: str,
    role: str,
    due_at: datetime,
) -> bool:
    """Name somebody who has to be informed; False when they are named already."""
    return (
        insert_new(
            session,
            Stakeholder,
            {
                "incident_id": incident_id,
                "code": code,
                "name": name,
                "channel": channel,
                "role": role,
                "due_at": due_at,
                "message": "",
            },
        )
        is not None
    )


def stakeholders(session: Session, incident_id: int) -> list[StakeholderRecord]:
    """Return whom an incident concerns, the first due first."""
    query = (
        select(Stakeholder)
        .where(Stakeholder.incident_id == incident_id)
        .order_by(col(Stakeholder.due_at), col(Stakeholder.id))
    )
    return records_of(StakeholderRecord, session.exec(query))


def change_stakeholder(
    session: Session, incident_id: int, code: str, values: dict[str, Any]
) -> None:
    """Change columns of a stakeholder."""
    session.execute(
        update(Stakeholder)
        .where(col(Stakeholder.incident_id) == incident_id, col(Stakeholder.code) == code)
        .values(values)
    )
    session.expire_all()
