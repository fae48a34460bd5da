"""Chat updates: stored before they are confirmed to the chat, handled exactly once.

The cursor is the newest stored update, so it can never be ahead of what we hold.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from listener.store.engine import insert_ignore
from listener.store.records import StoredUpdate
from listener.store.rows import records_of
from listener.store.tables import ChatUpdate

NUMBERS_HOLD_FOR = timedelta(days=6)


def update_cursor(session: Session, now: datetime) -> int:
    """Return the offset to ask the chat for next; 0 when there is none to rely on.

    After a week without updates Telegram goes on from a random number, so a cursor that old could
    skip what comes next.
    """
    newest = session.exec(
        select(ChatUpdate.update_id, ChatUpdate.received_at)
        .order_by(col(ChatUpdate.received_at).desc(), col(ChatUpdate.update_id).desc())
        .limit(1)
    ).first()
    if newest is None or now - newest[1] > NUMBERS_HOLD_FOR:
        return 0
    return newest[0] + 1


def store_updates(
    session: Session, updates: Sequence[tuple[int, dict[str, Any]]], now: datetime
) -> None:
    """Store updates; those already known stay as they are."""
    rows = [
        {"update_id": update_id, "payload": payload, "received_at": now, "attempts": 0}
        for update_id, payload in updates
    ]
    if rows:
        session.execute(insert_ignore(session, ChatUpdate), rows)


def waiting_updates(session: Session, *, limit: int = 100) -> list[StoredUpdate]:
    """Return updates that wait to be handled, oldest first."""
    query = (
        select(ChatUpdate)
        .where(col(ChatUpdate.handled_at).is_(None))
        .order_by(col(ChatUpdate.update_id))
        .limit(limit)
    )
    return records_of(StoredUpdate, session.exec(query))


def finish_update(session: Session, update_id: int, *, now: datetime, outcome: str) -> bool:
    """Mark an update handled and forget its content; False when it had been handled before.

    Call it in the transaction that does what the update asks for: both happen, or neither.
    """
    statement = (
        update(ChatUpdate)
        .where(col(ChatUpdate.update_id) == update_id, col(ChatUpdate.handled_at).is_(None))
        .values(handled_at=now, outcome=outcome, payload={})
        .returning(col(ChatUpdate.update_id))
    )
    return session.execute(statement).scalar_one_or_none() is not None


def count_attempt(session: Session, update_id: int) -> int:
    """Count a failed attempt to handle an update; return how many there were."""
    statement = (
        update(ChatUpdate)
        .where(col(ChatUpdate.update_id) == update_id)
        .values(attempts=col(ChatUpdate.attempts) + 1)
        .returning(col(ChatUpdate.attempts))
    )
    return int(session.execute(statement).scalar_one())
