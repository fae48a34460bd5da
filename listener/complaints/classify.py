"""The classifier: complaint or not, of which type, how bad, and which words say so.

Rules find cues, stance, quantities and severity rules; learned heads weigh them with the words.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np

from listener.complaints.codes import ComplaintType, Severity, severity_rank
from listener.complaints.evidence import strongest_words
from listener.complaints.learned import (
    LEVELS,
    SEVERITY_HEADS,
    TYPE_HEADS,
    TYPES,
    HashedTexts,
    Heads,
    shipped_heads,
)
from listener.complaints.lexicon import Hit
from listener.complaints.reading import Reading
from listener.complaints.readings import Readings
from listener.complaints.severity import fired_rules, level_of
from listener.complaints.signs import (
    SignRows,
    chosen,
    cue_signs,
    numbered,
    severity_signs,
    stance_signs,
    together,
)
from listener.complaints.stance import confidence
from listener.complaints.tone import heard_in, tones
from listener.complaints.types import secondary_types
from listener.scoring.protocol import Sentiment

CLASSIFIER_VERSION = "heads-3"
MOST_REASONS = 12
GENERAL = severity_rank(Severity.GENERAL)

_PART_CHARS = 200_000  # how much is judged at once: enough to be fast, little to hold

_SHORT, _LEAST_LETTERS, _NOTHING_SAID = 8, 2, -6.0
_USUAL_RATING_MAX = 5.0
_POOR, _GOOD = 0.4, 0.8  # shares of the best rating
_RATING_LOG_ODDS = 1.0
# What the source says about the kind of text; anger with five stars still outweighs the stars.
_KIND_LOG_ODDS = {"complaint": 2.0, "ticket": 1.0, "article": -1.5}


@dataclass(frozen=True, slots=True)
class Reason:
    """Words that speak for the verdict: half-open code points of the text as given.

    ``rule`` is a severity rule (``U1`` … ``S7``), ``type.`` and a complaint type for its cues, or
    ``learned.`` and a type or severity where no rule says it but learned words do.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class TextToClassify:
    """One text with what its source tells about it.

    ``title`` is read before the text, but reasons point into ``text`` only. ``rating`` is on a
    scale up to ``rating_max`` (5 if not given). ``kind`` is a ``MentionKind`` value; unknown kinds
    count nothing. ``lang`` (BCP 47) tells the currency of sums that name none; without it the
    script does. ``sentiment`` is what a scorer said of the same text, title, rating and kind: the
    verdict is the same without it, but takes longer.
    """

    text: str
    title: str | None = None
    rating: float | None = None
    rating_max: float | None = None
    kind: str | None = None
    lang: str | None = None
    sentiment: Sentiment | None = None

    @property
    def said(self) -> str:
        """Title and text, as they are read."""
        return f"{self.title}\n{self.text}" if self.title else self.text


def classify(
    text: str,
    *,
    title: str | None = None,
    rating: float | None = None,
    rating_max: float | None = None,
    kind: str | None = None,
    lang: str | None = None,
) -> ComplaintJudgement:
    """Judge one text; the arguments are those of ``TextToClassify``.

    Pure and safe to repeat; the first call reads the cue words. ``classify_batch`` is many times
    as fast for many texts.
    """
    one = TextToClassify(
        text=text, title=title, rating=rating, rating_max=rating_max, kind=kind, lang=lang
    )
    return _classify([one], shipped_heads())[0]


def classify_batch(
    texts: Sequence[TextToClassify], *, heads: Heads | None = None
) -> list[ComplaintJudgement]:
    """Judge many texts in order; each verdict is the one ``classify`` gives.

    ``heads`` are the learned ones to judge by; the default are those of the package.
    """
    chosen = heads or shipped_heads()
    return [judged for part in _parts(texts) for judged in _classify(part, chosen)]


def _parts(texts: Sequence[TextToClassify]) -> Iterator[Sequence[TextToClassify]]:
    begin, chars = 0, 0
    for end, one in enumerate(texts):
        if chars > _PART_CHARS:
            yield texts[begin:end]
            begin, chars = end, 0
        chars += len(one.text) + len(one.title or "")
    if begin < len(texts):
        yield texts[begin:]


def _classify(texts: Sequence[TextToClassify], heads: Heads) -> list[ComplaintJudgement]:
    said = [one.said for one in texts]
    readings = Readings(said, [one.lang for one in texts])
    hashed = heads.hash(said)
    cues = cue_signs(readings)
    heard = [heard_in(one.sentiment, kind=one.kind, rating=one.rating) for one in texts]
    signs = together(stance_signs(readings), cues, tones(said, heard))
    odds = heads.complaints(hashed.complaint(), signs) + list(map(_told, texts))
    judged = [_no_complaint(log_odds) for log_odds in odds.tolist()]
    complaints = np.flatnonzero(odds > 0).tolist()
    # Only complaints pay for what tells types and severities apart.
    verdicts = _judge(readings, complaints, cues, hashed, heads)
    for index, verdict in zip(complaints, verdicts, strict=True):
        judged[index] = _complaint(texts[index], verdict, float(odds[index]), hashed, index)
    return judged


