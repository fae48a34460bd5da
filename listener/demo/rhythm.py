"""When people post: the daily curve in Chinese time, and instants drawn from it."""

import random
from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from itertools import accumulate

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")

STEP = timedelta(minutes=5)
"""The curve is constant within a step."""

# Relative activity at each full hour of the day, 0 to 23; between two hours it is interpolated.
_WORKDAY = (
    *(0.38, 0.2, 0.12, 0.08, 0.07, 0.12, 0.3, 0.55, 0.85, 1.1, 1.5, 1.5),
    *(1.2, 1.0, 0.92, 0.92, 0.95, 1.0, 1.12, 1.35, 1.8, 1.9, 1.5, 0.85),
)
_WEEKEND = (
    *(0.55, 0.32, 0.18, 0.1, 0.08, 0.1, 0.2, 0.42, 0.8, 1.2, 1.65, 1.65),
    *(1.4, 1.2, 1.25, 1.3, 1.3, 1.25, 1.3, 1.5, 1.95, 2.05, 1.7, 1.05),
)
_NEWSROOM = (
    *(0.05, 0.02, 0.02, 0.02, 0.02, 0.1, 0.4, 1.0, 1.8, 2.2, 2.2, 1.8),
    *(1.0, 1.0, 1.6, 1.8, 1.6, 1.4, 0.9, 0.6, 0.5, 0.4, 0.2, 0.1),
)
_NEWSROOM_WEEKEND_FACTOR = 0.45


def people_activity(at: datetime) -> float:
    """Return how active forum and shop users are at an instant, 1 being an ordinary hour."""
    local = at.astimezone(CHINA)
    return _at_hour(_WEEKEND if local.weekday() >= 5 else _WORKDAY, local)


def newsroom_activity(at: datetime) -> float:
    """Return how active editors are at an instant, 1 being an ordinary hour."""
    local = at.astimezone(CHINA)
    factor = _NEWSROOM_WEEKEND_FACTOR if local.weekday() >= 5 else 1.0
    return factor * _at_hour(_NEWSROOM, local)


class Rhythm:
    """Instants between ``start`` and ``end`` that follow an activity, a little noisy by day."""

    def __init__(
        self,
        activity: Callable[[datetime], float],
        start: datetime,
        end: datetime,
        rng: random.Random,
        *,
        noise: float = 0.08,
    ) -> None:
        self._start = start
        steps = round((end - start) / STEP)
        days = [max(0.5, rng.gauss(1.0, noise)) for _ in range(1 + int((end - start).days))]
        per_day = timedelta(days=1) / STEP
        weights = [
            activity(start + (index + 0.5) * STEP) * days[int(index / per_day)]
            for index in range(steps)
        ]
        self._reached = list(accumulate(weights))

    def scattered(self, count: int, rng: random.Random) -> list[datetime]:
        """Return ``count`` independent instants in order, clumping as chance has it."""
        return self._instants(sorted(rng.random() for _ in range(count)))

    def spread(self, count: int, rng: random.Random) -> list[datetime]:
        """Return ``count`` instants in order, one in each of ``count`` equally busy stretches."""
        return self._instants([(index + rng.random()) / count for index in range(count)])

    def _instants(self, shares: Sequence[float]) -> list[datetime]:
        total = self._reached[-1]
        return [self._instant(share * total) for share in shares]

    def _instant(self, level: float) -> datetime:
        index = min(bisect_left(self._reached, level), len(self._reached) - 1)
        before = self._reached[index - 1] if index else 0.0
        width = self._reached[index] - before
        within = (level - before) / width if width else 0.0
        return whole_second(self._start + (index + min(within, 0.999)) * STEP)


def whole_second(at: datetime) -> datetime:
    """Cut an instant to the second, as feeds carry it."""
    return at.replace(microsecond=0)


def _at_hour(curve: Sequence[float], local: datetime) -> float:
    share = local.minute / 60
    return curve[local.hour] * (1 - share) + curve[(local.hour + 1) % 24] * share
