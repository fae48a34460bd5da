"""Judges stored mentions anew with another scorer or classifier, while the service runs.

The version stored with each mention is the cursor: what was done stays done, however it ended.
Nothing is alerted here. History only teaches.
"""

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from listener.complaints import (
    CLASSIFIER_VERSION,
    ComplaintJudgement,
    ComplaintType,
    Severity,
)
from listener.failpoints import reach
from listener.pipeline import counts_as_negative, judge, texts_of
from listener.scoring.protocol import Scorer, Sentiment, TextToScore
from listener.store import corrections, judgements, mentions, series
from listener.store.engine import read_session, transact
from listener.store.judgements import Outdated
from listener.store.records import MentionScore, StoredJudgement

# Small enough that a write transaction never keeps the service waiting for long.
BATCH = 256


@dataclass(slots=True)
class Rescored:
    """How many mentions were judged anew, and for how many of them a count changed."""

    judged: int = 0
    recounted: int = 0


def version_of(scorer: Scorer) -> str:
    """Return the ``name@version`` that a scorer writes beside its judgements."""
    return scorer.score([TextToScore(text="")])[0].scorer


def rescore(
    engine: Engine,
    scorer: Scorer,
    outdated: Outdated,
    *,
    now: Callable[[], datetime],
    advance: Callable[[int], object] = lambda _: None,
    batch: int = BATCH,
) -> Rescored:
    """Judge every outdated mention anew, batch by batch; ``advance`` hears how many were done.

    May be stopped anywhere and run again, or run twice at once. Raises ``Temporary`` when the
    database stays away.
    """
    result, after_id = Rescored(), 0
    while True:
        with read_session(engine) as session:
            page = judgements.outdated_page(session, outdated, after_id=after_id, limit=batch)
            corrected = corrections.rulings_of(session, [one.text.id for one in page])
        if not page:
            return result
        sentiments = scorer.score(texts_of([one.text for one in page]))
        scores = _judged(page, sentiments, corrected)

        def save(session: Session, scores: Sequence[MentionScore] = scores) -> tuple[int, int]:
            return save_rescored(session, scores, outdated, now=now())

        judged, recounted = transact(engine, save)
        result.judged += judged
        result.recounted += recounted
        after_id = page[-1].text.id
        advance(len(page))


def _judged(
    page: Sequence[StoredJudgement], sentiments: Sequence[Sentiment], corrected: Container[int]
) -> list[MentionScore]:
    """Return the new judgements; what the classifier of today has said already is not asked again.

    Of a corrected mention the stored complaint may be a person's word: the machine is asked.
    """
    pairs = list(zip(page, sentiments, strict=True))
    asked = [
        (one.text, sentiment)
        for one, sentiment in pairs
        if one.text.id in corrected or one.score.classifier != CLASSIFIER_VERSION
    ]
    new = {score.mention_id: score for score in judge(*zip(*asked, strict=True))} if asked else {}
    return [new.get(one.text.id) or _with_sentiment(one.score, tone) for one, tone in pairs]


def _with_sentiment(score: MentionScore, sentiment: Sentiment) -> MentionScore:
    complaint = ComplaintJudgement(
        is_complaint=score.is_complaint,
        type=ComplaintType(score.type),
        secondary=(),
        severity=Severity(score.severity),
        confidence=score.confidence,
        reasons=(),
    )
    return replace(
        score,
        scorer=sentiment.scorer,
        negative=sentiment.negative,
        neutral=sentiment.neutral,
        positive=sentiment.positive,
        label=sentiment.label,
        is_negative=counts_as_negative(sentiment, complaint),
        evidence=[[word, weight] for word, weight in sentiment.evidence],
    )


def save_rescored(
    session: Session, scores: Sequence[MentionScore], outdated: Outdated, *, now: datetime
) -> tuple[int, int]:
    """Store new judgements and count anew what they change, both or neither.

    Return how many were stored, and how many of them changed a count. A mention that was deleted
    or judged anew by somebody else meanwhile is left alone; what people said stays in force.
    """
    ids = mentions.lock_mentions(session, [score.mention_id for score in scores])
    before = {
        mention_id: one.score
        for mention_id, one in judgements.stored_judgements(session, ids).items()
        if outdated.includes(one.score)
    }
    standing = mentions.save_scores(
        session, [score for score in scores if score.mention_id in before], now=now
    )
    changed = [
        one.mention_id for one in standing if _counts(one) != _counts(before[one.mention_id])
    ]
    if changed:
        series.recompute_buckets(session, changed)
    reach("mentions-rescored")
    return len(standing), len(changed)


def _counts(score: MentionScore) -> tuple[bool, str | None]:
    """Return all that a bucket sees of a judgement."""
    return score.is_negative, score.type if score.is_complaint else None
