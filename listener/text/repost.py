"""Reposts and quotes: which part of a text is the author's own, and which is passed on."""

import re
from dataclasses import dataclass

from listener.text.fold import fold

# Shorter than this (letters and ideographs) a passed-on part does not identify its original.
MIN_ORIGINAL_CHARS = 8

_HANDLE = r"@[\w\u3400-\u9fff·-]{1,40}"
# 微博: 评论//@上一位:评论//@原作者:原文
_CHAIN = re.compile(rf"//\s*{_HANDLE}\s*[:：]")
_PASSED_ON = re.compile(
    rf"^\s*(?:RT\s+{_HANDLE}\s*[:：]|转发?自\s*{_HANDLE}\s*[:：]?|轉發?自\s*{_HANDLE}\s*[:：]?"
    rf"|(?:转发|轉發|转|轉)\s*[:：]|【(?:转|轉|转发|轉發|转载|轉載)】)\s*",
    re.IGNORECASE,
)
# PTT and mail: quoted lines begin with a mark; what the author adds stands between them.
_QUOTED_LINE = re.compile(r"^(?:[:：>＞]|※ 引述《).*$", re.MULTILINE)
_BARE = re.compile(
    r"(?:转发微博|轉發微博|快转微博|快轉微博|转发|轉發|转|轉|repost|rt|re-?post|分享|share)*"
)
_NOT_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Repost:
    """A text taken apart.

    ``original`` is what is passed on, or None where the text is the author's own or carries too
    little of it; ``is_bare`` marks a repost that says nothing at all ("转发微博").
    """

    own: str
    original: str | None
    is_bare: bool


def take_apart(text: str) -> Repost:
    """Separate what an author adds from what the author passes on."""
    links = list(_CHAIN.finditer(text))
    if links:
        own, original = text[: links[0].start()], text[links[-1].end() :]
    elif found := _PASSED_ON.match(text):
        own, original = "", text[found.end() :]
    else:
        added = _QUOTED_LINE.sub("", text)
        own = added if _letters(added) >= MIN_ORIGINAL_CHARS else text
        return Repost(own=own, original=None, is_bare=_is_bare(text))
    is_bare = _is_bare(own)
    if _letters(original) < MIN_ORIGINAL_CHARS:
        return Repost(own=own, original=None, is_bare=is_bare)
    return Repost(own=own, original=original, is_bare=False)


def _is_bare(text: str) -> bool:
    words = _NOT_WORD.sub("", fold(text))
    return bool(words) and _BARE.fullmatch(words) is not None


def _letters(text: str) -> int:
    return len(_NOT_WORD.sub("", text))
