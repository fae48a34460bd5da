"""The text against the fact sheet: values that differ, are out of date, or are still unknown."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from crisis.lint.cues import read_words
from crisis.lint.finding import Hit, Span
from crisis.lint.quantities import quantities
from crisis.lint.reading import Reading
from crisis.lint.statement import SheetFact
from crisis.lint.times import clock, dates_in, hour_after, hours_in
from listener.text.fold import fold

CODE = re.compile(
    r"(?<![a-z0-9@./-])(?=[a-z-]{0,30}\d)[a-z0-9]{1,40}(?:[-/][a-z0-9]{1,40}){0,6}(?![a-z0-9@-])"
)
_AMOUNT = re.compile(
    r"(?:¥|￥|\$|nt\$|rmb ?)? ?(?<![\d,])(\d[\d,]{0,20}(?:\.\d{1,4})?) ?(?:元|块|yuan|rmb|"
    r"万元|dollars|usd)|(?:¥|￥|\$|nt\$|rmb ?)(\d[\d,]{0,20}(?:\.\d{1,4})?)"
)
_NEAR = 18
_ONLY_VALUE = 16
MIN_TEXT = 2


def against_sheet(reading: Reading) -> Iterator[Hit]:
    """Yield the places where the text and its fact sheet disagree."""
    known = {name: fact for name, fact in reading.statement.facts.items() if fact.state == "known"}
    for name, fact in reading.statement.facts.items():
        stated = bool(fact.value.strip(" 。."))
        if fact.state == "stale" and stated:
            others = [other.value for other in known.values()]
            for span in _places(reading, name, fact.value):
                if not any(_says(other, reading.of(span)) for other in others):
                    yield Hit("stale-fact", span, name)
        elif fact.state == "known" and stated:
            others = [other.value for key, other in known.items() if key != name]
            for span in _mismatches(reading, name, fact):
                if _is_another(reading, span, others):
                    continue
                yield Hit("fact-mismatch", span, f"{name} = {fact.value}")
        elif fact.state == "unknown":
            for span in _asserted(reading, name):
                yield Hit("unknown-asserted", span, name)


def _is_another(reading: Reading, span: Span, others: list[str]) -> bool:
    """Say whether what stands there is the value of another fact, or the date of a signature."""
    words = reading.of(span)
    if any(_says(other, words) for other in others):
        return True
    days = [day for _, day in dates_in(words, Span(0, len(words)))]
    if not days:
        return False
    if reading.lines and span.end == reading.lines[-1].end:
        return True
    known = [fold(other) for other in others]
    return any(day in days for value in known for _, day in dates_in(value, Span(0, len(value))))


def _says(value: str, words: str) -> bool:
    return words.replace(" ", "") in fold(value).replace(" ", "")


def _places(reading: Reading, name: str, value: str) -> list[Span]:
    """Return where the value stands, in the same or in equal words."""
    folded = fold(value).strip(" 。.\n")
    if not folded:
        return []
    found = [
        Span(*match.span())
        for match in re.finditer(rf"(?<!\d){re.escape(folded)}(?!\d)", reading.flat)
    ]
    if found:
        return found
    wanted = list(quantities(folded))
    if len(wanted) == 1:
        labels = _labels(name)
        found = [
            one.span
            for one in quantities(reading.flat)
            if one.value == wanted[0].value
            and one.unit == wanted[0].unit
            and (not labels or _near_label(reading, one.span, labels))
        ]
    dates = dates_in(folded, Span(0, len(folded)))
    if not found and len(dates) == 1:
        found = [
            span
            for span, day in dates_in(reading.flat, Span(0, len(reading.flat)))
            if day == dates[0][1] and _same_hour(folded, dates[0][0].end, reading.flat, span.end)
        ]
    return found


def _mismatches(reading: Reading, name: str, fact: SheetFact) -> Iterator[Span]:
    """Yield other values of the same shape where the text speaks of the same thing."""
    folded = fold(fact.value).strip(" 。.")
    labels = _labels(name)
    if dates_in(folded, Span(0, len(folded))) and _places(reading, name, fact.value):
        return  # said as it is; other dates are of other things
    if code := CODE.fullmatch(folded.replace(" ", "")):
        yield from _other_codes(reading, code.group(), labels)
        return
    wanted = list(quantities(folded))
    if len(wanted) == 1 and len(folded) <= len(wanted[0].words) + 6:
        for one in quantities(reading.flat):
            if (
                one.unit == wanted[0].unit
                and one.value != wanted[0].value
                and labels
                and _near_label(reading, one.span, labels)
            ):
                yield one.span
        return
    if amount := _AMOUNT.fullmatch(folded):
        yield from _other_amounts(reading, amount.group(1) or amount.group(2), labels)
        return
    if hour := clock(folded):
        yield from _other_hours(reading, hour, labels)
        return
    dates = dates_in(folded, Span(0, len(folded)))
    if len(dates) == 1 and len(folded) <= 24:
        yield from _other_dates(reading, folded, dates[0], labels)


def _other_codes(reading: Reading, wanted: str, labels: tuple[str, ...]) -> Iterator[Span]:
    shape = _shape(wanted)
    for found in CODE.finditer(reading.flat):
        word, span = found.group(), Span(*found.span())
        if word == wanted:
            continue
        alike = _shape(word) == shape and len(word) == len(wanted)
        near = bool(labels) and _near_label(reading, span, labels, before_only=True)
        # A like code, where the right one is never named, is a slip of the pen.
        slip = alike and word[0].isalpha() and word[0] == wanted[0] and wanted not in reading.flat
        if (
            slip
            or (alike and len(word) >= 5 and (near or not labels or _distance(word, wanted) <= 2))
            or (
                near
                and len(word) >= 3
                and word[:1].isalpha() == wanted[:1].isalpha()
                and abs(len(word) - len(wanted)) <= 2
            )
        ):
            yield span


def _other_amounts(reading: Reading, wanted: str, labels: tuple[str, ...]) -> Iterator[Span]:
    for found in _AMOUNT.finditer(reading.flat):
        value = (found.group(1) or found.group(2)).replace(",", "")
        span = Span(*found.span())
        if value != wanted.replace(",", "") and labels and _near_label(reading, span, labels):
            yield span


def _other_hours(
    reading: Reading, wanted: tuple[int, int], labels: tuple[str, ...]
) -> Iterator[Span]:
    for span, hour in hours_in(reading.flat, Span(0, len(reading.flat))):
        if hour != wanted and labels and _near_label(reading, span, labels):
            yield span


def _other_dates(
    reading: Reading, folded: str, wanted: tuple[Span, tuple[int, int]], labels: tuple[str, ...]
) -> Iterator[Span]:
    for span, day in dates_in(reading.flat, Span(0, len(reading.flat))):
        if not labels or not _near_label(reading, span, labels):
            continue
        if day != wanted[1]:
            yield span
        elif not _same_hour(folded, wanted[0].end, reading.flat, span.end):
            after = hour_after(reading.flat, span.end)
            yield Span(span.start, after[0].end if after else span.end)


def _same_hour(one: str, one_end: int, other: str, other_end: int) -> bool:
    """Say whether the hours after two dates agree; a date without an hour agrees with any."""
    first, second = hour_after(one, one_end), hour_after(other, other_end)
    return first is None or second is None or first[1] == second[1]


def _asserted(reading: Reading, name: str) -> Iterator[Span]:
    """Yield what the text states of a fact that is unknown."""
    if _is(name, ("cause", "reason", "原因")):
        last: Span | None = None
        for span in reading.kept("flags.cause_state", "flags.cause_state_not"):
            clause = reading.clause_at(span)
            if clause != last and reading.is_own(span) and not _hedged(reading, clause):
                last = clause
                yield span
        return
    labels = _labels(name)
    if not labels:
        return
    for one in quantities(reading.flat):
        if _near_label(reading, one.span, labels) and not _hedged(
            reading, reading.clause_at(one.span)
        ):
            yield one.span
    if _is(name, ("batch", "model", "lot", "批")):
        for found in CODE.finditer(reading.flat):
            span = Span(*found.span())
            if len(found.group()) >= 4 and _near_label(reading, span, labels, before_only=True):
                yield span
    if _is(name, ("time", "date", "_at", "since", "from", "时间", "日期", "start", "until")):
        for span, _ in dates_in(reading.flat, Span(0, len(reading.flat))):
            if _near_label(reading, span, labels):
                yield span


def _hedged(reading: Reading, clause: Span) -> bool:
    return bool(
        re.search(
            "核实|调查|排查|待|尚未|不明|检测中|未确认|不清楚|是否|being|checked|"
            "unknown|not yet|whether|investigat",
            reading.of(clause),
        )
    )


def _near_label(
    reading: Reading, span: Span, labels: tuple[str, ...], *, before_only: bool = False
) -> bool:
    """Say whether a word for the fact stands in the same clause, near the value."""
    clause = reading.clause_at(span)
    if clause.end - clause.start <= _ONLY_VALUE:
        # "11月2日2时，仓库起火": the value alone; what it is about follows.
        sentence = reading.sentence_at(span)
        clause = Span(clause.start, min(sentence.end, clause.end + _NEAR))
    start = max(clause.start, span.start - _NEAR)
    end = span.end if before_only else min(clause.end, span.end + _NEAR)
    words = reading.flat[start:end]
    return any(label in words for label in labels)


def _is(name: str, words: tuple[str, ...]) -> bool:
    return any(word in name.lower() for word in words)


@cache
def _label_table() -> Mapping[str, tuple[str, ...]]:
    return {key: tuple(map(fold, words)) for key, words in read_words("facts")["labels"].items()}


def _labels(name: str) -> tuple[str, ...]:
    """Return the words that speak of a fact of this name; empty when the name says nothing."""
    lowered = name.lower()
    found: list[str] = []
    for key, words in _label_table().items():
        if key in lowered:
            found += words
    return tuple(found)


def _shape(word: str) -> str:
    return re.sub(r"[a-z]+", "a", re.sub(r"\d+", "9", word))


def _distance(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=False)) + abs(len(one) - len(other))
