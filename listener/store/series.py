"""Series, their buckets, and what detectors have learned.

A bucket is always recomputed from the mentions, so that any step may run twice.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, update
from sqlalchemy.exc import NoResultFound
from sqlmodel import Session, col, select

from listener.store.engine import insert_ignore, upsert
from listener.store.mentions import DONE
from listener.store.records import BaselineRecord, BucketCounts, SeriesRecord
from listener.store.rows import IMPORT, record_of, records_of, select_columns
from listener.store.tables import (
    Baseline,
    Brand,
    Bucket,
    Complaint,
    Match,
    Mention,
    Score,
    Series,
    Source,
)

ALL = "all"
REPEAT_WINDOW = timedelta(hours=24)


def ensure_series(
    session: Session, brand_id: int, *, topic: str = ALL, source_group: str = ALL
) -> int:
    """Return the id of a series, making it when it is new; without more, the brand's overall one.

    A series of a complaint type counts the negatives of that type among all mentions of the brand;
    a series of a source group counts what that group says.
    """
    known = _known_series(session, brand_id, topic, source_group)
    if known is not None:
        return known
    session.execute(
        insert_ignore(session, Series).values(
            brand_id=brand_id, topic=topic, source_group=source_group
        )
    )
    return _series_id(session, brand_id, topic, source_group)


def overall_id(session: Session, brand_id: int) -> int:
    """Return the id of the brand's overall series; raises ``NoResultFound`` before it is made."""
    return _series_id(session, brand_id, ALL, ALL)


def _series_id(session: Session, brand_id: int, topic: str, source_group: str) -> int:
    known = _known_series(session, brand_id, topic, source_group)
    if known is None:
        raise NoResultFound(f"brand {brand_id} has no series of {topic}, {source_group}")
    return known


def _known_series(session: Session, brand_id: int, topic: str, source_group: str) -> int | None:
    query = select(Series.id).where(
        Series.brand_id == brand_id, Series.topic == topic, Series.source_group == source_group
    )
    return session.exec(query).one_or_none()


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
    return recount(session, touched_buckets(session, mention_ids))


def touched_buckets(session: Session, mention_ids: Collection[int]) -> dict[int, set[datetime]]:
    """Return, by brand, the buckets these mentions can change; locks the brands' overall series.

    Asked before a match is taken away, it tells what ``recount`` has to count anew afterwards.
    """
    _lock_series_of(session, mention_ids)
    touched: dict[int, set[datetime]] = defaultdict(set)
    for brand_id, bucket_at in _buckets_of(session, mention_ids):
        touched[brand_id].add(bucket_at)
    return touched


def recount(session: Session, touched: Mapping[int, Collection[datetime]]) -> set[int]:
    """Recompute these buckets of these brands; return the ids of their series."""
    series_ids: set[int] = set()
    for brand_id, starts in sorted(touched.items()):
        series_ids |= _recompute(session, brand_id, starts)
    return series_ids


def _lock_series_of(session: Session, mention_ids: Collection[int]) -> None:
    """Lock the brands' overall series whose counts these mentions change.

    Two machines that score mentions of one bucket would each count without the other's, and the
    second would write its count over the first. What is counted after the lock sees both.
    """
    found = session.exec(
        select(Match.brand_id).where(col(Match.mention_id).in_(mention_ids)).distinct()
    )
    overall = [ensure_series(session, brand_id) for brand_id in sorted(found)]
    for series_id in sorted(overall):
        lock_series(session, series_id)


def lock_series(session: Session, series_id: int) -> None:
    """Keep others from counting or judging the same series until this transaction ends."""
    query = select(Series.id).where(Series.id == series_id)
    session.exec(query.with_for_update(key_share=True)).one()


def _recompute(session: Session, brand_id: int, starts: Collection[datetime]) -> set[int]:
    ids = {
        (one.topic, one.source_group): one.id or 0
        for one in session.exec(select(Series).where(Series.brand_id == brand_id))
    }
    counts: dict[tuple[str, str], dict[datetime, list[int]]] = defaultdict(dict)
    for start in starts:
        counts[ALL, ALL][start] = [0, 0, 0, 0]
    for one in _counted(session, brand_id, starts):
        keys = [(ALL, ALL), (ALL, one.group)]
        if one.is_negative and one.type is not None:
            keys.append((one.type, ALL))
        for key in keys:
            row = counts[key].setdefault(one.start, [0, 0, 0, 0])
            row[0] += one.is_counted
            row[1] += one.is_counted and one.is_negative
            row[2] += 1
            row[3] += one.is_negative
    for key in sorted(counts):
        if key not in ids:
            topic, group = key
            ids[key] = ensure_series(session, brand_id, topic=topic, source_group=group)
    parts = [id_ for key, id_ in ids.items() if key != (ALL, ALL)]
    session.execute(
        delete(Bucket).where(
            col(Bucket.series_id).in_(parts), col(Bucket.start_at).in_(list(starts))
        )
    )
    upsert(
        session,
        Bucket,
        ("series_id", "start_at"),
        [
            {
                "series_id": ids[key],
                "start_at": start,
                "mentions": row[0],
                "negatives": row[1],
                "raw_mentions": row[2],
                "raw_negatives": row[3],
            }
            for key, found in sorted(counts.items())
            for start, row in sorted(found.items())
        ],
    )
    _mark_stale(session, ids.values(), min(starts))
    return set(ids.values())


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