def _told(one: TextToClassify) -> float:
    """Return the log-odds that the source of the text adds; a single letter says nothing."""
    if len(one.said) < _SHORT and sum(map(str.isalnum, one.said)) < _LEAST_LETTERS:
        return _NOTHING_SAID
    return _rating_log_odds(one.rating, one.rating_max) + _KIND_LOG_ODDS.get(one.kind or "", 0.0)


def _no_complaint(log_odds: float) -> ComplaintJudgement:
    return ComplaintJudgement(
        is_complaint=False,
        type=ComplaintType.NONE,
        secondary=(),
        severity=Severity.NONE,
        confidence=confidence(log_odds),
        reasons=(),
    )


Span = tuple[str, int, int]
"""The name of a rule, and half-open code points of what was read."""


class _Verdict(NamedTuple):
    """What a complaint is about, how bad it is, and the severity rules that agree."""

    reading: Reading
    main: ComplaintType
    secondary: tuple[ComplaintType, ...]
    severity: Severity
    fired: list[tuple[str, Hit]]


def _judge(
    readings: Readings, complaints: list[int], cues: SignRows, hashed: HashedTexts, heads: Heads
) -> list[_Verdict]:
    words = hashed.sums(slice(TYPE_HEADS.start, SEVERITY_HEADS.stop), complaints)
    signs = chosen(cues, complaints, len(readings))
    types = heads.add_signs(words[:, : len(TYPES)], signs, TYPE_HEADS)
    about = []
    for reading, order in zip(
        readings.some(complaints),
        np.argsort(-types, axis=1, kind="stable").tolist(),
        strict=True,
    ):
        ranked = [TYPES[place] for place in order]
        main, secondary = ranked[0], secondary_types(reading, ranked)
        about.append((reading, main, secondary, fired_rules(reading, (main, *secondary))))
    rules = numbered([severity_signs(reading, fired) for reading, _, _, fired in about])
    levels = heads.add_signs(words[:, len(TYPES) :], together(signs, rules), SEVERITY_HEADS)
    verdicts = []
    for (reading, main, secondary, fired), place in zip(
        about, np.argmax(levels, axis=1).tolist(), strict=True
    ):
        most = severity_rank(LEVELS[place])
        agreeing = [one for one in fired if level_of(one[0]) <= most]
        verdicts.append(_Verdict(reading, main, secondary, LEVELS[place], agreeing))
    return verdicts


def _complaint(
    one: TextToClassify, verdict: _Verdict, log_odds: float, hashed: HashedTexts, index: int
) -> ComplaintJudgement:
    reading, main, secondary, severity, fired = verdict
    cues = reading.evidence.get(main, ())
    found = [*fired, *((f"type.{main}", hit) for hit in cues)]
    spans = [(rule, *reading.span(hit.start, hit.end)) for rule, hit in found]
    if severity_rank(severity) > max((level_of(rule) for rule, _ in fired), default=GENERAL):
        head = SEVERITY_HEADS.start + LEVELS.index(severity)
        spans = _learned(hashed, index, severity, head) + spans
    if not cues:
        spans += _learned(hashed, index, main, TYPE_HEADS.start + TYPES.index(main))
    return ComplaintJudgement(
        is_complaint=True,
        type=main,
        secondary=secondary,
        severity=severity,
        confidence=confidence(log_odds),
        reasons=_reasons(one.text, spans, len(reading.said) - len(one.text)),
    )


def _learned(hashed: HashedTexts, index: int, code: str, head: int) -> list[Span]:
    return [(f"learned.{code}", *span) for span in strongest_words(hashed, index, head)]


def _rating_log_odds(rating: float | None, rating_max: float | None) -> float:
    best = rating_max or _USUAL_RATING_MAX
    if rating is None or best <= 0:
        return 0.0
    if rating / best <= _POOR:
        return _RATING_LOG_ODDS
    return -_RATING_LOG_ODDS if rating / best >= _GOOD else 0.0


def _reasons(text: str, spans: list[Span], offset: int) -> tuple[Reason, ...]:
    """Return the reasons inside ``text``, which begins at ``offset`` of what was read."""
    places = dict.fromkeys(
        (rule, first - offset, last - offset) for rule, first, last in spans if first >= offset
    )
    return tuple(
        Reason(rule, start, end, text[start:end])
        for rule, start, end in islice(places, MOST_REASONS)
    )
