"""One record being matched: its fields folded, and what occurs where, looked up at most once."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from listener.matching.chars import SENTENCE_END, UNIT, WORD, mark_emoji
from listener.matching.sites import host_of
from listener.matching.terms import Hit, Term, TermKind
from listener.text.fold import Folded

# The end of an address: white space or a CJK character, full-width punctuation included.
_ADDRESS_END = (
    "\\s\u2014\u2018-\u201d\u2026\u2e80-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
    "\U00020000-\U000323af"
)
_URL = re.compile(
    f"(?:https?[:：][/／]{{2}}|(?<![a-z0-9])www[.．])[^{_ADDRESS_END}]+", re.IGNORECASE
)
_HALF_WIDTH = {code: code - 0xFEE0 for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_HALF_WIDTH |= {code: code - 0xFEE0 for code in range(0xFF10, 0xFF1A)}
_MAIL = re.compile(r"(?<![a-z0-9._%+-])[a-z0-9._%+-]++@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_HANDLE = re.compile(f"(?<![{WORD}])@([\\w-]+)")
_TOPIC = re.compile(r"#(?=[^\s#])([^#\n]*)(#?)")
_HIDDEN = "\x00"

Place = tuple[int, int]


class Topic(NamedTuple):
    """A topic in folded text: what stands after ``#``, and whether a second ``#`` closes it."""

    start: int
    body: str
    is_closed: bool


class FieldReading:
    """One field of a record: its folded text and the terms that may occur in it."""

    def __init__(
        self,
        name: str,
        given: str,
        folded: Folded | str,
        terms: Sequence[Term],
        may: frozenset[int],
    ) -> None:
        self.name = name
        self.given = given
        self.folded = folded if isinstance(folded, str) else folded.text
        self._offsets = None if isinstance(folded, str) else folded
        self._terms = terms
        self._may = may
        self._places: dict[int, Sequence[Place]] = {}
        self._searched: tuple[str, str] | None = None

    def places(self, term: int) -> Sequence[Place]:
        """Return where a term occurs, overlapping occurrences included, in folded positions."""
        if term not in self._may:
            return ()
        known = self._places.get(term)
        if known is None:
            known = self._places[term] = self._find(self._terms[term])
        return known

    def given_span(self, place: Place) -> Place:
        """Return a folded place in code points of the field as given."""
        return place if self._offsets is None else self._offsets.span(*place)

    def hit(self, text: str, place: Place) -> Hit:
        """Return the hit of a term at a place."""
        return Hit(text, *self.given_span(place), self.name)

    def _find(self, term: Term) -> list[Place]:
        if term.kind is TermKind.HANDLE:
            return [place for name, place in self._handles if name == term.wanted]
        if term.kind is TermKind.TOPIC:
            return list(self._topic_places(term.wanted))
        if self._searched is None:
            visible = self._visible()
            self._searched = visible, mark_emoji(visible)
        visible, marked = self._searched
        text = visible if term.has_emoji else marked
        search, places = term.pattern.search, []
        found = search(text)
        while found:
            if self._is_whole(found.span()):
                places.append(found.span())
            found = search(text, found.start() + 1)
        return places

    def _is_whole(self, place: Place) -> bool:
        """Say whether a place ends with a whole character as given: no base without its mark."""
        if self._offsets is None:
            return True
        starts, end = self._offsets.starts, place[1]
        return end == len(starts) or starts[end] != starts[end - 1]

    def _visible(self) -> str:
        """Return the text with addresses, mails and handles blanked: no term is in there."""
        text = self.folded
        if self.name == "url" or not self._hidden:
            return text
        parts, at = [], 0
        for start, end in sorted(self._hidden):
            parts += [text[at:start], _HIDDEN * (end - max(start, at))]
            at = max(end, at)
        return "".join([*parts, text[at:]])

    @property
    def _hidden(self) -> list[Place]:
        if "@" not in self.folded:
            return self._urls if self._may_hold_address else []
        mails = [found.span() for found in _MAIL.finditer(self.folded)]
        return [*self._urls, *mails, *(place for _, place in self._handles)]

    @property
    def _may_hold_address(self) -> bool:
        return "www." in self.folded or "://" in self.folded

    @cached_property
    def _urls(self) -> list[Place]:
        if not self._may_hold_address:
            return []
        spans = [found.span() for found in _URL.finditer(self.given.translate(_HALF_WIDTH))]
        offsets = self._offsets
        if offsets is None:
            return spans
        return [
            (bisect_left(offsets.starts, start), bisect_right(offsets.ends, end))
            for start, end in spans
        ]

    @cached_property
    def _handles(self) -> list[tuple[str, Place]]:
        if "@" not in self.folded:
            return []
        found = [(one[1], one.span()) for one in _HANDLE.finditer(self.folded)]
        return [(name, place) for name, place in found if not _touches(place, self._urls)]

    @cached_property
    def _topics(self) -> list[Topic]:
        """Topics from left to right.

        A ``#`` closes a topic unless it may as well open the next one: white space before it, or
        a word after it while the topic so far would hold white space or punctuation.
        """
        topics: list[Topic] = []
        at = 0
        while found := _TOPIC.search(self.folded, at):
            body = found[1]
            is_closed = bool(found[2]) and not body[-1].isspace()
            if is_closed and not re.fullmatch(r"\w+", body):
                is_closed = not re.match(r"\w", self.folded[found.end() : found.end() + 1])
            if not _touches((found.start(), found.start() + 1), self._urls):
                topics.append(Topic(found.start(), body, is_closed))
            at = found.end() if is_closed else found.end() - len(found[2])
        return topics

    def _topic_places(self, name: str) -> Iterator[Place]:
        for start, body, is_closed in self._topics:
            end = start + 1 + len(name)
            if is_closed or body == name:
                if body == name:
                    yield start, end + int(self.folded.startswith("#", end))
            elif body.startswith(name) and not re.match(r"\w", body[len(name) :]):
                yield start, end

    @cached_property
    def _unit_starts(self) -> list[int]:
        return [unit.start() for unit in UNIT.finditer(self.folded)]

    def units_between(self, start: int, end: int) -> int:
        """Count ideographs and words from ``start`` up to ``end``."""
        return bisect_left(self._unit_starts, end) - bisect_left(self._unit_starts, start)

    @cached_property
    def _sentence_ends(self) -> list[int]:
        return [found.end() for found in SENTENCE_END.finditer(self.folded)]

    def sentence(self, place: Place) -> Place:
        """Return the sentence in which a place begins, its end mark included."""
        ends = self._sentence_ends
        index = bisect_right(ends, place[0])
        start = ends[index - 1] if index else 0
        return start, ends[index] if index < len(ends) else len(self.folded)


class Reading:
    """One record being matched: its fields, and the host of its address."""

    def __init__(self, fields: Sequence[FieldReading], url: str | None) -> None:
        self.fields = fields
        self._url = url

    @cached_property
    def host(self) -> str:
        """The host of the record's address; empty if it has none."""
        return host_of(self._url)


def _touches(place: Place, others: list[Place]) -> bool:
    return any(start < place[1] and place[0] < end for start, end in others)
