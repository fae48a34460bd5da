"""Rules people can say: thresholds on one window, judged with hysteresis. Pure and deterministic.

A rule is met when every one of its levels reaches its threshold. It stays on while all of them
are above a part of their thresholds, and is over after some minutes of calm.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal


class RuleKind(StrEnum):
    """What a rule watches; the codes of the configuration."""

    VOLUME = "volume"
    SHARE = "share"
    WORDS = "words"
    INFLUENCER = "influencer"
    SOURCE = "source"
    WAITING = "waiting"


BRAND_KINDS = (RuleKind.VOLUME, RuleKind.SHARE, RuleKind.WORDS, RuleKind.INFLUENCER)
# From so many followers on one negative text is a matter of its own (the severity rules of the
# complaint taxonomy: author of at least 100 k followers is serious).
INFLUENCER_FOLLOWERS = 100_000
# A usual count of less than this is taken for this when times are counted: 3 of 0 is no multiple.
LEAST_USUAL = 1.0

Tone = Literal["negative", "any"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSpec:
    """Every threshold of one rule, nothing left open; a threshold its kind lacks is None."""

    name: str
    kind: RuleKind
    window: timedelta
    tone: Tone = "negative"
    least: int = 1
    authors: int = 1
    times: float | None = None
    floor_percent: float | None = None
    rise_points: float | None = None
    followers: int | None = None
    release: float = 0.7
    calm: timedelta = timedelta(minutes=30)
    cooldown: timedelta = timedelta(minutes=60)


# What each kind takes for what a rule leaves out: at low, normal and high sensitivity. Chosen from
# the rules that PR teams write down (an hour, three times, 30 percent), not measured: every brand
# tries its own with ``fengsheng backtest --rule``.
_PRESETS: dict[RuleKind, dict[str, tuple[Any, Any, Any]]] = {
    RuleKind.VOLUME: {
        "window_minutes": (60, 60, 60),
        "least": (60, 30, 15),
        "times": (5.0, 3.0, 2.0),
    },
    RuleKind.SHARE: {
        "window_minutes": (60, 60, 60),
        "least": (12, 8, 5),
        "floor_percent": (40.0, 30.0, 20.0),
        "rise_points": (25.0, 15.0, 10.0),
    },
    RuleKind.WORDS: {"window_minutes": (60, 60, 60), "least": (5, 3, 1), "authors": (3, 2, 1)},
    RuleKind.INFLUENCER: {
        "window_minutes": (60, 60, 60),
        "followers": (1_000_000, INFLUENCER_FOLLOWERS, 30_000),
        "least": (1, 1, 1),
        "authors": (1, 1, 1),
    },
    RuleKind.SOURCE: {"window_minutes": (360, 120, 60), "least": (30, 10, 5)},
    RuleKind.WAITING: {"window_minutes": (480, 240, 60)},
}
PRESETS = MappingProxyType(_PRESETS)
_PLACES = {"low": 0, "normal": 1, "high": 2}
# The threshold that a sweep turns, and the steps it tries, most sensitive first.
_SWEPT: dict[RuleKind, tuple[str, tuple[float, ...]]] = {
    RuleKind.VOLUME: ("times", (1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)),
    RuleKind.SHARE: ("rise_points", (5, 8, 10, 12, 15, 20, 25, 30, 40)),
    RuleKind.WORDS: ("least", (1, 2, 3, 4, 5, 7, 10, 15, 20)),
    RuleKind.INFLUENCER: (
        "followers",
        (10_000, 30_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 3_000_000),
    ),
}


def preset(kind: RuleKind, key: str, sensitivity: str) -> Any:
    """Return what a kind takes for a key that a rule leaves out, or None."""
    figures = _PRESETS[kind].get(key)
    return None if figures is None else figures[_PLACES[sensitivity]]


def swept(spec: RuleSpec) -> tuple[str, list[RuleSpec]]:
    """Return which threshold a sweep turns, and the rule at each step, its own value among them.

    Most sensitive first.
    """
    key, steps = _SWEPT[spec.kind]
    own = getattr(spec, key)
    values: list[Any] = sorted({*(type(own)(step) for step in steps), own})
    return key, [_with(spec, {key: value}) for value in values]


def _with(spec: RuleSpec, changes: dict[str, Any]) -> RuleSpec:
    return replace(spec, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a window that ends at ``at`` holds.

    ``mentions`` and ``negatives`` are those of the series the rule looks at, with what is usual at
    this hour; ``hits`` and ``hit_authors`` what a rule about words or people found.
    ``allowance`` is by how much a campaign may multiply the usual count.
    """

    at: datetime
    mentions: int
    negatives: int
    usual_mentions: float = 0.0
    usual_negatives: float = 0.0
    usual_share: float = 0.0
    usual_days: int = 0
    coverage: float = 1.0
    allowance: float = 1.0
    hits: int = 0
    hit_authors: int = 0

    @property
    def share(self) -> float:
        """The share of negatives, 0 to 1."""
        return self.negatives / self.mentions if self.mentions else 0.0


