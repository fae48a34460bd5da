"""What makes a text mean a brand: its words, and the order in which they decide.

A query knows only strings; a brand knows what its name means. The order is that of
``docs/queries.md``.
"""

import sys
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from listener.errors import QueryError
from listener.matching.conditions import DEFAULT_FIELDS, Condition, compile_condition
from listener.matching.expression import And, Expression, Not, Or, Phrase, Word
from listener.matching.parser import parse_query
from listener.matching.reading import FieldReading, Place, Reading
from listener.matching.terms import QUOTES, Hit, compile_entry
from listener.matching.vocabulary import Triggers, Vocabulary, either_of


class Reason(StrEnum):
    """Why a text means a brand, or does not although one of its words occurs."""

    ALIAS = "alias"
    PRODUCT = "product"
    PERSON = "person"
    NAME = "name"
    QUERY = "query"
    BOUND = "bound"
    EXCLUDED = "excluded"
    TRAP = "trap"
    NO_CONTEXT = "no_context"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandWords:
    """What an admin writes about a brand; every entry is a term, and every list may be empty.

    ``labels`` are product lines to recognise, as (name, terms); they decide nothing. ``noted`` are
    events and regions that hits shall show; neither do they. ``query`` is a query beside the
    lists, ``must``, ``any_of`` and ``none_of`` the plain form of one.
    """

    key: str
    names: Sequence[str] = ()
    aliases: Sequence[str] = ()
    products: Sequence[str] = ()
    people: Sequence[str] = ()
    context: Sequence[str] = ()
    traps: Sequence[str] = ()
    exclude: Sequence[str] = ()
    noted: Sequence[str] = ()
    labels: Sequence[tuple[str, Sequence[str]]] = ()
    query: str = ""
    must: Sequence[str] = ()
    any_of: Sequence[str] = ()
    none_of: Sequence[str] = ()
    allow_regular: bool = False


