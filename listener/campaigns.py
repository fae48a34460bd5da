"""What is known beforehand to move a brand's volume: campaigns, shopping festivals, holidays.

A campaign widens what the volume channel allows; it never touches the crisis channel.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from listener.config import Campaign, Config
from listener.detect.seasons import NO_REST_DAYS, RestDays

_DAY = timedelta(days=1)
_MOST_DAYS_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Occasion:
    """One campaign or event in [start, end); no brands means every brand."""

    name: str
    start: datetime
    end: datetime
    factor: float
    brands: frozenset[str] = frozenset()

    def concerns(self, brand_key: str) -> bool:
        """Whether the occasion is one of the brand's."""
        return not self.brands or brand_key in self.brands


class Calendar:
    """The occasions of every year, found by instant, and the days off."""

    def __init__(
        self,
        campaigns: Sequence[Campaign],
        events: Sequence[Mapping[str, Any]],
        *,
        tz: ZoneInfo,
        lang: str,
        rest: RestDays = NO_REST_DAYS,
    ) -> None:
        """Keep what was configured; occasions are worked out for the years that are asked for."""
        self.rest = rest
        self._campaigns = campaigns
        self._events = events
        self._tz = tz
        self._lang = lang
        self._years: dict[int, tuple[Occasion, ...]] = {}
        self._days: dict[date, tuple[Occasion, ...]] = {}

    def at(self, brand_key: str, instant: datetime) -> list[Occasion]:
        """Return the brand's occasions that are on at ``instant``, own campaigns first."""
        day = instant.astimezone(self._tz).date()
        if day not in self._days:
            if len(self._days) >= _MOST_DAYS_KEPT:
                self._days.clear()
            self._days[day] = tuple(self._between(*self._day(day)))
        on = self._days[day]
        return [one for one in on if one.start <= instant < one.end and one.concerns(brand_key)]

    def allowance(self, brand_key: str, instant: datetime) -> float:
        """Return by how much the usual volume may be multiplied, at least 1.

        Occasions at the same time do not multiply: the largest counts.
        """
        return max((one.factor for one in self.at(brand_key, instant)), default=1.0)

    def coming(self, since: datetime, until: datetime) -> list[Occasion]:
        """Return the occasions of all brands that overlap [since, until), earliest first."""
        return sorted(self._between(since, until), key=lambda one: (one.start, one.name))

    def _day(self, day: date) -> tuple[datetime, datetime]:
        return _midnight(day, self._tz), _midnight(day + _DAY, self._tz)

    def _between(self, since: datetime, until: datetime) -> Iterator[Occasion]:
        """Yield what overlaps; a yearly occasion may have begun in the year before."""
        first, last = since.astimezone(self._tz).year - 1, until.astimezone(self._tz).year
        once = (_once(one, self._tz) for one in self._campaigns if not one.repeats_yearly)
        yearly = (one for year in range(first, last + 1) for one in self._of_year(year))
        for one in (*once, *yearly):
            if one.start < until and one.end > since:
                yield one

    def _of_year(self, year: int) -> tuple[Occasion, ...]:
        if year not in self._years:
            own = [_in_year(one, year, self._tz) for one in self._campaigns if one.repeats_yearly]
            self._years[year] = (*own, *self._events_of(year))
        return self._years[year]

    def _events_of(self, year: int) -> Iterator[Occasion]:
        for event in self._events:
            for first, last in _event_days(event, year):
                yield Occasion(
                    name=event["name"][self._lang],
                    start=_midnight(first, self._tz),
                    end=_midnight(last + _DAY, self._tz),
                    factor=event["factor"],
                )


NO_CALENDAR = Calendar((), (), tz=ZoneInfo("UTC"), lang="en")


def build_calendar(config: Config) -> Calendar:
    """Return the configured campaigns, with the built-in calendar unless it is turned off."""
    is_chinese = config.detection.calendar == "cn"
    return Calendar(
        config.campaigns,
        _built_in("events")["events"] if is_chinese else (),
        tz=config.tz,
        lang=config.language,
        rest=chinese_rest_days() if is_chinese else NO_REST_DAYS,
    )


@lru_cache(maxsize=1)
def chinese_rest_days() -> RestDays:
    """Return the published days off and working weekends of mainland China."""
    off: set[date] = set()
    work: set[date] = set()
    for year in _built_in("days_off").values():
        work |= {date.fromisoformat(day) for day in year["work"]}
        for first, last in year["rest"]:
            off |= set(_days(date.fromisoformat(first), date.fromisoformat(last)))
    return RestDays(frozenset(off), frozenset(work))


@lru_cache(maxsize=4)
def _built_in(name: str) -> dict[str, Any]:
    path = files("listener").joinpath(f"data/calendars/{name}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += _DAY


def _event_days(event: Mapping[str, Any], year: int) -> Iterator[tuple[date, date]]:
    if "from" in event:
        yield (
            date.fromisoformat(f"{year}-{event['from']}"),
            date.fromisoformat(f"{year}-{event['to']}"),
        )
    for text in event.get("days", ()):
        day = date.fromisoformat(text)
        if day.year == year:
            yield day - event.get("before", 0) * _DAY, day + event.get("after", 0) * _DAY


def _midnight(day: date, tz: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tz)


def _start(value: date, tz: ZoneInfo) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=tz)
    return _midnight(value, tz)


def _end(value: date, tz: ZoneInfo) -> datetime:
    """Return the instant after the campaign: a plain date is its last day."""
    return _start(value, tz) if isinstance(value, datetime) else _midnight(value + _DAY, tz)


def _once(one: Campaign, tz: ZoneInfo) -> Occasion:
    start, end = _start(one.start, tz), _end(one.end, tz)
    return Occasion(one.name, start, end, one.volume_factor, frozenset(one.brands))


def _in_year(one: Campaign, year: int, tz: ZoneInfo) -> Occasion:
    """Return the campaign as it begins in ``year``; 29 February becomes the 28th."""
    later = year - one.start.year
    start, end = _moved(one.start, later), _moved(one.end, later)
    moved = one.model_copy(update={"start": start, "end": end})
    return _once(moved, tz)


def _moved(value: date, years: int) -> date:
    try:
        return value.replace(year=value.year + years)
    except ValueError:
        return value.replace(year=value.year + years, day=28)
