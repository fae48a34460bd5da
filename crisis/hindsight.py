"""What people said during an alert that a backtest found: complaint types and quotes."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from crisis.evidence import MOST_MENTIONS, quote, telling_quotes
from listener.detect.episodes import Episode
from listener.store import mentions, series
from listener.store.records import SeriesRecord
from listener.store.rows import BUCKET

MOST_TYPES = 3
QUOTES = 2


@dataclass(frozen=True, slots=True)
class Quote:
    """One masked, shortened text and where it stands."""

    text: str
    source: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """Codes of the commonest complaint types with counts, and two telling quotes."""

    types: tuple[tuple[str, int], ...]
    quotes: tuple[Quote, ...]


def told_during(session: Session, one: SeriesRecord, episode: Episode, *, until: datetime) -> Told:
    """Return what was said from the window that raised the alert to its end, or to ``until``."""
    return told_between(
        session,
        one.brand_id,
        since=episode.start - (episode.first.window_buckets - 1) * BUCKET,
        until=episode.end or until,
        topic=one.topic,
        source_group=one.source_group,
    )


def told_between(
    session: Session,
    brand_id: int,
    *,
    since: datetime,
    until: datetime,
    topic: str = series.ALL,
    source_group: str = series.ALL,
) -> Told:
    """Return what was said against the brand in [since, until)."""
    said = mentions.mentions_between(
        session,
        brand_id=brand_id,
        since=since,
        until=until,
        limit=MOST_MENTIONS,
        negative_only=True,
        topic=topic,
        source_group=source_group,
    )
    types = Counter(each.type for each in said if each.is_complaint and each.type)
    return Told(
        tuple(types.most_common(MOST_TYPES)),
        tuple(
            Quote(quote(each.text), each.source_name, each.url)
            for each in telling_quotes(said, most=QUOTES)
        ),
    )
