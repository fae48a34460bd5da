"""Erases what one person said, on request: the words and the person go, the counts stay.

A row stays behind as an empty shell under its source's own id, so that the same post is not
collected again and figures already told stay true. What alerts and incidents quoted of it is
blanked too.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from sqlalchemy import or_, update
from sqlmodel import Session, SQLModel, col, select

from listener.store.rows import IMPORT
from listener.store.tables import (
    Claim,
    Complaint,
    Correction,
    Engagement,
    Finding,
    Incident,
    IncidentEvent,
    Match,
    Mention,
    Message,
    Score,
    Source,
)
from listener.text.mask import mask_personal_data

ERASED = "［已按要求删除］"
_BATCH = 500
_PROBE_CHARS = 16
_LEAST_PROBE_CHARS = 4
_QUOTED_KEYS = ("text", "title", "url", "author", "followers")
_WITHOUT_WORDS: Mapping[str, Any] = {"hits": [], "product": None}
_SHELL: Mapping[str, Any] = {
    "url": None,
    "title": None,
    "text": "",
    "author_name": None,
    "author_followers": None,
    "author_verified": None,
    "parent_external_id": None,
    "thread_title": None,
    "content_hash": "",
    "search": "",
    "extra": {},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure changed; ``incidents`` are the ids of those that quoted something."""

    mentions: int
    messages: int
    incidents: tuple[int, ...]


def basis_of(session: Session, author: str) -> list[tuple[str, str]]:
    """Return every pair of spider and account id this author can be stored under.

    Pseudonyms are made per spider; an imported account also carries its platform, as in
    ``listener.imports.rows``.
    """
    platform = col(Mention.extra)["platform"].as_string()
    of_import = select(platform).join(Source, col(Source.id) == Mention.source_id)
    platforms = session.exec(of_import.where(Source.spider == IMPORT).distinct()).all()
    spiders = sorted(set(session.exec(select(Source.spider))))
    imported = [(IMPORT, f"{one or ''}:{author}") for one in platforms]
    return [(spider, author) for spider in spiders] + imported


def find_mentions(
    session: Session,
    *,
    author_hashes: Collection[str] = (),
    author_names: Collection[str] = (),
    urls: Collection[str] = (),
    ids: Collection[int] = (),
) -> list[int]:
    """Return the ids of every mention by one of these authors, at an address, or named itself."""
    query = select(Mention.id).where(
        or_(
            col(Mention.author_hash).in_(author_hashes),
            col(Mention.author_name).in_(author_names),
            col(Mention.url).in_(urls),
            col(Mention.id).in_(ids),
        )
    )
    return [id_ for id_ in session.exec(query.order_by(col(Mention.id))) if id_ is not None]


