"""A compiled query: whether it holds for a record, which hits say so, and what triggers it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from listener.matching import expression as tree
from listener.matching.reading import FieldReading, Place, Reading
from listener.matching.sites import folded_host, is_on_site
from listener.matching.terms import Hit, Term, compile_regular_term, compile_term
from listener.matching.vocabulary import Triggers, Vocabulary, best_of, either_of

DEFAULT_FIELDS = ("title", "text")
# Bounds for hostile texts. A NEAR of two terms is decided by the nearest place, so it is exact all
# the same; only a NEAR of a NEAR might miss a pair after so many.
_NEAR_TRIES = 16
_MAX_PAIRS = 500


class Condition(Protocol):
    """A node of a compiled query."""

    def holds(self, reading: Reading) -> bool:
        """Say whether the condition holds for the record."""

    def explain(self, reading: Reading) -> Iterator[Hit]:
        """Yield the hits that make it hold; nothing if it does not."""

    def triggers(self, *, wanted: bool) -> Triggers:
        """Return terms of which one has to occur for ``holds`` to be ``wanted``, or None."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place where an operand of NEAR stands, with the terms that make it up."""

    place: Place
    leaves: tuple[tuple[str, Place], ...]


class Placed(Condition, Protocol):
    """A condition that occurs at places, so that NEAR can join it."""

    def occurrences(self, field: FieldReading) -> Iterator[Occurrence]:
        """Yield where it stands in a field."""


@dataclass(frozen=True, slots=True)
class TermCondition:
    """A term occurs in one of the fields."""

    number: int
    text: str
    fields: tuple[str, ...]

    def holds(self, reading: Reading) -> bool:
        """Say whether the term occurs."""
        for field in reading.fields:  # not any(): this is the hottest place
            if field.name in self.fields and field.places(self.number):
                return True
        return False

    def explain(self, reading: Reading) -> Iterator[Hit]:
        """Yield every occurrence."""
        for field in reading.fields:
            if field.name in self.fields:
                yield from (field.hit(self.text, place) for place in field.places(self.number))

    def triggers(self, *, wanted: bool) -> Triggers:
        """Only the term itself triggers it."""
        return frozenset([self.number]) if wanted else None

    def occurrences(self, field: FieldReading) -> Iterator[Occurrence]:
        """Yield every place of the term."""
        if field.name in self.fields:
            for place in field.places(self.number):
                yield Occurrence(place, ((self.text, place),))


@dataclass(frozen=True, slots=True)
class SiteCondition:
    """The record's address is on a site."""

    site: str

    def holds(self, reading: Reading) -> bool:
        """Compare the hosts; a record without an address is on no site."""
        return is_on_site(reading.host, self.site)

    def explain(self, reading: Reading) -> Iterator[Hit]:  # noqa: ARG002 - no text is hit
        """Yield nothing: an address is no text."""
        yield from ()

    def triggers(self, *, wanted: bool) -> Triggers:  # noqa: ARG002 - no term is needed
        """No term is needed."""
        return None


@dataclass(frozen=True, slots=True)
class NotCondition:
    """The operand does not hold."""

    operand: Condition

    def holds(self, reading: Reading) -> bool:
        """Negate."""
        return not self.operand.holds(reading)

    def explain(self, reading: Reading) -> Iterator[Hit]:
        """Yield what a double negation lets in; what is absent cannot be shown."""
        if isinstance(self.operand, NotCondition):
            yield from self.operand.operand.explain(reading)

    def triggers(self, *, wanted: bool) -> Triggers:
        """Negate what is wanted."""
        return self.operand.triggers(wanted=not wanted)


@dataclass(frozen=True, slots=True)
class AllCondition:
    """Every operand holds."""

    operands: tuple[Condition, ...]

    def holds(self, reading: Reading) -> bool:
        """Ask each operand."""
        return all(one.holds(reading) for one in self.operands)

    def explain(self, reading: Reading) -> Iterator[Hit]:
        """Yield the hits of all operands."""
        if self.holds(reading):
            for one in self.operands:
                yield from one.explain(reading)

    def triggers(self, *, wanted: bool) -> Triggers:
        """One operand suffices: the one whose terms are rarest."""
        found = [one.triggers(wanted=wanted) for one in self.operands]
        return best_of(found) if wanted else either_of(found)


