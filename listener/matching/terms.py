"""Terms and where they occur in folded text.

A term with Chinese characters is found anywhere. Where a term begins or ends with a Latin letter
or a digit it must be a whole word there: its neighbour may not be a Latin letter, digit or ``_``.
"""

import re
from dataclasses import dataclass

from listener.text.fold import Folded, fold

_HIDDEN = re.compile(
    r"https?://[^\s\u3400-\u9fff]+|www\.[^\s\u3400-\u9fff]+"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|@[\w\u3400-\u9fff-]+",
)


@dataclass(frozen=True, slots=True)
class Hit:
    """One occurrence of a term: half-open code points of the field as given."""

    term: str
    start: int
    end: int
    field: str


def compile_term(term: str) -> re.Pattern[str]:
    """Return the pattern that finds ``term`` in folded text.

    Raises ``ValueError`` for a term without a letter, digit or ideograph.
    """
    folded = fold(term).strip()
    if not re.search(r"\w", folded):
        raise ValueError(f"the term {term!r} has no letter, digit or Chinese character")
    before = r"(?<![a-z0-9_])" if re.match(r"[a-z0-9]", folded) else ""
    after = r"(?![a-z0-9_])" if re.search(r"[a-z0-9]$", folded) else ""
    return re.compile(before + re.escape(folded) + after)


def visible(folded: Folded) -> str:
    """Return the folded text with addresses and handles blanked out, where no term may match."""
    return _HIDDEN.sub(lambda found: "\x00" * len(found[0]), folded.text)


def find_term(
    pattern: re.Pattern[str], term: str, field: str, folded: Folded, text: str
) -> list[Hit]:
    """Return every occurrence of a compiled term in one field; ``text`` is ``visible(folded)``."""
    return [
        Hit(term, *folded.span(found.start(), found.end()), field)
        for found in pattern.finditer(text)
    ]
