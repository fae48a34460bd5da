"""All terms of all queries and brands together, each once, and how to find candidates for them."""

from collections.abc import Sequence

from listener.matching.scan import Scanner
from listener.matching.terms import Term

Triggers = frozenset[int] | None
"""Numbers of terms of which one has to occur; None when nothing has to."""


class Vocabulary:
    """Terms by number. Add all of them, then build the scanner."""

    def __init__(self) -> None:
        self.terms: list[Term] = []
        self.fields: set[str] = set()
        self._numbers: dict[tuple[str, str], int] = {}

    def add(self, term: Term, fields: Sequence[str]) -> int:
        """Return the number of a term that is looked for in ``fields``."""
        self.fields.update(fields)
        number = self._numbers.setdefault(term.key, len(self.terms))
        if number == len(self.terms):
            self.terms.append(term)
        return number

    def anchored(self) -> tuple[Scanner, list[frozenset[int]], frozenset[int]]:
        """Return a scanner, the terms of each of its anchors, and the terms without an anchor."""
        squeezed: dict[str, set[int]] = {}
        plain: dict[str, set[int]] = {}
        unanchored = set()
        for number, term in enumerate(self.terms):
            if not term.anchor:
                unanchored.add(number)
            else:
                by_anchor = plain if term.is_anchor_plain else squeezed
                by_anchor.setdefault(term.anchor, set()).add(number)
        terms_of = [frozenset(numbers) for numbers in (*squeezed.values(), *plain.values())]
        return Scanner(list(squeezed), list(plain)), terms_of, frozenset(unanchored)


def best_of(alternatives: Sequence[Triggers]) -> Triggers:
    """Return the smallest set where any one would do; None if there is none."""
    known = [one for one in alternatives if one is not None]
    return min(known, key=len, default=None)


def either_of(alternatives: Sequence[Triggers]) -> Triggers:
    """Return the union where any may be the one; None as soon as one needs nothing."""
    union: frozenset[int] = frozenset()
    for one in alternatives:
        if one is None:
            return None
        union |= one
    return union
