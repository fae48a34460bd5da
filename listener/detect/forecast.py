"""What the coming hours and days of a series will probably bring, and how wrong that usually is.

Pure. **Method.** The rate of each of the 168 hours of a week, leaning on the same hour of working
or rest days, times a level that follows the last days and returns to 1. Hours of a campaign teach
nothing; a coming one lifts the middle by the root of its ``allowance`` and the upper end by all of
it, because nobody knows whether this brand takes part. What stood far above its hour is clipped,
so that a past crisis is not expected again. **Error.** The same method is run from every midnight
of the last weeks on what was known then, and compared with "the same hour a week before" (the
ratio of mean absolute errors, after Hyndman and Koehler 2006). The band is made of those errors;
its coverage is counted on days whose own errors were not in it.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, sqrt
from statistics import median
from zoneinfo import ZoneInfo

from listener.detect.seasons import NO_REST_DAYS, RestDays, bin_of, minute_of

HOUR = timedelta(hours=1)
WEEK_HOURS = 168
# Under two weeks "the same time last week" cannot be tried even once for every hour.
LEAST_HOURS = 2 * WEEK_HOURS
HORIZON_HOURS = WEEK_HOURS
SHOWN_HOURS = 48
BAND = 0.8
MOST_ORIGINS = 21
_SEASON_HALF_LIFE_H = 21 * 24.0
_LEVEL_HALF_LIFE_H = 48.0
_RETURN_HALF_LIFE_H = 72.0
_PRIOR_HOURS = 2.0
_LEVEL_PRIOR_HOURS = 12.0
_CLIP_TIMES = 3.0
_LEAST_COVERAGE = 0.5
_LEAST_ERRORS = 40

Allowance = Callable[[datetime], float]


@dataclass(frozen=True, slots=True)
class Heard:
    """What was counted in the hour from ``start`` (aware UTC), at a coverage of 0 to 1."""

    start: datetime
    count: int
    coverage: float = 1.0


@dataclass(frozen=True, slots=True)
class Expected:
    """What one hour or day will probably bring: middle, and the ends of the 80 % band."""

    start: datetime
    middle: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How good the forecast was on this series' own past.

    ``ratio``: mean absolute error over that of "same time last week"; below 1 is better than it.
    ``covered``: share of actual counts inside the 80 % band, None with too few to say.
    ``scored``: how many hours (or days) were compared, from ``origins`` midnights.
    """

    ratio: float | None
    covered: float | None
    scored: int
    origins: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """The next hours and days, and how far to trust each."""

    hours: tuple[Expected, ...]
    days: tuple[Expected, ...]
    hourly: Accuracy
    daily: Accuracy


def no_allowance(_: datetime) -> float:
    """Return 1: no campaign is known."""
    return 1.0


class Rhythm:
    """The weekly rhythm of a series and its level, learned from the hours before an instant."""

    def __init__(
        self,
        hours: Sequence[Heard],
        tz: ZoneInfo,
        rest: RestDays = NO_REST_DAYS,
        allowance: Allowance = no_allowance,
    ) -> None:
        """Learn from consecutive hours, oldest first; at least one."""
        self._tz, self._rest, self._allowance = tz, rest, allowance
        self.end = hours[-1].start + HOUR
        taught = [
            (self._slot(one.start), one.count / one.coverage, (self.end - one.start) / HOUR)
            for one in hours
            if one.coverage >= _LEAST_COVERAGE and allowance(one.start) <= 1.0
        ]
        usual: dict[int, list[float]] = defaultdict(list)
        for slot, count, _ in taught:
            usual[bin_of(slot * 60)].append(count)
        most = {number: _CLIP_TIMES * (median(found) + 1.0) for number, found in usual.items()}
        clipped = [(slot, min(count, most[bin_of(slot * 60)]), age) for slot, count, age in taught]
        self._season = _season(clipped)
        self._level = self._level_of(clipped)

    def _slot(self, start: datetime) -> int:
        return minute_of(start.astimezone(self._tz), self._rest) // 60

    def _level_of(self, taught: Sequence[tuple[int, float, float]]) -> float:
        prior = _LEVEL_PRIOR_HOURS * max(sum(self._season) / WEEK_HOURS, 1e-6)
        counted = usual = prior
        for slot, count, age in taught:
            weight = 0.5 ** (age / _LEVEL_HALF_LIFE_H)
            counted += weight * count
            usual += weight * self._season[slot]
        return float(counted / usual)

    def expect(self, start: datetime) -> float:
        """Return the count expected in the hour from ``start``, which lies ahead."""
        ahead = (start - self.end) / HOUR
        level = 1.0 + (self._level - 1.0) * 0.5 ** (ahead / _RETURN_HALF_LIFE_H)
        return float(self._season[self._slot(start)] * level * sqrt(self._allowance(start)))


def _season(taught: Sequence[tuple[int, float, float]]) -> list[float]:
    """Return the rate of each hour of the week; what is seldom seen leans on what is broader."""
    sums = {"all": [0.0, 0.0]}
    wide: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    own: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for slot, count, age in taught:
        weight = 0.5 ** (age / _SEASON_HALF_LIFE_H)
        for into in (sums["all"], wide[bin_of(slot * 60)], own[slot]):
            into[0] += weight * count
            into[1] += weight
    overall = sums["all"][0] / sums["all"][1] if sums["all"][1] else 0.0
    result = []
    for slot in range(WEEK_HOURS):
        counted, weight = wide[bin_of(slot * 60)]
        broad = (counted + _PRIOR_HOURS * overall) / (weight + _PRIOR_HOURS)
        counted, weight = own[slot]
        result.append((counted + _PRIOR_HOURS * broad) / (weight + _PRIOR_HOURS))
    return result


