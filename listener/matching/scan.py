"""Folds many texts at once and finds, in one pass, which anchors of which terms they hold.

Most characters fold one to one, so a batch is folded by looking up an array; a text with anything
else (a ligature, a combining mark, a zero-width character, two spaces in a row) is folded the
general way. Measured on posts of 40 characters this is ten times as fast as ``str.translate``.
"""

import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import accumulate

import numpy as np
from ahocorasick_rs import AhoCorasick
from numpy.typing import NDArray

from listener.matching.chars import is_dropped, squeeze
from listener.text.emoji import KEYCAP
from listener.text.fold import Folded, fold_character, fold_with_offsets

_Codes = NDArray[np.uint32]

_LAST = 0x110000
_UNKNOWN = 0xFFFFFFFF
_SPECIAL = 0xFFFFFFFE
_REPLACEMENT = 0xFFFD
# A noncharacter between texts; it stops an anchor from reaching into the next text.
_BETWEEN = "\uffff"
_ENCODING = "utf-32-le"


class _FoldTable:
    """Folded code points by code point, filled as characters turn up."""

    def __init__(self) -> None:
        self.folded: _Codes = np.full(_LAST, _UNKNOWN, dtype=np.uint32)
        self.is_dropped: NDArray[np.bool_] = np.zeros(_LAST, dtype=np.bool_)

    def fold(self, codes: _Codes) -> _Codes:
        """Fold code points one to one; those that cannot be become ``_SPECIAL``."""
        folded = self.folded[codes]
        if (unknown := folded == _UNKNOWN).any():
            for code in np.unique(codes[unknown]).tolist():
                self._learn(code)
            folded = self.folded[codes]
        return folded

    def _learn(self, code: int) -> None:
        char = chr(code)
        is_alone = not unicodedata.combining(char) and unicodedata.category(char) != "Cs"
        piece = fold_character(char) if is_alone and char != "\u20e3" else ""
        self.folded[code] = ord(piece) if len(piece) == 1 else _SPECIAL
        if len(piece) == 1 and is_dropped(piece):
            self.is_dropped[ord(piece)] = True


@cache
def _fold_table() -> _FoldTable:
    return _FoldTable()


class Scanned:
    """A batch of texts after the pass: ``anchors[i]`` are the anchors that text ``i`` holds."""

    def __init__(self, texts: Sequence[str], offsets: list[int], joined: str) -> None:
        self.anchors: dict[int, set[int]] = {}
        self.general: dict[int, Folded] = {}
        self._texts = texts
        self._offsets = offsets
        self.joined = joined

    def folded(self, index: int) -> Folded | str:
        """Return text ``index`` folded; a bare string when every offset stays the same."""
        general = self.general.get(index)
        if general is not None:
            return general
        begin = self._offsets[index]
        return self.joined[begin : begin + len(self._texts[index])]


class Scanner:
    """Finds anchors: ``squeezed`` in squeezed texts, ``plain`` ones in folded texts.

    Anchors are numbered as given, squeezed ones first.
    """

    def __init__(self, squeezed: Sequence[str], plain: Sequence[str]) -> None:
        self._squeezed = AhoCorasick(squeezed) if squeezed else None
        self._plain = AhoCorasick(plain) if plain else None
        self._first_plain = len(squeezed)

    def scan(self, texts: Sequence[str]) -> Scanned:
        """Fold all texts and look for every anchor at once."""
        if not texts:
            return Scanned(texts, [], "")
        table = _fold_table()
        raw = _BETWEEN.join(texts).encode(_ENCODING, "surrogatepass")
        folded = table.fold(np.frombuffer(raw, dtype=np.uint32))
        offsets = list(accumulate((len(text) + 1 for text in texts), initial=0))
        starts = np.array(offsets[:-1], dtype=np.int64)
        special = folded == _SPECIAL
        is_white = (folded == 0x20) | (folded == 0x0A)
        unusual = special.copy()
        unusual[1:] |= is_white[1:] & is_white[:-1]
        folded[special] = _REPLACEMENT
        scanned = Scanned(texts, offsets, folded.tobytes().decode(_ENCODING))
        for index in set(_text_of(np.flatnonzero(unusual), starts).tolist()):
            scanned.general[index] = fold_with_offsets(texts[index])
        kept = ~table.is_dropped[folded]
        position = np.concatenate(([0], np.cumsum(kept)))
        squeezed = folded[kept].tobytes().decode(_ENCODING)
        self._note(scanned, self._squeezed, squeezed, position[starts], 0)
        if self._plain is not None:
            self._note(scanned, self._plain, scanned.joined, starts, self._first_plain)
        for index, general in scanned.general.items():
            self._scan_general(scanned, index, general)
        return scanned

    @staticmethod
    def _note(
        scanned: Scanned,
        automaton: AhoCorasick | None,
        haystack: str,
        starts: NDArray[np.int64],
        first: int,
    ) -> None:
        found = automaton.find_matches_as_indexes(haystack, overlapping=True) if automaton else []
        if not found:
            return
        texts = _text_of(np.fromiter((one[1] for one in found), np.int64, len(found)), starts)
        anchors, general = scanned.anchors, scanned.general
        for text, (anchor, _, _) in zip(texts.tolist(), found, strict=True):
            if text in general:
                continue
            if text in anchors:
                anchors[text].add(first + anchor)
            else:
                anchors[text] = {first + anchor}

    def _scan_general(self, scanned: Scanned, index: int, general: Folded) -> None:
        # The digit of a keycap may belong to the term or be part of an emoji in its gap.
        forms = {general.text, KEYCAP.sub("", general.text)}
        found: set[int] = set()
        for form in map(_encodable, forms):
            found.update(_anchors_in(self._squeezed, squeeze(form)))
            found.update(self._first_plain + one for one in _anchors_in(self._plain, form))
        if found:
            scanned.anchors[index] = found


def _anchors_in(automaton: AhoCorasick | None, text: str) -> set[int]:
    if automaton is None:
        return set()
    return {one[0] for one in automaton.find_matches_as_indexes(text, overlapping=True)}


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _text_of(positions: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which text each position of the joined texts lies in."""
    return np.searchsorted(starts, positions, side="right") - 1
