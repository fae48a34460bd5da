"""Make the scorer's character tables from Unicode and OpenCC; only a build needs it."""

import unicodedata

import numpy as np

from listener.scoring.grams import BREAK, CJK, LATIN, NEGATOR, WORD, CharTables
from listener.text.fold import is_ideograph, simplified_table

_NEGATORS = frozenset("不没无非别未莫勿冇")
_BREAKS = frozenset(",.!?;~…。、 \x02")
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff\ufe0e\ufe0f")
_BMP = 0x10000


def make_tables() -> CharTables:
    """Return what each character of the basic plane becomes, and its flags."""
    simplified = simplified_table()
    fold = np.zeros(_BMP, dtype=np.uint16)
    flags = np.zeros(_BMP, dtype=np.uint8)
    for code in range(_BMP):
        fold[code] = ord(_folded(chr(code), simplified)) if _is_visible(chr(code)) else 0
        flags[code] = _flags_of(chr(code))
    return CharTables(fold, flags)


def _is_visible(char: str) -> bool:
    if char == "\x02" or char.isspace():
        return True
    return char not in _INVISIBLE and unicodedata.category(char) not in ("Cc", "Cs")


def _folded(char: str, simplified: dict[int, str]) -> str:
    if char.isspace():
        return " "
    wide = unicodedata.normalize("NFKC", char).lower()
    char = wide if len(wide) == 1 and ord(wide) < _BMP and not wide.isspace() else char
    simple = simplified.get(ord(char), char)
    return simple if ord(simple) < _BMP else char


def _flags_of(char: str) -> int:
    is_word = unicodedata.category(char)[0] in "LN"
    return (
        WORD * is_word
        | LATIN * (is_word and char.isascii() and char.isalpha())
        | CJK
        * (is_ideograph(char) or "\u3041" <= char <= "\u30ff" or "\uac00" <= char <= "\ud7af")
        | BREAK * (char in _BREAKS)
        | NEGATOR * (char in _NEGATORS)
    )
