"""Stories: equal texts, near-duplicates and reposts together.

A story is led by the text that came first; later ones join it for good, so that counts never
change under a reader.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TypeVar

from sqlalchemy import and_, bindparam, case, delete, distinct, func, or_, tuple_
from sqlmodel import Session, col, select

from listener.store.engine import insert_ignore, insert_new
from listener.store.records import NewMention, StorySpread
from listener.store.rows import records_from, select_columns
from listener.store.tables import Match, Mention, Story, StoryBand
from listener.text.near import SAME_STORY, StoryKey, similarity

# SQLite allows 32,766 variables in one statement, PostgreSQL 65,535.
MOST_VARIABLES = 10_000
_Key = TypeVar("_Key", int, str)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Known:
    """What has been found or made so far for one batch."""

    by_fingerprint: dict[str, int]
    by_band: dict[int, list[int]]
    signatures: dict[int, bytes]


def assign_stories(session: Session, mentions: Sequence[NewMention]) -> list[int]:
    """Return the story of each mention, making those that are new; running twice changes nothing.

    A bare repost ("转发微博") belongs to the story of the post it answers to, where that is known.
    """
    parents = _stories_of_parents(session, mentions)
    known = _look_up(session, [one.story for one in mentions])
    result = [0] * len(mentions)
    oldest_first = sorted(
        range(len(mentions)),
        key=lambda i: (mentions[i].event_at or _NEVER, mentions[i].external_id),
    )
    for index in oldest_first:
        mention = mentions[index]
        key = mention.story
        if key.is_bare_repost:
            parent = (mention.source_id, mention.parent_external_id or "")
            key = _standing_alone(mention)
            if parent in parents:
                result[index] = parents[parent]
                continue
        found = known.by_fingerprint.get(key.fingerprint) or _nearest(known, key)
        result[index] = found or _make(session, known, key, mention.event_at)
    return result


def _standing_alone(mention: NewMention) -> StoryKey:
    """Tell bare reposts of unknown posts apart: equal emptiness is not the same story."""
    name = f"repost:{mention.source_id}:{mention.parent_external_id or mention.external_id}"
    fingerprint = blake2b(name.encode("utf-8", "replace"), digest_size=16).hexdigest()
    return StoryKey(
        fingerprint=fingerprint, signature=b"", bands=(), is_repost=True, is_bare_repost=True
    )


def _stories_of_parents(
    session: Session, mentions: Sequence[NewMention]
) -> dict[tuple[int, str], int]:
    wanted = {
        (one.source_id, one.parent_external_id)
        for one in mentions
        if one.story.is_bare_repost and one.parent_external_id
    }
    if not wanted:
        return {}
    rows = session.exec(
        select(Mention.source_id, Mention.external_id, Mention.story_id).where(
            or_(
                *(
                    and_(col(Mention.source_id) == source, col(Mention.external_id) == external)
                    for source, external in sorted(wanted)
                )
            )
        )
    )
    return {(source, external): story for source, external, story in rows}


def _look_up(session: Session, keys: Sequence[StoryKey]) -> _Known:
    known = _Known(by_fingerprint={}, by_band={}, signatures={})
    for fingerprints in _parts({key.fingerprint for key in keys}):
        found = session.exec(
            select(Story.fingerprint, Story.id).where(col(Story.fingerprint).in_(fingerprints))
        )
        known.by_fingerprint.update((fingerprint, id_ or 0) for fingerprint, id_ in found)
    open_bands = {
        band for key in keys if key.fingerprint not in known.by_fingerprint for band in key.bands
    }
    for part in _parts(open_bands):
        for band, story_id in session.exec(
            select(StoryBand.band, StoryBand.story_id)
            .where(col(StoryBand.band).in_(part))
            .order_by(col(StoryBand.story_id))
        ):
            known.by_band.setdefault(band, []).append(story_id)
    candidates = {id_ for ids in known.by_band.values() for id_ in ids}
    for part in _parts(candidates):
        signatures = session.exec(select(Story.id, Story.signature).where(col(Story.id).in_(part)))
        known.signatures.update((id_ or 0, signature or b"") for id_, signature in signatures)
    return known


def _parts(values: Iterable[_Key]) -> Iterable[list[_Key]]:
    ordered = sorted(values)
    for start in range(0, len(ordered), MOST_VARIABLES):
        yield ordered[start : start + MOST_VARIABLES]


def _nearest(known: _Known, key: StoryKey) -> int | None:
    candidates = {id_ for band in key.bands for id_ in known.by_band.get(band, ())}
    scored = [(similarity(key.signature, known.signatures[id_]), -id_) for id_ in candidates]
    best = max(scored, default=(0.0, 0))
    return -best[1] if best[0] >= SAME_STORY else None


def _make(session: Session, known: _Known, key: StoryKey, first_event_at: datetime | None) -> int:
    values = {
        "fingerprint": key.fingerprint,
        "first_event_at": first_event_at,
        "signature": key.signature or None,
    }
    story_id = insert_new(session, Story, values)
    if story_id is None:  # another process made it a moment ago
        story_id = (
            session.exec(select(Story.id).where(Story.fingerprint == key.fingerprint)).one() or 0
        )
    elif key.bands:
        session.execute(
            insert_ignore(session, StoryBand),
            [{"band": band, "story_id": story_id} for band in sorted(set(key.bands))],
        )
    known.by_fingerprint[key.fingerprint] = story_id
    known.signatures[story_id] = key.signature
    for band in key.bands:
        known.by_band.setdefault(band, []).append(story_id)
    return story_id


@dataclass(frozen=True, slots=True)
class BandWalk:
    """How far a walk over the bands has come; ``after`` is None at the end."""

    after: tuple[int, int] | None
    seen: int
    forgotten: int


# Below every band and every story.
FIRST_BAND = (-(2**63), 0)


def forget_bands(
    session: Session,
    *,
    before: datetime,
    after: tuple[int, int] = FIRST_BAND,
    limit: int = 10_000,
) -> BandWalk:
    """Let stories older than ``before`` take in equal texts only, looking at ``limit`` bands.

    Nobody reposts a year-old text with small changes, and the bands are the larger part of a
    story's row. The walk follows the table's own order, so that each part costs the same.
    """
    rows = session.exec(
        select(StoryBand.band, StoryBand.story_id, Story.first_event_at)
        .join(Story, col(Story.id) == StoryBand.story_id)
        .where(tuple_(col(StoryBand.band), col(StoryBand.story_id)) > tuple_(*after))
        .order_by(col(StoryBand.band), col(StoryBand.story_id))
        .limit(limit)
    ).all()
    old = [(row[0], row[1]) for row in rows if row[2] is not None and row[2] < before]
    if old:
        session.connection().execute(
            delete(StoryBand).where(
                col(StoryBand.band) == bindparam("b"), col(StoryBand.story_id) == bindparam("s")
            ),
            [{"b": band, "s": story_id} for band, story_id in old],
        )
    end = rows[-1] if len(rows) == limit else None
    return BandWalk((end[0], end[1]) if end else None, len(rows), len(old))


def story_spread(
    session: Session, *, brand_id: int, since: datetime, until: datetime, limit: int = 5
) -> list[StorySpread]:
    """Return the stories most people passed on or repeated, by distinct authors, largest first."""
    authors = func.count(distinct(col(Mention.author_hash)))
    copies = func.sum(case((col(Mention.is_repost), 0), else_=1))
    query = (
        select_columns(
            Mention.story_id,
            func.count().label("mentions"),
            authors.label("authors"),
            copies.label("copies"),
            func.min(Mention.event_at).label("first_at"),
            func.max(Mention.event_at).label("last_at"),
            func.min(Mention.id).label("mention_id"),
            col(Story.signature).is_not(None).label("is_long"),
        )
        .join(Match, col(Match.mention_id) == Mention.id)
        .join(Story, col(Story.id) == Mention.story_id)
        .where(
            Match.brand_id == brand_id,
            col(Mention.event_at) >= since,
            col(Mention.event_at) < until,
        )
        .group_by(col(Mention.story_id), col(Story.signature).is_not(None))
        .having(func.count() > 1)
        .order_by(authors.desc(), func.count().desc(), col(Mention.story_id))
        .limit(limit)
    )
    return records_from(StorySpread, session.execute(query))
