"""Read the times that feeds write: RFC 822 and ISO 8601 as the world spells them.

What is no such time goes on to ``read_time``: epochs, relative words, dates without a year.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from listener.items import Precision
from listener.text.times import CHINA, Reading, read_time

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CHINESE_MONTHS = [f"{n}月" for n in ("十二", "十一", *"十九八七六五四三二一")]
# Hours from UTC. CST is China's for a source in China's zone, else central North America's.
_ZONES = (
    {"z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2}
    | {"eet": 2, "eest": 3, "msk": 3, "ist": 5.5, "ict": 7, "hkt": 8, "sgt": 8, "awst": 8}
    | {"jst": 9, "kst": 9, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13}
    | {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
    | {"akst": -9, "akdt": -8, "hst": -10}
)
_HALF = r"上午|下午|凌晨|早上|中午|晚上|[AaPp]\.?[Mm]\.?"
_TIME = (
    rf"(?P<before>{_HALF})?\s*(?P<hour>\d{{1,2}})[:：时時](?P<minute>\d{{2}})分?"
    rf"(?:[:：]?(?P<second>\d{{2}})秒?(?:[.,](?P<fraction>\d{{1,9}}))?)?\s*(?P<after>{_HALF})?"
)
_OFFSET = (
    r"\s*(?P<zone>(?:GMT|UTC|UT)?\s*[+-]\d{1,2}(?::?\d{2})?(?!\d)|[A-Za-z]{1,4}(?![A-Za-z]))?"
)
_CLOCK = re.compile(_TIME + _OFFSET)
_YMD = re.compile(
    r"(?<!\d)(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)\s*日?[Tt,\s]*"
)
_DMY_NAMED = re.compile(
    r"(?<![\d:])(\d{1,2})(?:st|nd|rd|th)?[\s./-]*([A-Za-z]{3,9})\.?,?[\s./-]*(\d{4}|\d{2})(?![\d:])"
)
_MDY_NAMED = re.compile(r"([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?![\d:])")
_CTIME = re.compile(r"([A-Za-z]{3,9})\.?\s+(\d{1,2})\s+(?=\d{1,2}:)(.{5,40}?)\s(\d{4})$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_MDY = re.compile(r"(?<!\d)(\d{1,2})/(\d{1,2})/(\d{4})(?!\d)")
_MOST_CHARS = 100

_Day = tuple[int, int, int]


def read_feed_time(raw: str, *, collected_at: datetime, zone: tzinfo) -> Reading | None:
    """Return the instant (UTC) that a feed's time names and how exactly, or None.

    ``zone`` holds where ``raw`` names none. Two-digit years follow RFC 2822: 50 to 99 are 19xx.
    """
    text = _in_english(" ".join(raw[:_MOST_CHARS].split()))
    found = _day(text)
    if found is not None:
        day, rest = found
        try:
            reading = _instant(day, rest, zone)
        except (ValueError, OverflowError):
            return None
        is_plausible = (
            datetime(1990, 1, 1, tzinfo=UTC) < reading[0] < datetime(2200, 1, 1, tzinfo=UTC)
        )
        return reading if is_plausible else None
    return read_time(text, collected_at=collected_at, zone=zone)


def _in_english(text: str) -> str:
    """Name Chinese months in English: '20 十一月 2026' is read like '20 Nov 2026'."""
    if re.search(r"\d{1,2}[\s-]+[一二三四五六七八九十\d]{1,2}月,?[\s-]+\d{4}", text):
        for index, name in enumerate(_CHINESE_MONTHS):
            text = text.replace(name, _MONTHS[11 - index])
        text = re.sub(r"\b(1[0-2]|0?[1-9])月", lambda found: _MONTHS[int(found[1]) - 1], text)
    return text


def _day(text: str) -> tuple[_Day, str] | None:
    """Return (year, month, day) and the part of the text that holds the time of day."""
    if found := _YMD.search(text) or _COMPACT.match(text):
        return (int(found[1]), int(found[2]), int(found[3])), text[found.end() :]
    if found := _CTIME.search(text):
        month = _month(found[1])
        if month:
            return (int(found[4]), month, int(found[2])), found[3]
    for pattern, order in ((_DMY_NAMED, (3, 2, 1)), (_MDY_NAMED, (3, 1, 2))):
        if (found := pattern.search(text)) and (month := _month(found[order[1]])):
            year = int(found[order[0]])
            if len(found[order[0]]) == 2:
                year += 1900 if year >= 50 else 2000
            return (year, month, int(found[order[2]])), text[found.end() :]
    if found := _MDY.search(text):
        first, second, year = int(found[1]), int(found[2]), int(found[3])
        day = (year, first, second) if first <= 12 else (year, second, first)
        return day, text[found.end() :]
    return None


def _month(name: str) -> int | None:
    short = name[:3].lower()
    return _MONTHS.index(short) + 1 if short in _MONTHS else None


def _instant(day: _Day, rest: str, zone: tzinfo) -> Reading:
    clock = _CLOCK.search(rest)
    if clock is None:
        return datetime(*day, tzinfo=zone).astimezone(UTC), Precision.DAY
    half = (clock["before"] or clock["after"] or "").lower().replace(".", "")
    hours = int(clock["hour"])
    if half in ("下午", "晚上", "pm") and hours < 12:
        hours += 12
    elif half in ("上午", "凌晨", "am") and hours == 12:
        hours = 0
    is_next_day = hours == 24 and int(clock["minute"]) == 0
    at = datetime(
        *day,
        0 if is_next_day else hours,
        int(clock["minute"]),
        min(int(clock["second"] or 0), 59),  # a leap second
        int((clock["fraction"] or "").ljust(6, "0")[:6] or 0),
        tzinfo=_offset(clock["zone"], zone),
    )
    at += timedelta(days=is_next_day)
    precision = Precision.SECOND if clock["second"] else Precision.MINUTE
    return at.astimezone(UTC), precision


def _offset(name: str | None, zone: tzinfo) -> tzinfo:
    if not name:
        return zone
    signed = re.search(r"([+-])(\d{1,2}):?(\d{2})?$", name.replace(" ", ""))
    if signed:
        minutes = int(signed[2]) * 60 + int(signed[3] or 0)
        return timezone(timedelta(minutes=-minutes if signed[1] == "-" else minutes))
    hours = _ZONES.get(name.lower())
    if hours is None or (name.lower() == "cst" and zone is CHINA):
        return zone
    return timezone(timedelta(hours=hours))
