"""Folds texts for the scan of cues, a batch at a time, and cue words the same way.

Most texts fold one character to one, so a batch is folded by looking up an array; a text with
anything else (a ligature, a combining mark, two spaces in a row) is folded the general way.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from listener.text.fold import Folded, fold, fold_with_offsets

# Cantonese function words and spelling variants, one character to one, so that offsets survive.
_PLAIN = str.maketrans(
    "嘅唔冇佢哋咗喺啲𠮶俾畀睇揾攞嚟仲啱话讲食饮着著妳您她牠祇甚咩乜畧裏帐陆「」『』‘’“”\"'、:",
    "的不没他们了在些那给给看找拿来还刚说说吃喝着着你你他它只什么么略里账录“”“”'''''',:",
)
_WHITE_RUN = re.compile(r"\s\s")
ENCODING = "utf-32-le"
# A noncharacter between texts: no cue holds it, so none reaches into the next text.
BETWEEN = "\uffff"
_LAST = 0x110000
_UNKNOWN = 0xFFFFFFFF
_GENERAL = 0xFFFFFFFE  # cannot be folded one to one
_REPLACEMENT = 0xFFFD

Codes = NDArray[np.uint32]


def plain(text: str) -> str:
    """Fold a cue word the way texts are folded."""
    quick = text.translate(_CHARACTERS)
    if len(quick) == len(text) and not _WHITE_RUN.search(text):
        return quick
    return fold(text).translate(_PLAIN)


def plain_texts(texts: Sequence[str]) -> list[Folded | str]:
    """Fold ``texts`` for the scan; a bare string where every offset stays the same."""
    if not texts:
        return []
    codes = np.frombuffer(joined_codes(texts), dtype=np.uint32)
    folded = _look_up(codes)
    general = folded == _GENERAL
    is_white = (folded == 0x20) | (folded == 0x0A)
    unusual = general.copy()
    unusual[1:] |= is_white[1:] & is_white[:-1]
    ends = list(accumulate(len(text) + 1 for text in texts))
    if general.any():
        folded[general] = _REPLACEMENT
    joined = folded.tobytes().decode(ENCODING, "surrogatepass")
    plain: list[Folded | str] = []
    begin = 0
    for end in ends:
        plain.append(joined[begin : end - 1])
        begin = end
    for index in set(np.searchsorted(ends, np.flatnonzero(unusual), side="right").tolist()):
        found = fold_with_offsets(texts[index])
        plain[index] = Folded(found.text.translate(_PLAIN), found.starts, found.ends)
    return plain


def joined_codes(texts: Sequence[str]) -> bytes:
    """Return the code points of all texts, with ``BETWEEN`` between them."""
    return BETWEEN.join(texts).encode(ENCODING, "surrogatepass")


class _CharacterFolding(dict[int, str]):
    """Folded single characters; empty where a character cannot be folded one to one."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = "" if unicodedata.combining(char) else fold(char).translate(_PLAIN)
        self[code] = folded if len(folded) == 1 else ""
        return self[code]


_CHARACTERS = _CharacterFolding()


@cache
def _table() -> Codes:
    """Return the folded code points by code point, to be filled as characters turn up."""
    return np.full(_LAST, _UNKNOWN, dtype=np.uint32)


def _look_up(codes: Codes) -> Codes:
    table = _table()
    folded = table[codes]
    if (unknown := folded == _UNKNOWN).any():
        for code in np.unique(codes[unknown]).tolist():
            piece = _CHARACTERS[code]
            table[code] = ord(piece) if piece else _GENERAL
        folded = table[codes]
    return folded
