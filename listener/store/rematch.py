"""Stored mentions as texts to match again, page by page."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func
from sqlmodel import Session, col, select

from listener.store.rows import records_from, select_columns
from listener.store.tables import Match, Mention, Source


@dataclass(frozen=True, slots=True)
class StoredText:
    """A stored mention, and whether it was matched to the brand when it came in."""

    id: int
    source_key: str
    title: str | None
    text: str
    author_name: str | None
    url: str | None
    at: datetime
    was_matched: bool


def _at() -> Any:
    return func.coalesce(col(Mention.event_at), col(Mention.collected_at))


def count_texts(session: Session, *, since: datetime) -> int:
    """Count mentions posted, or else collected, since then."""
    query = select(func.count()).select_from(Mention).where(_at() >= since)
    return int(session.exec(query).one())


def texts_page(
    session: Session, *, brand_id: int | None, since: datetime, after_id: int, limit: int
) -> list[StoredText]:
    """Return mentions since then with an id beyond ``after_id``, by id, at most ``limit``."""
    query = (
        _texts(brand_id)
        .where(_at() >= since, col(Mention.id) > after_id)
        .order_by(col(Mention.id))
        .limit(limit)
    )
    return records_from(StoredText, session.execute(query))


def texts_of(
    session: Session, mention_ids: Collection[int], *, brand_id: int
) -> dict[int, StoredText]:
    """Return these mentions' texts by mention; those that were deleted are absent."""
    query = _texts(brand_id).where(col(Mention.id).in_(mention_ids))
    return {one.id: one for one in records_from(StoredText, session.execute(query))}


def _texts(brand_id: int | None) -> Any:
    of_brand = and_(Match.mention_id == Mention.id, Match.brand_id == (brand_id or 0))  # type: ignore[arg-type]  # SQLModel types columns as values
    return (
        select_columns(
            Mention.id,
            col(Source.key).label("source_key"),
            Mention.title,
            Mention.text,
            Mention.author_name,
            Mention.url,
            _at().label("at"),
            col(Match.mention_id).is_not(None).label("was_matched"),
        )
        .join(Source, col(Source.id) == Mention.source_id)
        .outerjoin(Match, of_brand)
    )
