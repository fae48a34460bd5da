"""The cue words of the package, read once when first needed, and the scan that finds them.

The words are data (``cues/*.toml``): one file per complaint type, one for the stance of the author
and one for severity. A group is named ``file.key`` or ``file.table.key``.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np

from listener.complaints.folding import joined_codes, plain
from listener.complaints.heads import HeadTables
from listener.complaints.pattern import (
    GAP_MARK,
    HEAD,
    Pattern,
    end_of_choice,
    is_latin,
    parse_pattern,
)


class Hit(NamedTuple):
    """One cue in the folded text: its group and half-open folded positions."""

    group: str
    start: int
    end: int


class _Entry(NamedTuple):
    """What of one group may stand behind a head; the longest that does is the cue.

    ``wordings`` are compared, longest first; ``length`` is that of the only wording where its end
    needs no look (else 0). ``patterns`` are tried one by one.
    """

    group: str
    wordings: tuple[str, ...]
    length: int
    patterns: tuple[Pattern, ...]


class Lexicon:
    """All cue words, indexed by the first ``HEAD`` characters, fewer where a gap follows."""

    def __init__(self, groups: Mapping[str, list[str]]) -> None:
        by_head: dict[str, dict[str, list[Pattern]]] = {}
        for group, sources in groups.items():
            for source in dict.fromkeys(map(_plain_source, sources)):
                for head, pattern in _by_head(*parse_pattern(source)):
                    by_head.setdefault(head, {}).setdefault(group, []).append(pattern)
        self._by_head = by_head
        self._heads = list(by_head)
        self._tables = HeadTables(self._heads)
        self._entries: list[tuple[_Entry, ...]] = [()] * len(by_head)  # made when first found

    def scan(self, text: str) -> list[Hit]:
        """Return every cue in folded ``text`` by position; inside one group the longest wins."""
        return self.scan_many([text])[0]

    def scan_many(self, texts: Sequence[str]) -> list[list[Hit]]:
        """Return the cues of each folded text; one pass finds where any cue may begin."""
        if not texts:
            return []
        at, heads = self._tables.find(np.frombuffer(joined_codes(texts), dtype=np.uint32))
        begins = list(accumulate((len(text) + 1 for text in texts), initial=0))
        bounds = np.searchsorted(at, begins)
        at -= np.repeat(begins[:-1], np.diff(bounds))
        places = list(zip(at.tolist(), heads.tolist(), strict=True))
        return [
            self._cues(text, places[first:last]) if first < last else []
            for text, (first, last) in zip(texts, pairwise(bounds.tolist()), strict=True)
        ]

    def _cues(self, text: str, places: list[tuple[int, int]]) -> list[Hit]:
        """Return the cues that begin at the given positions, each with the number of its head."""
        hits: list[Hit] = []
        last_end: dict[str, int] = {}
        entries = self._entries
        present = set(text)
        for start, head in places:
            found: dict[str, int] = {}
            for group, wordings, length, patterns in entries[head] or self._make(head):
                end = -1
                if wordings and text.startswith(wordings, start):
                    end = start + length if length else end_of_choice(wordings, text, start)
                for pattern in patterns:
                    if pattern.needs and pattern.needs.isdisjoint(present):
                        continue
                    if (last := pattern.end_of_match(text, start)) > end:
                        end = last
                if end > 0 and end > found.get(group, last_end.get(group, -1)):
                    found[group] = end
            for group, end in found.items():
                hits.append(Hit(group, start, end))
                last_end[group] = end
        return hits

    def _make(self, number: int) -> tuple[_Entry, ...]:
        """Make the entries of a head: its own, then those of the shorter heads it begins with."""
        head = self._heads[number]
        entries = tuple(
            _entry(group, patterns)
            for length in range(len(head), 0, -1)
            for group, patterns in self._by_head.get(head[:length], {}).items()
        )
        self._entries[number] = entries
        return entries


def _by_head(pattern: Pattern, heads: frozenset[str]) -> Iterator[tuple[str, Pattern]]:
    """Yield each head with what can stand behind it: of many wordings only those that begin so."""
    if len(pattern.choices) <= 1:
        yield from ((head, pattern) for head in heads)
        return
    behind: dict[str, list[str]] = {}
    for choice in pattern.choices:
        is_short = len(choice) < HEAD
        for head in [h for h in heads if h.startswith(choice)] if is_short else [choice[:HEAD]]:
            behind.setdefault(head, []).append(choice)
    for head, choices in behind.items():
        yield head, Pattern(tuple(choices), "")


def _entry(group: str, patterns: list[Pattern]) -> _Entry:
    """Put the wordings of all patterns together that prefer the longer one, as the entry does."""
    together = {
        choice: None for one in patterns if _prefers_longer(one.choices) for choice in one.choices
    }
    rest = tuple(one for one in patterns if not _prefers_longer(one.choices))
    wordings = tuple(sorted(together, key=len, reverse=True))
    is_plain = len(wordings) == 1 and not is_latin(wordings[0][-1])
    return _Entry(group, wordings, len(wordings[0]) if is_plain else 0, rest)


def _prefers_longer(choices: tuple[str, ...]) -> bool:
    """Say whether of two wordings that stand at one place the longer one is always preferred."""
    if len(choices) <= 1:
        return bool(choices)
    before: set[str] = set()
    for choice in choices:
        if any(choice[:length] in before for length in range(1, len(choice))):
            return False
        before.add(choice)
    return True


def _plain_source(source: str) -> str:
    return GAP_MARK.join(map(plain, source.split(GAP_MARK)))  # folding would turn it into dots


@cache
def default_lexicon() -> Lexicon:
    """Return the lexicon of the package; the files are read on the first call."""
    return Lexicon(cue_sources())


def cue_sources() -> dict[str, list[str]]:
    """Read the cue words of the package: by group, as they are written."""
    groups: dict[str, list[str]] = {}
    for path in sorted(files("listener.complaints").joinpath("cues").iterdir(), key=str):
        if path.name.endswith(".toml"):
            table = tomllib.loads(path.read_text(encoding="utf-8"))
            groups.update(_flatten(path.name.removesuffix(".toml"), table))
    return groups


def _flatten(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flatten(f"{prefix}.{key}", value)
        else:
            yield f"{prefix}.{key}", list(value)
