"""Texts to hashed character n-grams, a whole batch at once. The same code trains and scores.

A batch is one array of code points in which every text begins with two separators, so that no
n-gram of up to three characters ever joins two texts, and the n-grams at a text's edges tell
"begins with" and "ends with" for nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BITS = 20
BUCKETS = 1 << BITS
MAX_CHARS = 2_000
# An n-gram this close behind a negator in its clause also counts as a denied one.
NEGATION_REACH = 5
ENGLISH_LETTERS = 3

# Flags of a character.
WORD, LATIN, CJK, BREAK, NEGATOR = 1, 2, 4, 8, 16

_SEPARATOR = "\x02"
_SEP = 2
_DENIED = np.uint32(0x1234567)
_BMP = 0x10000
_ADDRESS = re.compile(
    r"https?://[!-~]*"
    r"|(?<=@)[A-Za-z0-9_.-]+"
    r"|(?<=@)[\w·-]{1,20}(?=[\s:：])"
    r"|(?<=[^\x02]@)[\w·-]{1,10}(?=\x02)"
)

Codes = NDArray[np.uint32]
Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CharTables:
    """What each character of the basic plane becomes (0: dropped) and which flags it has."""

    fold: NDArray[np.uint16]
    flags: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Batch:
    """Folded code points of many texts; text ``i`` is ``codes[starts[i]:starts[i + 1]]``.

    ``origin[k]`` is where ``codes[k]`` stands in the texts as given, joined by two separators;
    text ``i`` begins there at ``begins[i]``.
    """

    codes: Codes
    starts: Positions
    origin: Positions
    begins: Positions
    flags: NDArray[np.uint8]
    joined: str

    def __len__(self) -> int:
        return len(self.begins)

    def text(self) -> str:
        """Return the folded texts with their separators; a lone surrogate is a question mark."""
        return self.codes.tobytes().decode("utf-32-le", "replace")

    def any_of(self, flag: int) -> NDArray[np.bool_]:
        """Say for each text whether a character with ``flag`` is left in it."""
        if not len(self):
            return np.zeros(0, dtype=bool)
        together = np.bitwise_or.reduceat(self.flags, self.starts[:-1])
        return np.asarray((together & flag) != 0, dtype=bool)

    def count_of(self, flag: int) -> NDArray[np.int64]:
        """Count the characters with ``flag`` in each text."""
        total = np.concatenate(([0], np.cumsum((self.flags & flag) != 0)))
        return np.asarray(np.diff(total[self.starts]), dtype=np.int64)


def english_texts(batch: Batch) -> NDArray[np.int64]:
    """Return which texts the English part judges: no CJK, and at least three Latin letters."""
    maybe = np.flatnonzero(~batch.any_of(CJK) & batch.any_of(LATIN))
    if not len(maybe):
        return maybe
    return maybe[batch.count_of(LATIN)[maybe] >= ENGLISH_LETTERS]


def fold_batch(texts: Sequence[str], tables: CharTables) -> Batch:
    """Fold width, case and script; drop addresses, handles and what is invisible; cut at 2,000.

    White space becomes one space, and a character repeated more than twice stands twice.
    """
    joined, begins = _join([text[:MAX_CHARS] for text in texts])
    raw = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    if raw.max() < _BMP:
        codes = tables.fold.take(raw).astype(np.uint32)
    else:
        codes = tables.fold.take(np.minimum(raw, _BMP - 1)).astype(np.uint32)
        far = raw >= _BMP
        codes[far] = raw[far]
    if "@" in joined or "://" in joined:
        for found in _ADDRESS.finditer(joined):
            codes[found.start() : found.end()] = 0
    keep = codes != 0
    if not keep.all():
        origin = np.flatnonzero(keep)
        codes = codes[origin]
    else:
        origin = np.arange(len(codes))
    same = codes[1:] == codes[:-1]
    drop = np.zeros(len(codes), dtype=bool)
    drop[2:] = same[1:] & same[:-1]
    drop[1:] |= same & (codes[1:] == ord(" "))
    drop &= codes != _SEP
    if drop.any():
        kept = np.flatnonzero(~drop)
        codes, origin = codes[kept], origin[kept]
    return Batch(
        codes=codes,
        starts=np.flatnonzero(codes == _SEP)[::2],
        origin=origin,
        begins=begins,
        flags=_flags(codes, tables),
        joined=joined,
    )


def _join(texts: Sequence[str]) -> tuple[str, Positions]:
    edge = _SEPARATOR * 2
    joined = edge + edge.join(texts) + edge
    if joined.count(_SEPARATOR) != 2 * (len(texts) + 1):
        return _join([text.replace(_SEPARATOR, " ") for text in texts])
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    return joined, np.cumsum(np.concatenate(([2], lengths[:-1] + 2))) if len(texts) else lengths


def _flags(codes: Codes, tables: CharTables) -> NDArray[np.uint8]:
    if not len(codes) or codes.max() < _BMP:
        return tables.flags.take(codes)
    flags = tables.flags.take(np.minimum(codes, _BMP - 1))
    far = codes >= _BMP
    flags[far] = np.where((codes[far] >= 0x20000) & (codes[far] < 0x32400), WORD | CJK, 0)
    return flags


@dataclass(frozen=True, slots=True)
class Grams:
    """Buckets of the n-grams that begin at each position of a batch, and of the denied ones.

    ``denied_at`` are the positions of ``denied2`` and ``denied3``.
    """

    one: Codes
    two: Codes
    three: Codes
    denied_at: Positions
    denied2: Codes
    denied3: Codes


def hash_grams(batch: Batch) -> Grams:
    """Hash all 1-, 2- and 3-grams of a batch, and the 2- and 3-grams in the scope of a negator."""
    codes = batch.codes
    ahead = np.concatenate((codes, np.full(2, _SEP, dtype=np.uint32)))
    size = len(codes)
    one = (codes + np.uint32(1)) * np.uint32(0x9E3779B1)
    two = _extend(one, ahead[1 : size + 1] + np.uint32(2))
    three = _extend(two, ahead[2 : size + 2] + np.uint32(3))
    denied = _denied(batch)
    return Grams(
        one=_bucket(one),
        two=_bucket(two),
        three=_bucket(three),
        denied_at=denied,
        denied2=_bucket(two[denied] ^ _DENIED),
        denied3=_bucket(three[denied] ^ _DENIED),
    )


def _extend(shorter: Codes, following: Codes) -> Codes:
    mixed = shorter * np.uint32(0x85EBCA6B)
    mixed ^= shorter >> np.uint32(15)
    mixed += following * np.uint32(0xC2B2AE35)
    return mixed


def _bucket(hashes: Codes) -> Codes:
    mixed = hashes ^ (hashes >> np.uint32(16))
    mixed *= np.uint32(0x7FEB352D)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0x846CA68B)
    return mixed >> np.uint32(32 - BITS)


def _denied(batch: Batch) -> Positions:
    """Return the positions two to ``NEGATION_REACH`` behind a negator of the same clause."""
    negators = np.flatnonzero(batch.flags & NEGATOR)
    if not len(negators):
        return negators
    size = len(batch.codes)
    scope = np.zeros(size, dtype=bool)
    is_open = np.ones(len(negators), dtype=bool)
    for step in range(1, NEGATION_REACH + 1):
        at = np.minimum(negators + step, size - 1)
        is_open &= (batch.flags[at] & BREAK) == 0
        if step > 1:
            scope[at[is_open]] = True
    return np.flatnonzero(scope)


def blank_buckets() -> Codes:
    """Return the buckets of separators alone, which carry nothing and weigh nothing."""
    empty = Batch(
        codes=np.full(2, _SEP, dtype=np.uint32),
        starts=np.zeros(1, dtype=np.int64),
        origin=np.arange(2),
        begins=np.zeros(0, dtype=np.int64),
        flags=np.zeros(2, dtype=np.uint8),
        joined="",
    )
    grams = hash_grams(empty)
    return np.unique(np.concatenate((grams.one[:1], grams.two[:1])))
