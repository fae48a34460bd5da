"""What an alert says besides "more than usual": who said what, since when, where, and what we
cannot see. Everything is plain data with the window and the time it was computed at."""

import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any

from sqlmodel import Session

from crisis.explanation import copies_of, explanation, top_stories
from crisis.spread import spread_evidence
from listener.campaigns import Occasion
from listener.detect.terms import new_terms
from listener.detect.trend import outlook
from listener.forecasting import outlook_record, usual_negatives
from listener.heard import Coverage
from listener.outlook import LEARNING, maturity
from listener.store import findings, mentions, series, sources, stories
from listener.store.records import BucketCounts, FindingRecord, JudgedMention, SourceHealth
from listener.store.rows import BUCKET, bucket_start
from listener.text.fold import fold
from listener.text.mask import mask_personal_data

MOST_MENTIONS = 3_000
MOST_BASELINE_TEXTS = 1_500
BASELINE_SPAN = timedelta(days=21)
CHART_SPAN = timedelta(hours=6)
ONSET_REACH = timedelta(hours=2)
QUOTE_CHARS = 42
MOST_QUOTES = 3
MIN_AUTHORS = 3
# Less than this share of mentions naming one product, and the alert names the brand instead.
PRODUCT_SHARE = 0.5
AMPLIFIER_FOLLOWERS = 10_000
# So many accounts do not find the same sentence by themselves, unless they pass it on openly.
COORDINATED_AUTHORS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What several people independently report, in formal words, and how many texts say so."""

    phrase: str
    count: int


def build_evidence(
    session: Session,
    finding: FindingRecord,
    *,
    now: datetime,
    ignore_terms: Sequence[str] = (),
    occasions: Sequence[Occasion] = (),
) -> dict[str, Any]:
    """Return the evidence of a finding as JSON values; it reads, and changes nothing."""
    start = _onset(session, finding) if finding.series_id else finding.started_at - BUCKET
    said = mentions.mentions_between(
        session,
        brand_id=finding.brand_id,
        since=start,
        until=now + BUCKET,
        limit=MOST_MENTIONS,
        negative_only=True,
        topic=finding.judgement.get("topic", series.ALL),
        source_group=finding.judgement.get("source_group", series.ALL),
    )
    stories_apart = finding.judgement.get("stories")
    if stories_apart is not None:
        said = [one for one in said if one.story_id in stories_apart]
    usual = mentions.baseline_texts(
        session,
        brand_id=finding.brand_id,
        since=start - BASELINE_SPAN,
        until=start,
        limit=MOST_BASELINE_TEXTS,
    )
    texts = [f"{one.title or ''}\n{one.text}" for one in said]
    terms = new_terms(texts, usual, ignore=ignore_terms) if finding.series_id else []
    health, copies = sources.source_health(session), copies_of(said)
    chart = _chart(session, finding, start, now) if finding.series_id else None
    return {
        "computed_at": now.isoformat(),
        "since": start.isoformat(),
        "judgement": finding.judgement,
        "explanation": explanation(finding),
        "negatives": len(said),
        "authors": len({one.author_hash or one.id for one in said}),
        "terms": [[term.term, term.count] for term in terms],
        "types": Counter(one.type for one in said if one.is_complaint).most_common(4),
        "products": [
            (name, count)
            for name, count in Counter(one.product for one in said if one.product).most_common(3)
            if count > 1 or len(said) < MIN_AUTHORS
        ],
        "groups": Counter(one.group_name for one in said).most_common(6),
        "symptoms": [[one.phrase, one.count] for one in reported_symptoms(said)],
        "trigger": reported_trigger(said),
        **one_text(session, finding),
        "first": _quoted(said[0]) if said else None,
        "amplifier": _amplifier(said),
        "quotes": [
            _quoted(one) | {"copies": copies[one.story_id]} for one in telling_quotes(said)
        ],
        "top_stories": [{**one, "mention": _quoted(one["mention"])} for one in top_stories(said)],
        **_spreading(session, finding, start, now),
        "blind_spots": blind_spots(health, now),
        "occasions": [
            {"name": one.name, "start": one.start.isoformat(), "end": one.end.isoformat()}
            for one in occasions
        ],
        # One text, or what was split off, has no end that could be told: nothing has fallen back.
        "ended_at": finding.ended_at.isoformat()
        if finding.ended_at and finding.channel not in (findings.IMMEDIATE, findings.SPLIT)
        else None,
        "learning_days": _learning_days(session, finding.brand_id, now),
        "chart": chart,
        "outlook": _outlook(session, finding, chart, now),
    }


def _spreading(
    session: Session, finding: FindingRecord, start: datetime, now: datetime
) -> dict[str, Any]:
    """Return how it spreads; that is told of a whole brand, not of stories split off from it."""
    if "stories" in finding.judgement:
        return {"stories": [], "coordination": None, "spread": None}
    spread = _spread(session, finding.brand_id, start, now)
    return {
        "stories": spread,
        "coordination": coordination(spread),
        "spread": spread_evidence(session, finding, since=start, until=now + BUCKET),
    }


def one_text(session: Session, finding: FindingRecord) -> dict[str, Any]:
    """Return the one text the finding is about, why it counts alone, and how it grows."""
    if finding.mention_id is None:
        return {"post": None, "single": None, "takeoff": None}
    one = mentions.judged_mention(
        session, mention_id=finding.mention_id, brand_id=finding.brand_id
    )
    return {
        "post": _quoted(one) if one is not None else None,
        "single": finding.judgement.get("single"),
        "takeoff": finding.judgement.get("takeoff"),
    }


def _learning_days(session: Session, brand_id: int, now: datetime) -> int | None:
    """Return the days a young baseline rests on, or None for one that is no longer young."""
    age = maturity(session, brand_id, now=now, history=LEARNING * 2)
    return int(age.days) if age.is_young else None


def blind_spots(health: Sequence[SourceHealth], now: datetime) -> list[dict[str, Any]]:
    """Return the sources that are failing or overdue: calm there means nothing."""
    spots = []
    for source in health:
        if source.failures_in_row:
            reason = source.last_failure_kind or "failing"
        elif sources.is_overdue(source, now):
            reason = "overdue"
        else:
            continue
        since = source.last_success_at
        spots.append(
            {"name": source.name, "reason": reason, "since": since.isoformat() if since else None}
        )
    return spots


def main_product(evidence: dict[str, Any]) -> str | None:
    """Return the product most of the texts that name one are about."""
    products = evidence["products"]
    total = sum(count for _, count in products)
    if products and products[0][1] >= PRODUCT_SHARE * total:
        return str(products[0][0])
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wording:
    """How a statement says one reported thing: by language, and in which crisis types."""

    said: dict[str, str]
    crises: tuple[str, ...]


@lru_cache(maxsize=1)
def _symptoms() -> dict[str, Any]:
    return tomllib.loads(files("crisis").joinpath("symptoms.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _wordings() -> dict[str, _Wording]:
    return {
        entry["phrase"]: _Wording(
            said={"zh-CN": entry["phrase"], "zh-TW": entry["zh-TW"], "en": entry["en"]},
            crises=tuple(entry["crises"]),
        )
        for entries in _symptoms().values()
        for entry in entries
    }


def reported_words(phrases: Sequence[str], *, crisis_type: str, lang: str) -> list[str]:
    """Return those phrases that belong to the crisis type, in the statement's language.

    In an outage a delayed refund is another matter, and the statement does not mix them.
    """
    known = _wordings()
    return [
        known[phrase].said[lang]
        for phrase in phrases
        if phrase in known and crisis_type in known[phrase].crises
    ]


@lru_cache(maxsize=1)
def _symptom_cues() -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    return {
        kind: [(entry["phrase"], tuple(fold(cue) for cue in entry["cues"])) for entry in entries]
        for kind, entries in _symptoms().items()
    }


def reported_symptoms(said: Sequence[JudgedMention]) -> list[Reported]:
    """Return what at least three authors report, most reported first."""
    return _reported(said, "symptom")


def reported_trigger(said: Sequence[JudgedMention]) -> str | None:
    """Return the occasion that a third of the texts, by at least three authors, name."""
    found = _reported(said, "trigger")
    return found[0].phrase if found and found[0].count * 3 >= len(said) else None


def _reported(said: Sequence[JudgedMention], kind: str) -> list[Reported]:
    authors: dict[str, set[str]] = {}
    for one in said:
        text = fold(f"{one.title or ''} {one.text}")
        for phrase, cues in _symptom_cues()[kind]:
            if any(cue in text for cue in cues):
                authors.setdefault(phrase, set()).add(one.author_hash or str(one.id))
    counted = [Reported(phrase=phrase, count=len(who)) for phrase, who in authors.items()]
    counted = [one for one in counted if one.count >= MIN_AUTHORS]
    return sorted(counted, key=lambda one: (-one.count, one.phrase))


def faults_in(text: str) -> frozenset[str]:
    """Return the faults one text reports, in formal words."""
    folded = fold(text)
    return frozenset(
        phrase for phrase, cues in _symptom_cues()["symptom"] if any(cue in folded for cue in cues)
    )


def telling_quotes(
    said: Sequence[JudgedMention], *, most: int = MOST_QUOTES
) -> list[JudgedMention]:
    """Choose telling quotes: complaints first, one per story and author, readable lengths."""
    rank = {"urgent": 3, "serious": 2, "general": 1}
    ordered = sorted(
        said,
        key=lambda one: (
            -rank.get(one.severity, 0),
            -(one.likes or 0),
            abs(len(one.text) - QUOTE_CHARS),
            one.id,
        ),
    )
    chosen: list[JudgedMention] = []
    for one in ordered:
        if any(
            one.story_id == other.story_id or one.author_hash == other.author_hash is not None
            for other in chosen
        ):
            continue
        chosen.append(one)
        if len(chosen) == most:
            break
    return chosen


def _spread(
    session: Session, brand_id: int, since: datetime, now: datetime
) -> list[dict[str, Any]]:
    found = stories.story_spread(session, brand_id=brand_id, since=since, until=now + BUCKET)
    return [
        {
            "mention_id": one.mention_id,
            "mentions": one.mentions,
            "authors": one.authors,
            "copies": one.copies,
            "first_at": one.first_at.isoformat(),
            "last_at": one.last_at.isoformat(),
            "is_long": one.is_long,
        }
        for one in found
    ]


def coordination(spread: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the story that looks orchestrated: many accounts, near-equal words, no repost mark.

    It is said, never acted on: the mentions stay counted and visible.
    """
    for story in spread:
        if story["is_long"] and min(story["copies"], story["authors"]) >= COORDINATED_AUTHORS:
            lasted = datetime.fromisoformat(story["last_at"]) - datetime.fromisoformat(
                story["first_at"]
            )
            minutes = max(1, round(lasted.total_seconds() / 60))
            return {"accounts": story["authors"], "posts": story["copies"], "minutes": minutes}
    return None


