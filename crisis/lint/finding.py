"""What the checks find: a rule, a span, and what to say about it. Plain values, no logic."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """How much a finding weighs: an error blocks approval, a warning asks, advice informs."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


class Span(NamedTuple):
    """Half-open code points of the text as given."""

    start: int
    end: int

    def overlaps(self, other: "Span") -> bool:
        """Say whether the two share a character."""
        return self.start < other.end and other.start < self.end

    def within(self, other: "Span") -> bool:
        """Say whether this lies inside ``other``."""
        return other.start <= self.start and self.end <= other.end


# A finding about what the text lacks, or about all of it.
WHOLE = Span(0, 0)


class Hit(NamedTuple):
    """What a check reports before it is worded; ``detail`` fills the message.

    ``like`` holds the words by which the sentence judge knew it; empty where a rule did.
    """

    rule: str
    span: Span
    detail: str = ""
    like: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to change, to ask about or to know, worded for the person who writes."""

    rule: str
    level: Level
    start: int
    end: int
    text: str
    message: str
    suggestion: str
    law: str
