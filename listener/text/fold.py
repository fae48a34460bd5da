"""Folding before every comparison: width, case, script and white space, with the way back.

Folded text is only ever compared, never shown. Offsets always lead back to the text as given.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import opencc

from listener.text.emoji import is_emoji

ZERO_WIDTH_JOINER = "\u200d"
ZERO_WIDTH = frozenset(
    [
        *"\u00ad\u034f\u180e\u200b\u200c\u200d\u200e\u200f\ufeff",
        *map(chr, range(0x202A, 0x202F)),  # directions
        *map(chr, range(0x2060, 0x2070)),  # word joiner, invisible operators, isolates
        *map(chr, range(0xFE00, 0xFE10)),  # variation selectors
        *map(chr, range(0xE0020, 0xE0080)),  # tags, as in the flag of Scotland
        *map(chr, range(0xE0100, 0xE01F0)),  # ideographic variation selectors
    ]
)
_MARKS_OF_TRADE = "™℠"
_LINE_BREAKS = "\n\r\u2028\u2029\v\f\x85"
_CJK_RANGES = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))
# Forms that OpenCC leaves alone because they are correct in simplified text too. For comparison
# both sides are folded, so joining them costs nothing: 著急 is 着急, 乾淨 is 干净.
_ALSO_ALIKE = {
    ord(a): b for a, b in zip("著乾瞭藉夥覆衞彷暱馀", "着干了借伙复卫仿昵余", strict=True)
}


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded ``text``; ``starts[i]`` and ``ends[i]`` bound its i-th character in the original."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the half-open code points of the original behind ``text[start:end]``.

        Raises ``ValueError`` for an empty or impossible range.
        """
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"no such range in a folded text of {len(self.text)}: {start}-{end}")
        return self.starts[start], self.ends[end - 1]


def is_ideograph(char: str) -> bool:
    """Say whether ``char`` is a CJK ideograph (unified, extension or compatibility)."""
    code = ord(char)
    return any(low <= code <= high for low, high in _CJK_RANGES)


@lru_cache(maxsize=1)
def simplified_table() -> dict[int, str]:
    """Map each traditional ideograph to its simplified form, one character to one.

    Taken character by character from OpenCC's ``t2s``; phrase-level choices are left out because
    offsets must survive.
    """
    codes = [code for low, high in _CJK_RANGES[:3] for code in range(low, high + 1)]
    # One call is fifty times as fast as one for each; a line break keeps phrases apart.
    together = opencc.OpenCC("t2s").convert("\n".join(map(chr, codes))).split("\n")
    return {
        code: simple
        for code, simple in zip(codes, together, strict=True)
        if len(simple) == 1 and simple != chr(code)
    }


def to_simplified(text: str) -> str:
    """Return ``text`` with traditional ideographs replaced one by one; same length."""
    return text.translate(simplified_table())


@lru_cache(maxsize=65536)
def _fold_cluster(cluster: str) -> str:
    if cluster in _MARKS_OF_TRADE:
        return cluster  # NFKC would glue the letters "tm" to the name
    if len(cluster) > 1 and is_ideograph(cluster[0]):
        cluster = cluster[0]  # a mark laid over an ideograph hides it from nobody
    folded = unicodedata.normalize("NFKC", cluster).casefold().translate(simplified_table())
    return folded.translate(_ALSO_ALIKE)


def fold_character(char: str) -> str:
    """Return one character folded by itself: none for zero width, several for a ligature."""
    if char in ZERO_WIDTH:
        return ""
    if char.isspace():
        return "\n" if char in _LINE_BREAKS else " "
    return _fold_cluster(char)


def fold(text: str) -> str:
    """Return ``text`` folded for comparison; see ``fold_with_offsets``."""
    return fold_with_offsets(text).text


def fold_with_offsets(text: str) -> Folded:
    """Fold width (NFKC), case, script (to simplified) and white space; drop zero-width characters.

    Each run of white space that is not a line break becomes one space, and each run that holds a
    line break becomes one ``\\n``, so that a caller can still see lines. The joiner inside an
    emoji sequence stays, so that a caller can still see that it is one.
    """
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    length = len(text)
    index = 0
    while index < length:
        char = text[index]
        begin = index
        index += 1
        if char in ZERO_WIDTH:
            if char != ZERO_WIDTH_JOINER or not _joins_emoji(out, text, index):
                continue
            piece = char
        elif char.isspace():
            while index < length and (text[index].isspace() or text[index] in ZERO_WIDTH):
                index += 1
            piece = "\n" if any(c in _LINE_BREAKS for c in text[begin:index]) else " "
        else:
            while index < length and unicodedata.combining(text[index]):
                index += 1
            piece = _fold_cluster(text[begin:index])
        for folded_char in piece:
            out.append(folded_char)
            starts.append(begin)
            ends.append(index)
    return Folded("".join(out), tuple(starts), tuple(ends))


def _joins_emoji(before: list[str], text: str, index: int) -> bool:
    return bool(before) and is_emoji(before[-1]) and index < len(text) and is_emoji(text[index])
