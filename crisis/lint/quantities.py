"""Counts of people and things with their unit, and what they count, comparable across texts."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from crisis.lint.cues import read_words
from crisis.lint.finding import Span
from crisis.lint.times import number_of

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?|[一二两三四五六七八九十]{1,3})"
_SCALE = "(?:多|余|几|来)?[十百千万亿]{0,3}(?:多|余|几)?"
_WORDS_EN = (
    "three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens|hundreds|"
    "thousands|scores|several hundred|several thousand"
)
_COUNT_WORDS = (
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("eleven", 11),
    ("twelve", 12),
)
_ENGLISH = {word: float(value) for word, value in _COUNT_WORDS}
SHARE = re.compile(
    rf"(?<![\d.])\d+(?:\.\d+)? ?[%‰]|百分之{_NUMBER}|千分之{_NUMBER}|[一二三四五六七八九"
    rf"]成(?!为|立|功|分|本|员|都|品|长|熟)|\b\d+(?:\.\d+)? per ?cent\b|"
    rf"\b(?:half|a third|a quarter|two thirds|three quarters|most) of (?:our |"
    rf"the |all )?(?:customers|users|orders|members)"
)
_NO_COUNT = re.compile(
    r"(?:工作日|次日|双人|两[人位]?周|一次性|多次|再次|首次|每次|三包|"
    r"三方|两岸|一起|一[件次个位名家条]|第[一二三四五六七八九十\d]+|个?(?:月|"
    r"小时|工作|星期|自然|百分点|字|环节|方面|部分|步骤|层面|问题|办法|"
    r"选项|渠道|措施|改进|原因|方案|要求|承诺|维度|角度|阶段|目标|问|"
    r"关键|重点|区|号))"
)


@cache
def _class_of() -> Mapping[str, str]:
    """Return the unit class of each unit: units of one class count the same kind of thing."""
    classes = read_words("units")["units"]
    return {unit: name for name, units in classes.items() for unit in units}


@cache
def _quantity() -> re.Pattern[str]:
    """Return the expression for a number with its unit."""
    units = sorted(_class_of(), key=len, reverse=True)
    chinese = "|".join(unit for unit in units if not unit.isascii())
    english = "|".join(unit for unit in units if unit.isascii())
    months = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
    return re.compile(
        rf"(?<![\d.月第号:-])(?P<n>{_NUMBER}|(?<=[近上数超逾约有])(?=[百千万]))(?P<s>{_SCALE}) ?"
        rf"(?P<u>{chinese})(?![月日天元%\d])"
        rf"|(?<![\w.,-])(?P<ne>\d{{1,3}}(?:,\d{{3}})+|\d+|{_WORDS_EN}|one|two)"
        rf"(?: (?:of|million|thousand|hundred))? (?!(?:{months})[a-z]* )"
        rf"(?:[a-z'-]+ ){{0,2}}?(?P<ue>{english})\b"
    )


@dataclass(frozen=True, slots=True)
class Quantity:
    """One counted thing: ``value`` of ``unit`` (a unit class), where it stands."""

    span: Span
    value: float
    unit: str
    words: str


def quantities(flat: str, within: Span | None = None) -> Iterator[Quantity]:
    """Yield the counts in folded text, in order."""
    start, end = within or Span(0, len(flat))
    for found in _quantity().finditer(flat, start, end):
        written = found["ne"] if found["n"] is None else found["n"]
        unit = found["u"] or found["ue"]
        tail = flat[found.start() : found.end() + 4]
        if _NO_COUNT.match(tail[len(written) :]) or _NO_COUNT.match(tail):
            continue
        value = _value(written, found["s"] or "")
        if value is not None:
            yield Quantity(Span(*found.span()), value, _class_of()[unit], found.group())


def _value(written: str, scale: str) -> float | None:
    if not written:  # "nearly a hundred" has no figure before its scale
        written = "1"
    if written in _ENGLISH:
        return _ENGLISH[written]
    if (written.isalpha() and written.isascii()) or " " in written:
        return 100.0
    try:
        base = float(written.replace(",", "")) if written[0].isdecimal() else number_of(written)
    except ValueError:
        return None
    if base is None:
        return None
    for char in scale:
        base *= {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}.get(char, 1)
    return float(base)
