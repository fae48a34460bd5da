"""Reads the time a statement promises its next news by. Reads what we wrote, guesses nothing."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from crisis.facts import read_instant

_CHINESE = re.compile(
    r"(?:(?P<year>\d{4})年)?(?P<month>\d{1,2})月(?P<day>\d{1,2})日\s*"
    r"(?P<half>上午|下午|晚上|晚|中午|早上)?\s*(?P<hour>\d{1,2})(?:[时時点點]|[:：])(?P<minute>\d{1,2})?"
)
_ENGLISH = re.compile(
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})\s+on\s+(?P<day>\d{1,2})\s+(?P<month>[A-Z][a-z]+)"
    r"(?:\s+(?P<year>\d{4}))?"
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_AFTERNOON = {"下午", "晚上", "晚"}


def promised_time(value: str, *, tz: ZoneInfo, near: datetime) -> datetime | None:
    """Return the instant the words name, in the year that lies nearest to ``near``.

    Reads ISO, ``11月22日12时30分`` and ``12:30 on 22 November``; None for anything else.
    """
    instant = read_instant(value.strip(), tz)
    if instant is not None:
        return instant
    found = _CHINESE.search(value) or _ENGLISH.search(value)
    if found is None:
        return None
    parts = found.groupdict()
    month = parts["month"]
    number = _MONTHS.index(month) + 1 if month in _MONTHS else None
    if number is None and not month.isdigit():
        return None
    hour = int(parts["hour"])
    if parts.get("half") in _AFTERNOON and hour < 12:
        hour += 12
    years = (
        [int(parts["year"])] if parts.get("year") else [near.year - 1, near.year, near.year + 1]
    )
    options = []
    for year in years:
        try:
            options.append(
                datetime(
                    year,
                    number or int(month),
                    int(parts["day"]),
                    hour % 24,
                    int(parts["minute"] or 0),
                    tzinfo=tz,
                )
                + timedelta(days=hour // 24)
            )
        except ValueError:
            continue
    return min(options, key=lambda one: abs(one - near)) if options else None
