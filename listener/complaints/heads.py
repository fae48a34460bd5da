"""Where in many texts cues may begin, and with which head: all positions at once.

A table for each length of a head says which hashes occur; the few positions that pass are looked
up exactly. The cost hardly depends on how many heads there are.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from listener.complaints.folding import ENCODING
from listener.complaints.pattern import HEAD

_BITS = 20
_FACTORS = tuple(map(np.uint32, (0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35)))
_CHAR_BITS = 21  # of a code point; three fit into one integer

_Codes = NDArray[np.uint32]
_Integers = NDArray[np.int64]


class HeadTables:
    """Knows the heads of one to ``HEAD`` characters with which cues begin, by their number."""

    def __init__(self, heads: Sequence[str]) -> None:
        self._hashes: dict[int, NDArray[np.bool_]] = {}
        self._keys: dict[int, _Integers] = {}
        self._numbers: dict[int, _Integers] = {}
        lengths = np.fromiter(map(len, heads), dtype=np.int64, count=len(heads))
        for length in sorted(set(lengths.tolist()), reverse=True):
            numbers = np.flatnonzero(lengths == length)
            raw = "".join(heads[number] for number in numbers.tolist())
            codes = np.frombuffer(raw.encode(ENCODING, "surrogatepass"), dtype=np.uint32)
            columns = list(codes.reshape(-1, length).T)
            self._hashes[length] = np.zeros(1 << _BITS, dtype=np.bool_)
            self._hashes[length][_hashed(columns)] = True
            keys = _packed(columns)
            order = np.argsort(keys)
            self._keys[length], self._numbers[length] = keys[order], numbers[order]

    def find(self, codes: _Codes) -> tuple[_Integers, _Integers]:
        """Return where cues may begin in folded ``codes``, and the number of the longest head.

        None begins inside a Latin word.
        """
        size = len(codes)
        ahead = np.concatenate((codes, np.zeros(HEAD - 1, dtype=np.uint32)))
        columns = [ahead[i : size + i] for i in range(HEAD)]
        maybe = np.zeros(size, dtype=np.bool_)
        for length, hashes in self._hashes.items():
            maybe |= hashes[_hashed(columns[:length])]
        is_latin = (codes >= ord("a")) & (codes <= ord("z"))
        maybe[1:] &= ~(is_latin[1:] & is_latin[:-1])
        at = np.flatnonzero(maybe)
        columns = [column[at] for column in columns]
        found = np.full(len(at), -1, dtype=np.int64)
        for length, keys in self._keys.items():
            wanted = _packed(columns[:length])
            where = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
            is_new = (keys[where] == wanted) & (found < 0)
            found[is_new] = self._numbers[length][where[is_new]]
        known = found >= 0
        return at[known], found[known]


def _hashed(columns: Sequence[_Codes]) -> _Codes:
    mixed = columns[0] * _FACTORS[0]
    for column, factor in zip(columns[1:], _FACTORS[1:], strict=False):
        mixed ^= column * factor
    mixed ^= mixed >> np.uint32(15)
    mixed *= _FACTORS[0]
    return np.asarray(mixed >> np.uint32(32 - _BITS), dtype=np.uint32)


def _packed(columns: Sequence[_Codes]) -> _Integers:
    packed = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        packed = (packed << _CHAR_BITS) | column
    return packed
