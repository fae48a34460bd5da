"""The rule-based classifier: complaint or not, of which type, how bad, and which words say so."""

from dataclasses import dataclass

from listener.complaints.codes import ComplaintType, Severity
from listener.complaints.learned import lean
from listener.complaints.reading import Reading, read
from listener.complaints.severity import judge_severity
from listener.complaints.stance import complaint_log_odds, confidence
from listener.complaints.types import choose_types

CLASSIFIER_VERSION = "rules-2"
MOST_REASONS = 12

_USUAL_RATING_MAX = 5.0
_POOR, _GOOD = 0.4, 0.8  # shares of the best rating
_RATING_LOG_ODDS = 1.0
# What the source says about the kind of text; anger with five stars still outweighs the stars.
_KIND_LOG_ODDS = {"complaint": 2.0, "ticket": 1.0, "article": -1.5}


@dataclass(frozen=True, slots=True)
class Reason:
    """Words that speak for the verdict: half-open code points of the text as given.

    ``rule`` is a severity rule (``U1`` … ``S7``) or ``type.`` and a complaint type.
    """

    rule: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class ComplaintJudgement:
    """The verdict on one text; no complaint means type and severity ``none``.

    ``confidence`` is the probability of ``is_complaint`` as judged, 0.5 to 1.
    """

    is_complaint: bool
    type: ComplaintType
    secondary: tuple[ComplaintType, ...]
    severity: Severity
    confidence: float
    reasons: tuple[Reason, ...]


def classify(
    text: str,
    *,
    title: str | None = None,
    rating: float | None = None,
    rating_max: float | None = None,
    kind: str | None = None,
    lang: str | None = None,
) -> ComplaintJudgement:
    """Judge one text, with what its source tells about it.

    ``title`` is read before the text, but reasons point into ``text`` only. ``rating`` is on a
    scale up to ``rating_max`` (5 if not given). ``kind`` is a ``MentionKind`` value; unknown kinds
    count nothing. ``lang`` (BCP 47) tells the currency of sums that name none; without it the
    script does. Pure and safe to repeat; the first call reads the cue words.
    """
    offset = len(title) + 1 if title else 0
    reading = read(f"{title}\n{text}" if title else text, lang=lang)
    learned = lean(f"{title}\n{text}" if title else text)
    log_odds = complaint_log_odds(reading)
    log_odds += _rating_log_odds(rating, rating_max) + _KIND_LOG_ODDS.get(kind or "", 0.0)
    if log_odds <= 0:
        return ComplaintJudgement(
            is_complaint=False,
            type=ComplaintType.NONE,
            secondary=(),
            severity=Severity.NONE,
            confidence=confidence(log_odds),
            reasons=(),
        )
    main, secondary = choose_types(reading, learned)
    severity, fired = judge_severity(reading, main, secondary)
    found = [(rule, hit.start, hit.end) for rule, hit in fired]
    found += [(f"type.{main}", hit.start, hit.end) for hit in reading.evidence.get(main, ())]
    return ComplaintJudgement(
        is_complaint=True,
        type=main,
        secondary=secondary,
        severity=severity,
        confidence=confidence(log_odds),
        reasons=_reasons(text, reading, found, offset),
    )


def _rating_log_odds(rating: float | None, rating_max: float | None) -> float:
    best = rating_max or _USUAL_RATING_MAX
    if rating is None or best <= 0:
        return 0.0
    if rating / best <= _POOR:
        return _RATING_LOG_ODDS
    return -_RATING_LOG_ODDS if rating / best >= _GOOD else 0.0


def _reasons(
    text: str, reading: Reading, found: list[tuple[str, int, int]], offset: int
) -> tuple[Reason, ...]:
    """Return the reasons inside ``text``, which begins at ``offset`` of what was read."""
    reasons: dict[Reason, None] = {}
    for rule, first, last in found:
        start, end = reading.folded.span(first, last)
        if start >= offset:
            start, end = start - offset, end - offset
            reasons[Reason(rule, start, end, text[start:end])] = None
    return tuple(reasons)[:MOST_REASONS]
