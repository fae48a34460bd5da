"""Series, their buckets, and what detectors have learned.

A bucket is always recomputed from the mentions, so that any step may run twice.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from listener.store.engine import insert_ignore, upsert
from listener.store.mentions import DONE
from listener.store.records import BaselineRecord, BucketCounts, SeriesRecord
from listener.store.rows import record_of, records_of, select_columns
from listener.store.tables import Baseline, Brand, Bucket, Match, Mention, Score, Series

ALL = "all"
REPEAT_WINDOW = timedelta(hours=24)


def ensure_series(session: Session, brand_id: int) -> int:
    """Return the id of the brand's overall series, making it when it is new."""
    session.execute(
        insert_ignore(session, Series).values(brand_id=brand_id, topic=ALL, source_group=ALL)
    )
    query = select(Series.id).where(
        Series.brand_id == brand_id, Series.topic == ALL, Series.source_group == ALL
    )
    return int(session.exec(query).one() or 0)


def all_series(session: Session) -> list[SeriesRecord]:
    """Return every series with its brand."""
    query = select(Series, Brand.key).join(Brand, col(Brand.id) == Series.brand_id)
    return [
        SeriesRecord(
            id=series.id or 0,
            brand_id=series.brand_id,
            brand_key=key,
            topic=series.topic,
            source_group=series.source_group,
        )
        for series, key in session.exec(query.order_by(col(Series.id)))
    ]


def recompute_buckets(session: Session, mention_ids: Collection[int]) -> set[int]:
    """Recompute every bucket these mentions can have changed; return the ids of their series.

    A mention counts unless the same author said the same story in the 24 hours before it. Hence a
    late mention also changes the buckets of its later copies.
    """
    touched: dict[int, set[datetime]] = defaultdict(set)
    for brand_id, bucket_at in _buckets_of(session, mention_ids):
        touched[brand_id].add(bucket_at)
    series_ids = set()
    for brand_id, starts in touched.items():
        series_id = ensure_series(session, brand_id)
        series_ids.add(series_id)
        counts = {start: [0, 0, 0, 0] for start in starts}
        for start, is_negative, is_counted in _counted(session, brand_id, starts):
            row = counts[start]
            row[0] += is_counted
            row[1] += is_counted and is_negative
            row[2] += 1
            row[3] += is_negative
        upsert(
            session,
            Bucket,
            ("series_id", "start_at"),
            [
                {
                    "series_id": series_id,
                    "start_at": start,
                    "mentions": row[0],
                    "negatives": row[1],
                    "raw_mentions": row[2],
                    "raw_negatives": row[3],
                }
                for start, row in sorted(counts.items())
            ],
        )
        _mark_stale(session, series_id, min(starts))
    return series_ids


def _buckets_of(session: Session, mention_ids: Collection[int]) -> set[tuple[int, datetime]]:
    found: set[tuple[int, datetime]] = set()
    own = session.execute(
        select_columns(
            Match.brand_id,
            Mention.bucket_at,
            Mention.event_at,
            Mention.story_id,
            Mention.author_hash,
        )
        .join(Mention, col(Mention.id) == Match.mention_id)
        .where(col(Match.mention_id).in_(mention_ids), col(Mention.bucket_at).is_not(None))
    ).all()
    keys = {(row[3], row[4]) for row in own if row[4] is not None}
    copies: dict[tuple[int, str], list[tuple[datetime, datetime]]] = defaultdict(list)
    if keys:
        later = session.exec(
            select(
                Mention.story_id, Mention.author_hash, Mention.event_at, Mention.bucket_at
            ).where(
                col(Mention.story_id).in_([key[0] for key in keys]),
                col(Mention.bucket_at).is_not(None),
            )
        )
        for story_id, author, event_at, bucket_at in later:
            if author is not None and event_at is not None and bucket_at is not None:
                copies[(story_id, author)].append((event_at, bucket_at))
    for brand_id, bucket_at, event_at, story_id, author in own:
        if bucket_at is None or event_at is None:
            continue
        found.add((brand_id, bucket_at))
        for at, start in copies.get((story_id, author or ""), ()):
            if event_at <= at <= event_at + REPEAT_WINDOW:
                found.add((brand_id, start))
    return found


