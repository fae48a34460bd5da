"""What rules about words, people and sources look at; reads only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from listener.store.mentions import DONE
from listener.store.rows import IMPORT, bucket_start, records_from, select_columns
from listener.store.tables import Complaint, Match, Mention, Score, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A scored mention as a rule sees it."""

    id: int
    event_at: datetime
    author_hash: str | None
    story_id: int
    followers: int | None
    title: str | None
    text: str
    url: str | None
    source: str


def said_between(
    session: Session,
    *,
    brand_id: int,
    since: datetime,
    until: datetime,
    limit: int,
    after_id: int = 0,
    negative_only: bool = False,
    least_followers: int | None = None,
    types: Collection[str] = (),
    groups: Collection[str] = (),
    live_only: bool = True,
) -> list[Said]:
    """Return a brand's scored mentions with an event time in [since, until), by id.

    ``after_id`` pages on. ``live_only`` leaves imported files out: they teach, and never alarm.
    """
    query = (
        select_columns(
            Mention.id,
            Mention.event_at,
            Mention.author_hash,
            Mention.story_id,
            col(Mention.author_followers).label("followers"),
            Mention.title,
            Mention.text,
            Mention.url,
            col(Source.name).label("source"),
        )
        .join(Match, col(Match.mention_id) == Mention.id)
        .join(Source, col(Source.id) == Mention.source_id)
        .join(Score, col(Score.mention_id) == Mention.id)
        .join(Complaint, col(Complaint.mention_id) == Mention.id)
        .where(
            Match.brand_id == brand_id,
            col(Mention.bucket_at) >= bucket_start(since),
            col(Mention.event_at) >= since,
            col(Mention.event_at) < until,
            Mention.stage == DONE,
            col(Mention.id) > after_id,
        )
        .order_by(col(Mention.id))
        .limit(limit)
    )
    if negative_only:
        query = query.where(col(Score.is_negative))
    if least_followers is not None:
        query = query.where(col(Mention.author_followers) >= least_followers)
    if types:
        query = query.where(col(Complaint.is_complaint), col(Complaint.type).in_(types))
    if groups:
        query = query.where(col(Source.group_name).in_(groups))
    if live_only:
        query = query.where(Source.spider != IMPORT)
    return records_from(Said, session.execute(query))


def count_of_source(session: Session, source_id: int, *, since: datetime, until: datetime) -> int:
    """Count the mentions of a source with a bucket in [since, until), of whatever brand."""
    query = (
        select(func.count())
        .select_from(Mention)
        .where(
            Mention.source_id == source_id,
            col(Mention.bucket_at) >= since,
            col(Mention.bucket_at) < until,
        )
    )
    return int(session.exec(query).one())
