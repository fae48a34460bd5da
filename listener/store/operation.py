"""What an operator asks of the database: how much waits, since when, and what is open.

Counts only, never a text, a name or an address.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from listener.store.mentions import TO_SCORE
from listener.store.outbox import PENDING
from listener.store.records import SourceHealth
from listener.store.sources import source_health
from listener.store.tables import ChatUpdate, Finding, Incident, Mention, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """What waits at one moment; every count reads an index of what is open."""

    sources: tuple[SourceHealth, ...]
    mentions_waiting: int
    oldest_waiting_at: datetime | None
    findings_waiting: int
    updates_waiting: int
    messages_pending: int
    oldest_unsent_at: datetime | None
    incidents_open: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """How much is kept, by state; counts whole tables, so it is asked for rarely."""

    mentions: Mapping[str, int]
    messages: Mapping[str, int]


def take_census(session: Session, now: datetime) -> Census:
    """Return what waits and what is open.

    The oldest waiting mention is one that was news when it came: history read on a first visit
    may take its time. The oldest unsent message is due, or was tried before.
    """
    waiting = select(func.count()).select_from(Mention).where(Mention.stage == TO_SCORE)
    oldest_waiting = select(func.min(Mention.collected_at)).where(
        Mention.stage == TO_SCORE, col(Mention.is_backfill).is_(False)
    )
    pending = select(func.count()).select_from(Message).where(Message.state == PENDING)
    oldest_unsent = select(func.min(Message.created_at)).where(
        Message.state == PENDING, or_(col(Message.due_at) <= now, col(Message.attempts) > 0)
    )
    findings = select(func.count()).select_from(Finding).where(col(Finding.handled_at).is_(None))
    updates = (
        select(func.count()).select_from(ChatUpdate).where(col(ChatUpdate.handled_at).is_(None))
    )
    open_ = (
        select(Incident.severity, func.count())
        .where(col(Incident.closed_at).is_(None))
        .group_by(col(Incident.severity))
    )
    return Census(
        sources=tuple(source_health(session)),
        mentions_waiting=session.exec(waiting).one(),
        oldest_waiting_at=session.exec(oldest_waiting).one(),
        findings_waiting=session.exec(findings).one(),
        updates_waiting=session.exec(updates).one(),
        messages_pending=session.exec(pending).one(),
        oldest_unsent_at=session.exec(oldest_unsent).one(),
        incidents_open=dict(session.exec(open_).all()),
    )


def take_totals(session: Session) -> Totals:
    """Return how many mentions and messages are kept, by stage and state."""
    mentions = select(Mention.stage, func.count()).group_by(col(Mention.stage))
    messages = select(Message.state, func.count()).group_by(col(Message.state))
    return Totals(
        mentions=dict(session.exec(mentions).all()),
        messages=dict(session.exec(messages).all()),
    )