def _amplifier(said: Sequence[JudgedMention]) -> dict[str, Any] | None:
    loud = [one for one in said if (one.author_followers or 0) >= AMPLIFIER_FOLLOWERS]
    if not loud:
        return None
    loudest = max(loud, key=lambda one: (one.author_followers or 0, -one.id))
    return _quoted(loudest)


def _quoted(one: JudgedMention) -> dict[str, Any]:
    return {
        "mention_id": one.id,
        "at": one.event_at.isoformat(),
        "source": one.source_name,
        "author": one.author_name,
        "followers": one.author_followers,
        "url": one.url,
        "text": quote(one.text),
    }


def quote(text: str) -> str:
    """Return a one-line excerpt with personal data masked."""
    line = " ".join(mask_personal_data(text).split())
    return line if len(line) <= QUOTE_CHARS else line[: QUOTE_CHARS - 1].rstrip() + "…"


def _onset(session: Session, finding: FindingRecord) -> datetime:
    """Return when the rise began: the detector turns on only once it is sure.

    Walks back from there over buckets with at least two negatives, bridging single quiet ones.
    """
    if finding.series_id is None:
        return finding.started_at
    since = finding.started_at - ONSET_REACH
    stored = series.load_buckets(session, finding.series_id, since=since, until=finding.started_at)
    onset, at, misses = finding.started_at, finding.started_at - BUCKET, 0
    while at >= since and misses < 2:
        bucket = stored.get(at)
        if bucket is not None and bucket.negatives >= 2:
            onset, misses = at, 0
        else:
            misses += 1
        at -= BUCKET
    return onset


