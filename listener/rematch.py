"""What a changed brand would match among the stored mentions. Changes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session

from listener.matching.brand import BrandWords, Decision
from listener.matching.matcher import BrandMatcher, Record
from listener.store.rematch import StoredText, texts_page

PAGE = 1_000
MAX_EXCERPT_CHARS = 80


@dataclass(frozen=True, slots=True)
class Example:
    """One mention whose match would change: why, and what was hit (or is hit no longer)."""

    mention_id: int
    change: Literal["gained", "lost"]
    excerpt: str
    reason: str
    hits: tuple[str, ...]


@dataclass(slots=True)
class Comparison:
    """How many of the mentions match before and after, with examples of what changes."""

    looked_at: int
    before: int
    after: int
    gained: int
    lost: int
    examples: list[Example]


def compare_brand(
    session: Session,
    *,
    brand_id: int | None,
    before: BrandWords | None,
    after: BrandWords,
    bound_sources: frozenset[str],
    since: datetime,
    max_examples: int,
    advance: Callable[[int], object] = lambda _: None,
    page_size: int = PAGE,
) -> Comparison:
    """Match stored mentions since then with both definitions, one page in memory at a time.

    Without ``before`` the comparison is with what was matched when the mentions came in. Mentions
    of ``bound_sources`` mean the brand whatever they say, so they never change. At most
    ``max_examples`` of each kind of change are kept; ``advance`` is told how many were read.
    """
    result = Comparison(0, 0, 0, 0, 0, [])
    matcher = BrandMatcher([after] if before is None else [after, before])
    for page in _pages(session, brand_id, since, page_size):
        records = [Record(one.text, one.title, one.author_name, one.url) for one in page]
        for stored, decisions in zip(page, matcher.judge_many(records), strict=True):
            result.looked_at += 1
            is_bound = stored.source_key in bound_sources
            is_meant = is_bound or decisions[0].is_meant
            was_meant = is_bound or (
                stored.was_matched if before is None else decisions[1].is_meant
            )
            result.before += was_meant
            result.after += is_meant
            if is_meant != was_meant:
                _note_change(result, stored, decisions, max_examples)
        advance(len(page))
    return result


def _pages(
    session: Session, brand_id: int | None, since: datetime, page_size: int
) -> Iterator[list[StoredText]]:
    after_id = 0
    while page := texts_page(
        session, brand_id=brand_id, since=since, after_id=after_id, limit=page_size
    ):
        yield page
        after_id = page[-1].id


def _note_change(
    result: Comparison, stored: StoredText, decisions: list[Decision], max_examples: int
) -> None:
    after = decisions[0]
    if after.is_meant:
        result.gained += 1
        seen, deciding = result.gained, after
    else:
        result.lost += 1
        seen, deciding = result.lost, decisions[-1]
    if seen > max_examples:
        return
    change: Literal["gained", "lost"] = "gained" if after.is_meant else "lost"
    hits = []
    for hit in deciding.hits:
        given = stored.title if hit.field == "title" else stored.text
        hits.append(f"{hit.term} → {(given or '')[hit.start : hit.end]}")
    result.examples.append(
        Example(
            mention_id=stored.id,
            change=change,
            excerpt=_excerpt(stored),
            reason=after.reason,
            hits=tuple(dict.fromkeys(hits)),
        )
    )


def _excerpt(stored: StoredText) -> str:
    text = " ".join(f"{stored.title or ''} {stored.text}".split())
    return text if len(text) <= MAX_EXCERPT_CHARS else f"{text[:MAX_EXCERPT_CHARS]}…"
