"""The 48 seasonal bins: 24 hours of working days and 24 of weekends, with smooth passages."""

from dataclasses import dataclass
from functools import lru_cache

BINS = 48
_HOUR_MIN = 60
_DAY_MIN = 24 * _HOUR_MIN
_WEEK_MIN = 7 * _DAY_MIN
_SATURDAY_MIN = 5 * _DAY_MIN


@dataclass(frozen=True, slots=True)
class Place:
    """Where a local time falls: its own bin, and the two bins whose centres lie around it.

    The seasonal rate is ``earlier * (1 - weight) + later * weight``.
    """

    own: int
    earlier: int
    later: int
    weight: float


def bin_of(minute_of_week: int) -> int:
    """Return the bin (0-23 working day, 24-47 weekend) of a local minute counted from Monday."""
    minute = minute_of_week % _WEEK_MIN
    return minute % _DAY_MIN // _HOUR_MIN + (24 if minute >= _SATURDAY_MIN else 0)


@lru_cache(maxsize=_WEEK_MIN)
def place_of(minute_of_week: int) -> Place:
    """Return the place of a local minute counted from Monday 00:00 (0 to 10079)."""
    half_hour = _HOUR_MIN // 2
    return Place(
        own=bin_of(minute_of_week),
        earlier=bin_of(minute_of_week - half_hour),
        later=bin_of(minute_of_week + half_hour),
        weight=(minute_of_week - half_hour) % _HOUR_MIN / _HOUR_MIN,
    )