def _chart(
    session: Session, finding: FindingRecord, onset: datetime, now: datetime
) -> dict[str, Any]:
    if finding.series_id is None:
        raise ValueError("only a series has a chart")
    until = bucket_start(now) + BUCKET
    since = until - CHART_SPAN
    stored = series.load_buckets(session, finding.series_id, since=since, until=until)
    starts = [since + index * BUCKET for index in range(int(CHART_SPAN / BUCKET))]
    empty = [stored.get(start) for start in starts]
    week = timedelta(days=7)
    usual = series.load_buckets(session, finding.series_id, since=since - 3 * week, until=onset)
    ranges = [_usual_range(usual, start) for start in starts]
    return {
        "starts": [start.isoformat() for start in starts],
        "negatives": [bucket.negatives if bucket else 0 for bucket in empty],
        "others": [bucket.mentions - bucket.negatives if bucket else 0 for bucket in empty],
        "expected": [_usual_at(usual, start) for start in starts],
        "band": {"low": [low for low, _ in ranges], "high": [high for _, high in ranges]},
        "gaps": [
            {"start": start.isoformat(), "end": end.isoformat(), "lost": round(lost, 3)}
            for start, end, lost in Coverage(session, finding.brand_id, since, now).gaps
            if start < until and end > since
        ],
        "episode_at": onset.isoformat(),
        "ended_at": finding.ended_at.isoformat() if finding.ended_at else None,
        "until": now.isoformat(),
    }


