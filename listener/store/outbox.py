"""The transactional outbox: what was decided to be sent, and what became of it.

Nothing is sent that is not here first. A message is claimed by lease and sent at least once;
whatever is not sent carries a named reason.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from listener.store.engine import insert_new
from listener.store.records import OutboxMessage, SentMessage
from listener.store.rows import record_of
from listener.store.tables import Message

PENDING = "pending"
SENT = "sent"
DROPPED = "dropped"


class NotSent(StrEnum):
    """Why a message was not sent."""

    SUPERSEDED = "superseded"
    SILENCED = "silenced"
    REFUSED = "refused"
    GONE = "gone"
    TARGET_NOT_SENT = "target_not_sent"
    GAVE_UP = "gave_up"


def put_message(
    session: Session,
    *,
    channel: str,
    recipient: str,
    purpose: str,
    subject_type: str,
    subject_id: int,
    dedupe_key: str,
    body: dict[str, Any],
    now: datetime,
    due_at: datetime | None = None,
    target_id: int | None = None,
    reply_to_id: int | None = None,
    not_sent: NotSent | None = None,
) -> int | None:
    """Decide that something is to be sent; None when the same was decided before.

    With ``target_id`` it changes that earlier message in place. With ``not_sent`` the decision is
    that it is not sent, and why.
    """
    values = {
        "channel": channel,
        "recipient": recipient,
        "purpose": purpose,
        "subject_type": subject_type,
        "subject_id": subject_id,
        "dedupe_key": dedupe_key,
        "target_id": target_id,
        "reply_to_id": reply_to_id,
        "body": body,
        "state": DROPPED if not_sent else PENDING,
        "not_sent_reason": not_sent,
        "attempts": 0,
        "created_at": now,
        "due_at": due_at or now,
        "remote": {},
    }
    return insert_new(session, Message, values)


def originals(
    session: Session,
    *,
    purpose: str,
    subject_type: str,
    subject_id: int,
    channel: str,
    recipient: str,
) -> list[int]:
    """Return the ids of every original about a subject: one, and copies that a crash has made."""
    query = (
        select(Message.id)
        .where(
            Message.purpose == purpose,
            Message.subject_type == subject_type,
            Message.subject_id == subject_id,
            Message.channel == channel,
            Message.recipient == recipient,
            col(Message.target_id).is_(None),
        )
        .order_by(col(Message.id))
    )
    return [message_id for message_id in session.exec(query) if message_id is not None]


def adopt_copy(
    session: Session,
    *,
    purpose: str,
    subject_type: str,
    subject_id: int,
    channel: str,
    recipient: str,
    remote_id: str,
    remote: dict[str, Any],
    now: datetime,
) -> None:
    """Take note of a message in the chat that a crash between sending and recording has hidden.

    If the original still waits, this is it; otherwise it is a copy, edited like the original from
    now on.
    """
    found = originals(
        session,
        purpose=purpose,
        subject_type=subject_type,
        subject_id=subject_id,
        channel=channel,
        recipient=recipient,
    )
    # Locked, or a delivery that claims the original now would later write over what is noted here.
    rows = [
        session.get_one(Message, message_id, populate_existing=True, with_for_update=True)
        for message_id in found
    ]
    if not rows or any(row.remote_id == remote_id for row in rows):
        return
    first = rows[0]
    if first.state != PENDING:
        first = Message(
            channel=channel,
            recipient=recipient,
            purpose=purpose,
            subject_type=subject_type,
            subject_id=subject_id,
            dedupe_key=f"copy:{channel}:{recipient}:{remote_id}",
            body=first.body,
            created_at=now,
            due_at=now,
            state=SENT,
            remote={},
        )
        session.add(first)
    first.state, first.sent_at = SENT, now
    first.remote_id, first.remote = remote_id, remote
    first.lease_owner = first.lease_until = None
    session.flush()


def newest_message(
    session: Session,
    *,
    purpose: str,
    subject_type: str,
    subject_id: int,
    channel: str,
    recipient: str,
) -> int | None:
    """Return the id of the newest original (not an edit) message about a subject."""
    found = originals(
        session,
        purpose=purpose,
        subject_type=subject_type,
        subject_id=subject_id,
        channel=channel,
        recipient=recipient,
    )
    return found[-1] if found else None


def put_at(session: Session, message_id: int) -> datetime:
    """Return when a message was put into the outbox."""
    return session.exec(select(Message.created_at).where(Message.id == message_id)).one()


def message_body(session: Session, message_id: int) -> dict[str, Any]:
    """Return what a message, or the newest edit of it, says."""
    query = (
        select(Message.body)
        .where(or_(col(Message.id) == message_id, col(Message.target_id) == message_id))
        .order_by(col(Message.id).desc())
        .limit(1)
    )
    return dict(session.exec(query).one())


def claim_messages(
    session: Session,
    *,
    owner: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    channels: Sequence[str],
) -> list[OutboxMessage]:
    """Take on due messages of these channels, oldest first.

    An edit waits for its original to be accepted, and is dropped when a newer edit of the same
    original waits behind it or the original itself was dropped.
    """
    _drop_pointless_edits(session)
    target = aliased(Message)
    free = or_(col(Message.lease_until).is_(None), col(Message.lease_until) <= now)
    ready = or_(col(Message.target_id).is_(None), col(target.remote_id).is_not(None))
    query = (
        select(Message)
        .outerjoin(target, col(target.id) == Message.target_id)
        .where(
            Message.state == PENDING,
            col(Message.due_at) <= now,
            col(Message.channel).in_(channels),
            free,
            ready,
        )
        .order_by(col(Message.due_at), col(Message.id))
        .limit(limit)
        .with_for_update(skip_locked=True, of=Message)
    )
    claimed = []
    for row in session.exec(query):
        row.lease_owner, row.lease_until = owner, now + lease
        row.attempts += 1
        claimed.append(
            OutboxMessage(
                id=row.id or 0,
                channel=row.channel,
                recipient=row.recipient,
                purpose=row.purpose,
                subject_type=row.subject_type,
                subject_id=row.subject_id,
                body=dict(row.body),
                attempts=row.attempts,
                created_at=row.created_at,
                target_remote=remote_of(session, row.target_id),
                reply_to_remote=remote_of(session, row.reply_to_id),
            )
        )
    session.flush()
    return claimed


def remote_of(session: Session, message_id: int | None) -> dict[str, Any] | None:
    """Return what the other side told of a message it accepted; None while it has not."""
    if message_id is None:
        return None
    row = session.get_one(Message, message_id)
    return dict(row.remote) if row.remote_id is not None else None


def _drop_pointless_edits(session: Session) -> None:
    newer, target = aliased(Message), aliased(Message)
    overtaken = (
        select(Message.id)
        .join(newer, col(newer.target_id) == Message.target_id)
        .where(
            Message.state == PENDING,
            col(Message.lease_until).is_(None),
            newer.state == PENDING,
            col(newer.id) > col(Message.id),
        )
    )
    orphaned = (
        select(Message.id)
        .join(target, col(target.id) == Message.target_id)
        .where(Message.state == PENDING, target.state == DROPPED)
    )
    for query, reason in ((overtaken, NotSent.SUPERSEDED), (orphaned, NotSent.TARGET_NOT_SENT)):
        ids = list(session.exec(query))
        if ids:
            session.execute(
                update(Message)
                .where(col(Message.id).in_(ids))
                .values(state=DROPPED, not_sent_reason=reason)
            )


def mark_sent(
    session: Session,
    message_id: int,
    *,
    owner: str,
    now: datetime,
    remote_id: str,
    remote: dict[str, Any],
) -> bool:
    """Record that the other side accepted the message; False when the lease was lost."""
    return _settle(
        session,
        message_id,
        owner,
        {
            "state": SENT,
            "sent_at": now,
            "remote_id": remote_id,
            "remote": remote,
            "last_error": None,
        },
    )


def mark_retry(
    session: Session, message_id: int, *, owner: str, due_at: datetime, error: str
) -> bool:
    """Put the message back until ``due_at``."""
    return _settle(session, message_id, owner, {"due_at": due_at, "last_error": error[:500]})


def mark_dropped(
    session: Session, message_id: int, *, owner: str, reason: NotSent, error: str
) -> bool:
    """Give the message up for a named reason."""
    return _settle(
        session,
        message_id,
        owner,
        {"state": DROPPED, "not_sent_reason": reason, "last_error": error[:500]},
    )


def _settle(session: Session, message_id: int, owner: str, values: dict[str, Any]) -> bool:
    statement = (
        update(Message)
        .where(col(Message.id) == message_id, col(Message.lease_owner) == owner)
        .values(**values, lease_owner=None, lease_until=None)
        .returning(col(Message.id))
    )
    return session.execute(statement).scalar_one_or_none() is not None


def release_leases(session: Session, owner: str | None = None) -> None:
    """Free the leases of ``owner``, who is dead; every lease without one."""
    statement = (
        update(Message)
        .where(col(Message.state) == PENDING)
        .values(lease_owner=None, lease_until=None)
    )
    if owner is not None:
        statement = statement.where(col(Message.lease_owner) == owner)
    session.execute(statement)


def sent_message(
    session: Session, *, channel: str, recipient: str, remote_id: str
) -> SentMessage | None:
    """Find the message behind a remote id, for example the one a reply answers."""
    query = (
        select(Message)
        .where(
            Message.channel == channel,
            Message.recipient == recipient,
            Message.remote_id == remote_id,
            col(Message.target_id).is_(None),
        )
        .order_by(col(Message.id).desc())
        .limit(1)
    )
    row = session.exec(query).first()
    return None if row is None else record_of(SentMessage, row)


def last_channel(session: Session) -> str | None:
    """Return the channel that the newest message went out through; None before the first."""
    query = select(Message.channel).where(Message.state == SENT)
    newest = (col(Message.sent_at).desc(), col(Message.id).desc())
    return session.exec(query.order_by(*newest).limit(1)).first()


def count_pending(session: Session) -> int:
    """Count messages that still have to go out."""
    return len(list(session.exec(select(Message.id).where(Message.state == PENDING))))
