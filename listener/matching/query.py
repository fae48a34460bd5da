"""Brand queries: all of ``must``, at least one of ``any``, none of ``not``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from listener.matching.terms import Hit, compile_term, find_term, visible
from listener.text.fold import fold_with_offsets

_Terms = tuple[tuple[str, re.Pattern[str]], ...]


@dataclass(frozen=True, slots=True)
class BrandQuery:
    """A compiled query of one brand, with the product names to recognise."""

    brand_key: str
    must: _Terms
    any_of: _Terms
    none_of: _Terms
    products: tuple[tuple[str, _Terms], ...]


@dataclass(frozen=True, slots=True)
class BrandMatch:
    """This text means the brand: the hits that made it so, and the product named first."""

    brand_key: str
    hits: tuple[Hit, ...]
    product: str | None


def compile_query(
    brand_key: str,
    *,
    must: Sequence[str],
    any_of: Sequence[str],
    none_of: Sequence[str],
    products: Sequence[tuple[str, Sequence[str]]] = (),
) -> BrandQuery:
    """Compile the term lists; ``products`` are (name, terms), the first that occurs counts.

    Raises ``ValueError`` naming a term that cannot match anything.
    """
    named = tuple((name, _compiled(terms)) for name, terms in products)
    return BrandQuery(brand_key, _compiled(must), _compiled(any_of), _compiled(none_of), named)


def _compiled(terms: Sequence[str]) -> _Terms:
    return tuple((term, compile_term(term)) for term in terms)


def match_brands(
    queries: Sequence[BrandQuery], *, title: str | None, text: str, bound_to: str | None = None
) -> list[BrandMatch]:
    """Return every brand that title or text mean; each field is searched alone.

    A text from a source that is ``bound_to`` a brand means that brand whatever it says.
    """
    fields = [("text", fold_with_offsets(text))]
    if title:
        fields.insert(0, ("title", fold_with_offsets(title)))
    searched = [(name, folded, visible(folded)) for name, folded in fields]

    def hits_of(terms: _Terms) -> list[list[Hit]]:
        return [
            [
                hit
                for name, folded, shown in searched
                for hit in find_term(pattern, term, name, folded, shown)
            ]
            for term, pattern in terms
        ]

    matches = []
    for query in queries:
        required, wanted = hits_of(query.must), hits_of(query.any_of)
        is_meant = all(required) and any(wanted) and not any(hits_of(query.none_of))
        if not is_meant and query.brand_key != bound_to:
            continue
        hits = [hit for found in (*required, *wanted) for hit in found]
        product = next((name for name, terms in query.products if any(hits_of(terms))), None)
        matches.append(BrandMatch(query.brand_key, tuple(dict.fromkeys(hits)), product))
    return matches