class BrandError(QueryError):
    """An entry of a brand cannot be understood; the message names brand, list and entry."""

    def __init__(self, error: QueryError, *, key: str, where: str, entry: str) -> None:
        super().__init__(error.problem, column=error.column)
        self.brand = key
        self.where = where
        self.args = (f"brand '{key}', {where} '{entry}', {error}",)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a text means the brand, why, and the hits that say so."""

    is_meant: bool
    reason: Reason
    hits: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True)
class _List:
    """The compiled entries of one list: (number of the term, what the admin wrote)."""

    entries: tuple[tuple[int, str], ...] = ()

    def hits(self, reading: Reading) -> Iterator[Hit]:
        for one in _searched(reading):
            yield from (one.hit(text, place) for text, place in self.places(one))

    def places(self, one: FieldReading) -> Iterator[tuple[str, Place]]:
        for number, text in self.entries:
            yield from ((text, place) for place in one.places(number))

    def occurs(self, reading: Reading) -> bool:
        return any(one.places(n) for one in _searched(reading) for n, _ in self.entries)

    @property
    def numbers(self) -> frozenset[int]:
        return frozenset(number for number, _ in self.entries)


@dataclass(frozen=True, slots=True)
class BrandRule:
    """A compiled brand."""

    key: str
    exclude: _List
    decisive: tuple[tuple[Reason, _List], ...]
    names: _List
    context: _List
    traps: _List
    noted: _List
    condition: Condition | None
    labels: tuple[tuple[str, _List], ...] = field(default=())

    def triggers(self) -> Triggers:
        """Return the terms of which one has to occur, or None."""
        words: Triggers = self.names.numbers.union(*(one.numbers for _, one in self.decisive))
        if self.condition is None:
            return words
        return either_of([words, self.condition.triggers(wanted=True)])

    def decide(self, reading: Reading) -> Decision:
        """Say whether the record means the brand, in the order of the specification."""
        if self.exclude.occurs(reading):
            return Decision(False, Reason.EXCLUDED)
        certain = [(reason, tuple(one.hits(reading))) for reason, one in self.decisive]
        named, why_not = self._named(reading)
        asked = tuple(self.condition.explain(reading)) if self.condition else ()
        is_asked = bool(asked) or (self.condition is not None and self.condition.holds(reading))
        reasons = [reason for reason, hits in certain if hits]
        reasons += [Reason.NAME] * bool(named) + [Reason.QUERY] * is_asked
        if not reasons:
            return Decision(False, why_not)
        hits = [hit for _, found in certain for hit in found]
        hits += [*named, *asked, *self.noted.hits(reading)]
        return Decision(True, reasons[0], tuple(dict.fromkeys(hits)))

    def label(self, reading: Reading) -> str | None:
        """Return the first product line whose terms occur."""
        return next((name for name, terms in self.labels if terms.occurs(reading)), None)

    def _named(self, reading: Reading) -> tuple[list[Hit], Reason]:
        """Return the names that count with the context that makes them, or why none does."""
        fields = _searched(reading)
        if not self.names.occurs(reading):
            return [], Reason.NOTHING
        context = {one.name: _Sorted(one, self.context) for one in fields}
        hits: list[Hit] = []
        why_not = Reason.TRAP
        for one in fields:
            traps = _Sorted(one, self.traps)
            for text, place in self.names.places(one):
                if any(_covers(trap, place) for _, trap in traps.overlapping(place)):
                    continue
                sentence = one.sentence(place)
                maker = context[one.name].first(sentence, beside=place)
                if maker is None and next(traps.overlapping(sentence), None):
                    continue
                maker = maker or _elsewhere(context, one.name, place)
                if maker is None and self.context.entries:
                    why_not = Reason.NO_CONTEXT
                    continue
                hits.append(one.hit(text, place))
                if maker is not None:
                    hits.append(maker)
        return hits, why_not


class _Sorted:
    """The occurrences of a list in one field, by position, so that hostile texts stay cheap."""

    def __init__(self, reading: FieldReading, words: _List) -> None:
        self._reading = reading
        self._found = sorted(words.places(reading), key=lambda one: one[1])
        self._starts = [place[0] for _, place in self._found]
        self._longest = max((place[1] - place[0] for _, place in self._found), default=0)

    def overlapping(self, stretch: Place) -> Iterator[tuple[str, Place]]:
        """Yield the occurrences that share a character with a stretch."""
        index = bisect_left(self._starts, stretch[0] - self._longest)
        while index < len(self._found) and self._starts[index] < stretch[1]:
            if self._found[index][1][1] > stretch[0]:
                yield self._found[index]
            index += 1

    def first(self, stretch: Place, *, beside: Place) -> Hit | None:
        """Return the first occurrence in a stretch that does not overlap a place."""
        for text, place in self.overlapping(stretch):
            if not _overlap(place, beside):
                return self._reading.hit(text, place)
        return None


def _elsewhere(context: Mapping[str, _Sorted], field_name: str, place: Place) -> Hit | None:
    everywhere = (0, sys.maxsize)
    nowhere = (0, 0)
    found = (
        words.first(everywhere, beside=place if name == field_name else nowhere)
        for name, words in context.items()
    )
    return next((hit for hit in found if hit is not None), None)


def compile_brand(words: BrandWords, vocabulary: Vocabulary) -> BrandRule:
    """Compile a brand, adding its terms to the vocabulary.

    Raises ``BrandError`` naming the list and the entry that cannot be understood.
    """

    def compiled(name: str, entries: Sequence[str]) -> _List:
        numbered = []
        for entry in entries:
            try:
                term = compile_entry(entry)
            except QueryError as error:
                raise BrandError(error, key=words.key, where=name, entry=entry) from None
            numbered.append((vocabulary.add(term, DEFAULT_FIELDS), entry))
        return _List(tuple(numbered))

    return BrandRule(
        key=words.key,
        exclude=compiled("exclude", words.exclude),
        decisive=(
            (Reason.ALIAS, compiled("aliases", words.aliases)),
            (Reason.PRODUCT, compiled("products", words.products)),
            (Reason.PERSON, compiled("people", words.people)),
        ),
        names=compiled("names", words.names),
        context=compiled("context", words.context),
        traps=compiled("traps", words.traps),
        noted=compiled("noted", words.noted),
        condition=_condition(words, vocabulary),
        labels=tuple((name, compiled("products", terms)) for name, terms in words.labels),
    )


def _condition(words: BrandWords, vocabulary: Vocabulary) -> Condition | None:
    """Compile the query of a brand: written out, or in its plain form of three lists."""
    if words.query:
        try:
            node = parse_query(words.query, allow_regular=words.allow_regular)
        except QueryError as error:
            raise BrandError(error, key=words.key, where="query", entry=words.query) from None
        return compile_condition(node, vocabulary)
    if not words.any_of and not words.must:
        return None
    needed = [_entry(words, "must", one) for one in words.must]
    if words.any_of:
        needed.append(_any_of([_entry(words, "any", one) for one in words.any_of]))
    if words.none_of:
        needed.append(Not(_any_of([_entry(words, "not", one) for one in words.none_of])))
    return compile_condition(And(tuple(needed)), vocabulary)


def _entry(words: BrandWords, name: str, entry: str) -> Expression:
    try:
        compile_entry(entry)
    except QueryError as error:
        raise BrandError(error, key=words.key, where=f"query.{name}", entry=entry) from None
    bare = entry.strip()
    if len(bare) > 1 and bare[0] in QUOTES and bare[-1] in QUOTES:
        return Phrase(bare[1:-1])
    return Word(entry)


def _any_of(nodes: list[Expression]) -> Expression:
    return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))


def _searched(reading: Reading) -> list[FieldReading]:
    return [one for one in reading.fields if one.name in DEFAULT_FIELDS]


def _overlap(one: Place, other: Place) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _covers(trap: Place, name: Place) -> bool:
    is_longer = trap[1] - trap[0] > name[1] - name[0]
    return is_longer and trap[0] <= name[0] and name[1] <= trap[1]
