"""The last buckets in a ring, and running sums over them."""

import copy
from array import array
from collections.abc import Iterable
from typing import Any, Self

STEADY, OUTAGE, UNTAUGHT, TOLD = 1, 2, 4, 8
"""Marks of a bucket: fit for measuring dispersion (1, so that sums can count it); in an outage;
not to be learned; already covered by an alert."""

# Packed: thousands of detectors take turns, and lists would hold thrice the memory.
_COLUMNS = {
    "mentions": "q",
    "negatives": "q",
    "expected": "d",
    "coverage": "d",
    "minute": "H",
    "marks": "B",
}


class History:
    """The last ``size`` buckets, each found under its running number modulo ``size``.

    ``expected`` negatives are those of full coverage; ``minute`` is the local minute of the week.
    ``covered`` counts the newest buckets in a row known to be fully covered.
    """

    __slots__ = (*_COLUMNS, "covered", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.covered = 0
        self.mentions = array("q", bytes(8 * size))
        self.negatives = array("q", bytes(8 * size))
        self.expected = array("d", bytes(8 * size))
        self.coverage = array("d", bytes(8 * size))
        self.minute = array("H", bytes(2 * size))
        self.marks = array("B", bytes(size))

    def mean_coverage(self, first: int, last: int) -> float:
        """Return the mean coverage from bucket ``first`` to ``last``, the newest."""
        if last - first < self.covered:
            return 1.0
        begin, end = first % self.size, last % self.size + 1
        if begin < end:
            held = self.coverage[begin:end]
        else:
            held = self.coverage[begin:] + self.coverage[:end]
        return sum(held) / len(held)

    def copy(self) -> Self:
        """Return an independent copy."""
        twin = copy.copy(self)
        for name in _COLUMNS:
            setattr(twin, name, getattr(self, name)[:])
        return twin

    def dump(self) -> dict[str, Any]:
        """Return the state as JSON-able values."""
        return {name: getattr(self, name).tolist() for name in _COLUMNS}

    def load(self, state: dict[str, Any]) -> None:
        """Take over a state that ``dump`` returned."""
        self.covered = 0
        for name, kind in _COLUMNS.items():
            setattr(self, name, array(kind, state[name]))


class Sum:
    """Running sums over the last ``size`` buckets, optionally without those marked as told."""

    __slots__ = ("expected", "mentions", "negatives", "size", "skips_told", "steady")

    def __init__(self, size: int, *, skips_told: bool) -> None:
        self.size = size
        self.skips_told = skips_told
        self.mentions = 0
        self.negatives = 0
        self.expected = 0.0
        self.steady = 0

    def tell(self, history: History, number: int) -> None:
        """Leave out bucket ``number``, the newest, because an alert covers it."""
        index = number % history.size
        history.marks[index] |= TOLD
        self.mentions -= history.mentions[index]
        self.negatives -= history.negatives[index]
        self.expected = max(0.0, self.expected - history.expected[index])

    def tell_all(self, history: History, number: int) -> None:
        """Leave out everything up to bucket ``number``, the newest."""
        for passed in range(max(0, number - self.size + 1), number + 1):
            history.marks[passed % history.size] |= TOLD
        self.mentions = self.negatives = 0
        self.expected = 0.0

    def dump(self) -> dict[str, Any]:
        """Return the state as JSON-able values."""
        return {name: getattr(self, name) for name in _SUMS}

    def load(self, state: dict[str, Any]) -> None:
        """Take over a state that ``dump`` returned."""
        for name in _SUMS:
            setattr(self, name, state[name])


_SUMS = ("mentions", "negatives", "expected", "steady")


def slide(sums: Iterable[Sum], history: History, number: int) -> None:
    """Let each sum take in bucket ``number``, the newest, and let go of the one that leaves."""
    ring = history.size
    all_mentions, all_negatives = history.mentions, history.negatives
    all_expected, all_marks = history.expected, history.marks
    new = number % ring
    mentions, negatives = all_mentions[new], all_negatives[new]
    expected, steady = all_expected[new], all_marks[new] & STEADY
    for held in sums:
        held.mentions += mentions
        held.negatives += negatives
        held.expected += expected
        held.steady += steady
        if number < held.size:
            continue
        old = (number - held.size) % ring
        marks = all_marks[old]
        held.steady -= marks & STEADY
        if marks & TOLD and held.skips_told:
            continue
        held.mentions -= all_mentions[old]
        held.negatives -= all_negatives[old]
        remaining = held.expected - all_expected[old]
        # Rounding must not leave a tiny negative expectation behind.
        held.expected = remaining if remaining > 0.0 else 0.0
