"""Folding before every comparison: width, case, script and white space, with the way back.

Folded text is only ever compared, never shown. Offsets always lead back to the text as given.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import opencc

_ZERO_WIDTH = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff\ufe0e\ufe0f")
_CJK_RANGES = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))


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
    convert = opencc.OpenCC("t2s").convert
    table: dict[int, str] = {}
    for low, high in _CJK_RANGES[:3]:
        for code in range(low, high + 1):
            simple = convert(chr(code))
            if len(simple) == 1 and simple != chr(code):
                table[code] = simple
    return table


def to_simplified(text: str) -> str:
    """Return ``text`` with traditional ideographs replaced one by one; same length."""
    return text.translate(simplified_table())


@lru_cache(maxsize=65536)
def _fold_cluster(cluster: str) -> str:
    return unicodedata.normalize("NFKC", cluster).casefold().translate(simplified_table())


def fold(text: str) -> str:
    """Return ``text`` folded for comparison; see ``fold_with_offsets``."""
    return fold_with_offsets(text).text


def fold_with_offsets(text: str) -> Folded:
    """Fold width (NFKC), case, script (to simplified) and white space; drop zero-width characters.

    Each run of white space that is not a line break becomes one space, and each run that holds a
    line break becomes one ``\\n``, so that a caller can still see lines.
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
        if char in _ZERO_WIDTH:
            continue
        if char.isspace():
            while index < length and (text[index].isspace() or text[index] in _ZERO_WIDTH):
                index += 1
            run = text[begin:index]
            piece = "\n" if any(c in "\n\r\u2028\u2029\v\f\x85" for c in run) else " "
        else:
            while index < length and unicodedata.combining(text[index]):
                index += 1
            piece = _fold_cluster(text[begin:index])
        for folded_char in piece:
            out.append(folded_char)
            starts.append(begin)
            ends.append(index)
    return Folded("".join(out), tuple(starts), tuple(ends))
