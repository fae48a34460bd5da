"""Which stretches of many texts stand as evidence when some lie on one another.

A batch has at most 2^20 texts and 2^22 characters, which is far more than a scorer takes at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_EVIDENCE = 5
# One peak more is kept, for a rule may lie on one of the five.
MOST_PEAKS = MAX_EVIDENCE + 1
_STEP_BITS, _BEGIN_BITS, _CHAR_BITS = 20, 22, 21
_FLOAT_BITS = 31

Positions = NDArray[np.int64]
# Weight, first and one past the last character in the joined texts.
Span = tuple[float, int, int]
Evidence = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Hits:
    """Stretches of a batch's folded codes: whose text, first and last position, and weight."""

    text: Positions
    first: Positions
    last: Positions
    weight: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.text)

    def chosen(self, which: NDArray[np.bool_]) -> "Hits":
        """Return some of them."""
        return Hits(self.text[which], self.first[which], self.last[which], self.weight[which])

    def spans(self, origin: Positions) -> "Spans":
        """Return where they stand in the texts as given."""
        return Spans(self.text, self.weight, origin[self.first], origin[self.last] + 1)


@dataclass(frozen=True, slots=True)
class Spans:
    """Stretches of the joined texts: whose text, weight to two places, and where they stand.

    ``end`` is one past the last character. The spans of a text stand together, texts in order.
    """

    text: Positions
    weight: NDArray[np.float64]
    begin: Positions
    end: Positions

    def __len__(self) -> int:
        return len(self.text)

    def chosen(self, which: Positions | NDArray[np.bool_]) -> "Spans":
        """Return some of them."""
        return Spans(self.text[which], self.weight[which], self.begin[which], self.end[which])

    def of(self, texts: Sequence[int]) -> list[list[Span]]:
        """Return those of some texts."""
        firsts = self.text.searchsorted(texts).tolist()
        lasts = self.text.searchsorted(texts, side="right").tolist()
        columns = (self.weight, self.begin, self.end)
        return [
            list(zip(*(column[first:last].tolist() for column in columns), strict=True))
            for first, last in zip(firsts, lasts, strict=True)
        ]


def ranked(text: Positions, force: NDArray[np.float32]) -> Positions:
    """Return the order by text, the strongest of it first, equals as they stand.

    One sort of whole numbers that hold all three is several times as fast as a sort by keys; the
    bits of positive floats order as the floats do.
    """
    bits = len(text).bit_length()
    weaker = np.int64((1 << _FLOAT_BITS) - 1) - force.view(np.int32)
    key = (((text << _FLOAT_BITS) | weaker) << bits) | np.arange(len(text))
    key.sort()
    return np.asarray(key & ((1 << bits) - 1), dtype=np.int64)


def places(text: Positions, size: int) -> Positions:
    """Return the place of each span among those of its text, which stand together."""
    counts = np.bincount(text, minlength=size)
    return np.arange(len(text)) - np.repeat(np.cumsum(counts) - counts, counts)


def together(peaks: Spans, rules: Spans, size: int) -> tuple[Spans, set[int]]:
    """Return at most five spans of each text, strongest first, none on a stronger one.

    Peaks come ranked and apart. Also return the texts where a rule lies on something stronger or
    on another rule: what stands there depends on what stands already, as ``apart`` finds out.
    """
    if not len(rules):
        return peaks.chosen(places(peaks.text, size) < MAX_EVIDENCE), set()
    rule, peak = _overlapping(rules, peaks, size)
    strong, weak = np.abs(rules.weight[rule]), np.abs(peaks.weight[peak])
    is_earlier = peaks.begin[peak] < rules.begin[rule]
    is_weaker = (weak > strong) | ((weak == strong) & is_earlier)
    doubtful = {*rules.text[rule[is_weaker]].tolist(), *_crossing(rules)}
    stays = np.ones(len(peaks), dtype=bool)
    stays[peak] = False
    spans = _merged(rules, peaks.chosen(stays), size)
    return spans.chosen(places(spans.text, size) < MAX_EVIDENCE), doubtful


def _overlapping(rules: Spans, peaks: Spans, size: int) -> tuple[Positions, Positions]:
    """Return the pairs of a rule and a peak that lie on one another."""
    cuts = peaks.text.searchsorted(np.arange(size + 1))
    own = cuts[rules.text][:, None] + np.arange(MOST_PEAKS)
    rule, column = (own < cuts[rules.text + 1][:, None]).nonzero()
    peak = own[rule, column]
    is_over = (rules.begin[rule] < peaks.end[peak]) & (peaks.begin[peak] < rules.end[rule])
    return rule[is_over], peak[is_over]


def _crossing(rules: Spans) -> list[int]:
    """Return the texts in which two rules lie on one another."""
    order = np.argsort((rules.text << _BEGIN_BITS) | rules.begin)
    text, begin, end = rules.text[order], rules.begin[order], rules.end[order]
    crossing: list[int] = text[1:][(text[1:] == text[:-1]) & (begin[1:] < end[:-1])].tolist()
    return crossing


def _merged(rules: Spans, peaks: Spans, size: int) -> Spans:
    """Return both, ordered by weight as it is shown, then as they stand.

    Texts without a rule keep their order, which is finer.
    """
    spans = _joined(rules, peaks)
    has_rule = np.zeros(size, dtype=bool)
    has_rule[rules.text] = True
    most = (1 << _STEP_BITS) - 1
    steps = most - np.minimum(np.rint(np.abs(spans.weight) * 100), most).astype(np.int64)
    order = np.where(
        has_rule[spans.text], (steps << _BEGIN_BITS) | spans.begin, np.arange(len(spans))
    )
    return spans.chosen(np.argsort((spans.text << (_STEP_BITS + _BEGIN_BITS)) | order))


def in_order(one: Spans, other: Spans) -> Spans:
    """Return both, text by text, those of ``one`` first."""
    spans = _joined(one, other)
    return spans.chosen(np.argsort(spans.text, kind="stable"))


def _joined(one: Spans, other: Spans) -> Spans:
    return Spans(
        np.concatenate((one.text, other.text)),
        np.concatenate((one.weight, other.weight)),
        np.concatenate((one.begin, other.begin)),
        np.concatenate((one.end, other.end)),
    )


def repeating(spans: Spans, joined: str) -> list[int]:
    """Return the texts in which two spans begin with the same two characters."""
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    first, second = codes.take(spans.begin), codes.take(spans.begin + 1)
    key = (((spans.text << _CHAR_BITS) | first) << _CHAR_BITS) | second
    key.sort()
    found: list[int] = (key[1:][key[1:] == key[:-1]] >> 2 * _CHAR_BITS).tolist()
    return found


def apart(joined: str, spans: Sequence[Span]) -> Evidence:
    """Return the words of the strongest spans that lie on none stronger, each word once."""
    words: dict[str, float] = {}
    taken: list[tuple[int, int]] = []
    for weight, begin, end in sorted(spans, key=lambda span: (-abs(span[0]), span[1])):
        for first, last in taken:
            if begin < last and first < end:
                break
        else:
            taken.append((begin, end))
            word = joined[begin:end]
            if word not in words:
                words[word] = weight
                if len(words) == MAX_EVIDENCE:
                    break
    return tuple(words.items())
