"""The 48 seasonal bins: 24 hours of working days and 24 of weekends, with smooth passages.

Days off count as weekend days, and weekends on which people work as working days.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

BINS = 48
_HOUR_MIN = 60
_DAY_MIN = 24 * _HOUR_MIN
_WEEK_MIN = 7 * _DAY_MIN
_MONDAY, _FRIDAY, _SATURDAY, _SUNDAY = 0, 4, 5, 6
_SATURDAY_MIN = _SATURDAY * _DAY_MIN


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


@dataclass(frozen=True, slots=True)
class RestDays:
    """Where rest and work differ from the week: days ``off`` and weekend days of ``work``."""

    off: frozenset[date] = frozenset()
    work: frozenset[date] = frozenset()

    def is_rest_day(self, day: date) -> bool:
        """Say whether people rest on a local date."""
        return day in self.off or (day.weekday() >= _SATURDAY and day not in self.work)

    def fingerprint(self) -> str:
        """Return a short text that differs whenever a day differs; empty without any day."""
        if not self.off and not self.work:
            return ""
        days = f"{sorted(self.off)} {sorted(self.work)}"
        return hashlib.sha256(days.encode()).hexdigest()[:16]


NO_REST_DAYS = RestDays()


def minute_of(local: datetime, rest: RestDays) -> int:
    """Return the minute of the week (0 to 10079, from Monday) whose season a local time has.

    A day off takes the place of Saturday, or of Sunday when work follows; a working weekend day
    that of Friday, or of Monday when work follows.
    """
    weekday = local.weekday()
    if rest is not NO_REST_DAYS:
        day = local.date()
        if day in rest.off or day in rest.work:
            rests_on = rest.is_rest_day(day + timedelta(days=1))
            if day in rest.off:
                weekday = _SATURDAY if rests_on else _SUNDAY
            else:
                weekday = _FRIDAY if rests_on else _MONDAY
    return (weekday * 24 + local.hour) * _HOUR_MIN + local.minute


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