def held_about(session: Session, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Return everything stored about these mentions, by id, as JSON-able values."""
    found = []
    for start in range(0, len(ids), _BATCH):
        query = (
            select(Mention, Source.name, Score, Complaint)
            .join(Source, col(Source.id) == Mention.source_id)
            .outerjoin(Score, col(Score.mention_id) == Mention.id)
            .outerjoin(Complaint, col(Complaint.mention_id) == Mention.id)
            .where(col(Mention.id).in_(ids[start : start + _BATCH]))
            .order_by(col(Mention.id))
        )
        for mention, source, score, complaint in session.exec(query):
            held = mention.model_dump(
                mode="json", exclude={"search", "lease_owner", "lease_until"}
            )
            held["source"] = source
            held["sentiment"] = _dumped(score)
            held["complaint"] = _dumped(complaint)
            held["engagement"] = _all_about(session, Engagement, mention.id)
            held["corrections"] = _all_about(session, Correction, mention.id)
            found.append(held)
    return found


def _all_about(session: Session, table: Any, mention_id: int | None) -> list[dict[str, Any]]:
    rows = session.exec(select(table).where(table.mention_id == mention_id))
    return [row.model_dump(mode="json") for row in rows]


def _dumped(row: SQLModel | None) -> dict[str, Any] | None:
    return None if row is None else row.model_dump(mode="json")


def erase_mentions(session: Session, ids: Sequence[int]) -> Erased:
    """Blank these mentions and every quotation of them; running twice changes nothing.

    Mentions of one author keep one author among themselves, under a name drawn by lot that leads
    nowhere, so that counts of distinct authors do not move.
    """
    probes: set[str] = set()
    authors: dict[str, str] = {}
    done = 0
    for start in range(0, len(ids), _BATCH):
        batch = list(ids[start : start + _BATCH])
        rows = session.exec(select(Mention).where(col(Mention.id).in_(batch), Mention.text != ""))
        for mention in rows:
            probes.update(_probes(mention))
            if mention.author_hash is not None:
                lot = authors.setdefault(mention.author_hash, secrets.token_hex(16))
                mention.author_hash = lot
            for name, value in _SHELL.items():
                setattr(mention, name, value)
            done += 1
        session.flush()
        for table, blank in (
            (Match, _WITHOUT_WORDS),
            (Score, {"evidence": []}),
            (Complaint, {"reasons": []}),
        ):
            of_batch = col(table.mention_id).in_(batch)
            session.execute(update(table).where(of_batch).values(**blank))
        for given in session.exec(select(Correction).where(col(Correction.mention_id).in_(batch))):
            given.why = None
            given.machine = {**given.machine, **_WITHOUT_WORDS}
    gone = frozenset(ids)
    quoting = _redact(session, Incident, ("evidence",), gone, probes)
    _redact(session, Finding, ("judgement",), gone, probes)
    _redact(session, IncidentEvent, ("data",), gone, probes)
    _redact_claims(session, probes)
    messages = _redact(session, Message, ("body", "remote"), gone, probes)
    return Erased(mentions=done, messages=len(messages), incidents=tuple(quoting))


def _probes(mention: Mention) -> set[str]:
    """Return what betrays a quotation: how text and title begin, the name, the address."""
    found = {mention.author_name or "", mention.url or ""}
    for text in (mention.text, mention.title or ""):
        found.add(" ".join(mask_personal_data(text).split())[:_PROBE_CHARS].strip())
    found = {probe for probe in found if len(probe) >= _LEAST_PROBE_CHARS}
    return found | {escape(probe) for probe in found}


def _redact(
    session: Session,
    table: type[SQLModel],
    columns: Sequence[str],
    gone: frozenset[int],
    probes: Collection[str],
) -> list[int]:
    """Blank quotations in JSON columns; return the ids of the rows that changed."""
    changed = []
    key = table.__table__.c.id  # type: ignore[attr-defined]  # set by SQLModel
    after = 0
    while rows := session.exec(select(table).where(key > after).order_by(key).limit(_BATCH)).all():
        for row in rows:
            after = row.id  # type: ignore[attr-defined]  # each of these tables has one
            for name in columns:
                was = getattr(row, name)
                clean = without(was, gone, probes)
                if clean != was:
                    setattr(row, name, clean)
                    changed.append(after)
        session.flush()
        session.expunge_all()
    return sorted(set(changed))


def _redact_claims(session: Session, probes: Collection[str]) -> None:
    """Blank claims that quote, with who is said to claim it.

    Each keeps words of its own, as two claims of an incident may not say the same.
    """
    for claim in session.exec(select(Claim)):
        for name in ("text", "source", "url", "basis"):
            was = getattr(claim, name)
            clean = without(was, frozenset(), probes)
            if clean != was:
                setattr(claim, name, f"{clean} {claim.id}" if name == "text" else clean)
                claim.source = ERASED
    session.flush()


def without(value: Any, gone: frozenset[int], probes: Collection[str]) -> Any:
    """Return JSON values without quotations.

    Of an object about a mention in ``gone`` the quoted keys are blanked; of any other text the
    lines that hold one of ``probes``.
    """
    if isinstance(value, dict):
        is_about = value.get("mention_id") in gone
        return {
            name: _blank(inner)
            if is_about and name in _QUOTED_KEYS
            else without(inner, gone, probes)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [without(inner, gone, probes) for inner in value]
    if isinstance(value, str) and any(probe in value for probe in probes):
        lines = value.split("\n")
        return "\n".join(ERASED if any(p in line for p in probes) else line for line in lines)
    return value


def _blank(value: Any) -> Any:
    return ERASED if isinstance(value, str) else None
