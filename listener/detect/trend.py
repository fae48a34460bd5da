"""Where a crisis goes in the next hour: rising, peaking or falling, from its latest negatives.

Pure. The last half hour against the one before gives a growth; it is damped, because few bursts go
on as they are, the more so the fewer negatives it rests on. What that makes of the next hour
against the last one is the trend.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, log

HALF_HOUR = 6
HOUR = 12
# Five-minute buckets needed: the hour behind, and the hour that it is compared with.
LOOKS_BACK = 2 * HOUR
RISES_FROM = 1.25
FALLS_FROM = 0.8
# Fewer negatives in the last hour than this say nothing about the next.
LEAST_NEGATIVES = 5
# Fitted on two seeds of generated crises, judged on two others; see docs/detection.md.
DAMPING = 0.4
PRIOR_COUNT = 10.0
DRIFT = -0.2
LATE_WEIGHT = 0.7
# Share of outlooks that came true on those others: what is told before a brand has its own record.
MEASURED_HITS = 0.48


class Trend(StrEnum):
    """What the next hour brings compared with the last: ≥ 1.25 times, between, ≤ 0.8 times."""

    RISING = "rising"
    PEAKING = "peaking"
    FALLING = "falling"


@dataclass(frozen=True, slots=True)
class Outlook:
    """The trend, and the negatives of the last and the next hour."""

    trend: Trend
    last_hour: int
    next_hour: float


def outlook(negatives: Sequence[int]) -> Outlook | None:
    """Return the outlook after the last of these complete five-minute buckets, oldest first.

    None with less than two hours of them, or with fewer than five negatives in the last one.
    """
    if len(negatives) < LOOKS_BACK:
        return None
    last_hour = sum(negatives[-HOUR:])
    if last_hour < LEAST_NEGATIVES:
        return None
    late, early = sum(negatives[-HALF_HOUR:]), sum(negatives[-HOUR:-HALF_HOUR])
    growth = log((late + PRIOR_COUNT) / (early + PRIOR_COUNT))
    # A quiet half hour inside a busy hour is partly chance.
    pace = LATE_WEIGHT * 2.0 * late + (1.0 - LATE_WEIGHT) * last_hour
    coming = pace * exp(DAMPING * growth + DRIFT)
    return Outlook(trend_of(coming, last_hour), last_hour, coming)


def trend_of(coming: float, last_hour: float) -> Trend:
    """Return the class that an hour's count makes of the hour before it."""
    if coming >= RISES_FROM * last_hour:
        return Trend.RISING
    return Trend.FALLING if coming <= FALLS_FROM * last_hour else Trend.PEAKING


def came_true(negatives: Sequence[int]) -> list[bool]:
    """Say of the outlooks made every half hour of a past crisis whether they came true.

    ``negatives`` reach from two hours before the crisis to an hour after its end.
    """
    result = []
    for end in range(LOOKS_BACK, len(negatives) - HOUR + 1, HALF_HOUR):
        made = outlook(negatives[end - LOOKS_BACK : end])
        if made is not None:
            came = sum(negatives[end : end + HOUR])
            result.append(trend_of(came, made.last_hour) is made.trend)
    return result
