"""Promises without a day, and causes stated or guessed before they are known."""

import re
from collections.abc import Iterator

from crisis.lint.finding import Hit, Span
from crisis.lint.reading import Reading
from crisis.lint.times import has_time

_BELONGS = re.compile(
    r"\s*(?:预计|最迟|最晚|不晚于|不迟于|争取|力争|目标|于|在|将于|并于|"
    r"by |no later|at the latest|expected|we expect|before )"
)
_ONLY_TIME = 14
_NOW = re.compile("马上|立刻|立即|right away")
_GOES_ON = re.compile(
    "(?:并|同时|也|再|然后|且|以及|及时|尽早|尽快|及早|and )"
    "(?!.{0,6}(?:我们|我司|公司|will|将|会))"
)
_ASKS = re.compile("请|建议|提醒|务必|您可|可以先|不要|勿|please|do not|we advise|we suggest")


def promises(reading: Reading) -> Iterator[Hit]:
    """Yield what the company promises to do without saying when."""
    last: Span | None = None
    for span in reading.kept("promises.soon", "promises.past"):
        clause = reading.clause_at(span)
        if clause == last or not reading.is_own(span) or not _is_promise(reading, span, clause):
            continue
        if reading.statement.kind == "script" and _NOW.match(reading.of(span)):
            continue  # an agent does it while the customer is on the line
        if _is_dated(reading, clause) or _asks_reader(reading, clause):
            continue
        if last and _follows(reading, last, clause):
            last = clause
            continue
        last = clause
        end = clause.end - (1 if reading.text[clause.end - 1] in ",，。;；.!！" else 0)
        yield Hit("undated-promise", Span(clause.start, end), reading.text[span.start : span.end])


def _is_promise(reading: Reading, span: Span, clause: Span) -> bool:
    """Say whether the clause is about what the company will do, not about what others should."""
    if any(other.overlaps(span) for other in reading.spans("posture.words.addressed")):
        return False
    if reading.statement.lang == "en":
        return any(other.within(clause) for other in reading.spans("promises.will"))
    if any(other.overlaps(span) for other in reading.spans("promises.hard")):
        return True
    rest = Span(clause.start, clause.end)
    return any(
        other.within(rest) and not other.overlaps(span)
        for other in reading.spans("posture.words.promise_verb")
    )


def _asks_reader(reading: Reading, clause: Span) -> bool:
    """Say whether the clause goes on with what an earlier one asks of the reader."""
    if not _GOES_ON.match(reading.of(clause)):
        return False
    sentence = reading.sentence_at(clause)
    return bool(_ASKS.search(reading.flat, sentence.start, clause.start))


def _follows(reading: Reading, last: Span, clause: Span) -> bool:
    """Say whether two clauses of one sentence stand side by side: one promise in two breaths."""
    return clause.start - last.end <= 1 and reading.text[last.end - 1] in ",，、"


def _is_dated(reading: Reading, clause: Span) -> bool:
    """Say whether the day stands in the clause, or in a neighbour that only gives the day."""
    if has_time(reading.flat, clause):
        return True
    clauses = reading.clauses
    index = clauses.index(clause) if clause in clauses else -1
    if index < 0:
        return False
    if index + 1 < len(clauses) and reading.text[clause.end - 1] in ",，:：":
        follower = clauses[index + 1]
        if has_time(reading.flat, follower) and _BELONGS.match(reading.of(follower)):
            return True
    if index and reading.text[clauses[index - 1].end - 1] in ",，:：":
        before = clauses[index - 1]
        return before.end - before.start <= _ONLY_TIME and has_time(reading.flat, before)
    return False


def guessed_causes(reading: Reading) -> Iterator[Hit]:
    """Yield causes that are guessed while they are checked."""
    last: Span | None = None
    for span in reading.kept("flags.cause_guess", "flags.cause_guess_not"):
        clause = reading.clause_at(span)
        if clause == last or not reading.is_own(span):
            continue
        last = clause
        yield Hit("unknown-asserted", span, reading.text[span.start : span.end])
