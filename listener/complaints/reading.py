"""One text as the rules see it: folded, scanned for cues, negation resolved, evidence sorted."""

import re
from dataclasses import dataclass

from listener.complaints.codes import ComplaintType
from listener.complaints.lexicon import Hit, default_lexicon, plain_with_offsets
from listener.complaints.polarity import is_negated
from listener.text.fold import Folded

TYPES: tuple[ComplaintType, ...] = tuple(
    code for code in ComplaintType if code != ComplaintType.NONE
)
LEVELS = ("strong", "cue", "topic")
_TYPE_OF_GROUP = {f"{code}.{level}": code for code in TYPES for level in LEVELS}
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
# Longer words that hold a cue by chance: “二十分钟” holds “十分”.
_TRAP = "stance.trap"
_CANTONESE = frozenset("嘅唔冇佢哋咗喺啲嗰嚟")
_TRADITIONAL = frozenset("個這們說會過來對時還沒點買賣錢寫見電話開關為與後無")


@dataclass(frozen=True, slots=True)
class Reading:
    """A folded text with its cues by group, those in force and those denied.

    ``evidence`` holds the cues of each type that has any; ``yuan`` is the value of a sum without a
    named currency, judged by the script of the text.
    """

    folded: Folded
    hits: dict[str, list[Hit]]
    negated: dict[str, list[Hit]]
    evidence: dict[ComplaintType, list[Hit]]
    yuan: float

    @property
    def text(self) -> str:
        """The folded text."""
        return self.folded.text

    def has(self, *groups: str) -> bool:
        """Say whether a cue of any of ``groups`` is in force."""
        return any(group in self.hits for group in groups)

    def is_strong(self, code: ComplaintType) -> bool:
        """Say whether a strong cue of ``code`` is in force."""
        return f"{code}.strong" in self.hits

    def distinct(self, group: str) -> int:
        """Count the different wordings of ``group`` in force."""
        hits = self.hits.get(group)
        return len({self.words(hit) for hit in hits}) if hits else 0

    def all(self, *groups: str) -> list[Hit]:
        """Return the cues of ``groups`` in force."""
        return [hit for group in groups for hit in self.hits.get(group, ())]

    def words(self, hit: Hit) -> str:
        """Return the folded words of ``hit``."""
        return self.text[hit.start : hit.end]

    def turn(self) -> int:
        """Return where the last “but” begins, or 0: what follows it outweighs what precedes."""
        return max((found.start() for found in _TURN.finditer(self.text)), default=0)


def read(text: str, *, lang: str | None = None) -> Reading:
    """Fold and scan ``text``; ``lang`` as in ``classify``."""
    folded = plain_with_offsets(text)
    hits: dict[str, list[Hit]] = {}
    negated: dict[str, list[Hit]] = {}
    found = default_lexicon().scan(folded.text)
    traps = [hit for hit in found if hit.group == _TRAP]
    for hit in found:
        if traps and any(_is_inside(hit, trap) for trap in traps):
            continue
        target = negated if is_negated(folded.text, hit) else hits
        target.setdefault(hit.group, []).append(hit)
    return Reading(folded, hits, negated, _evidence(hits), _yuan(text, lang))


def _evidence(hits: dict[str, list[Hit]]) -> dict[ComplaintType, list[Hit]]:
    """Sort the cues by type and position, without those inside a longer one of the same type."""
    evidence: dict[ComplaintType, list[Hit]] = {}
    for group, found in hits.items():
        code = _TYPE_OF_GROUP.get(group)
        if code:
            evidence.setdefault(code, []).extend(found)
    for code, found in evidence.items():
        found.sort(key=_position)
        kept: list[Hit] = []
        for hit in found:
            if not kept or hit.end > kept[-1].end:
                kept.append(hit)
        evidence[code] = kept
    return evidence


def _position(hit: Hit) -> tuple[int, int]:
    return hit.start, -hit.end


def _is_inside(hit: Hit, longer: Hit) -> bool:
    within = longer.start <= hit.start and hit.end <= longer.end
    return within and hit.end - hit.start < longer.end - longer.start


def _yuan(text: str, lang: str | None) -> float:
    for named, value in _YUAN_OF_LANGUAGE.items():
        if lang and lang.lower().startswith(named):
            return value
    if not _CANTONESE.isdisjoint(text):
        return HONG_KONG_YUAN
    return 1.0 if _TRADITIONAL.isdisjoint(text) else TAIWAN_YUAN