@dataclass(frozen=True, slots=True)
class _Try:
    """One forecast that can be compared with what came; ``naive`` is the count a week before."""

    origin: int
    expected: float
    actual: float
    naive: float

    @property
    def error(self) -> float:
        """The miss in units that hold for small and large counts alike."""
        return (self.actual - self.expected) / sqrt(self.expected + 1.0)


def forecast(
    hours: Sequence[Heard],
    tz: ZoneInfo,
    rest: RestDays = NO_REST_DAYS,
    allowance: Allowance = no_allowance,
) -> Forecast | None:
    """Forecast from consecutive hours, oldest first; None with less than two weeks of them."""
    if len(hours) < LEAST_HOURS:
        return None
    hourly, daily = _tries(hours, tz, rest, allowance)
    rhythm = Rhythm(hours, tz, rest, allowance)
    starts = [rhythm.end + index * HOUR for index in range(HORIZON_HOURS)]
    middles = [rhythm.expect(start) for start in starts]
    lifts = [sqrt(allowance(start)) for start in starts]
    band, day_band = _band(hourly), _band(daily)
    days = [
        (starts[first], sum(middles[first : first + 24]), max(lifts[first : first + 24]))
        for first in range(0, HORIZON_HOURS, 24)
    ]
    return Forecast(
        hours=tuple(
            _within(start, middle, band, lift)
            for start, middle, lift in zip(starts, middles, lifts, strict=True)
        )[:SHOWN_HOURS],
        days=tuple(_within(start, middle, day_band, lift) for start, middle, lift in days),
        hourly=_accuracy(hourly),
        daily=_accuracy(daily),
    )


def _within(start: datetime, middle: float, band: tuple[float, float], lift: float) -> Expected:
    scale = sqrt(middle + 1.0)
    low, high = middle + band[0] * scale, (middle + band[1] * scale) * lift
    return Expected(start, middle, max(0.0, min(low, middle)), max(high, middle))


def _tries(
    hours: Sequence[Heard], tz: ZoneInfo, rest: RestDays, allowance: Allowance
) -> tuple[list[_Try], list[_Try]]:
    """Run the method from the midnights of the past on what was known then.

    Hours that could hardly be heard are not compared, nor days with one.
    """
    midnights = [
        index
        for index, one in enumerate(hours)
        if index >= WEEK_HOURS and one.start.astimezone(tz).hour == 0
    ]
    hourly: list[_Try] = []
    daily: list[_Try] = []
    for origin in midnights[-MOST_ORIGINS:]:
        rhythm = Rhythm(hours[:origin], tz, rest, allowance)
        until = min(origin + HORIZON_HOURS, len(hours))
        made = [_try(hours, index, origin, rhythm) for index in range(origin, until)]
        hourly += [one for one in made[:SHOWN_HOURS] if one is not None]
        for first in range(0, len(made) - 23, 24):
            day = [one for one in made[first : first + 24] if one is not None]
            if len(day) == 24:
                daily.append(
                    _Try(
                        origin + first,
                        sum(one.expected for one in day),
                        sum(one.actual for one in day),
                        sum(one.naive for one in day),
                    )
                )
    return hourly, daily


def _try(hours: Sequence[Heard], index: int, origin: int, rhythm: Rhythm) -> _Try | None:
    now, before = hours[index], hours[index - WEEK_HOURS]
    if min(now.coverage, before.coverage) < _LEAST_COVERAGE:
        return None
    return _Try(
        origin=origin,
        expected=rhythm.expect(now.start),
        actual=now.count / now.coverage,
        naive=before.count / before.coverage,
    )


def _band(tries: Sequence[_Try]) -> tuple[float, float]:
    """Return the ends of the band in the units of ``_Try.error``; a wide one without history."""
    errors = sorted(one.error for one in tries)
    if len(errors) < 5:
        return -2.0, 2.0
    tail = (1.0 - BAND) / 2.0
    last = len(errors) - 1
    return errors[int(tail * last)], errors[ceil((1.0 - tail) * last)]


def _accuracy(tries: Sequence[_Try]) -> Accuracy:
    missed = sum(abs(one.actual - one.expected) for one in tries)
    naive = sum(abs(one.actual - one.naive) for one in tries)
    inside = counted = 0
    for origin in sorted({one.origin for one in tries}):
        # A forecast reaches two days (a day's lies in its own origin): older errors are known.
        known = [one for one in tries if one.origin <= origin - SHOWN_HOURS]
        if len(known) < _LEAST_ERRORS:
            continue
        band = _band(known)
        for one in (one for one in tries if one.origin == origin):
            shown = _within(_NO_TIME, one.expected, band, 1.0)
            inside += shown.low - 0.5 <= one.actual <= shown.high + 0.5
            counted += 1
    return Accuracy(
        ratio=missed / naive if naive else None,
        covered=inside / counted if counted else None,
        scored=len(tries),
        origins=len({one.origin for one in tries}),
    )


_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def peaks(expected: Sequence[Expected], *, most: int = 3) -> list[Expected]:
    """Return the highest hours or days, highest first, none within three steps of a higher one."""
    step = expected[1].start - expected[0].start if len(expected) > 1 else HOUR
    chosen: list[Expected] = []
    for one in sorted(expected, key=lambda one: (-one.middle, one.start)):
        near = 3 * step if step < timedelta(days=1) else step / 2
        if all(abs(one.start - other.start) > near for other in chosen):
            chosen.append(one)
        if len(chosen) == most:
            break
    return chosen
