"""Judgements as they stand: read back to be corrected or replaced, and the matches beside them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, update
from sqlmodel import Session, col, select

from listener.store.engine import insert_ignore
from listener.store.mentions import DONE, TO_SCORE, UNMATCHED
from listener.store.records import MentionScore, MentionToScore, NewMatch, StoredJudgement
from listener.store.rows import select_columns
from listener.store.tables import Brand, Complaint, Match, Mention, Score

MOST_COPIES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outdated:
    """Which judgements are to be replaced.

    Those of other versions than ``scorer`` and ``classifier``; with ``version`` only those of that
    scorer or classifier, with ``brand_id`` and ``since`` only of that brand and from then on.
    """

    scorer: str
    classifier: str
    version: str | None = None
    brand_id: int | None = None
    since: datetime | None = None

    def includes(self, score: MentionScore) -> bool:
        """Say whether a judgement is one of them, its brand and time apart."""
        is_old = score.scorer != self.scorer or score.classifier != self.classifier
        return is_old and self.version in (None, score.scorer, score.classifier)


def _judgements() -> Any:
    return (
        select_columns(Mention, Score, Complaint)
        .join(Score, col(Score.mention_id) == Mention.id)
        .join(Complaint, col(Complaint.mention_id) == Mention.id)
        .where(Mention.stage == DONE)
        .order_by(col(Mention.id))
    )


def stored_judgements(
    session: Session, mention_ids: Collection[int]
) -> dict[int, StoredJudgement]:
    """Return what stands of these mentions, by mention; those not judged yet are absent."""
    rows = session.execute(_judgements().where(col(Mention.id).in_(mention_ids)))
    return {one.text.id: one for one in map(_judgement, rows)}


def outdated_page(
    session: Session, outdated: Outdated, *, after_id: int, limit: int
) -> list[StoredJudgement]:
    """Return outdated judgements of mentions beyond ``after_id``, by id, at most ``limit``."""
    query = _narrowed(_judgements(), outdated).where(col(Mention.id) > after_id).limit(limit)
    return [_judgement(row) for row in session.execute(query)]


def count_outdated(session: Session, outdated: Outdated) -> int:
    """Count the judgements that are outdated."""
    query = (
        select_columns(func.count())
        .select_from(Mention)
        .join(Score, col(Score.mention_id) == Mention.id)
        .join(Complaint, col(Complaint.mention_id) == Mention.id)
        .where(Mention.stage == DONE)
    )
    return int(session.execute(_narrowed(query, outdated)).scalar_one())


def _narrowed(query: Any, outdated: Outdated) -> Any:
    # A text that was erased says nothing any more: what was judged of it stands.
    query = query.where(or_(col(Mention.text) != "", col(Mention.title).is_not(None)))
    query = query.where(
        or_(col(Score.scorer) != outdated.scorer, col(Complaint.classifier) != outdated.classifier)
    )
    if outdated.version is not None:
        named = outdated.version
        query = query.where(or_(col(Score.scorer) == named, col(Complaint.classifier) == named))
    if outdated.brand_id is not None:
        of_brand = select(Match.mention_id).where(Match.brand_id == outdated.brand_id)
        query = query.where(col(Mention.id).in_(of_brand))
    if outdated.since is not None:
        at = func.coalesce(col(Mention.event_at), col(Mention.collected_at))
        query = query.where(at >= outdated.since)
    return query


def _judgement(row: Any) -> StoredJudgement:
    mention, score, complaint = row
    return StoredJudgement(
        text=MentionToScore(
            id=mention.id,
            title=mention.title,
            text=mention.text,
            kind=mention.kind,
            lang=mention.lang,
            rating=mention.rating,
            rating_max=mention.rating_max,
        ),
        story_id=mention.story_id,
        scored_at=score.scored_at,
        score=MentionScore(
            mention_id=mention.id,
            scorer=score.scorer,
            negative=score.negative,
            neutral=score.neutral,
            positive=score.positive,
            label=score.label,
            is_negative=score.is_negative,
            evidence=list(score.evidence),
            is_complaint=complaint.is_complaint,
            type=complaint.type,
            secondary=list(complaint.secondary),
            severity=complaint.severity,
            confidence=complaint.confidence,
            reasons=list(complaint.reasons),
            classifier=complaint.classifier,
        ),
    )


def known_mentions(session: Session, mention_ids: Collection[int]) -> set[int]:
    """Return which of these numbers are mentions."""
    return {one or 0 for one in session.exec(
        select(Mention.id).where(col(Mention.id).in_(mention_ids))
    )}  # fmt: skip


def brands_of(session: Session, mention_id: int) -> list[int]:
    """Return the ids of the brands that a mention means."""
    query = select(Match.brand_id).where(Match.mention_id == mention_id)
    return sorted(session.exec(query))


def copies_of(session: Session, mention_id: int, *, brand_id: int) -> list[int]:
    """Return the mentions of the same story that mean the brand, at most ``MOST_COPIES``."""
    story = select(Mention.story_id).where(Mention.id == mention_id).scalar_subquery()
    query = (
        select(Mention.id)
        .join(Match, col(Match.mention_id) == Mention.id)
        .where(Match.brand_id == brand_id, col(Mention.story_id) == story)
        .order_by(col(Mention.id))
        .limit(MOST_COPIES)
    )
    return [one or 0 for one in session.exec(query)]


def matches_of(
    session: Session, mention_ids: Collection[int], *, brand_id: int
) -> dict[int, NewMatch]:
    """Return why these mentions mean the brand, by mention; those that do not are absent."""
    query = select(Match).where(col(Match.mention_id).in_(mention_ids), Match.brand_id == brand_id)
    return {
        row.mention_id: NewMatch(brand_id=brand_id, hits=list(row.hits), product=row.product)
        for row in session.exec(query)
    }


def remove_matches(session: Session, mention_ids: Collection[int], *, brand_id: int) -> None:
    """Let these mentions no longer mean the brand."""
    session.execute(
        delete(Match).where(
            col(Match.mention_id).in_(mention_ids), col(Match.brand_id) == brand_id
        )
    )


def add_match(session: Session, mention_id: int, match: NewMatch) -> None:
    """Let a mention mean a brand; one that meant nobody so far waits for its score from now on."""
    session.execute(
        insert_ignore(session, Match).values(
            mention_id=mention_id,
            brand_id=match.brand_id,
            hits=match.hits,
            product=match.product,
        )
    )
    session.execute(
        update(Mention)
        .where(col(Mention.id) == mention_id, col(Mention.stage) == UNMATCHED)
        .values(stage=TO_SCORE)
    )


def brand_words(session: Session, brand_id: int) -> dict[str, Any]:
    """Return the words of a brand as the database keeps them for the record."""
    return dict(session.get_one(Brand, brand_id).query)
