"""One text as the rules for types and severities see it: its cues in force, and their words."""

import re
from dataclasses import dataclass
from functools import cached_property

from listener.complaints.codes import ComplaintType
from listener.complaints.lexicon import Hit
from listener.complaints.quantities import (
    Quantity,
    may_hold_money,
    people_counted,
    sums_of_money,
    waiting_days,
)
from listener.text.fold import Folded

TYPES: tuple[ComplaintType, ...] = tuple(
    code for code in ComplaintType if code != ComplaintType.NONE
)
LEVELS = ("strong", "cue", "topic")
TYPE_OF_GROUP = {f"{code}.{level}": code for code in TYPES for level in LEVELS}
LEVEL_OF_GROUP = {f"{code}.{level}": level for code in TYPES for level in LEVELS}
TAIWAN_YUAN = 0.22  # rough value of one NT$ in yuan; only the order of 1,000 yuan matters
HONG_KONG_YUAN = 0.92
_YUAN_OF_LANGUAGE = {
    "zh-hk": HONG_KONG_YUAN,
    "zh-hant-hk": HONG_KONG_YUAN,
    "yue": HONG_KONG_YUAN,
    "zh-tw": TAIWAN_YUAN,
    "zh-hant-tw": TAIWAN_YUAN,
    "zh-cn": 1.0,
    "zh-hans": 1.0,
}

_TURN = re.compile(
    r"但是|但(?!愿|凡)|可是|不过(?!关|敏|瘾)|只是|然而|结果|奈何|谁知|哪知|\bbut\b|\bhowever\b"
)
# What every turn begins with: a search for bare words is many times as fast.
_MAYBE_TURN = re.compile("但|可是|不过|只是|然而|结果|奈何|谁知|哪知|but|however")
_CANTONESE = frozenset("嘅唔冇佢哋咗喺啲嗰嚟")
_TRADITIONAL = frozenset("個這們說會過來對時還沒點買賣錢寫見電話開關為與後無")


@dataclass(eq=False)
class Reading:
    """A folded ``text`` with its cues in force by group.

    ``said`` is the text as given and ``lang`` what its source says of the language. ``folded``
    leads back from ``text`` to ``said``; None: every character stands where it stood.
    ``evidence`` holds the cues of each type that has any.
    """

    said: str
    lang: str | None
    text: str
    folded: Folded | None
    hits: dict[str, list[Hit]]
    evidence: dict[ComplaintType, list[Hit]]

    @property
    def yuan(self) -> float:
        """The value of a sum without a named currency, by language, else by script."""
        return _yuan(self.said, self.lang)

    @cached_property
    def sums(self) -> list[Quantity]:
        """The sums of money, in yuan."""
        if not may_hold_money(self.text):
            return []
        return list(sums_of_money(self.text, local=self.yuan))

    @cached_property
    def waits(self) -> list[Quantity]:
        """The spans of time that can be a wait, in days."""
        return list(waiting_days(self.text))

    @cached_property
    def crowds(self) -> list[Quantity]:
        """The counts of people."""
        return list(people_counted(self.text))

    @cached_property
    def turn(self) -> int:
        """Where the last “but” begins, or 0: what follows it outweighs what precedes."""
        return last_turn(self.text)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the half-open code points of the text as given behind ``text[start:end]``."""
        return (start, end) if self.folded is None else self.folded.span(start, end)

    def has(self, *groups: str) -> bool:
        """Say whether a cue of any of ``groups`` is in force."""
        return any(group in self.hits for group in groups)

    def is_strong(self, code: ComplaintType) -> bool:
        """Say whether a strong cue of ``code`` is in force."""
        return f"{code}.strong" in self.hits

    def all(self, *groups: str) -> list[Hit]:
        """Return the cues of ``groups`` in force."""
        hits = self.hits
        return [hit for group in groups if group in hits for hit in hits[group]]

    def words(self, hit: Hit) -> str:
        """Return the folded words of ``hit``."""
        return self.text[hit.start : hit.end]


def last_turn(text: str) -> int:
    """Return where the last “but” of folded ``text`` begins, or 0."""
    if not _MAYBE_TURN.search(text):
        return 0
    return max((found.start() for found in _TURN.finditer(text)), default=0)


def _yuan(text: str, lang: str | None) -> float:
    if lang:
        for named, value in _YUAN_OF_LANGUAGE.items():
            if lang.lower().startswith(named):
                return value
    if not _CANTONESE.isdisjoint(text):
        return HONG_KONG_YUAN
    return 1.0 if _TRADITIONAL.isdisjoint(text) else TAIWAN_YUAN
