"""The way of a mention: collected → matched → scored → classified → bucketed.

Each step is one transaction, may run twice, and is found again after a crash by the stage that
the mention stands in.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlmodel import Session

from listener.complaints import (
    CLASSIFIER_VERSION,
    ComplaintJudgement,
    TextToClassify,
    classify_batch,
)
from listener.failpoints import reach
from listener.immediate import note_at_once
from listener.items import MentionItem, Precision
from listener.matching.matcher import BrandMatch, BrandMatcher, Record
from listener.privacy import pseudonym
from listener.scoring.protocol import Sentiment, TextToScore
from listener.store import mentions, series
from listener.store.records import MentionScore, MentionToScore, NewMatch, NewMention
from listener.text.bounds import bounded
from listener.text.fingerprint import search_terms
from listener.text.language import detect_language
from listener.text.near import story_key

MOST_COUNTED = 2**31 - 1
SURE = 0.85
LIKELY = 0.6
EVEN = 0.5
# Whose probabilities are not frequencies.
UNCALIBRATED = "snownlp@"
# A time this coarse cannot place a mention in a five-minute bucket.
_COARSE = frozenset({Precision.DAY, Precision.MONTH})


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedFrom:
    """Where a batch of items came from."""

    source_id: int
    source_key: str
    spider: str
    collected_at: datetime
    is_backfill: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """What the pipeline needs to know to understand a text."""

    brands: BrandMatcher
    brand_ids: Mapping[str, int]
    pseudonym_key: bytes
    keep_author_names: bool
    bound: Mapping[str, str]


def prepare(
    items: Sequence[MentionItem], origin: CollectedFrom, understanding: Understanding
) -> list[NewMention]:
    """Normalise, match in one pass, and pseudonymise items. Pure but for its arguments."""
    clean = [bounded(item) for item in items]
    records = [
        Record(text=item.text, title=item.title, author=item.author_name, url=item.url)
        for item in clean
    ]
    bound_to = understanding.bound.get(origin.source_key)
    matches = understanding.brands.match_many(records, bound_to=bound_to)
    return [
        _new_mention(item, found, origin, understanding)
        for item, found in zip(clean, matches, strict=True)
    ]


def _new_mention(
    item: MentionItem,
    found: Sequence[BrandMatch],
    origin: CollectedFrom,
    understanding: Understanding,
) -> NewMention:
    text, title = item.text, item.title
    author = item.author_id or item.author_name
    story = story_key(text, title)
    keeps_name = understanding.keep_author_names or bool(item.author_verified)
    return NewMention(
        source_id=origin.source_id,
        external_id=item.source_id,
        kind=item.kind,
        story=story,
        url=item.url,
        title=title,
        text=text,
        lang=item.lang or detect_language(f"{title or ''} {text}"),
        author_hash=pseudonym(understanding.pseudonym_key, origin.spider, author)
        if author
        else None,
        author_name=item.author_name if keeps_name else None,
        author_followers=_count(item.author_followers),
        author_verified=item.author_verified,
        parent_external_id=item.parent_id,
        thread_title=item.thread_title,
        posted_at=item.posted_at,
        posted_precision=item.posted_precision,
        collected_at=origin.collected_at,
        event_at=event_time(item, origin),
        rating=item.rating,
        rating_max=item.rating_max,
        likes=_count(item.likes),
        reposts=_count(item.reposts),
        comments=_count(item.comments),
        views=_count(item.views),
        content_hash=hashlib.sha256(
            json.dumps([title, text, item.url], ensure_ascii=False).encode("utf-8", "replace")
        ).hexdigest(),
        search=search_terms(f"{title or ''}\n{text}"),
        extra=dict(item.extra),
        is_backfill=origin.is_backfill,
        is_repost=story.is_repost,
        matches=tuple(
            NewMatch(
                brand_id=understanding.brand_ids[match.brand_key],
                hits=[asdict(hit) for hit in match.hits],
                product=match.product,
            )
            for match in found
        ),
    )


def _count(value: int | None) -> int | None:
    """Keep a count to what a column holds: a source may claim anything."""
    return None if value is None else max(-MOST_COUNTED, min(value, MOST_COUNTED))


def event_time(item: MentionItem, origin: CollectedFrom) -> datetime | None:
    """Return the instant that puts a mention in its bucket, or None if no bucket can be told.

    A time in the future is taken as the time of collection. A missing or coarse time is taken as
    the time of collection too, but only where the source was watched already: in a backfill it
    would pile history up in one bucket.
    """
    is_exact = item.posted_at is not None and item.posted_precision not in _COARSE
    if is_exact and item.posted_at is not None:
        return min(item.posted_at, origin.collected_at)
    return None if origin.is_backfill else origin.collected_at


def store_items(
    session: Session,
    items: Sequence[MentionItem],
    origin: CollectedFrom,
    understanding: Understanding,
) -> int:
    """Store a batch of collected items once; return how many were new."""
    return store_prepared(session, prepare(items, origin, understanding))


def store_prepared(session: Session, prepared: Sequence[NewMention]) -> int:
    """Store prepared mentions once; return how many were new."""
    new = mentions.insert_mentions(session, prepared)
    reach("mentions-inserted")
    return new


def texts_of(batch: Sequence[MentionToScore]) -> list[TextToScore]:
    """Return what the scorer needs of claimed mentions."""
    return [
        TextToScore(
            text=mention.text,
            title=mention.title,
            kind=mention.kind,
            lang=mention.lang,
            rating=mention.rating,
            rating_max=mention.rating_max,
        )
        for mention in batch
    ]


def judge(batch: Sequence[MentionToScore], sentiments: Sequence[Sentiment]) -> list[MentionScore]:
    """Add the complaint judgement to each sentiment. Pure."""
    complaints = classify_batch(
        [
            TextToClassify(
                text=mention.text,
                title=mention.title,
                rating=mention.rating,
                rating_max=mention.rating_max,
                kind=mention.kind,
                sentiment=sentiment,
            )
            for mention, sentiment in zip(batch, sentiments, strict=True)
        ]
    )
    return [_score_of(*judged) for judged in zip(batch, sentiments, complaints, strict=True)]


def _score_of(
    mention: MentionToScore, sentiment: Sentiment, complaint: ComplaintJudgement
) -> MentionScore:
    return MentionScore(
        mention_id=mention.id,
        scorer=sentiment.scorer,
        negative=sentiment.negative,
        neutral=sentiment.neutral,
        positive=sentiment.positive,
        label=sentiment.label,
        is_negative=counts_as_negative(sentiment, complaint),
        evidence=[[word, weight] for word, weight in sentiment.evidence],
        is_complaint=complaint.is_complaint,
        type=complaint.type,
        secondary=list(complaint.secondary),
        severity=complaint.severity,
        confidence=complaint.confidence,
        reasons=[asdict(reason) for reason in complaint.reasons],
        classifier=CLASSIFIER_VERSION,
    )


def counts_as_negative(sentiment: Sentiment, complaint: ComplaintJudgement) -> bool:
    """Say whether a mention counts as negative for detection.

    What alarms is that people complain, so the complaint judgement decides; tone only tips a
    likely one. A calibrated tone tips it when negative is likelier than not; SnowNLP has no
    neutral class and calls 70 % of ordinary forum talk negative, so its tone has to be sure.
    """
    if not complaint.is_complaint:
        return False
    if complaint.confidence >= SURE:
        return True
    least = SURE if sentiment.scorer.startswith(UNCALIBRATED) else EVEN
    return complaint.confidence >= LIKELY and sentiment.negative >= least


def save_judged(session: Session, scores: Sequence[MentionScore], *, now: datetime) -> None:
    """Store judgements, recompute the buckets they change, and note texts that alarm alone.

    Such a text becomes a finding in the same transaction, so that no crash can lose it.
    """
    scores = mentions.save_scores(session, scores, now=now)
    series.recompute_buckets(session, [score.mention_id for score in scores])
    note_at_once(session, scores, now)
    reach("scores-saved")