@dataclass(frozen=True, slots=True)
class AnyCondition:
    """At least one operand holds."""

    operands: tuple[Condition, ...]

    def holds(self, reading: Reading) -> bool:
        """Ask each operand."""
        return any(one.holds(reading) for one in self.operands)

    def explain(self, reading: Reading) -> Iterator[Hit]:
        """Yield the hits of every operand that holds."""
        for one in self.operands:
            yield from one.explain(reading)

    def triggers(self, *, wanted: bool) -> Triggers:
        """Any operand may be the one."""
        found = [one.triggers(wanted=wanted) for one in self.operands]
        return either_of(found) if wanted else best_of(found)

    def occurrences(self, field: FieldReading) -> Iterator[Occurrence]:
        """Yield the places of all operands; the parser lets only placed ones through."""
        for one in self.operands:
            yield from one.occurrences(field)  # type: ignore[attr-defined]  # see the docstring


@dataclass(frozen=True, slots=True)
class NearCondition:
    """Both operands stand in one field, close together, in either order, not overlapping."""

    left: Placed
    right: Placed
    distance: int

    def holds(self, reading: Reading) -> bool:
        """Look for one pair."""
        return any(any(True for _ in self.occurrences(field)) for field in reading.fields)

    def explain(self, reading: Reading) -> Iterator[Hit]:
        """Yield the terms of every pair that is close enough."""
        for field in reading.fields:
            for pair in self.occurrences(field):
                yield from (field.hit(text, place) for text, place in pair.leaves)

    def triggers(self, *, wanted: bool) -> Triggers:
        """Both operands are needed, so either one will do."""
        found = [self.left.triggers(wanted=wanted), self.right.triggers(wanted=wanted)]
        return best_of(found) if wanted else either_of(found)

    def occurrences(self, field: FieldReading) -> Iterator[Occurrence]:
        """Yield the stretch from the first to the last character of every close pair."""
        lefts = sorted(self.left.occurrences(field), key=_place_of)
        rights = sorted(self.right.occurrences(field), key=_place_of) if lefts else []
        if rights:
            yield from islice(self._pairs(field, lefts, rights), _MAX_PAIRS)
            yield from islice(self._pairs(field, rights, lefts), _MAX_PAIRS)

    def _pairs(
        self, field: FieldReading, firsts: list[Occurrence], seconds: list[Occurrence]
    ) -> Iterator[Occurrence]:
        at = 0
        for first in sorted(firsts, key=lambda one: one.place[1]):
            end = first.place[1]
            while at < len(seconds) and seconds[at].place[0] < end:
                at += 1
            for second in seconds[at : at + _NEAR_TRIES]:
                if field.units_between(end, second.place[0]) > self.distance:
                    break
                stretch = (first.place[0], second.place[1])
                yield Occurrence(stretch, first.leaves + second.leaves)


def _place_of(one: Occurrence) -> Place:
    return one.place


def compile_condition(
    node: tree.Expression, vocabulary: Vocabulary, fields: tuple[str, ...] = DEFAULT_FIELDS
) -> Condition:
    """Compile a tree, adding its terms to the vocabulary; ``fields`` are searched."""
    match node:
        case tree.And(operands):
            return AllCondition(_compile_all(operands, vocabulary, fields))
        case tree.Or(operands):
            return AnyCondition(_compile_all(operands, vocabulary, fields))
        case tree.Not(operand):
            return NotCondition(compile_condition(operand, vocabulary, fields))
        case tree.Within(name, operand):
            return compile_condition(operand, vocabulary, (name,))
        case tree.Near(left, right, distance):
            return NearCondition(
                compile_condition(left, vocabulary, fields),  # type: ignore[arg-type]  # parser
                compile_condition(right, vocabulary, fields),  # type: ignore[arg-type]  # checked
                distance,
            )
        case tree.Site(host, column):
            return SiteCondition(folded_host(host, column=column))
        case _:
            term = _compile_leaf(node)
            return TermCondition(vocabulary.add(term, fields), term.text, fields)


def _compile_all(
    nodes: Sequence[tree.Expression], vocabulary: Vocabulary, fields: tuple[str, ...]
) -> tuple[Condition, ...]:
    return tuple(compile_condition(node, vocabulary, fields) for node in nodes)


def _compile_leaf(node: tree.Word | tree.Phrase | tree.Regular) -> Term:
    if isinstance(node, tree.Regular):
        return compile_regular_term(node.source, column=node.column)
    is_phrase = isinstance(node, tree.Phrase)
    return compile_term(node.text, is_phrase=is_phrase, column=node.column)
