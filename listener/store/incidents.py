"""Incidents, their timeline and their facts."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from listener.errors import Conflict
from listener.store.engine import insert_new
from listener.store.records import FactRecord, IncidentRecord, TimelineEntry
from listener.store.rows import record_of, records_of
from listener.store.tables import Brand, Fact, Incident, IncidentEvent


def lock_brand(session: Session, brand_id: int) -> None:
    """Keep other machines from opening incidents of the brand until this transaction ends."""
    query = select(Brand.id).where(Brand.id == brand_id).with_for_update(key_share=True)
    session.exec(query).one()


def insert_incident(session: Session, values: dict[str, Any]) -> int | None:
    """Open an incident; return its id, or None when one is open for the same group.

    The partial unique index on ``group_key`` decides, so racing callers are safe.
    """
    return insert_new(session, Incident, values)


def open_incidents(session: Session, *, brand_id: int | None = None) -> list[IncidentRecord]:
    """Return incidents that are not closed, oldest first."""
    query = select(Incident).where(col(Incident.closed_at).is_(None)).order_by(col(Incident.id))
    if brand_id is not None:
        query = query.where(Incident.brand_id == brand_id)
    return records_of(IncidentRecord, session.exec(query))


def list_incidents(session: Session, *, limit: int = 50) -> list[IncidentRecord]:
    """Return the newest incidents, open or closed, newest first."""
    query = select(Incident).order_by(col(Incident.id).desc()).limit(limit)
    return records_of(IncidentRecord, session.exec(query))


def incident(session: Session, incident_id: int) -> IncidentRecord:
    """Return one incident. Raises ``Conflict`` when there is none with this number."""
    row = session.get(Incident, incident_id)
    if row is None:
        raise Conflict(f"there is no incident {incident_id}; see 'fengsheng incidents'")
    return record_of(IncidentRecord, row)


def change_incident(session: Session, incident_id: int, values: dict[str, Any]) -> None:
    """Change columns of an incident."""
    session.execute(update(Incident).where(col(Incident.id) == incident_id).values(values))


def take_ownership(
    session: Session, incident_id: int, *, owner_key: str, expected: str | None
) -> bool:
    """Make ``owner_key`` the owner if the owner is still ``expected``; say whether it was done."""
    held = (
        col(Incident.owner_key).is_(None)
        if expected is None
        else col(Incident.owner_key) == expected
    )
    statement = (
        update(Incident)
        .where(col(Incident.id) == incident_id, col(Incident.closed_at).is_(None), held)
        .values(owner_key=owner_key)
        .returning(col(Incident.id))
    )
    return session.execute(statement).scalar_one_or_none() is not None


def add_event(
    session: Session,
    incident_id: int,
    *,
    at: datetime,
    kind: str,
    actor: str,
    data: dict[str, Any] | None = None,
) -> None:
    """Write one line of the timeline."""
    session.add(
        IncidentEvent(incident_id=incident_id, at=at, kind=kind, actor=actor, data=data or {})
    )


def timeline(session: Session, incident_id: int) -> list[TimelineEntry]:
    """Return the timeline, oldest first."""
    query = (
        select(IncidentEvent)
        .where(IncidentEvent.incident_id == incident_id)
        .order_by(col(IncidentEvent.id))
    )
    return records_of(TimelineEntry, session.exec(query))


def set_fact(
    session: Session,
    incident_id: int,
    *,
    name: str,
    state: str,
    value: str,
    source: str,
    stated_by: str,
    as_of: datetime,
) -> None:
    """State a fact; what was said before is superseded and stays on record."""
    session.execute(
        update(Fact)
        .where(
            col(Fact.incident_id) == incident_id,
            col(Fact.name) == name,
            col(Fact.superseded_at).is_(None),
        )
        .values(superseded_at=as_of)
    )
    session.add(
        Fact(
            incident_id=incident_id,
            name=name,
            state=state,
            value=value,
            source=source,
            stated_by=stated_by,
            as_of=as_of,
        )
    )
    session.flush()


def facts(session: Session, incident_id: int) -> dict[str, FactRecord]:
    """Return the current facts of an incident by name."""
    query = (
        select(Fact)
        .where(Fact.incident_id == incident_id, col(Fact.superseded_at).is_(None))
        .order_by(col(Fact.id))
    )
    return {fact.name: fact for fact in records_of(FactRecord, session.exec(query))}


def labelled_incidents(
    session: Session, *, brand_id: int, since: datetime, until: datetime
) -> list[tuple[datetime, datetime, str]]:
    """Return (first seen, closed, outcome) of a brand's closed incidents first seen in a span.

    A person said the outcome when closing; of an incident closed twice the last word counts.
    """
    query = (
        select(Incident.id, Incident.first_seen_at, Incident.closed_at, IncidentEvent.data)
        .join(IncidentEvent, col(IncidentEvent.incident_id) == Incident.id)
        .where(
            Incident.brand_id == brand_id,
            col(Incident.closed_at).is_not(None),
            col(Incident.first_seen_at) >= since,
            col(Incident.first_seen_at) < until,
            IncidentEvent.kind == "close",
        )
        .order_by(col(IncidentEvent.id))
    )
    found = {
        incident_id: (first_at, closed_at, str(data["outcome"]))
        for incident_id, first_at, closed_at, data in session.exec(query)
        if closed_at is not None and "outcome" in data
    }
    return sorted(found.values())
