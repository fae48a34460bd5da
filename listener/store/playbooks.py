"""The playbook an incident is run by, and what of its checklist is done."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from listener.store.engine import insert_new
from listener.store.rows import record_of, records_of
from listener.store.tables import ChecklistMark, IncidentPlaybook


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRecord:
    """A playbook as it read when an incident took it up."""

    id: int
    incident_id: int
    crisis_type: str
    version: int
    content_hash: str
    content: dict[str, Any]
    adopted_at: datetime
    adopted_by: str
    superseded_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRecord:
    """Who did an item of the checklist, and when."""

    item: str
    done_at: datetime
    done_by: str


def adopt(
    session: Session,
    incident_id: int,
    *,
    crisis_type: str,
    version: int,
    content_hash: str,
    content: dict[str, Any],
    by: str,
    now: datetime,
) -> None:
    """Run the incident by this playbook from now on; what it was run by before stays on record."""
    session.execute(
        update(IncidentPlaybook)
        .where(
            col(IncidentPlaybook.incident_id) == incident_id,
            col(IncidentPlaybook.superseded_at).is_(None),
        )
        .values(superseded_at=now)
    )
    session.add(
        IncidentPlaybook(
            incident_id=incident_id,
            crisis_type=crisis_type,
            version=version,
            content_hash=content_hash,
            content=content,
            adopted_at=now,
            adopted_by=by,
        )
    )
    session.flush()


def snapshot(session: Session, incident_id: int) -> SnapshotRecord | None:
    """Return the playbook an incident is run by; None for one opened before there were any."""
    query = select(IncidentPlaybook).where(
        IncidentPlaybook.incident_id == incident_id,
        col(IncidentPlaybook.superseded_at).is_(None),
    )
    row = session.exec(query).one_or_none()
    return None if row is None else record_of(SnapshotRecord, row)


def snapshots(session: Session, incident_id: int) -> list[SnapshotRecord]:
    """Return every playbook the incident was ever run by, oldest first."""
    query = (
        select(IncidentPlaybook)
        .where(IncidentPlaybook.incident_id == incident_id)
        .order_by(col(IncidentPlaybook.id))
    )
    return records_of(SnapshotRecord, session.exec(query))


def mark(session: Session, incident_id: int, item: str, *, by: str, now: datetime) -> bool:
    """Mark an item done; False when it was."""
    values = {"incident_id": incident_id, "item": item, "done_at": now, "done_by": by}
    return insert_new(session, ChecklistMark, values) is not None


def unmark(session: Session, incident_id: int, item: str, *, by: str, now: datetime) -> bool:
    """Take a mark back; False when there was none. The mark stays on record."""
    statement = (
        update(ChecklistMark)
        .where(
            col(ChecklistMark.incident_id) == incident_id,
            col(ChecklistMark.item) == item,
            col(ChecklistMark.undone_at).is_(None),
        )
        .values(undone_at=now, undone_by=by)
        .returning(col(ChecklistMark.id))
    )
    return session.execute(statement).scalar_one_or_none() is not None


def marks(session: Session, incident_id: int) -> dict[str, MarkRecord]:
    """Return the marks that hold, by item."""
    query = select(ChecklistMark).where(
        ChecklistMark.incident_id == incident_id, col(ChecklistMark.undone_at).is_(None)
    )
    return {one.item: one for one in records_of(MarkRecord, session.exec(query))}
