"""One text as the rules see it: folded, scanned for cues, negation resolved, evidence sorted."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from listener.complaints.codes import ComplaintType
from listener.complaints.folding import plain_texts
from listener.complaints.lexicon import Hit, default_lexicon
from listener.complaints.polarity import can_deny, is_negated
from listener.text.fold import Folded

TYPES: tuple[ComplaintType, ...] = tuple(
    code for code in ComplaintType if code != ComplaintType.NONE
)
LEVELS = ("strong", "cue", "topic")
_TYPE_OF_GROUP = {f"{code}.{level}": code for code in TYPES for level in LEVELS}
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
_TURN_WORDS = (
    "但",
    "可是",
    "不过",
    "只是",
    "然而",
    "结果",
    "奈何",
    "谁知",
    "哪知",
    "but",
    "however",
)
# Longer words that hold a cue by chance: “二十分钟” holds “十分”.
_TRAP = "stance.trap"
_CANTONESE = frozenset("嘅唔冇佢哋咗喺啲嗰嚟")
_TRADITIONAL = frozenset("個這們說會過來對時還沒點買賣錢寫見電話開關為與後無")


@dataclass(frozen=True, slots=True)
class Reading:
    """A folded ``text`` with its cues by group, those in force and those denied.

    ``said`` is the text as given and ``lang`` what its source says of the language. ``folded``
    leads back from ``text`` to ``said``; None: every character stands where it stood.
    ``evidence`` holds the cues of each type that has any.
    """

    said: str
    lang: str | None
    text: str
    folded: Folded | None
    hits: dict[str, list[Hit]]
    negated: dict[str, list[Hit]]
    evidence: dict[ComplaintType, list[Hit]]

    @property
    def yuan(self) -> float:
        """The value of a sum without a named currency, by language, else by script."""
        return _yuan(self.said, self.lang)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the half-open code points of the text as given behind ``text[start:end]``."""
        return (start, end) if self.folded is None else self.folded.span(start, end)

    def has(self, *groups: str) -> bool:
        """Say whether a cue of any of ``groups`` is in force."""
        return any(group in self.hits for group in groups)

    def is_strong(self, code: ComplaintType) -> bool:
        """Say whether a strong cue of ``code`` is in force."""
        return f"{code}.strong" in self.hits

    def distinct(self, group: str) -> int:
        """Count the different wordings of ``group`` in force."""
        hits = self.hits.get(group)
        if not hits or len(hits) == 1:
            return len(hits or ())
        return len({self.words(hit) for hit in hits})

    def all(self, *groups: str) -> list[Hit]:
        """Return the cues of ``groups`` in force."""
        hits = self.hits
        return [hit for group in groups if group in hits for hit in hits[group]]

    def words(self, hit: Hit) -> str:
        """Return the folded words of ``hit``."""
        return self.text[hit.start : hit.end]

    def turn(self) -> int:
        """Return where the last “but” begins, or 0: what follows it outweighs what precedes."""
        text = self.text
        if not any(word in text for word in _TURN_WORDS):
            return 0
        return max((found.start() for found in _TURN.finditer(text)), default=0)


def read(text: str, *, lang: str | None = None) -> Reading:
    """Fold and scan ``text``; ``lang`` as in ``classify``."""
    return read_many([text], [lang])[0]


def read_many(texts: Sequence[str], langs: Sequence[str | None]) -> list[Reading]:
    """Fold and scan many texts at once, each with its language."""
    folded = plain_texts(texts)
    plain = [one if isinstance(one, str) else one.text for one in folded]
    found = default_lexicon().scan_many(plain)
    return [
        _sorted_out(text, lang, plain_text, None if isinstance(fold, str) else fold, hits)
        for text, lang, plain_text, fold, hits in zip(
            texts, langs, plain, folded, found, strict=True
        )
    ]


def _sorted_out(
    said: str, lang: str | None, text: str, folded: Folded | None, found: list[Hit]
) -> Reading:
    hits: dict[str, list[Hit]] = {}
    negated: dict[str, list[Hit]] = {}
    if found:
        traps = [(hit.start, hit.end) for hit in found if hit.group == _TRAP]
        may_deny = can_deny(text)
        for hit in found:
            if traps and _is_inside(hit, traps):
                continue
            target = negated if may_deny and is_negated(text, hit) else hits
            if hit.group in target:
                target[hit.group].append(hit)
            else:
                target[hit.group] = [hit]
    return Reading(said, lang, text, folded, hits, negated, _evidence(hits))


def _evidence(hits: dict[str, list[Hit]]) -> dict[ComplaintType, list[Hit]]:
    """Sort the cues by type and position, without those inside a longer one of the same type."""
    evidence: dict[ComplaintType, list[Hit]] = {}
    for group, found in hits.items():
        code = _TYPE_OF_GROUP.get(group)
        if code:
            evidence.setdefault(code, []).extend(found)
    for code, found in evidence.items():
        if len(found) > 1:
            evidence[code] = _outermost(found)
    return evidence


def _outermost(found: list[Hit]) -> list[Hit]:
    kept: list[Hit] = []
    for hit in sorted(found, key=_position):
        if not kept or hit.end > kept[-1].end:
            kept.append(hit)
    return kept


def _position(hit: Hit) -> tuple[int, int]:
    return hit.start, -hit.end


def _is_inside(hit: Hit, longer: list[tuple[int, int]]) -> bool:
    """Say whether the hit is a part, not the whole, of one of ``longer``."""
    _, start, end = hit
    for first, last in longer:
        if first <= start and end <= last and end - start < last - first:
            return True
    return False


def _yuan(text: str, lang: str | None) -> float:
    for named, value in _YUAN_OF_LANGUAGE.items():
        if lang and lang.lower().startswith(named):
            return value
    if not _CANTONESE.isdisjoint(text):
        return HONG_KONG_YUAN
    return 1.0 if _TRADITIONAL.isdisjoint(text) else TAIWAN_YUAN
