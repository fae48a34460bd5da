"""What was seen of a post's counters over time: only changes, thinned with age.

The row of a sighting is written when a counter has changed by enough for the post's age; while
nothing changes, only ``seen_until`` of the newest row moves on. So a post takes some hundred rows
in its life however often its source is visited. Erased with the mention.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, update
from sqlmodel import Session, col, select

from listener.items import COUNTERS, Precision, Sighting
from listener.store.engine import insert_ignore
from listener.store.records import NewMention
from listener.store.rows import IMPORT, select_columns
from listener.store.tables import Engagement, Mention, Source

# A small change is written once in this part of the post's age, a large one always.
AGE_PARTS = 24
LARGE_GROWTH = 50
LARGE_SHARE = 0.2
# How far ``seen_until`` may lag behind while nothing changes.
LEAST_MOVE = timedelta(minutes=5)
# A post older than this is no longer followed.
FOLLOWED_FOR = timedelta(days=30)
_VALUES = (*COUNTERS, "views")
_EXACT = frozenset({None, Precision.SECOND, Precision.MINUTE})


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedPost:
    """A mention whose counters are followed; ``posted_at`` is None unless it is exact."""

    id: int
    source_id: int
    author_hash: str | None
    posted_at: datetime | None
    story_id: int


def observe(session: Session, mentions: Sequence[NewMention]) -> int:
    """Note the counters of stored mentions as just collected; return how many rows were written.

    Left out are mentions that mean no brand or carry no counter, imported ones, and what a pass
    that was repeated after a crash brings again.
    """
    given = [
        one
        for one in mentions
        if one.matches and any(getattr(one, name) is not None for name in _VALUES)
    ]
    if not given:
        return 0
    ids = _ids(session, given)
    newest = _newest(session, set(ids.values()))
    rows: dict[tuple[int, datetime], dict[str, Any]] = {}
    moved: dict[tuple[int, datetime], datetime] = {}
    for one in given:
        mention_id = ids.get((one.source_id, one.external_id))
        if mention_id is None:
            continue
        known, age = newest.get(mention_id), one.collected_at - (one.event_at or one.collected_at)
        if known is None or _is_worth_a_row(known, one, age):
            rows.setdefault((mention_id, one.collected_at), _row(mention_id, one))
        elif _is_same(known, one) and one.collected_at - known.until >= max(
            LEAST_MOVE, age / AGE_PARTS
        ):
            moved[mention_id, known.at] = one.collected_at
    _write(session, list(rows.values()), moved)
    return len(rows)


def _ids(session: Session, mentions: Sequence[NewMention]) -> dict[tuple[int, str], int]:
    wanted: dict[int, list[str]] = defaultdict(list)
    for one in mentions:
        wanted[one.source_id].append(one.external_id)
    found: dict[tuple[int, str], int] = {}
    for source_id, external_ids in sorted(wanted.items()):
        rows = session.exec(
            select(Mention.external_id, Mention.id)
            .join(Source, col(Source.id) == Mention.source_id)
            .where(
                Mention.source_id == source_id,
                col(Mention.external_id).in_(external_ids),
                Source.spider != IMPORT,
            )
        )
        found |= {(source_id, external_id): id_ or 0 for external_id, id_ in rows}
    return found


def _write(
    session: Session,
    rows: Sequence[dict[str, Any]],
    moved: dict[tuple[int, datetime], datetime],
) -> None:
    connection = session.connection()
    if rows:
        connection.execute(insert_ignore(session, Engagement), rows)
    if moved:
        statement = (
            update(Engagement)
            .where(
                col(Engagement.mention_id) == bindparam("m"),
                col(Engagement.observed_at) == bindparam("o"),
            )
            .values(seen_until=bindparam("u"))
        )
        connection.execute(
            statement, [{"m": key[0], "o": key[1], "u": until} for key, until in moved.items()]
        )


def _newest(session: Session, mention_ids: Collection[int]) -> dict[int, Sighting]:
    last = (
        select(Engagement.mention_id, func.max(Engagement.observed_at).label("at"))
        .where(col(Engagement.mention_id).in_(mention_ids))
        .group_by(col(Engagement.mention_id))
        .subquery()
    )
    found = session.exec(
        select(Engagement).join(
            last,
            (col(Engagement.mention_id) == last.c.mention_id)
            & (col(Engagement.observed_at) == last.c.at),
        )
    )
    return {row.mention_id: _sighting(row) for row in found}


def _sighting(row: Engagement) -> Sighting:
    return Sighting(
        at=row.observed_at,
        until=row.seen_until,
        likes=row.likes,
        reposts=row.reposts,
        comments=row.comments,
        views=row.views,
    )


def _row(mention_id: int, one: NewMention) -> dict[str, Any]:
    return {
        "mention_id": mention_id,
        "observed_at": one.collected_at,
        "seen_until": one.collected_at,
        **{name: getattr(one, name) for name in _VALUES},
    }


def _is_same(known: Sighting, one: NewMention) -> bool:
    return all(getattr(known, name) == getattr(one, name) for name in _VALUES)


def _is_worth_a_row(known: Sighting, one: NewMention, age: timedelta) -> bool:
    if one.collected_at <= known.until or age > FOLLOWED_FOR or _is_same(known, one):
        return False
    grown = sum((getattr(one, n) or 0) - (getattr(known, n) or 0) for n in COUNTERS)
    if abs(grown) >= max(LARGE_GROWTH, LARGE_SHARE * (known.interactions or 0)):
        return True
    return one.collected_at - known.at >= age / AGE_PARTS


def recently_seen(
    session: Session, *, since: datetime, least: int, limit: int = 2_000
) -> list[FollowedPost]:
    """Return posts sighted since then with at least ``least`` interactions, newest first.

    Imported posts are left out: a file is history and never alarms.
    """
    total = (
        func.coalesce(Engagement.likes, 0)
        + func.coalesce(Engagement.reposts, 0)
        + func.coalesce(Engagement.comments, 0)
    )
    seen = (
        select(Engagement.mention_id)
        .where(col(Engagement.seen_until) >= since, total >= least)
        .distinct()
    )
    query = (
        _followed().where(col(Mention.id).in_(seen)).order_by(col(Mention.id).desc()).limit(limit)
    )
    return _posts(session, query)


def _followed() -> Any:
    return (
        select_columns(
            Mention.id,
            Mention.source_id,
            Mention.author_hash,
            Mention.posted_at,
            Mention.posted_precision,
            Mention.story_id,
        )
        .join(Source, col(Source.id) == Mention.source_id)
        .where(Source.spider != IMPORT)
    )


def _posts(session: Session, query: Any) -> list[FollowedPost]:
    return [
        FollowedPost(
            id=row.id,
            source_id=row.source_id,
            author_hash=row.author_hash,
            posted_at=row.posted_at if row.posted_precision in _EXACT else None,
            story_id=row.story_id,
        )
        for row in session.execute(query)
    ]


def posts_of_source(
    session: Session, source_id: int, *, since: datetime, until: datetime, limit: int = 2_000
) -> list[FollowedPost]:
    """Return the newest posts of a source whose counters were written down in [since, until]."""
    seen = (
        select(Engagement.mention_id)
        .where(col(Engagement.observed_at) >= since, col(Engagement.observed_at) <= until)
        .distinct()
    )
    query = (
        _followed()
        .where(Mention.source_id == source_id, col(Mention.id).in_(seen))
        .order_by(col(Mention.id).desc())
        .limit(limit)
    )
    return _posts(session, query)


def followed_post(session: Session, mention_id: int) -> FollowedPost | None:
    """Return one followed post, or None for an imported or unknown one."""
    found = _posts(session, _followed().where(Mention.id == mention_id))
    return found[0] if found else None


def tracks(
    session: Session, mention_ids: Collection[int], *, until: datetime
) -> dict[int, list[Sighting]]:
    """Return what was seen of each mention up to ``until``, oldest first."""
    found: dict[int, list[Sighting]] = defaultdict(list)
    wanted = sorted(mention_ids)
    for start in range(0, len(wanted), 1_000):
        query = (
            select(Engagement)
            .where(
                col(Engagement.mention_id).in_(wanted[start : start + 1_000]),
                col(Engagement.observed_at) <= until,
            )
            .order_by(col(Engagement.mention_id), col(Engagement.observed_at))
        )
        for row in session.exec(query):
            found[row.mention_id].append(_sighting(row))
    return dict(found)
