"""How fast the counters of one post grow, from whatever sightings of them there are.

Pure. Sightings come at irregular times, in any order and more than once; counters freeze, jump
after a freeze, and fall when a platform removes fake likes. What is measured here lies between
two envelopes, so that neither a glitch upwards nor one downwards ever counts as growth.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import accumulate

from listener.items import COUNTERS, Sighting

HOUR = timedelta(hours=1)


def in_order(sightings: Iterable[Sighting]) -> list[Sighting]:
    """Return the sightings by time, each instant once.

    Of two at the same instant the larger counter holds, whichever came first.
    """
    by_at: dict[datetime, Sighting] = {}
    for one in sightings:
        known = by_at.get(one.at)
        by_at[one.at] = one if known is None else _merged(known, one)
    ordered = [by_at[at] for at in sorted(by_at)]
    return [
        _seen_until(one, min(one.until, ordered[index + 1].at))
        if index + 1 < len(ordered)
        else one
        for index, one in enumerate(ordered)
    ]


def _merged(one: Sighting, other: Sighting) -> Sighting:
    values = {
        name: max(
            (v for v in (getattr(one, name), getattr(other, name)) if v is not None), default=None
        )
        for name in (*COUNTERS, "views")
    }
    return Sighting(at=one.at, until=max(one.until, other.until), **values)


def _seen_until(one: Sighting, until: datetime) -> Sighting:
    if until >= one.until:
        return one
    values = {name: getattr(one, name) for name in (*COUNTERS, "views")}
    return Sighting(at=one.at, until=max(until, one.at), **values)


def as_of(ordered: Sequence[Sighting], instant: datetime) -> list[Sighting]:
    """Return what was known at ``instant`` of sightings in order."""
    known = [one for one in ordered if one.at <= instant]
    if known:
        known[-1] = _seen_until(known[-1], instant)
    return known


class Curve:
    """One counter over time: linear between sightings, flat while it was seen unchanged.

    Whatever is asked as of an instant rests on the points up to it, so one curve answers for the
    whole life of a post.
    """

    def __init__(self, points: Sequence[tuple[datetime, int]]) -> None:
        """Take (instant, value) in time order; at least one."""
        self._times = [at for at, _ in points]
        self._values = [value for _, value in points]
        self._highest = list(accumulate(self._values, max))

    @property
    def begins_at(self) -> datetime:
        """The instant of the first point; nothing is known before it."""
        return self._times[0]

    def value(self, now: datetime) -> int:
        """Return the newest value as of ``now``, which is not before the first point."""
        return self._values[bisect_right(self._times, now) - 1]

    def growth(self, since: datetime, until: datetime, *, now: datetime) -> float:
        """Return by how much the counter surely rose from ``since`` to ``until``, as of ``now``.

        The lesser rise of two envelopes, at least 0: the highest value so far (a fall and return
        is no growth) and the lowest value from there on (what was taken back is no growth).
        Before the first point the counter counts as flat.
        """
        end = bisect_right(self._times, now)
        high = self._high(until, end) - self._high(since, end)
        if high <= 0.0:
            return 0.0
        low = self._low(until, end) - self._low(since, end)
        return max(0.0, min(high, low))

    def _high(self, instant: datetime, end: int) -> float:
        return self._between(instant, end, lambda index: self._highest[index])

    def _low(self, instant: datetime, end: int) -> float:
        return self._between(instant, end, lambda index: min(self._values[index:end]))

    def _between(self, instant: datetime, end: int, value: Callable[[int], int]) -> float:
        index = bisect_right(self._times, instant, 0, end)
        if index == 0:
            return float(value(0))
        if index == end:
            return float(value(end - 1))
        start, stop = self._times[index - 1], self._times[index]
        before = value(index - 1)
        return before + (instant - start) / (stop - start) * (value(index) - before)


def curves(known: Sequence[Sighting], *, posted_at: datetime | None) -> dict[str, Curve]:
    """Return a curve for each counter that the sightings (in order, not empty) give.

    Where the instant of posting is known, the counters of the first sighting began at zero then.
    One that turns up only later begins with its first value: that it was zero before is not known.
    """
    found: dict[str, Curve] = {}
    for name in COUNTERS:
        points: list[tuple[datetime, int]] = []
        for index, one in enumerate(known):
            value = getattr(one, name)
            if value is None:
                continue
            if index == 0 and posted_at is not None and posted_at < one.at:
                points.append((posted_at, 0))
            points.append((one.at, value))
            if one.until > one.at:
                points.append((one.until, value))
        if points:
            found[name] = Curve(points)
    return found
