"""What was heard of a series: its stored buckets, and how much of the brand could be heard then.

The service and a backtest read history through here, so that both see the same.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlmodel import Session

from listener.detect.types import Bucket
from listener.store import imports, mentions, series, sources
from listener.store.records import SeriesRecord
from listener.store.rows import BUCKET, bucket_start

WEIGHT_SPAN = timedelta(days=14)
# Imported mentions younger than this are left out of what is judged: the longest window is a day,
# and the youngest bucket that is taught lies up to six hours back. Older ones only teach.
HISTORY_AGE = timedelta(hours=48)
# A long history is read in pieces, so that its length costs time and no memory.
PIECE = timedelta(days=7)


class Coverage:
    """Which share of a brand's usual mentions could be heard in a bucket."""

    def __init__(self, session: Session, brand_id: int, since: datetime, now: datetime) -> None:
        weights = mentions.group_weights(session, brand_id=brand_id, since=now - WEIGHT_SPAN)
        total = sum(weights.values())
        self._gaps = [
            (start, end or now + BUCKET, weights.get(source_id, 0) / total)
            for source_id, start, end in sources.unrecovered_gaps(session, since=since)
            if total and weights.get(source_id)
        ]

    @property
    def gaps(self) -> list[tuple[datetime, datetime, float]]:
        """Every gap as (start, end, lost share of the brand's usual mentions)."""
        return self._gaps

    def at(self, start: datetime) -> float:
        """Return the share, 0 to 1, for the bucket that begins at ``start``."""
        end = start + BUCKET
        lost = sum(share for since, until, share in self._gaps if since < end and until > start)
        return max(0.0, 1.0 - lost)


def judged_buckets(
    session: Session,
    one: SeriesRecord,
    since: datetime,
    until: datetime,
    coverage: Coverage,
    *,
    now: datetime,
) -> list[Bucket]:
    """Return the buckets of a series in [since, until) as detection judges them at ``now``.

    Buckets that counted nothing are there too; one that is not over is marked as partial.
    """
    stored = heard_counts(session, one, since, until, now=now)
    buckets = []
    start = since
    while start < until:
        counted, negatives = stored.get(start, (0, 0))
        buckets.append(
            Bucket(
                start=start,
                mentions=counted,
                negatives=negatives,
                coverage=coverage.at(start),
                is_partial=start + BUCKET > now,
            )
        )
        start += BUCKET
    return buckets


def heard_counts(
    session: Session, one: SeriesRecord, since: datetime, until: datetime, *, now: datetime
) -> dict[datetime, tuple[int, int]]:
    """Return (mentions, negatives) of the buckets in [since, until) that counted anything.

    What was imported lately is left out.
    """
    stored = series.load_counts(session, one, since=since, until=until)
    newest_import = imports.newest_import_at(session)
    judged_from = max(since, bucket_start(now - HISTORY_AGE))
    if newest_import is not None and newest_import >= judged_from:
        stored |= series.live_counts(session, one, since=judged_from, until=until)
    return stored


def heard_buckets(
    session: Session, one: SeriesRecord, since: datetime, until: datetime, *, now: datetime
) -> Iterator[Bucket]:
    """Yield ``judged_buckets`` of a span of any length, holding a week of them at a time."""
    coverage = Coverage(session, one.brand_id, since, now)
    while since < until:
        upto = min(since + PIECE, until)
        yield from judged_buckets(session, one, since, upto, coverage, now=now)
        since = upto
