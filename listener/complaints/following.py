"""Which patterns can match at all: what must follow their opening, looked up before any is tried.

Most cues with a gap begin with a common word and go on with a rare one. Hashed tables of the first
one or two characters that may follow spare nearly all of the tries that would come to nothing.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from listener.complaints.pattern import CLAUSE_END, Pattern

_BITS = 20
_FACTORS = tuple(map(np.uint32, (0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35)))

Codes = NDArray[np.uint32]
Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]

_ENDS = np.zeros(max(map(ord, CLAUSE_END)) + 2, dtype=np.bool_)  # the last for all others
_ENDS[[ord(char) for char in CLAUSE_END]] = True


def ends_of_clauses(codes: Codes) -> Flags:
    """Say which characters no gap reaches across."""
    return _ENDS.take(codes, mode="clip")


class Following:
    """What may follow the openings of numbered patterns. Errs only towards “may match”."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._reach = np.array([one.reach for one in patterns], dtype=np.int64)
        self._is_told = np.array([bool(one.follow) for one in patterns], dtype=np.bool_)
        self._one = np.zeros(1 << _BITS, dtype=np.bool_)
        self._two = np.zeros(1 << _BITS, dtype=np.bool_)
        for length, table in ((1, self._one), (2, self._two)):
            pairs = [
                (number, *map(ord, behind))
                for number, one in enumerate(patterns)
                for behind in one.follow
                if len(behind) == length
            ]
            if pairs:
                number, *chars = np.array(pairs, dtype=np.uint32).T
                table[_hashed(number, *chars)] = True

    def may_match(self, number: Integers, behind: Integers, codes: Codes, stops: Flags) -> Flags:
        """Say which patterns may match, by number and by the position behind their opening.

        ``stops`` are the positions that no gap reaches across.
        """
        found = ~self._is_told[number]
        waiting = np.flatnonzero(~found)
        behind, key = behind[waiting], number[waiting].astype(np.uint32)
        reach = self._reach[number[waiting]]
        gap = 0
        while len(waiting):
            first, second = codes.take(behind), codes.take(behind + 1, mode="clip")
            hit = self._one.take(_hashed(key, first)) | self._two.take(_hashed(key, first, second))
            found[waiting[hit]] = True
            gap += 1
            open_ = np.flatnonzero(~hit & (reach >= gap) & ~stops.take(behind))
            waiting, key, reach = waiting[open_], key[open_], reach[open_]
            behind = behind[open_] + 1
        return found


def _hashed(number: Codes, *chars: Codes) -> Codes:
    mixed = number * _FACTORS[0]
    for char, factor in zip(chars, _FACTORS[1:], strict=False):
        mixed ^= char * factor
        mixed ^= mixed >> np.uint32(15)
    mixed *= _FACTORS[0]
    return np.asarray(mixed >> np.uint32(32 - _BITS), dtype=np.uint32)
