"""Where a crisis goes in the next hour: rising, peaking or falling, from its latest negatives.

Pure. A multinomial logistic regression over seven plain figures of the last four hours gives
each of the three a chance; the likeliest is told if its chance is a half at least, else nothing.
Learned and judged by ``benchmarks/outlook.py`` on generated crises, which knows no real one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, fsum, log, sqrt

HALF_HOUR = 6
HOUR = 12
# Five-minute buckets needed: the hour behind, and the three that it is compared with.
LOOKS_BACK = 4 * HOUR
RISES_FROM = 1.25
FALLS_FROM = 0.8
# Fewer negatives in the last hour than this say nothing about the next.
LEAST_NEGATIVES = 5
# A count is compared as if so many more had come: a few are chance.
PRIOR_COUNT = 3.0
# A trend is told from this chance on: what is left out comes true less often than not.
LEAST_CHANCE = 0.5
# Share of outlooks that came true on seeds by which nothing was learned or chosen: what is told
# before a brand has its own record.
MEASURED_HITS = 0.59


class Trend(StrEnum):
    """What the next hour brings compared with the last: ≥ 1.25 times, between, ≤ 0.8 times."""

    RISING = "rising"
    PEAKING = "peaking"
    FALLING = "falling"


# One row for each trend: a constant, then the weight of each of ``figures``.
WEIGHTS: dict[Trend, tuple[float, ...]] = {
    Trend.RISING: (0.65, 0.75, -0.37, 0.48, 0.13, -0.98, -0.79, 0.35),
    Trend.PEAKING: (0.79, -0.27, 0.16, -0.44, 0.46, 0.24, 0.05, -2.35),
    Trend.FALLING: (-1.44, -0.48, 0.21, -0.03, -0.59, 0.74, 0.73, 2.00),
}


@dataclass(frozen=True, slots=True)
class Outlook:
    """The trend, its chance from 0.5 to 1 as the model has it, and the last hour's negatives."""

    trend: Trend
    chance: float
    last_hour: int


def outlook(negatives: Sequence[int], *, usual: float) -> Outlook | None:
    """Return the outlook after the last of these complete five-minute buckets, oldest first.

    ``usual`` is what an hour normally holds. None with less than four hours of buckets, with fewer
    than five negatives in the last one, or where no trend is likelier than the others together.
    """
    if len(negatives) < LOOKS_BACK:
        return None
    last_hour = sum(negatives[-HOUR:])
    if last_hour < LEAST_NEGATIVES:
        return None
    chances = chances_of(figures(negatives, usual=usual))
    trend = max(chances, key=lambda one: chances[one])
    if chances[trend] < LEAST_CHANCE:
        return None
    return Outlook(trend, chances[trend], last_hour)


def figures(negatives: Sequence[int], *, usual: float) -> tuple[float, ...]:
    """Return what the trend is judged by, from the last four hours.

    Logarithms of: the last half hour against the one before, the last hour against the one
    before and against the mean of the three before, the last half hour against the highest, the
    last hour against what is usual. Then how long ago the highest half hour was, in parts of four
    hours, and the relative error of the last hour's count.
    """
    halves = [
        sum(negatives[-HALF_HOUR * (ago + 1) : len(negatives) - HALF_HOUR * ago])
        for ago in range(LOOKS_BACK // HALF_HOUR)
    ]
    highest = max(halves)
    hour, before = halves[0] + halves[1], halves[2] + halves[3]
    earlier = sum(halves[2:]) / 3
    return (
        _against(halves[0], halves[1]),
        _against(hour, before),
        _against(hour, earlier),
        _against(halves[0], highest),
        _against(hour, usual),
        halves.index(highest) / len(halves),
        1.0 / sqrt(hour + 1.0),
    )


def _against(count: float, other: float) -> float:
    return log((count + PRIOR_COUNT) / (other + PRIOR_COUNT))


def chances_of(found: Sequence[float]) -> dict[Trend, float]:
    """Return the chance of each trend for these figures; they sum to 1."""
    scores = {
        trend: row[0] + fsum(weight * one for weight, one in zip(row[1:], found, strict=True))
        for trend, row in WEIGHTS.items()
    }
    top = max(scores.values())
    odds = {trend: exp(score - top) for trend, score in scores.items()}
    total = fsum(odds.values())
    return {trend: one / total for trend, one in odds.items()}


def trend_of(coming: float, last_hour: float) -> Trend:
    """Return the class that an hour's count makes of the hour before it."""
    if coming >= RISES_FROM * last_hour:
        return Trend.RISING
    return Trend.FALLING if coming <= FALLS_FROM * last_hour else Trend.PEAKING


def came_true(negatives: Sequence[int], *, usual: float) -> list[bool]:
    """Say of the outlooks made every half hour of a past crisis whether they came true.

    ``negatives`` reach from four hours before the crisis to an hour after its end.
    """
    result = []
    for end in range(LOOKS_BACK, len(negatives) - HOUR + 1, HALF_HOUR):
        made = outlook(negatives[end - LOOKS_BACK : end], usual=usual)
        if made is not None:
            came = sum(negatives[end : end + HOUR])
            result.append(trend_of(came, made.last_hour) is made.trend)
    return result