def _counted(
    session: Session, brand_id: int, starts: Collection[datetime]
) -> list[tuple[datetime, bool, bool]]:
    rows = session.execute(
        select_columns(
            Mention.id,
            Mention.bucket_at,
            Mention.event_at,
            Mention.story_id,
            Mention.author_hash,
            Score.is_negative,
        )
        .join(Match, col(Match.mention_id) == Mention.id)
        .join(Score, col(Score.mention_id) == Mention.id)
        .where(
            Match.brand_id == brand_id, col(Mention.bucket_at).in_(starts), Mention.stage == DONE
        )
    ).all()
    if not rows:
        return []
    said: dict[tuple[int, str], list[tuple[datetime, int]]] = defaultdict(list)
    earliest = min(starts) - REPEAT_WINDOW
    copies = session.exec(
        select(Mention.story_id, Mention.author_hash, Mention.event_at, Mention.id).where(
            col(Mention.story_id).in_({row[3] for row in rows}),
            col(Mention.event_at) >= earliest,
            Mention.stage == DONE,
        )
    )
    for story_id, author, event_at, mention_id in copies:
        if author is not None and event_at is not None:
            said[(story_id, author)].append((event_at, mention_id or 0))
    result = []
    for mention_id, start, event_at, story_id, author, is_negative in rows:
        if start is None or event_at is None:
            continue
        is_repeat = author is not None and any(
            (at, other) < (event_at, mention_id or 0) and at >= event_at - REPEAT_WINDOW
            for at, other in said[(story_id, author)]
        )
        result.append((start, bool(is_negative), not is_repeat))
    return result


def _mark_stale(session: Session, series_id: int, changed_from: datetime) -> None:
    for baseline in session.exec(select(Baseline).where(Baseline.series_id == series_id)):
        if changed_from < baseline.as_of:
            baseline.is_stale = True
    session.flush()


def load_buckets(
    session: Session, series_id: int, *, since: datetime, until: datetime
) -> dict[datetime, BucketCounts]:
    """Return the stored buckets in [since, until) by start; an absent bucket counted nothing."""
    query = select(Bucket).where(
        Bucket.series_id == series_id, col(Bucket.start_at) >= since, col(Bucket.start_at) < until
    )
    return {row.start_at: row for row in records_of(BucketCounts, session.exec(query))}


def first_bucket_at(session: Session, series_id: int, *, since: datetime) -> datetime | None:
    """Return the start of the oldest bucket of a series since then."""
    query = (
        select(Bucket.start_at)
        .where(Bucket.series_id == series_id, col(Bucket.start_at) >= since)
        .order_by(col(Bucket.start_at))
        .limit(1)
    )
    return session.exec(query).first()


def load_baseline(session: Session, series_id: int, channel: str) -> BaselineRecord | None:
    """Return what the detector of ``channel`` had learned, if anything is stored."""
    row = session.get(Baseline, (series_id, channel))
    return None if row is None else record_of(BaselineRecord, row)


def save_baseline(
    session: Session,
    series_id: int,
    channel: str,
    *,
    as_of: datetime,
    on_since: datetime | None,
    built_at: datetime,
    state: dict[str, Any],
    is_stale: bool,
) -> None:
    """Store what a detector has learned up to ``as_of``."""
    upsert(
        session,
        Baseline,
        ("series_id", "channel"),
        [
            {
                "series_id": series_id,
                "channel": channel,
                "as_of": as_of,
                "on_since": on_since,
                "built_at": built_at,
                "is_stale": is_stale,
                "state": state,
            }
        ],
    )
