"""Published spike rules of other products, written from their descriptions, for comparison.

Each takes the counts of one series by five-minute bucket and says at which buckets it alerts; each
sees only what lies before. They judge once an hour, on the hour, as their makers describe.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

Counts = npt.NDArray[np.int64]
Alerts = npt.NDArray[np.bool_]

HOUR = 12
DAY_H, WEEK_H = 24, 168
LEAST = 5
HUGINN_DAYS, HUGINN_DEVIATIONS, HUGINN_SPACING_H = 14, 3.0, 48
ESD_DAYS, ESD_MOST_SHARE, ESD_ALPHA = 14, 0.02, 0.05
MAD_TO_SIGMA = 1.4826


def _hours(counts: Counts) -> npt.NDArray[np.float64]:
    whole = len(counts) // HOUR * HOUR
    return counts[:whole].reshape(-1, HOUR).sum(axis=1).astype(float)


def _by_hour(counts: Counts, is_on: Callable[[npt.NDArray[np.float64], int], bool]) -> Alerts:
    hours = _hours(counts)
    alerts = np.zeros(len(counts), dtype=bool)
    for number in range(len(hours)):
        alerts[(number + 1) * HOUR - 1] = is_on(hours, number)
    return alerts


def meltwater(counts: Counts) -> Alerts:
    """Last hour against the past 12 h, then against the same hour of yesterday and last week.

    Source: the help pages on spike detection for social media. They give no threshold; three
    standard deviations and five mentions are assumed.
    """

    def is_on(hours: npt.NDArray[np.float64], at: int) -> bool:
        if at < 12 or hours[at] < LEAST:
            return False
        past = hours[at - 12 : at]
        if hours[at] <= past.mean() + 3 * past.std():
            return False
        return all(at < back or hours[at] > hours[at - back] for back in (DAY_H, WEEK_H))

    return _by_hour(counts, is_on)


def day_over_week(counts: Counts, deviations: float = 2.0) -> Alerts:
    """Mean of 24 h above the mean of 7 days plus so many standard deviations of its days."""

    def is_on(hours: npt.NDArray[np.float64], at: int) -> bool:
        if at + 1 < WEEK_H + DAY_H:
            return False
        day = hours[at + 1 - DAY_H : at + 1].mean()
        week = hours[at + 1 - DAY_H - WEEK_H : at + 1 - DAY_H].reshape(7, DAY_H).mean(axis=1)
        least = LEAST / DAY_H
        return bool(day >= least and day > week.mean() + deviations * week.std(ddof=1))

    return _by_hour(counts, is_on)


def huginn(counts: Counts) -> Alerts:
    """Newest hour above mean plus 3 deviations of 14 days, at most one peak in two days.

    Source: the documentation of Huginn's peak detector agent and its defaults.
    """
    last = -HUGINN_SPACING_H

    def is_on(hours: npt.NDArray[np.float64], at: int) -> bool:
        nonlocal last
        past = hours[max(0, at - HUGINN_DAYS * DAY_H) : at]
        if len(past) < 4 or at - last < HUGINN_SPACING_H:
            return False
        found = hours[at] > past.mean() + HUGINN_DEVIATIONS * past.std(ddof=1)
        if found:
            last = at
        return bool(found)

    return _by_hour(counts, is_on)


def seasonal_hybrid_esd(counts: Counts) -> Alerts:
    """Seasonal median removed, then generalised ESD with median and MAD; the newest hour counts.

    Source: Hochenbaum, Vallis, Kejariwal 2017 (arXiv 1704.07706); Rosner 1983 for the test.
    The seasonal part is the median of each hour of the day instead of STL.
    """
    size = ESD_DAYS * DAY_H

    def is_on(hours: npt.NDArray[np.float64], at: int) -> bool:
        if at + 1 < size:
            return False
        held = hours[at + 1 - size : at + 1].reshape(ESD_DAYS, DAY_H)
        residual = (held - np.median(held, axis=0)).ravel()
        return size - 1 in esd_outliers(residual)

    return _by_hour(counts, is_on)


def esd_outliers(values: npt.NDArray[np.float64]) -> set[int]:
    """Return the places of outliers above the median, at most 2 % of them."""
    size = len(values)
    left = np.arange(size)
    removed: list[int] = []
    found = 0
    for number in range(1, int(size * ESD_MOST_SHARE) + 1):
        median = np.median(values[left])
        scale = MAD_TO_SIGMA * np.median(np.abs(values[left] - median))
        if scale == 0:
            break
        away = (values[left] - median) / scale
        worst = int(np.argmax(away))
        removed.append(int(left[worst]))
        if away[worst] > _critical(size, number):
            found = number
        left = np.delete(left, worst)
    return set(removed[:found])


def _critical(size: int, number: int) -> float:
    """Return Rosner's critical value, one-sided."""
    p = 1 - ESD_ALPHA / (size - number + 1)
    t = float(stdtrit(size - number - 1, p))
    return (size - number) * t / math.sqrt((size - number - 1 + t * t) * (size - number + 1))


def rivals() -> Iterator[tuple[str, Callable[[Counts], Alerts]]]:
    """Yield each rule with its name."""
    yield "Meltwater: hour against 12 h", meltwater
    yield "24 h mean over 7 days + 2 sd", day_over_week
    yield "Huginn: 3 sd over 14 days", huginn
    yield "S-H-ESD over 14 days", seasonal_hybrid_esd
