"""How each language writes times, days, lists and the space between scripts. No I/O, no clock."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

# Private-use marks around every inserted value while a text is put together.
OPEN, CLOSE = "\ue000", "\ue001"
_MARKS = re.compile(f"[{OPEN}{CLOSE}]+")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_PLACES = {
    "Asia/Shanghai": "Beijing time",
    "Asia/Taipei": "Taipei time",
    "Asia/Hong_Kong": "Hong Kong time",
    "Asia/Singapore": "Singapore time",
}
_CJK = "\u4e00-\u9fff"
_BEFORE_LATIN = re.compile(f"([{_CJK}])(?=[{OPEN}{CLOSE}]+[A-Za-z])")
_AFTER_LATIN = re.compile(f"(?<![A-Za-z0-9])([A-Za-z][A-Za-z0-9.]*)(?=[{OPEN}{CLOSE}]+[{_CJK}])")
_SAME_STAMP = re.compile(r"(截至([^，。；\n]{1,30})，[^。\n]+)。截至\2，")
_WHETHER = "是否"


def day_text(day: date, lang: str) -> str:
    """Return 2026年11月22日, or 22 November 2026 in English."""
    if lang == "en":
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日"


def time_text(instant: datetime, tz: ZoneInfo, lang: str = "zh-CN") -> str:
    """Return 11月22日12时30分 (12時30分 in Taiwan), or 12:30 on 22 November in English.

    Chinese leaves out the minutes on the full hour.
    """
    local = instant.astimezone(tz)
    if lang == "en":
        return f"{local:%H:%M} on {local.day} {_MONTHS[local.month - 1]}"
    hour = "時" if lang == "zh-TW" else "时"
    minutes = f"{local.minute:02d}分" if local.minute else ""
    return f"{local.month}月{local.day}日{local.hour}{hour}{minutes}"


def zone_text(tz: ZoneInfo, at: datetime) -> str:
    """Return how English readers call the zone: Beijing time, else UTC+09:00."""
    if tz.key in _PLACES:
        return _PLACES[tz.key]
    offset = f"{at.astimezone(tz):%z}"
    return f"UTC{offset[:3]}:{offset[3:5]}"


def listed(phrases: Sequence[str], lang: str) -> str:
    """Join phrases as a sentence does: 甲、乙以及丙; A, B and C."""
    parts = [str(phrase) for phrase in phrases]
    if len(parts) < 2:
        return "".join(parts)
    *rest, last = parts
    if lang == "en":
        return f"{', '.join(rest)} and {last}"
    is_long = len(rest) > 1 or any(_WHETHER in part for part in parts)
    return "、".join(rest) + ("以及" if is_long else "和") + last


def enumerated(items: Sequence[str], lang: str, *, is_clause: bool) -> str:
    """Join a list of values: 甲；乙; in English clauses become sentences, phrases take "; "."""
    if lang != "en":
        return "；".join(items)
    if not is_clause:
        return "; ".join(items)
    return ". ".join([*items[:1], *(sentence(one) for one in items[1:])])


def sentence(text: str) -> str:
    """Return the text with a capital first letter; Chinese stays as it is."""
    return text[:1].upper() + text[1:]


def mark_value(value: str) -> str:
    """Put the marks around an inserted value, so that its edges can be found again."""
    return f"{OPEN}{value}{CLOSE}"


def settle(text: str) -> str:
    """Set a space where a value meets the other script, then drop the marks.

    The inside of a value stays exactly as the person wrote it.
    """
    text = _BEFORE_LATIN.sub(r"\1 ", text)
    text = _AFTER_LATIN.sub(r"\1 ", text)
    return _one_stamp(without_marks(text))


def _one_stamp(text: str) -> str:
    """Let neighbouring sentences with the same “截至…” share it: 截至甲，乙；丙。"""
    joined = _SAME_STAMP.sub(r"\1；", text)
    while joined != text:
        text, joined = joined, _SAME_STAMP.sub(r"\1；", joined)
    return text


def without_marks(text: str) -> str:
    """Return the text without marks; used on whatever comes in from outside."""
    return _MARKS.sub("", text)
