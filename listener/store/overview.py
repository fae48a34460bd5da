"""What has been heard so far, for the first look at a brand: by source, matched and not."""

from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from listener.store.mentions import UNMATCHED
from listener.store.rows import records_from, select_columns
from listener.store.tables import Match, Mention, Score, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCount:
    """How many mentions a source gave, how many mean a brand, how many of those are negative."""

    key: str
    name: str
    mentions: int
    matched: int
    negatives: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardText:
    """One text as it was heard, for a person to look at."""

    source: str
    title: str | None
    text: str


def source_counts(session: Session) -> list[SourceCount]:
    """Return the counts of every source that gave something, the largest first."""
    matched = select(Match.mention_id).distinct().subquery()
    query = (
        select_columns(
            Source.key,
            Source.name,
            func.count(col(Mention.id)).label("mentions"),
            func.count(matched.c.mention_id).label("matched"),
            func.count(col(Score.mention_id)).filter(col(Score.is_negative)).label("negatives"),
        )
        .join(Mention, col(Mention.source_id) == Source.id)
        .outerjoin(matched, matched.c.mention_id == Mention.id)
        .outerjoin(Score, col(Score.mention_id) == Mention.id)
        .group_by(Source.key, Source.name)
        .order_by(func.count(col(Mention.id)).desc(), Source.key)
    )
    return records_from(SourceCount, session.execute(query))


def newest_texts(session: Session, *, is_matched: bool, limit: int) -> list[HeardText]:
    """Return the newest texts that mean a brand, or that mean none."""
    stage = col(Mention.stage)
    query = (
        select_columns(col(Source.name).label("source"), Mention.title, Mention.text)
        .join(Source, col(Source.id) == Mention.source_id)
        .where(stage != UNMATCHED if is_matched else stage == UNMATCHED)
        .order_by(col(Mention.event_at).desc(), col(Mention.id).desc())
        .limit(limit)
    )
    return records_from(HeardText, session.execute(query))