@dataclass(frozen=True, slots=True)
class Level:
    """One figure of a rule against its threshold."""

    name: str
    value: float
    threshold: float

    @property
    def ratio(self) -> float:
        """How many times the threshold the value is."""
        return self.value / self.threshold if self.threshold > 0 else float("inf")


@dataclass(frozen=True, slots=True)
class RuleJudgement:
    """What a rule thinks of one window.

    ``strength`` is the least ratio of a level to its threshold: at 1 the rule is met. It ranks; it
    is no probability.
    """

    figures: Figures
    levels: tuple[Level, ...]
    strength: float
    is_met: bool
    is_held: bool


def judge_rule(spec: RuleSpec, figures: Figures) -> RuleJudgement:
    """Hold one window against a rule of a brand (``BRAND_KINDS``)."""
    levels = tuple(_levels(spec, figures))
    strength = min(level.ratio for level in levels)
    return RuleJudgement(figures, levels, strength, strength >= 1.0, strength >= spec.release)


def _levels(spec: RuleSpec, figures: Figures) -> list[Level]:
    if spec.kind is RuleKind.SHARE:
        rise = (figures.share - figures.usual_share) * 100
        return [
            Level("least", figures.negatives, spec.least),
            Level("floor_percent", figures.share * 100, spec.floor_percent or 0.0),
            Level("rise_points", rise, spec.rise_points or 0.0),
        ]
    if spec.kind is RuleKind.VOLUME:
        is_any = spec.tone == "any"
        observed = figures.mentions if is_any else figures.negatives
        # A campaign explains more mentions, not more complaints.
        usual = figures.usual_mentions * figures.allowance if is_any else figures.usual_negatives
        return [
            Level("least", observed, spec.least),
            Level("times", observed / max(usual, LEAST_USUAL), spec.times or 1.0),
        ]
    return [
        Level("least", figures.hits, spec.least),
        Level("authors", figures.hit_authors, spec.authors),
    ]


@dataclass(frozen=True, slots=True)
class RuleEpisode:
    """One alert of a rule, from the first window that met it to its end, None while it is on."""

    start: datetime
    last_held_at: datetime
    end: datetime | None
    peak: RuleJudgement | None


def follow(
    spec: RuleSpec, known: RuleEpisode | None, judgement: RuleJudgement
) -> RuleEpisode | None:
    """Return the newest episode after one more window; another ``start`` means a new alert.

    Judging a window again changes nothing. A rise within the cooldown after the end is the same
    episode going on.
    """
    at = judgement.figures.at
    if known is None or (known.end is not None and at > known.end + spec.cooldown):
        return RuleEpisode(at, at, None, judgement) if judgement.is_met else known
    if known.end is not None:
        if judgement.is_met and at > known.end:
            return replace(known, last_held_at=at, end=None, peak=_peak(known, judgement))
        return known
    if judgement.is_held:
        last = max(at, known.last_held_at)
        return replace(known, last_held_at=last, peak=_peak(known, judgement))
    if at - known.last_held_at >= max(spec.calm, timedelta(minutes=5)):
        return replace(known, end=at)
    return known


def _peak(known: RuleEpisode, judgement: RuleJudgement) -> RuleJudgement:
    if known.peak is None or judgement.strength > known.peak.strength:
        return judgement
    return known.peak