def _outlook(
    session: Session, finding: FindingRecord, chart: dict[str, Any] | None, now: datetime
) -> dict[str, Any] | None:
    """Return where the next hour goes, and how often that came true here; None once it is over."""
    if chart is None or finding.ended_at is not None:
        return None
    negatives = chart["negatives"][:-1]  # the last bucket is not over
    made = outlook(negatives, usual=usual_negatives(finding))
    if made is None:
        return None
    tried = outlook_record(session, finding.brand_id, now)
    return {"trend": made.trend, "hits": sum(tried), "tried": len(tried)}


def _usual_at(stored: dict[datetime, BucketCounts], start: datetime) -> float:
    """Return the mean of negatives at this half hour of the day over up to three weeks."""
    counts = _counts_at(stored, start)
    return round(sum(counts) / len(counts), 3)


def _usual_range(stored: dict[datetime, BucketCounts], start: datetime) -> tuple[int, int]:
    """Return between which counts nine of ten such buckets of the last three weeks lay."""
    counts = sorted(_counts_at(stored, start))
    last = len(counts) - 1
    return counts[round(0.05 * last)], counts[round(0.95 * last)]


def _counts_at(stored: dict[datetime, BucketCounts], start: datetime) -> list[int]:
    at = [
        start - timedelta(days=day) + offset * BUCKET
        for day in range(1, 22)
        for offset in range(-3, 4)
    ]
    return [stored[one].negatives if one in stored else 0 for one in at]
