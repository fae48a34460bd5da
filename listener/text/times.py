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
_CHINESE = re.compile(
    r"(\d{4})\s*(?:年|/|\.)\s*(\d{1,2})\s*(?:月|/|\.)\s*(\d{1,2})日?"
    r"(?:\s*(上午|下午|凌晨|早上|中午|晚上)?\s*(\d{1,2})[:：时](\d{2})分?(?:[:：](\d{2})秒?)?)?"
)
_NO_YEAR = re.compile(r"(\d{1,2})(?:-|/|月)(\d{1,2})日?(?:\s+(\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_AGO = re.compile(r"(\d{1,4})\s*(秒|分钟|分鐘|小时|小時|天)前")
_DAY_WORD = re.compile(r"(今天|昨天|前天)(?:\s*(\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_UNITS = {
    "秒": (timedelta(seconds=1), Precision.SECOND),
    "分钟": (timedelta(minutes=1), Precision.MINUTE),
    "分鐘": (timedelta(minutes=1), Precision.MINUTE),
    "小时": (timedelta(hours=1), Precision.HOUR),
    "小時": (timedelta(hours=1), Precision.HOUR),
    "天": (timedelta(days=1), Precision.DAY),
}

Reading = tuple[datetime, Precision]


def read_time(raw: str, *, collected_at: datetime, zone: tzinfo = CHINA) -> Reading | None:
    """Return the instant (UTC) that ``raw`` names and how exactly, or None if it names none.

    ``zone`` is used where ``raw`` gives none. Relative words count from ``collected_at``; a date
    without a year is the latest one that is not in the future.
    """
    raw = raw.strip().strip("[]()")[:80]
    if not raw:
        return None
    for read in (_epoch, _iso, _compact, _ctime, _chinese, _relative, _without_year, _mail):
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
    hours = int(hour or 0)
    if half in ("下午", "晚上") and hours < 12:
        hours += 12
    at = datetime(
        int(year), int(month), int(day), hours, int(minute or 0), int(second or 0), tzinfo=zone
    )
    if second:
        return at, Precision.SECOND
    return at, Precision.MINUTE if minute else Precision.DAY


def _relative(raw: str, collected_at: datetime, zone: tzinfo) -> Reading | None:
    if raw in ("刚刚", "剛剛", "just now"):
        return collected_at, Precision.MINUTE
    if ago := _AGO.search(raw):
        unit, precision = _UNITS[ago[2]]
        return collected_at - int(ago[1]) * unit, precision
    if word := _DAY_WORD.search(raw):
        day = collected_at.astimezone(zone) - timedelta(days="今昨前".index(word[1][0]))
        at = day.replace(
            hour=int(word[2] or 0),
            minute=int(word[3] or 0),
            second=int(word[4] or 0),
            microsecond=0,
        )
        if word[4]:
            return at, Precision.SECOND
        return at, Precision.MINUTE if word[2] else Precision.DAY
    return None


def _without_year(raw: str, collected_at: datetime, zone: tzinfo) -> Reading | None:
    found = _NO_YEAR.fullmatch(raw)
    if found is None:
        return None
    month, day, hour, minute, second = found.groups()
    here = collected_at.astimezone(zone)
    precision = Precision.SECOND if second else Precision.MINUTE if minute else Precision.DAY
    for year in range(here.year, here.year - 9, -1):
        try:
            at = datetime(
                year,
                int(month),
                int(day),
                int(hour or 0),
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
