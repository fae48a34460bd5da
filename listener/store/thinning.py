"""Thins the counters of older posts: only while a post is young does every minute matter."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, tuple_
from sqlmodel import Session, col, select

from listener.store.tables import Engagement

# From this age on one row is kept for each slot.
THIN_AFTER = timedelta(days=3)
THIN_SLOT = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class ThinWalk:
    """How far a walk over the rows has come; ``after`` is None at the end."""

    after: tuple[int, datetime] | None
    seen: int
    forgotten: int


def thin_engagement(
    session: Session, *, before: datetime, after: tuple[int, datetime] | None, limit: int
) -> ThinWalk:
    """Delete rows older than ``before`` but the first of a mention and the last of each slot.

    Looks at ``limit`` rows, following the table's own order; a mention cut by the limit is taken
    up whole by the next part.
    """
    key = tuple_(col(Engagement.mention_id), col(Engagement.observed_at))
    query = select(Engagement.mention_id, Engagement.observed_at).order_by(
        col(Engagement.mention_id), col(Engagement.observed_at)
    )
    if after is not None:
        query = query.where(key > tuple_(*after))
    rows = session.exec(query.limit(limit)).all()
    gone: list[tuple[int, datetime]] = []
    is_end = len(rows) < limit
    for index, (mention_id, at) in enumerate(rows[:-1]):
        following = rows[index + 1]
        is_first = index == 0 or rows[index - 1][0] != mention_id
        if is_first and index == 0 and after is not None and after[0] == mention_id:
            is_first = False
        if at >= before or is_first or following[0] != mention_id:
            continue
        if _slot(at) == _slot(following[1]):
            gone.append((mention_id, at))
    if gone:
        session.connection().execute(
            delete(Engagement).where(
                col(Engagement.mention_id) == bindparam("m"),
                col(Engagement.observed_at) == bindparam("o"),
            ),
            [{"m": mention_id, "o": at} for mention_id, at in gone],
        )
    # The last row is looked at again: what follows it was not seen yet.
    return ThinWalk(None if is_end else (rows[-2][0], rows[-2][1]), len(rows), len(gone))


def _slot(at: datetime) -> int:
    return int(at.timestamp() // THIN_SLOT.total_seconds())
