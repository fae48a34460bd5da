"""What is owed by a time: promised updates, reviews of emergencies."""

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from listener.store.engine import insert_new
from listener.store.records import TaskRecord
from listener.store.rows import records_of
from listener.store.tables import Task


def add_task(
    session: Session,
    *,
    kind: str,
    incident_id: int,
    statement_id: int | None,
    dedupe_key: str,
    due_at: datetime,
    now: datetime,
) -> int | None:
    """Owe something by ``due_at``; None when the same is owed already."""
    return insert_new(
        session,
        Task,
        {
            "kind": kind,
            "incident_id": incident_id,
            "statement_id": statement_id,
            "dedupe_key": dedupe_key,
            "due_at": due_at,
            "created_at": now,
        },
    )


def open_tasks(
    session: Session, *, due_before: datetime | None = None, incident_id: int | None = None
) -> list[TaskRecord]:
    """Return what is still owed, the most urgent first; at most 200."""
    query = select(Task).where(col(Task.done_at).is_(None)).order_by(col(Task.due_at)).limit(200)
    if due_before is not None:
        query = query.where(col(Task.due_at) <= due_before)
    if incident_id is not None:
        query = query.where(Task.incident_id == incident_id)
    return records_of(TaskRecord, session.exec(query))


def finish_tasks(
    session: Session, *, incident_id: int, kind: str, by: str, now: datetime
) -> list[int]:
    """Mark every open task of a kind done; return their ids."""
    statement = (
        update(Task)
        .where(
            col(Task.incident_id) == incident_id,
            col(Task.kind) == kind,
            col(Task.done_at).is_(None),
        )
        .values(done_at=now, done_by=by)
        .returning(col(Task.id))
    )
    return sorted(int(found) for found in session.execute(statement).scalars() if found)
