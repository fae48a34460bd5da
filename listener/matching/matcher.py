"""Thousands of queries and brands over many texts in one pass.

All terms of all queries stand in one automaton. A query is only evaluated for a record in which
one of the terms occurs that it cannot do without.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from listener.matching.brand import BrandRule, BrandWords, Decision, Reason, compile_brand
from listener.matching.conditions import Condition, compile_condition
from listener.matching.parser import parse_query
from listener.matching.reading import FieldReading, Reading
from listener.matching.scan import Scanned
from listener.matching.terms import Hit
from listener.matching.vocabulary import Triggers, Vocabulary

CHUNK_CHARS = 200_000
"""Texts are folded in batches of about so many characters."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is matched: a text with what is known beside it."""

    text: str
    title: str | None = None
    author: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class QueryRule:
    """A compiled query."""

    condition: Condition

    def triggers(self) -> Triggers:
        """Return the terms of which one has to occur, or None."""
        return self.condition.triggers(wanted=True)

    def decide(self, reading: Reading) -> Decision:
        """Say whether the query holds for the record."""
        if not self.condition.holds(reading):
            return Decision(False, Reason.NOTHING)
        hits = tuple(dict.fromkeys(self.condition.explain(reading)))
        return Decision(True, Reason.QUERY, hits)


Rule = QueryRule | BrandRule
Found = dict[int, Decision]
"""The decision of every rule that was met, by the number of the rule."""


_NOTHING_READ = Reading((), None)


class Matcher:
    """Compiled rules; compile once, match many records."""

    def __init__(self, rules: Sequence[Rule], vocabulary: Vocabulary) -> None:
        self.rules = rules
        self._terms = vocabulary.terms
        self._fields = [
            name for name in ("title", "text", "author", "url") if name in vocabulary.fields
        ]
        self._scanner, self._terms_of, self._unanchored = vocabulary.anchored()
        self._always: list[int] = []
        by_term: dict[int, list[int]] = {}
        for number, rule in enumerate(rules):
            triggers = rule.triggers()
            if triggers is None or triggers & self._unanchored:
                self._always.append(number)
                continue
            for term in triggers:
                by_term.setdefault(term, []).append(number)
        self._rules_of = [
            frozenset(rule for term in terms for rule in by_term.get(term, ()))
            for terms in self._terms_of
        ]

    def match(self, record: Record) -> Found:
        """Return the decisions on one record; ``match_many`` is faster for many."""
        return next(self.match_many([record]))

    def match_many(self, records: Sequence[Record]) -> Iterator[Found]:
        """Yield for each record the decisions of the rules that are met, in order."""
        for reading, rules in self.readings(records):
            decided = ((number, self.rules[number].decide(reading)) for number in sorted(rules))
            yield {number: decision for number, decision in decided if decision.is_meant}

    def readings(
        self, records: Sequence[Record], also: frozenset[int] = frozenset()
    ) -> Iterator[tuple[Reading, frozenset[int]]]:
        """Yield each record as read, with the rules that it may meet and those in ``also``."""
        always = also.union(self._always)
        for chunk in _chunks(records):
            texts: list[str] = []
            owners: list[tuple[int, str]] = []
            for index, record in enumerate(chunk):
                for name in self._fields:
                    if value := getattr(record, name):
                        texts.append(value)
                        owners.append((index, name))
            yield from self._chunk_readings(chunk, texts, owners, always)

    def _chunk_readings(
        self,
        chunk: Sequence[Record],
        texts: list[str],
        owners: list[tuple[int, str]],
        always: frozenset[int],
    ) -> Iterator[tuple[Reading, frozenset[int]]]:
        scanned = self._scanner.scan(texts)
        rules: dict[int, frozenset[int]] = {}
        for number, anchors in scanned.anchors.items():
            index = owners[number][0]
            met = rules.get(index, always)
            rules[index] = met.union(*(self._rules_of[anchor] for anchor in anchors))
        number = 0
        for index, record in enumerate(chunk):
            met = rules.get(index, always)
            fields = []
            while number < len(owners) and owners[number][0] == index:
                if met:
                    fields.append(self._field(scanned, texts, number, owners[number][1]))
                number += 1
            yield (Reading(fields, record.url) if met else _NOTHING_READ), met

    def _field(self, scanned: Scanned, texts: list[str], number: int, name: str) -> FieldReading:
        anchors = scanned.anchors.get(number, ())
        may = self._unanchored.union(*[self._terms_of[anchor] for anchor in anchors])
        return FieldReading(name, texts[number], scanned.folded(number), self._terms, may)


def _chunks(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    begin, size = 0, 0
    for end, record in enumerate(records):
        if size > CHUNK_CHARS:
            yield records[begin:end]
            begin, size = end, 0
        size += len(record.text) + len(record.title or "")
    if begin < len(records):
        yield records[begin:]


def compile_queries(queries: Sequence[str], *, allow_regular: bool = False) -> Matcher:
    """Compile queries. Raises ``QueryError`` for the first that cannot be understood."""
    vocabulary = Vocabulary()
    rules = [
        QueryRule(compile_condition(parse_query(query, allow_regular=allow_regular), vocabulary))
        for query in queries
    ]
    return Matcher(rules, vocabulary)


def compile_brands(brands: Sequence[BrandWords]) -> Matcher:
    """Compile brands. Raises ``BrandError`` naming brand, list and entry."""
    vocabulary = Vocabulary()
    return Matcher([compile_brand(words, vocabulary) for words in brands], vocabulary)


@dataclass(frozen=True, slots=True)
class BrandMatch:
    """This text means the brand: why, the hits that made it so, and the product named first."""

    brand_key: str
    hits: tuple[Hit, ...]
    product: str | None
    reason: Reason


class BrandMatcher:
    """All brands of the configuration, compiled once."""

    def __init__(self, brands: Sequence[BrandWords]) -> None:
        """Compile the brands. Raises ``BrandError`` naming list and entry."""
        vocabulary = Vocabulary()
        self._rules = [compile_brand(words, vocabulary) for words in brands]
        self._numbers = {rule.key: number for number, rule in enumerate(self._rules)}
        self._matcher = Matcher(self._rules, vocabulary)

    def match(self, record: Record, *, bound_to: str | None = None) -> list[BrandMatch]:
        """Return every brand that a record means; see ``match_many``."""
        return next(self.match_many([record], bound_to=bound_to))

    def match_many(
        self, records: Sequence[Record], *, bound_to: str | None = None
    ) -> Iterator[list[BrandMatch]]:
        """Yield for each record the brands it means, in the order of the configuration.

        Records from a source that is ``bound_to`` a brand mean that brand whatever they say.
        """
        bound = self._numbers.get(bound_to, -1) if bound_to is not None else -1
        also = frozenset([bound] if bound >= 0 else ())
        for reading, numbers in self._matcher.readings(records, also):
            found = []
            for number in sorted(numbers):
                rule = self._rules[number]
                decision = rule.decide(reading)
                if decision.is_meant or number == bound:
                    reason = decision.reason if decision.is_meant else Reason.BOUND
                    product = rule.label(reading)
                    found.append(BrandMatch(rule.key, decision.hits, product, reason))
            yield found

    def judge_many(self, records: Sequence[Record]) -> Iterator[list[Decision]]:
        """Yield for each record the decision of every brand, those against it included."""
        everyone = frozenset(range(len(self._rules)))
        for reading, _ in self._matcher.readings(records, everyone):
            yield [rule.decide(reading) for rule in self._rules]
