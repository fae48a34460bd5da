"""Where in many texts which words stand: all positions walk down one trie at the same time.

Each step is a handful of array operations over the positions that are still on their way, so the
cost hardly depends on how many words there are.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from listener.complaints.folding import ENCODING

_CODES = 0x110000
# Bits of a hash: of the first table, which has ten times as many slots as there are edges, and of
# those for the few edges that find their slot taken.
_BITS, _FEWER_BITS = 20, 16
_FACTORS = tuple(
    np.uint64(0x9E3779B97F4A7C15 * 0xD1342543DE82EF95**number % (1 << 64)) for number in range(8)
)
_NO_WORD = -1
_EMPTY = -1

Codes = NDArray[np.uint32]
Integers = NDArray[np.int64]
_Table = tuple[Integers, Integers]


class Trie:
    """Finds every occurrence of every word, overlapping ones too."""

    def __init__(self, words: Sequence[str]) -> None:
        """``words`` are different and not empty; they are known by their place."""
        lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
        codes = np.frombuffer("".join(words).encode(ENCODING, "surrogatepass"), dtype=np.uint32)
        self._number_of = np.zeros(_CODES, dtype=np.int64)  # of a character; 0 is in no word
        alphabet = np.unique(codes)
        self._number_of[alphabet] = np.arange(1, len(alphabet) + 1)
        self._fan = len(alphabet) + 1
        keys = self._grow(self._number_of[codes], lengths)
        self._tables = list(_placed(keys))
        self._is_taken = self._tables[0][0] != _EMPTY

    def _grow(self, numbers: Integers, lengths: Integers) -> Integers:
        """Lay out the nodes, breadth first from the root 0; return the key of each but the root.

        The key of a node is that of its parent and of the character between them.
        """
        begins = np.cumsum(lengths) - lengths
        node_of = np.zeros(len(lengths), dtype=np.int64)
        alive = np.arange(len(lengths))
        levels: list[Integers] = []
        count = 1
        for depth in range(int(lengths.max(initial=0))):
            alive = alive[lengths[alive] > depth]
            keys = node_of[alive] * self._fan + numbers[begins[alive] + depth]
            level, place = np.unique(keys, return_inverse=True)
            node_of[alive] = count + place
            count += len(level)
            levels.append(level)
        every = np.concatenate(levels) if levels else np.zeros(0, dtype=np.int64)
        self._word_of = np.full(count, _NO_WORD, dtype=np.int64)
        self._word_of[node_of] = np.arange(len(lengths))
        # The nodes below the root, by the number of the character.
        self._first = np.zeros(self._fan, dtype=np.int64)
        below = every[every < self._fan]
        self._first[below] = np.arange(1, len(below) + 1)
        return every

    def find(self, codes: Codes, may_begin: NDArray[np.bool_]) -> tuple[Integers, Integers]:
        """Return where words begin in ``codes`` and which; only where they may begin.

        They come by length, and those of one length by position.
        """
        numbers = self._number_of.take(codes)
        node = self._first.take(numbers)
        at = np.flatnonzero((node != 0) & may_begin)
        node = node.take(at)
        numbers = np.append(numbers, 0)  # where the last walkers step to
        places, words = [], []
        depth = 1
        while len(at):
            word = self._word_of.take(node)
            ended = np.flatnonzero(word != _NO_WORD)
            places.append(at.take(ended))
            words.append(word.take(ended))
            walking, node = self._step(node, numbers.take(at + depth, mode="clip"))
            at = at.take(walking)
            depth += 1
        if not places:
            return at, at
        return np.concatenate(places), np.concatenate(words)

    def _step(self, node: Integers, number: Integers) -> tuple[Integers, Integers]:
        """Return which of the walkers find an edge, and the nodes that they come to."""
        keys = node * self._fan + number
        slots = _hashed(keys, _FACTORS[0], _BITS)
        # Most find none; a table that fits the cache says so.
        walking = np.flatnonzero(self._is_taken.take(slots))
        keys, slots = keys.take(walking), slots.take(walking)
        held, nodes = self._tables[0]
        is_found = held.take(slots) == keys
        reached = np.where(is_found, nodes.take(slots), 0)
        missed = np.flatnonzero(~is_found)
        for factor, (held, nodes) in zip(_FACTORS[1:], self._tables[1:], strict=False):
            slots = _hashed(keys.take(missed), factor, _FEWER_BITS)
            hit = np.flatnonzero(held.take(slots) == keys.take(missed))
            reached[missed.take(hit)] = nodes.take(slots.take(hit))
        found = np.flatnonzero(reached)
        return walking.take(found), reached.take(found)


def _placed(keys: Integers) -> Iterator[_Table]:
    """Yield tables that hold all keys; what finds its slot taken goes to the next table."""
    nodes = np.arange(1, len(keys) + 1)
    for number, factor in enumerate(_FACTORS):
        bits = _FEWER_BITS if number else _BITS
        taken, first = np.unique(_hashed(keys, factor, bits), return_index=True)
        held, reached = np.full(1 << bits, _EMPTY), np.zeros(1 << bits, dtype=np.int64)
        held[taken], reached[taken] = keys[first], nodes[first]
        yield held, reached
        keys, nodes = np.delete(keys, first), np.delete(nodes, first)
        if not len(keys):
            return
    raise ValueError("too many words for the tables of a trie: give them more bits")


def _hashed(keys: Integers, factor: np.uint64, bits: int) -> Integers:
    mixed = keys.view(np.uint64) * factor
    mixed >>= np.uint64(64 - bits)
    return mixed.view(np.int64)
