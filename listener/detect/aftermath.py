"""What opinion was before and after a statement, and what it would have been without it.

Pure arithmetic on counted buckets. It compares and claims no cause: whatever else happened in the
same hours is in the figures too.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import sqrt
from typing import Any
from zoneinfo import ZoneInfo

from listener.detect.baseline import SeasonalBaseline
from listener.detect.crisis import STATE_VERSION
from listener.detect.seasons import RestDays, minute_of, place_of
from listener.detect.settings import CrisisSettings

BUCKET = timedelta(minutes=5)
LEAST_MENTIONS = 20
"""Fewer mentions on either side say nothing about a share: one in five more is four people."""
BEFORE_HOURS = (1, 4, 24)
"""The stretch before is the shortest of these that holds enough mentions: nearest to the text."""
LEAST_CHANGE = 0.05
"""A change of the negative share below five points is called none."""
LEAST_TIMES = 1.5
"""Negatives must be so many times the forecast to be called more."""
OVERDISPERSION = 2.0
"""Posts come in bursts: counts vary about twice as much as independent ones would."""
SURE = 1.96
"""Standard errors a change must exceed (95 %)."""
_LEAST_USUAL = 0.01

Counts = Mapping[datetime, tuple[int, int]]
Usual = Callable[[datetime], float]


class Verdict(StrEnum):
    """What became of opinion."""

    WORSE = "worse"
    BETTER = "better"
    MORE = "more"
    MIXED = "mixed"
    UNCHANGED = "unchanged"
    TOO_FEW = "too_few"

    @property
    def is_worse(self) -> bool:
        """Whether the share rose, or the negatives exceed what was to be expected."""
        return self in (Verdict.WORSE, Verdict.MORE)


@dataclass(frozen=True, slots=True)
class Opinion:
    """Mentions and negatives of a stretch, repeats collapsed."""

    mentions: int
    negatives: int

    @property
    def share(self) -> float:
        """Share of negatives, 0 to 1; 0 without mentions."""
        return self.negatives / self.mentions if self.mentions else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """Opinion ``hours`` after a publication against ``before_hours`` before it.

    ``forecast`` are the negatives to be expected had the level at publication held: those before,
    times what is usual in the hours after over what is usual in the hours before.
    """

    hours: int
    before_hours: int
    before: Opinion
    after: Opinion
    forecast: float
    is_seasonal: bool
    verdict: Verdict


def stretch_after(published_at: datetime, hours: int) -> tuple[datetime, datetime]:
    """Return the span [start, end) that is measured; the bucket of the publication is in none."""
    seconds = published_at.timestamp()
    begun = published_at - timedelta(seconds=seconds % BUCKET.total_seconds())
    start = begun if begun == published_at else begun + BUCKET
    return start, start + timedelta(hours=hours)


def measure(
    counts: Counts, published_at: datetime, *, hours: int, usual: Usual | None
) -> Aftermath:
    """Compare opinion before and after an instant.

    ``counts`` are (mentions, negatives) by the start of five-minute buckets, an absent one counted
    nothing; they reach from 24 h before to ``hours`` after. ``usual`` gives the negatives that are
    normal in a bucket; without it every hour is alike.
    """
    start, end = stretch_after(published_at, hours)
    edge = start if start == published_at else start - BUCKET
    after = _opinion(counts, start, end)
    before_hours, before = BEFORE_HOURS[-1], Opinion(0, 0)
    for before_hours in BEFORE_HOURS:
        before = _opinion(counts, edge - timedelta(hours=before_hours), edge)
        if before.mentions >= LEAST_MENTIONS:
            break
    normal = usual or (lambda _: 1.0)
    normal_before = _total(normal, edge - timedelta(hours=before_hours), edge)
    forecast = before.negatives * _total(normal, start, end) / normal_before
    return Aftermath(
        hours=hours,
        before_hours=before_hours,
        before=before,
        after=after,
        forecast=forecast,
        is_seasonal=usual is not None,
        verdict=_verdict(before, after, forecast),
    )


def _verdict(before: Opinion, after: Opinion, forecast: float) -> Verdict:
    if min(before.mentions, after.mentions) < LEAST_MENTIONS:
        return Verdict.TOO_FEW
    change = _change(before, after)
    is_more = _is_more(before, after, forecast)
    if change > 0:
        return Verdict.WORSE
    if change < 0:
        return Verdict.MIXED if is_more else Verdict.BETTER
    return Verdict.MORE if is_more else Verdict.UNCHANGED


def _change(before: Opinion, after: Opinion) -> int:
    """Return whether the share rose (1), fell (-1) or neither: the test of two proportions."""
    difference = after.share - before.share
    pooled = (before.negatives + after.negatives) / (before.mentions + after.mentions)
    spread = pooled * (1 - pooled) * (1 / before.mentions + 1 / after.mentions)
    if abs(difference) < max(LEAST_CHANGE, SURE * sqrt(OVERDISPERSION * spread)):
        return 0
    return 1 if difference > 0 else -1


def _is_more(before: Opinion, after: Opinion, forecast: float) -> bool:
    """Say whether negatives exceed the forecast by more than both counts may vary."""
    spread = forecast + forecast**2 / max(before.negatives, 1)
    excess = after.negatives - forecast
    is_sure = excess > SURE * sqrt(OVERDISPERSION * max(spread, 1.0))
    return is_sure and after.negatives >= LEAST_TIMES * forecast


def _opinion(counts: Counts, start: datetime, end: datetime) -> Opinion:
    found = [counts.get(at, (0, 0)) for at in _buckets(start, end)]
    return Opinion(sum(one[0] for one in found), sum(one[1] for one in found))


def _total(usual: Usual, start: datetime, end: datetime) -> float:
    return sum(max(usual(at), _LEAST_USUAL) for at in _buckets(start, end))


def _buckets(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += BUCKET


def usual_negatives(state: Mapping[str, Any], tz: ZoneInfo, rest: RestDays) -> Usual | None:
    """Return what a stored state of the crisis detector expects of a bucket's negatives.

    None for a state of another version, which is of no use.
    """
    if state.get("version") != STATE_VERSION:
        return None
    # The season of every preset is learned alike: presets differ in their thresholds only.
    baseline = SeasonalBaseline(CrisisSettings())
    baseline.load(state["negatives"])
    return lambda at: baseline.expect(place_of(minute_of(at.astimezone(tz), rest)))
