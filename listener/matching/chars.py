"""The kinds of characters that matching tells apart, in folded text."""

import re
from enum import StrEnum

from listener.text.emoji import EMOJI_CLASS, EMOJI_SEQUENCE
from listener.text.fold import ZERO_WIDTH_JOINER

CJK = (
    "\u3005-\u3007\u3040-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U000323af"
)
"""Ideographs, kana, bopomofo and hangul: scripts that are written without spaces or glued on."""

LETTER = (
    "a-z\u00aa\u00b5\u00ba\u00df-\u00f6\u00f8-\u02af\u0370-\u0373\u0376\u0377\u037b-\u037d"
    "\u0386\u0388-\u052f\u0531-\u0587\u1e00-\u1fff"
)
"""Letters of the scripts whose words stand apart: Latin, Greek, Cyrillic, Armenian."""

DIGIT = "0-9"
WORD = f"{LETTER}{DIGIT}_"
"""What may not touch the Latin end of a term."""

SEPARATOR_CHARS = " .·•\\-_~*|"
EMOJI_MARK, EMOJI_REST = "\ufdd0", "\ufdd1"
SEPARATOR = f"(?:[{SEPARATOR_CHARS}]|{EMOJI_MARK}{EMOJI_REST}*|[0-9#*]\u20e3)"
"""One separator of evasion, in text that went through ``mark_emoji``: patterns stay small."""

SEPARATOR_OR_EMOJI = f"(?:[{SEPARATOR_CHARS}]|{EMOJI_SEQUENCE})"
"""The same for text with its emoji, where the term itself holds one."""

UNIT = re.compile(f"[{LETTER}{DIGIT}]+|[{CJK}]")
"""What NEAR counts: one ideograph, or one run of letters and digits."""

SENTENCE_END = re.compile("[。!?;\n]")

_DROPPED = re.compile(f"[{SEPARATOR_CHARS}\n{EMOJI_CLASS}{ZERO_WIDTH_JOINER}\u20e3]+")
_CJK = re.compile(f"[{CJK}]")
_LETTER = re.compile(f"[{LETTER}]")
_SEQUENCE = re.compile(EMOJI_SEQUENCE)
_EMOJI = re.compile(f"[{EMOJI_CLASS}]")
_FINDABLE = re.compile(f"[\\w{EMOJI_CLASS}]")


class Kind(StrEnum):
    """The kind of one character of a term."""

    CJK = "C"
    LETTER = "L"
    DIGIT = "D"
    SPACE = " "
    ANY = "?"
    OTHER = "."


def kind_of(char: str) -> Kind:
    """Return the kind of one folded character; ``?`` stands for itself here."""
    if "0" <= char <= "9":
        return Kind.DIGIT
    if _LETTER.match(char):
        return Kind.LETTER
    if _CJK.match(char):
        return Kind.CJK
    return Kind.SPACE if char in " \n" else Kind.OTHER


def squeeze(folded: str) -> str:
    """Return folded text without anything that may stand between the characters of a term.

    Where a term occurs, evaded or not, its own squeezed form occurs in the squeezed text. The
    reverse does not hold: this finds candidates.
    """
    return _DROPPED.sub("", folded)


def is_dropped(char: str) -> bool:
    """Say whether ``squeeze`` leaves this character out."""
    return _DROPPED.match(char) is not None


def is_findable(folded: str) -> bool:
    """Say whether there is a letter, digit, ideograph or emoji to look for."""
    return _FINDABLE.search(folded) is not None


def has_emoji(folded: str) -> bool:
    """Say whether an emoji occurs, keycaps aside."""
    return not folded.isascii() and _EMOJI.search(folded) is not None


def mark_emoji(folded: str) -> str:
    """Return folded text of the same length with every emoji, however long, as one mark."""
    if not has_emoji(folded):
        return folded
    return _SEQUENCE.sub(_marked, folded)


def _marked(found: re.Match[str]) -> str:
    sequence = found[0]
    return sequence if sequence[-1] == "\u20e3" else EMOJI_MARK + EMOJI_REST * (len(sequence) - 1)
