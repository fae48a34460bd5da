"""The cue words of the package, read once when first needed, and the scan that finds them.

The words are data (``cues/*.toml``): one file per complaint type, one for the stance of the author
and one for severity. A group is named ``file.key`` or ``file.table.key``.
"""

import tomllib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from listener.complaints.folding import BETWEEN, ENCODING, plain
from listener.complaints.following import Following, ends_of_clauses
from listener.complaints.pattern import GAP_MARK, HEAD, Pattern, parse_pattern
from listener.complaints.trie import Trie

Integers = NDArray[np.int64]
_Claim = tuple[int, int, int, int, int]


class Hit(NamedTuple):
    """One cue in the folded text: its group and half-open folded positions."""

    group: str
    start: int
    end: int


class JoinedTexts:
    """Folded texts as one string and one array; text ``i`` is ``text[begins[i]:ends[i]]``."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.text = BETWEEN.join(texts) + BETWEEN
        self.codes = np.frombuffer(self.text.encode(ENCODING, "surrogatepass"), dtype=np.uint32)
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
        self.ends = np.cumsum(lengths + 1) - 1
        self.begins = self.ends - lengths


class Cues(NamedTuple):
    """Cues of many texts in the order in which they stand, a row for each.

    ``text`` and ``group`` are numbers; ``start`` and ``end`` are half-open positions in all texts
    joined.
    """

    text: Integers
    group: Integers
    start: Integers
    end: Integers


class _Claims(NamedTuple):
    """What may begin where a word of the trie stands, a row for each, word after word.

    A cue of ``group``, ``length`` characters long, or what the pattern with the number ``pattern``
    matches (else -1). ``head`` says how many of its first characters are known to stand there;
    ``opening`` is the length of what stands before the characters that must follow.
    """

    group: Integers
    length: Integers
    head: Integers
    pattern: Integers
    opening: Integers


class Lexicon:
    """All cue words of some groups in one trie."""

    def __init__(self, groups: Mapping[str, Sequence[str]]) -> None:
        self.groups = tuple(groups)
        self._patterns: list[Pattern] = []
        words: dict[str, int] = {}
        claims = array("q")  # each after the number of its word
        for group, sources in enumerate(groups.values()):
            for source in dict.fromkeys(map(_plain_source, sources)):
                for word, claim in self._claims_of(group, *parse_pattern(source)):
                    claims.append(words.setdefault(word, len(words)))
                    claims.extend(claim)
        self._trie = Trie(list(words))
        rows = np.array(claims).reshape(-1, 1 + len(_Claims._fields))
        number, *columns = rows[np.argsort(rows[:, 0], kind="stable")].T
        self._claims = _Claims(*map(np.ascontiguousarray, columns))
        self._counts = np.bincount(number, minlength=len(words))
        self._first = np.cumsum(self._counts) - self._counts
        self._following = Following(self._patterns)

    def _claims_of(
        self, group: int, pattern: Pattern, heads: frozenset[str]
    ) -> Iterator[tuple[str, _Claim]]:
        """Yield words at which one entry may begin, each with its claim."""
        is_plain = pattern.prefers_longer
        number = -1 if is_plain else len(self._patterns)
        if not is_plain:
            self._patterns.append(pattern)
        shorter = set()
        for word in pattern.openings:
            size = len(word)
            yield word, (group, size if is_plain else 0, min(size, HEAD), number, size)
            if size < HEAD:
                shorter.add(word)
        if shorter:
            for head in heads:
                for size in range(1, len(head)):
                    if head[:size] in shorter:
                        yield head, (group, size if is_plain else 0, len(head), number, size)

    def scan(self, text: str) -> list[Hit]:
        """Return every cue in folded ``text`` by position; inside one group the longest wins."""
        found = self.find(JoinedTexts([text]))
        return [
            Hit(self.groups[group], start, end)
            for group, start, end in zip(
                found.group.tolist(), found.start.tolist(), found.end.tolist(), strict=True
            )
        ]

    def find(self, texts: JoinedTexts) -> Cues:
        """Return the cues of all texts; none begins or ends inside a Latin word."""
        codes = texts.codes
        is_latin = (codes >= ord("a")) & (codes <= ord("z"))
        inside = np.zeros(len(codes) + 1, dtype=np.bool_)
        inside[1:-1] = is_latin[1:] & is_latin[:-1]
        at, word = self._trie.find(codes, ~inside[:-1])
        counts = self._counts.take(word)
        rows = np.repeat(self._first.take(word) - np.cumsum(counts) + counts, counts)
        rows += np.arange(len(rows))
        start = np.repeat(at, counts)
        group, length, head, pattern, opening = (part.take(rows) for part in self._claims)
        end = start + length
        doubtful = np.flatnonzero(pattern >= 0)
        end[doubtful] = self._ends(
            texts, start[doubtful], pattern[doubtful], (start + opening)[doubtful]
        )
        holds = np.flatnonzero((end > start) & ~((pattern < 0) & inside.take(end)))
        start, end, group, head = (part.take(holds) for part in (start, end, group, head))
        return self._longest(texts, start, end, group, head)

    def _ends(
        self, texts: JoinedTexts, start: Integers, pattern: Integers, behind: Integers
    ) -> Integers:
        """Return where the patterns that may begin at ``start`` end, or -1."""
        end = np.full(len(start), -1, dtype=np.int64)
        stops = ends_of_clauses(texts.codes)
        stops[texts.ends] = True
        likely = np.flatnonzero(self._following.may_match(pattern, behind, texts.codes, stops))
        start, pattern = start[likely], pattern[likely]
        stop = texts.ends[np.searchsorted(texts.ends, start)]
        patterns, text = self._patterns, texts.text
        end[likely] = [
            patterns[number].end_of_match(text, first, last)
            for number, first, last in zip(
                pattern.tolist(), start.tolist(), stop.tolist(), strict=True
            )
        ]
        return end

    def _longest(
        self, texts: JoinedTexts, start: Integers, end: Integers, group: Integers, head: Integers
    ) -> Cues:
        """Keep of each group, where several begin, the longest, if it reaches beyond those before.

        Cues that begin together come by the length of their heads, then by group.
        """
        if not len(start):
            return Cues(start, start, start, start)
        size = len(texts.codes) + 1
        order = np.argsort(group * size + start, kind="stable")
        start, end, group, head = (part.take(order) for part in (start, end, group, head))
        place = group * size + start
        first = np.flatnonzero(np.diff(place, prepend=-1))
        longest = np.maximum.reduceat(end, first)
        # Ends in all texts joined: no text and no group reaches into the next.
        reached = np.maximum.accumulate(group[first] * size + longest)
        before = np.concatenate(([-1], reached[:-1]))
        counts = np.diff(first, append=len(place))
        is_longer = group * size + end > np.repeat(before, counts)
        head = np.maximum.reduceat(np.where(is_longer, head, 0), first)
        kept = np.flatnonzero(group[first] * size + longest > before)
        start, end, group, head = start[first[kept]], longest[kept], group[first[kept]], head[kept]
        order = np.lexsort((group, -head, start))
        start, end, group = start[order], end[order], group[order]
        return Cues(np.searchsorted(texts.ends, start), group, start, end)


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
