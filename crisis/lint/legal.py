"""Legal review triggers (domain.md §11): which law a passage touches and who must approve it."""

from collections.abc import Iterator
from functools import cache

from crisis.lint.cues import read_words
from crisis.lint.finding import Hit
from crisis.lint.reading import Reading


@cache
def _laws() -> dict[str, str]:
    return {trigger: str(table["law"]) for trigger, table in read_words("legal").items()}


def legal_triggers(reading: Reading) -> Iterator[Hit]:
    """Yield the first passage that touches each law; ``detail`` is the law."""
    for trigger, law in _laws().items():
        for span in reading.spans(f"legal.{trigger}")[:1]:
            yield Hit("legal-review", span, law)
