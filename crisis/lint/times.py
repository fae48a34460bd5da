"""Dates, times and periods in statements of three languages, found and made comparable."""

import re

from crisis.lint.finding import Span

_CN = "[一二两三四五六七八九十]"
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = "(?:" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS) + r")\.?"
TIME = re.compile(
    rf"\d{{1,2}} ?月 ?\d{{1,2}} ?[日号]?|{_CN}{{1,2}}月{_CN}{{1,3}}[日号]|"
    rf"\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}"
    r"|(?<![\d.])\d{1,2} ?[日号](?![线楼仓店院机馆厅])|(?<![\d:.])\d{1,2}:\d{2}(?!\d)"
    rf"|(?<![\d月第])(?:\d{{1,2}}|{_CN}{{1,3}}) ?[时点](?![间候段期刻代效长]|"
    rf"\w?[击评])(?:半|\d{{1,2}}分)?"
    r"|今[天日晚早晨夜]|明[天日早晚晨]|后天|当[天日晚]|次日|本周[一二三四五六日末内]|"
    r"下周[一二三四五六日]?|(?:周|星期)[一二三四五六日]"
    rf"|(?:(?<!\d)\d{{1,4}}|{_CN}{{1,3}}|半) ?个?(?:工作[日天]|小时|钟头|分钟|天|日|"
    rf"周|星期|月) ?(?:之?内|以内|后|之后|前|结束前)"
    rf"|每(?:隔)?(?:\d+|{_CN}{{1,3}}|半)?个?(?:小时|分钟|天|日)|[月年周]底|"
    rf"月内|年内|本月|下月|中午|午夜|即日起|上午|下午|傍晚"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}\b|\b{_MONTH} \d{{1,2}}(?:st|"
    rf"nd|rd|th)?\b|\b\d{{1,2}}(?:[:.]\d{{2}})? ?[ap]\.?m\b"
    r"|\b(?:today|tonight|tomorrow|noon|midnight|hourly|(?:mon|tues|wednes|"
    r"thurs|fri|satur|sun)day|this (?:morning|afternoon|evening|week|"
    r"month)|next (?:week|month))\b"
    r"|\b(?:within|in|every|next|after) (?:the )?(?:next )?(?:\d+|an?|"
    r"one|two|three|four|five|six|seven|ten|twelve|fourteen|thirty|half an)"
    r"[ -](?:\w+ )?(?:minutes?|"
    r"hours?|days?|weeks?|hour)\b|\bend of (?:the )?(?:day|week|month)\b"
)
DATE = re.compile(
    rf"(?:(?P<y>\d{{4}}) ?年 ?)?(?P<m>\d{{1,2}}) ?月 ?(?P<d>\d{{1,2}}) ?[日号]?|"
    rf"(?P<yi>\d{{4}})[-/.](?P<mi>\d{{1,2}})[-/.](?P<di>\d{{1,2}})"
    rf"|\b(?P<de>\d{{1,2}})(?:st|nd|rd|th)? (?P<me>{_MONTH})\b|"
    rf"\b(?P<ma>{_MONTH}) (?P<da>\d{{1,2}})(?:st|"
    rf"nd|rd|th)?\b"
    rf"|(?:[〇○零一二三四五六七八九]{{4}}年)(?P<mc>{_CN}{{1,2}})月(?P<dc>{_CN}{{1,3}})日"
)
HOUR = re.compile(
    r"[ ,]{0,2}(?P<part>凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|晚间|夜间|晚|早)?"
    r"[ ,]?(?:at )?(?P<h>\d{1,2})"
    r"(?::(?P<n>\d{2})| ?[时点](?:(?P<half>半)|(?P<m>[0-5]\d)(?=分|\Z))?)(?!\d)"
)
CLOCK = re.compile(r"(?<![\d:])" + HOUR.pattern.removeprefix("[ ,]{0,2}"))
_AFTERNOON = frozenset(("下午", "傍晚", "晚上", "晚间", "夜间", "晚"))
_DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九十")} | {"两": 2}


def has_time(flat: str, span: Span) -> bool:
    """Say whether a date, a time of day or a period stands inside ``span``."""
    return TIME.search(flat, span.start, span.end) is not None


def dates_in(flat: str, span: Span) -> list[tuple[Span, tuple[int, int]]]:
    """Return every date inside ``span`` with its month and day."""
    return [
        (Span(*found.span()), _month_day(found))
        for found in DATE.finditer(flat, span.start, span.end)
    ]


def first_date(flat: str, span: Span) -> tuple[int, int] | None:
    """Return the month and day of the first date inside ``span``, if there is one."""
    found = DATE.search(flat, span.start, span.end)
    return _month_day(found) if found else None


def hour_after(flat: str, end: int) -> tuple[Span, tuple[int, int]] | None:
    """Return the hour and minute (of 24) that follow a date directly, and where they stand."""
    found = HOUR.match(flat, end)
    if not found:
        return None
    return Span(*found.span()), _hour(found)


def clock(flat: str) -> tuple[int, int] | None:
    """Return the hour and minute (of 24) where the folded text is a time of day and no more."""
    found = HOUR.fullmatch(flat.removesuffix("分"))
    return _hour(found) if found else None


def hours_in(flat: str, span: Span) -> list[tuple[Span, tuple[int, int]]]:
    """Return every time of day inside ``span`` with its hour and minute (of 24)."""
    return [
        (Span(*found.span()), _hour(found)) for found in CLOCK.finditer(flat, span.start, span.end)
    ]


def _hour(found: re.Match[str]) -> tuple[int, int]:
    hour = int(found["h"])
    if found["part"] in _AFTERNOON and hour < 12:
        hour += 12
    return hour, int(found["n"] or found["m"] or (30 if found["half"] else 0))


def number_of(written: str) -> int | None:
    """Return the value of Arabic digits (with separators) or Chinese numerals below 100."""
    bare = written.replace(",", "").replace(" ", "")
    if bare.isdecimal():
        return int(bare) if len(bare) <= 15 else None
    total, last = 0, 0
    for char in bare:
        if char not in _DIGITS:
            return None
        if char == "十":
            total, last = (last or 1) * 10, 0
        else:
            last = _DIGITS[char]
    return total + last


def _month_day(found: re.Match[str]) -> tuple[int, int]:
    parts = found.groupdict()
    for month, day in (("m", "d"), ("mi", "di")):
        if parts[month]:
            return int(parts[month]), int(parts[day])
    for month, day in (("me", "de"), ("ma", "da")):
        if parts[month]:
            short = [name[:3] for name in _MONTHS]
            return short.index(parts[month][:3]) + 1, int(parts[day])
    return number_of(parts["mc"] or "") or 0, number_of(parts["dc"] or "") or 0