def live_counts(
    session: Session, one: SeriesRecord, *, since: datetime, until: datetime
) -> dict[datetime, tuple[int, int]]:
    """Return (mentions, negatives) without imports of the buckets in [since, until) with any.

    Files are imported to teach what is usual; what is judged for an alarm is what was heard.
    """
    query = (
        select(Mention.bucket_at)
        .join(Source, col(Source.id) == Mention.source_id)
        .join(Match, col(Match.mention_id) == Mention.id)
        .where(
            Source.spider == IMPORT,
            Match.brand_id == one.brand_id,
            col(Mention.bucket_at) >= since,
            col(Mention.bucket_at) < until,
        )
        .distinct()
    )
    counts = {start: [0, 0] for start in session.exec(query) if start is not None}
    if not counts:
        return {}
    for heard in _counted(session, one.brand_id, list(counts), live_only=True):
        if heard.is_counted and one.source_group in (ALL, heard.group):
            counts[heard.start][0] += 1
            counts[heard.start][1] += heard.is_negative and one.topic in (ALL, heard.type)
    return {start: (row[0], row[1]) for start, row in counts.items()}


@dataclass(frozen=True, slots=True)
class _Counted:
    """One mention as its buckets see it; ``type`` is None unless it is a complaint."""

    start: datetime
    group: str
    type: str | None
    is_negative: bool
    is_counted: bool


def _counted(
    session: Session, brand_id: int, starts: Collection[datetime], *, live_only: bool = False
) -> list[_Counted]:
    query = (
        select_columns(
            Mention.id,
            Mention.bucket_at,
            Mention.event_at,
            Mention.story_id,
            Mention.author_hash,
            Score.is_negative,
            Source.group_name,
            col(Complaint.type).label("type"),
            Complaint.is_complaint,
        )
        .join(Match, col(Match.mention_id) == Mention.id)
        .join(Score, col(Score.mention_id) == Mention.id)
        .join(Complaint, col(Complaint.mention_id) == Mention.id)
        .join(Source, col(Source.id) == Mention.source_id)
        .where(
            Match.brand_id == brand_id, col(Mention.bucket_at).in_(starts), Mention.stage == DONE
        )
    )
    if live_only:
        query = query.where(Source.spider != IMPORT)
    rows = session.execute(query).all()
    if not rows:
        return []
    said = _said_before(session, {row.story_id for row in rows}, min(starts) - REPEAT_WINDOW)
    result = []
    for row in rows:
        is_repeat = row.author_hash is not None and any(
            (at, other) < (row.event_at, row.id) and at >= row.event_at - REPEAT_WINDOW
            for at, other in said[row.story_id, row.author_hash]
        )
        result.append(
            _Counted(
                start=row.bucket_at,
                group=row.group_name,
                type=row.type if row.is_complaint else None,
                is_negative=bool(row.is_negative),
                is_counted=not is_repeat,
            )
        )
    return result


def _said_before(
    session: Session, story_ids: Collection[int], since: datetime
) -> dict[tuple[int, str], list[tuple[datetime, int]]]:
    """Return when each author said each story, with the ids of the mentions."""
    said: dict[tuple[int, str], list[tuple[datetime, int]]] = defaultdict(list)
    copies = session.exec(
        select(Mention.story_id, Mention.author_hash, Mention.event_at, Mention.id).where(
            col(Mention.story_id).in_(story_ids),
            col(Mention.event_at) >= since,
            Mention.stage == DONE,
        )
    )
    for story_id, author, event_at, mention_id in copies:
        if author is not None and event_at is not None:
            said[story_id, author].append((event_at, mention_id or 0))
    return said


def _mark_stale(session: Session, series_ids: Collection[int], changed_from: datetime) -> None:
    session.execute(
        update(Baseline)
        .where(col(Baseline.series_id).in_(list(series_ids)), col(Baseline.as_of) > changed_from)
        .values(is_stale=True)
    )


def load_buckets(
    session: Session, series_id: int, *, since: datetime, until: datetime
) -> dict[datetime, BucketCounts]:
    """Return the stored buckets in [since, until) by start; an absent bucket counted nothing."""
    query = select(Bucket).where(
        Bucket.series_id == series_id, col(Bucket.start_at) >= since, col(Bucket.start_at) < until
    )
    return {row.start_at: row for row in records_of(BucketCounts, session.exec(query))}


def load_counts(
    session: Session, one: SeriesRecord, *, since: datetime, until: datetime
) -> dict[datetime, tuple[int, int]]:
    """Return (mentions, negatives) by bucket start as detection sees the series.

    A complaint type stores its negatives alone: its mentions are all mentions of the brand.
    """
    own = load_buckets(session, one.id, since=since, until=until)
    if one.topic == ALL:
        return {start: (row.mentions, row.negatives) for start, row in own.items()}
    overall = load_buckets(session, overall_id(session, one.brand_id), since=since, until=until)
    return {
        start: (row.mentions, own[start].negatives if start in own else 0)
        for start, row in overall.items()
    }


def buckets_since(session: Session, since: datetime) -> dict[int, tuple[tuple[Any, ...], ...]]:
    """Return (start, mentions, negatives) of every bucket since then, by series, in order."""
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    query = (
        select(Bucket.series_id, Bucket.start_at, Bucket.mentions, Bucket.negatives)
        .where(col(Bucket.start_at) >= since)
        .order_by(col(Bucket.series_id), col(Bucket.start_at))
    )
    for series_id, *row in session.exec(query):
        found[series_id].append(tuple(row))
    return {series_id: tuple(rows) for series_id, rows in found.items()}


def negatives_since(session: Session, since: datetime) -> dict[int, int]:
    """Return how many negatives each series counted since then."""
    query = (
        select(Bucket.series_id, func.sum(Bucket.negatives))
        .where(col(Bucket.start_at) >= since)
        .group_by(col(Bucket.series_id))
    )
    return {row[0]: int(row[1]) for row in session.exec(query)}


def first_bucket_at(session: Session, series_id: int, *, since: datetime) -> datetime | None:
    """Return the start of the oldest stored bucket of a series since then."""
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
