"""Read the times that sources write, in all their spellings.

The zone is the source's, never the machine's. Nothing here reads a clock or a locale.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime

from listener.items import Precision

CHINA = timezone(timedelta(hours=8), "+08:00")
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_ISO = re.compile(
    r"(\d{4})-(\d{1,2})(?:-(\d{1,2})(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?)?"
    r"\s*(Z|z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})T?(\d{2})(\d{2})(\d{2})(Z?)")
_CTIME = re.compile(
    r"[A-Z][a-z]{2},? ([A-Z][a-z]{2})\s+(\d{1,2}) (\d{2}):(\d{2}):(\d{2})(?: ([+-]\d{4}))? (\d{4})"
)
_HALF = r"(上午|下午|凌晨|清晨|早上|中午|傍晚|晚上|AM|PM|am|pm)?"
_HOUR = rf"{_HALF}\s*(\d{{1,2}})[:：时時点點](\d{{2}})分?(?:[:：]?(\d{{2}})秒?)?"
_WEEKDAY = r"(?:[\s,，(（]*(?:星期|周|週|礼拜)[一二三四五六日天][)）]?)?"
_CHINESE = re.compile(
    r"(\d{4})\s*(?:年|/|\.)\s*(\d{1,2})\s*(?:月|/|\.)\s*(\d{1,2})[日号號]?"
    rf"{_WEEKDAY}(?:[\s,，]*{_HOUR})?"
)
_NO_YEAR = re.compile(rf"(\d{{1,2}})(?:-|/|月)(\d{{1,2}})[日号號]?{_WEEKDAY}(?:\s*{_HOUR})?")
# Inside a longer line only what cannot be anything else: a full date, or day and time together.
_DATE_IN_LINE = re.compile(
    r"(?<!\d)(\d{4}-\d{1,2}-\d{1,2}(?:[T\s]+\d{1,2}:\d{2}(?::\d{2})?"
    r"(?:\s*(?:Z|[+-]\d{2}:?\d{2}))?)?)(?![\d-])"
)
_DAY_IN_LINE = re.compile(rf"(?<![\d-])(\d{{1,2}}(?:-\d{{1,2}}\s+|月\d{{1,2}}日\s*){_HOUR})(?!\d)")
_AGO = re.compile(
    r"(\d{1,4}|[一两兩二三四五六七八九十半])\s*(?:个|個)?\s*"
    r"(秒钟|秒鐘|秒|分钟|分鐘|分|小时|小時|钟头|天|日|周|週|星期|月|年)(?:之|以)?前"
)
_AGO_ENGLISH = re.compile(
    r"(?<!\w)(\d{1,4}|an?)\s+(second|sec|minute|min|hour|hr|day|week|month|year)s?\s+ago",
    re.IGNORECASE,
)
_DAY_WORD = re.compile(rf"(今天|今日|昨天|昨日|前天|前日)(?:\s*{_HOUR})?")
_NUMERALS = {"半": 0.5, "两": 2.0, "兩": 2.0, "a": 1.0, "an": 1.0} | {
    numeral: float(number) for number, numeral in enumerate("一二三四五六七八九十", 1)
}
_UNITS = {
    "秒": (timedelta(seconds=1), Precision.SECOND),
    "分": (timedelta(minutes=1), Precision.MINUTE),
    "小": (timedelta(hours=1), Precision.HOUR),
    "钟": (timedelta(hours=1), Precision.HOUR),
    "天": (timedelta(days=1), Precision.DAY),
    "日": (timedelta(days=1), Precision.DAY),
    "周": (timedelta(days=7), Precision.DAY),
    "週": (timedelta(days=7), Precision.DAY),
    "星": (timedelta(days=7), Precision.DAY),
    "月": (timedelta(days=30), Precision.MONTH),
    "年": (timedelta(days=365), Precision.MONTH),
    "sec": (timedelta(seconds=1), Precision.SECOND),
    "min": (timedelta(minutes=1), Precision.MINUTE),
    "hou": (timedelta(hours=1), Precision.HOUR),
    "hr": (timedelta(hours=1), Precision.HOUR),
    "day": (timedelta(days=1), Precision.DAY),
    "wee": (timedelta(days=7), Precision.DAY),
    "mon": (timedelta(days=30), Precision.MONTH),
    "yea": (timedelta(days=365), Precision.MONTH),
}
# The middle of a meta line is enough; nobody writes a novel before the date.
_MAX_CHARS = 200

Reading = tuple[datetime, Precision]


def read_time(raw: str, *, collected_at: datetime, zone: tzinfo = CHINA) -> Reading | None:
    """Return the instant (UTC) that ``raw`` names and how exactly, or None if it names none.

    ``zone`` is used where ``raw`` gives none. Relative words count from ``collected_at``; a date
    without a year is the latest one that is not in the future. A time inside a longer line
    ("来源：… 2026-11-21 10:05:33") is found when it cannot be anything else.
    """
    raw = " ".join(raw[:2000].split()).strip("[]()（）【】 ")[:_MAX_CHARS]
    if not raw:
        return None
    readers = (
        _epoch,
        _iso,
        _compact,
        _ctime,
        _chinese,
        _date_in_line,
        _relative,
        _without_year,
        _day_in_line,
        _mail,
    )
    for read in readers:
        try:
            reading = read(raw, collected_at, zone)
        except (ValueError, OverflowError, OSError):
            continue
        if reading is not None:
            instant, precision = reading
            if datetime(1990, 1, 1, tzinfo=UTC) < instant < datetime(2200, 1, 1, tzinfo=UTC):
                return instant.astimezone(UTC), precision
    return None


def _offset(text: str | None, zone: tzinfo) -> tzinfo:
    if not text:
        return zone
    if text in ("Z", "z", "UTC", "GMT"):
        return UTC
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "").ljust(4, "0")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:4])))


def _epoch(raw: str, _collected_at: datetime, _zone: tzinfo) -> Reading | None:
    if not re.fullmatch(r"\d{9,17}(?:\.\d+)?", raw):
        return None
    seconds = float(raw)
    while seconds > 1e11:
        seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC), Precision.SECOND


def _iso(raw: str, _collected_at: datetime, zone: tzinfo) -> Reading | None:
    found = _ISO.match(raw)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    micro = int(((fraction or "0") + "000000")[:6])
    instant = datetime(
        int(year),
        int(month),
        int(day or 1),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        micro,
        tzinfo=_offset(offset, zone),
    )
    if second:
        return instant, Precision.SECOND
    if minute:
        return instant, Precision.MINUTE
    return instant, Precision.DAY if day else Precision.MONTH


def _compact(raw: str, _collected_at: datetime, zone: tzinfo) -> Reading | None:
    found = _COMPACT.fullmatch(raw)
    if found is None:
        return None
    *numbers, utc = found.groups()
    year, month, day, hour, minute, second = map(int, numbers)
    at = datetime(year, month, day, hour, minute, second, tzinfo=UTC if utc else zone)
    return at, Precision.SECOND


def _ctime(raw: str, _collected_at: datetime, zone: tzinfo) -> Reading | None:
    found = _CTIME.fullmatch(raw)
    if found is None:
        return None
    name, day, hour, minute, second, offset, year = found.groups()
    month = _MONTHS.get(name.lower())
    if month is None:
        return None
    at = datetime(
        int(year),
        month,
        int(day),
        int(hour),
        int(minute),
        int(second),
        tzinfo=_offset(offset, zone),
    )
    return at, Precision.SECOND


def _chinese(raw: str, _collected_at: datetime, zone: tzinfo) -> Reading | None:
    found = _CHINESE.search(raw)
    if found is None:
        return None
    year, month, day, half, hour, minute, second = found.groups()
    at = datetime(
        int(year),
        int(month),
        int(day),
        _of_day(half, hour),
        int(minute or 0),
        int(second or 0),
        tzinfo=zone,
    )
    if second:
        return at, Precision.SECOND
    return at, Precision.MINUTE if minute else Precision.DAY


def _of_day(half: str | None, hour: str | None) -> int:
    """Return the hour of 24 that a half of the day and an hour of 12 or 24 mean."""
    hours, half = int(hour or 0), (half or "").lower()
    if half in ("下午", "傍晚", "晚上", "pm") and hours < 12:
        return hours + 12
    if half == "中午" and hours < 3:
        return hours + 12
    return 0 if half in ("上午", "凌晨", "am") and hours == 12 else hours


def _date_in_line(raw: str, collected_at: datetime, zone: tzinfo) -> Reading | None:
    found = _DATE_IN_LINE.search(raw)
    return _iso(found[1], collected_at, zone) if found else None


def _day_in_line(raw: str, collected_at: datetime, zone: tzinfo) -> Reading | None:
    found = _DAY_IN_LINE.search(raw)
    return _without_year(found[1], collected_at, zone) if found else None


def _relative(raw: str, collected_at: datetime, zone: tzinfo) -> Reading | None:
    if raw.lower() in ("刚刚", "剛剛", "刚才", "剛才", "just now", "now"):
        return collected_at, Precision.MINUTE
    ago = _AGO.search(raw) or _AGO_ENGLISH.search(raw)
    if ago:
        number, word = ago[1].lower(), ago[2].lower()
        unit, precision = _UNITS[word[:3]] if word[:3] in _UNITS else _UNITS[word[:1]]
        count = _NUMERALS[number] if number in _NUMERALS else float(number)
        return collected_at - count * unit, precision
    if word_found := _DAY_WORD.search(raw):
        word, half, hour, minute, second = word_found.groups()
        day = collected_at.astimezone(zone) - timedelta(days="今昨前".index(word[0]))
        at = day.replace(
            hour=_of_day(half, hour),
            minute=int(minute or 0),
            second=int(second or 0),
            microsecond=0,
        )
        if second:
            return at, Precision.SECOND
        return at, Precision.MINUTE if hour else Precision.DAY
    return None


def _without_year(raw: str, collected_at: datetime, zone: tzinfo) -> Reading | None:
    found = _NO_YEAR.fullmatch(raw)
    if found is None:
        return None
    month, day, half, hour, minute, second = found.groups()
    here = collected_at.astimezone(zone)
    precision = Precision.SECOND if second else Precision.MINUTE if minute else Precision.DAY
    for year in range(here.year, here.year - 9, -1):
        try:
            at = datetime(
                year,
                int(month),
                int(day),
                _of_day(half, hour),
                int(minute or 0),
                int(second or 0),
                tzinfo=zone,
            )
        except ValueError:
            continue  # 29 February in a common year
        if at <= here:
            return at, precision
    return None


def _mail(raw: str, _collected_at: datetime, zone: tzinfo) -> Reading | None:
    """RFC 822 and its relatives, also with the zone glued to the seconds."""
    loose = re.sub(r"(\d{2}:\d{2}(?::\d{2})?)([+-]\d{4})", r"\1 \2", raw)
    try:
        at = parsedate_to_datetime(loose)
    except (TypeError, ValueError, IndexError):
        return None
    if at.tzinfo is None:
        # ``-0000`` and no zone at all look alike here; only the first means UTC.
        at = at.replace(tzinfo=UTC if loose.endswith("-0000") else zone)
    return at, Precision.SECOND if loose.count(":") >= 2 else Precision.MINUTE
