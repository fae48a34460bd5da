"""Deletes what is past its time, a bounded batch in each transaction.

The record of work stays: incidents, their evidence and every mention it names, statements,
decisions. So do counts and the fingerprints of stories, which hold no personal data.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col, select

from listener.store.mentions import TO_SCORE
from listener.store.outbox import PENDING
from listener.store.tables import (
    AuditEntry,
    ChatUpdate,
    Complaint,
    Engagement,
    Finding,
    Incident,
    Match,
    Mention,
    Message,
    Score,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """How far a walk through a table has come: ``after`` is the id to go on from, None the end."""

    after: int | None
    seen: int
    deleted: int


def mentions_in_evidence(session: Session) -> frozenset[int]:
    """Return every mention that a finding or an incident's evidence names."""
    found = set(
        session.exec(select(Finding.mention_id).where(col(Finding.mention_id).is_not(None)))
    )
    evidence = session.exec(select(Incident.evidence).execution_options(yield_per=100))
    for one in evidence:
        found.update(_named_in(one))
    return frozenset(id_ for id_ in found if id_ is not None)


def _named_in(value: Any) -> Iterable[int]:
    """Yield each ``mention_id`` anywhere inside JSON values."""
    if isinstance(value, dict):
        named = value.get("mention_id")
        if isinstance(named, int):
            yield named
        for inner in value.values():
            yield from _named_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named_in(inner)


def forget_mentions(
    session: Session, *, before: datetime, keep: frozenset[int], after: int, limit: int
) -> Walk:
    """Delete mentions collected before an instant, walking on from ``after`` by at most ``limit``.

    Ids follow the time of collection, so the walk ends at the first batch that holds nothing old.
    What waits for its score is not deleted: nothing collected is lost unheard.
    """
    rows = session.exec(
        select(Mention.id, Mention.collected_at, Mention.stage)
        .where(col(Mention.id) > after)
        .order_by(col(Mention.id))
        .limit(limit)
    ).all()
    old = [row for row in rows if row[1] < before]
    gone = [row for row in old if row[2] != TO_SCORE and row[0] not in keep]
    ids = [row[0] for row in gone if row[0] is not None]
    for table in (Match, Score, Complaint, Engagement):
        _delete(session, table, col(table.mention_id), ids)
    _delete(session, Mention, col(Mention.id), ids)
    is_end = len(rows) < limit or not old
    return Walk(after=None if is_end else rows[-1][0], seen=len(rows), deleted=len(ids))


def forget_updates(session: Session, *, before: datetime, limit: int) -> int:
    """Delete handled chat updates; the newest stays, because polling goes on from it."""
    newest = session.exec(
        select(ChatUpdate.update_id)
        .order_by(col(ChatUpdate.received_at).desc(), col(ChatUpdate.update_id).desc())
        .limit(1)
    ).first()
    old = select(ChatUpdate.update_id).where(
        col(ChatUpdate.handled_at) < before, col(ChatUpdate.update_id) != newest
    )
    ids = session.exec(old.order_by(col(ChatUpdate.handled_at)).limit(limit)).all()
    return _delete(session, ChatUpdate, col(ChatUpdate.update_id), ids)


def forget_messages(session: Session, *, before: datetime, limit: int) -> int:
    """Delete settled messages, edits before their originals.

    What concerns an open incident stays, or its alert would be sent a second time.
    """
    other = aliased(Message)
    edited = select(other.id).where(col(other.target_id) == Message.id)
    answered = select(other.reply_to_id).where(col(other.reply_to_id).is_not(None))
    open_incidents = select(Incident.id).where(col(Incident.closed_at).is_(None))
    old = select(Message.id).where(
        Message.state != PENDING,
        col(Message.created_at) < before,
        ~edited.exists(),
        col(Message.id).not_in(answered),
        or_(
            col(Message.subject_type) != "incident", col(Message.subject_id).not_in(open_incidents)
        ),
    )
    ids = session.exec(old.order_by(col(Message.id)).limit(limit)).all()
    return _delete(session, Message, col(Message.id), [id_ for id_ in ids if id_ is not None])


def forget_audit(session: Session, *, before: datetime, limit: int) -> int:
    """Delete the oldest entries of the audit trail."""
    old = select(AuditEntry.id).where(col(AuditEntry.at) < before)
    ids = session.exec(old.order_by(col(AuditEntry.at)).limit(limit)).all()
    return _delete(
        session, AuditEntry, col(AuditEntry.id), [id_ for id_ in ids if id_ is not None]
    )


def _delete(session: Session, table: type[SQLModel], key: Any, ids: Sequence[int]) -> int:
    if ids:
        session.execute(delete(table).where(key.in_(ids)))
    return len(ids)
