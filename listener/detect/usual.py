"""What is usual at this hour, in a sentence people can check: the mean of the same clock time on
the days before, of the same kind (working day or rest day), without the busiest one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from listener.detect.seasons import RestDays

BUCKET = timedelta(minutes=5)
COMPARED_DAYS = 28
_DAY_BUCKETS = timedelta(days=1) // BUCKET
# With fewer days of one kind than this, all days are compared.
_LEAST_ALIKE = 4
# From so many days on the busiest is left out, so that one past incident is not the yardstick.
_LEAST_TRIMMED = 5
_LEAST_COVERED = 0.5
# The share assumed before anything was seen, and the mentions of evidence behind it: as the crisis
# channel's.
_PRIOR_SHARE = 0.15
_PRIOR_MENTIONS = 10.0

Gap = tuple[datetime, datetime, float]


@dataclass(frozen=True, slots=True)
class Usual:
    """Mean mentions and negatives of such a window, the usual share, and from how many days."""

    mentions: float
    negatives: float
    share: float
    days: int


class Counts:
    """Mentions and negatives of one series in [since, until), summed over any stretch at once.

    ``gaps`` are (start, end, lost share of the usual mentions).
    """

    def __init__(
        self,
        counts: Mapping[datetime, tuple[int, int]],
        *,
        since: datetime,
        until: datetime,
        gaps: Sequence[Gap] = (),
    ) -> None:
        """Take sparse counts by bucket start; what is absent counted nothing."""
        self.since = since
        places = max(0, -((since - until) // BUCKET))
        pairs = [counts.get(since + n * BUCKET, (0, 0)) for n in range(places)]
        self._mentions = [0, *accumulate(pair[0] for pair in pairs)]
        self._negatives = [0, *accumulate(pair[1] for pair in pairs)]
        self._gaps = [gap for gap in gaps if gap[2] > 0]

    def between(self, start: datetime, end: datetime) -> tuple[int, int]:
        """Return (mentions, negatives) of the buckets that start in [start, end)."""
        return self.sums(self.place(start), self.place(end))

    def place(self, at: datetime) -> int:
        """Return the number of the bucket that holds ``at``, counted from ``since``."""
        return (at - self.since) // BUCKET

    def sums(self, first: int, last: int) -> tuple[int, int]:
        """Return (mentions, negatives) of the buckets numbered [first, last)."""
        top = len(self._mentions) - 1
        first, last = min(max(0, first), top), min(max(0, last), top)
        return (
            self._mentions[last] - self._mentions[first],
            self._negatives[last] - self._negatives[first],
        )

    @property
    def has_gaps(self) -> bool:
        """Whether anything could not be heard at any time."""
        return bool(self._gaps)

    def coverage(self, start: datetime, end: datetime) -> float:
        """Return which share of the usual mentions could be heard in [start, end)."""
        length = (end - start) / BUCKET
        lost = sum(
            share * max(0.0, (min(end, until) - max(start, since)) / BUCKET)
            for since, until, share in self._gaps
        )
        return max(0.0, 1.0 - lost / length)


def usual_at(
    counts: Counts, end: datetime, window: timedelta, *, tz: ZoneInfo, rest: RestDays
) -> Usual:
    """Return what is usual in a window of that length ending at ``end``.

    Only windows that ended a day ago or more are compared, by local clock, so that neither the
    rise itself nor a change to summer time is its own yardstick. Days on which less than half
    could be heard are left out.
    """
    local, begins = end.astimezone(tz), (end - window).astimezone(tz).date()
    place, length = counts.place(end), window // BUCKET
    found: list[tuple[bool, int, int]] = []
    for day in range(1, COMPARED_DAYS + 1):
        last = place - day * _DAY_BUCKETS - _clock_change(local, day)
        if last < length:
            break
        until = counts.since + last * BUCKET
        if counts.has_gaps and counts.coverage(until - window, until) < _LEAST_COVERED:
            continue
        kind = rest.is_rest_day(begins - timedelta(days=day))
        found.append((kind, *counts.sums(last - length, last)))
    wanted = rest.is_rest_day(begins)
    alike = [pair[1:] for pair in found if pair[0] == wanted]
    if len(alike) < _LEAST_ALIKE:
        alike = [pair[1:] for pair in found]
    return Usual(
        mentions=_mean([pair[0] for pair in alike]),
        negatives=_mean([pair[1] for pair in alike]),
        share=_usual_share(counts, end),
        days=len(alike),
    )


def _mean(values: list[int]) -> float:
    if len(values) >= _LEAST_TRIMMED:
        values = sorted(values)[:-1]
    return sum(values) / len(values) if values else 0.0


def _clock_change(local: datetime, day: int) -> int:
    """Return by how many buckets that day's local clock ran ahead of today's."""
    before = (local - timedelta(days=day)).utcoffset() or timedelta(0)
    return (before - (local.utcoffset() or timedelta(0))) // BUCKET


def _usual_share(counts: Counts, end: datetime) -> float:
    """Return the share of negatives over the days before, without the one with most of them."""
    days: list[tuple[int, int]] = []
    last = counts.place(end) - _DAY_BUCKETS
    while last > 0 and len(days) < COMPARED_DAYS:
        days.append(counts.sums(last - _DAY_BUCKETS, last))
        last -= _DAY_BUCKETS
    if len(days) >= _LEAST_TRIMMED:
        days.remove(max(days, key=lambda pair: pair[1]))
    mentions = sum(pair[0] for pair in days) + _PRIOR_MENTIONS
    negatives = sum(pair[1] for pair in days) + _PRIOR_SHARE * _PRIOR_MENTIONS
    return negatives / mentions
