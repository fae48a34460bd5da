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
# Tables by character end here; those beyond are rare, and hashed one by one.
COMMON = 0x20000
# Factors of the golden ratio, MurmurHash3's finisher and lowbias32, and their shifts. Made once,
# because a batch takes so little time that to make them for each would show.
_MIXERS = tuple(map(np.uint32, (0x9E3779B1, 0x85EBCA6B, 0x7FEB352D, 0xC2B2AE35, 0x846CA68B)))
_SIZED = {size: np.uint32(size * 0xC2B2AE35 & 0xFFFFFFFF) for size in (2, 3)}
_BEHIND = np.arange(1, NEGATION_REACH + 1)[:, None]
_ONE, _HALF, _WIDE, _REST = map(np.uint32, (1, 15, 16, 32 - BITS))
# Begins with one of two characters, because such a search is twenty times as fast as one that
# looks behind at every place. The @ of a handle stays.
_ADDRESS = re.compile(
    r"https?://[!-~]*"
    r"|@(?:https?://[!-~]*"
    r"|[A-Za-z0-9_.-]+"
    r"|[\w·-]{1,20}(?=[\s:：])"
    r"|(?<=[^\x02]@)[\w·-]{1,10}(?=\x02))"
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
    text ``i`` begins there at ``begins[i]``. ``seen[i]`` are the flags of all its characters.
    """

    codes: Codes
    starts: Positions
    origin: Positions
    begins: Positions
    flags: NDArray[np.uint8]
    seen: NDArray[np.uint8]
    joined: str

    def __len__(self) -> int:
        return len(self.begins)

    def text(self) -> str:
        """Return the folded texts with their separators; a lone surrogate is a question mark."""
        return self.codes.tobytes().decode("utf-32-le", "replace")

    def any_of(self, flag: int) -> NDArray[np.bool_]:
        """Say for each text whether a character with ``flag`` is left in it."""
        return np.asarray((self.seen & flag) != 0, dtype=bool)

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
    joined, begins = _join(texts)
    raw = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    codes = tables.fold.take(raw, mode="clip").astype(np.uint32)
    (far,) = (raw >= _BMP).nonzero()
    codes[far] = raw[far]
    if "@" in joined or "://" in joined:
        for found in _ADDRESS.finditer(joined):
            begin, end = found.span()
            codes[begin + (joined[begin] == "@") : end] = 0
    (origin,) = (codes != 0).nonzero()
    if len(origin) < len(codes):
        codes = codes[origin]
    kept = _without_repeats(codes)
    if len(kept) < len(codes):
        codes, origin = codes[kept], origin[kept]
    starts = (codes == _SEP).nonzero()[0][::2]
    flags = _flags(codes, tables)
    return Batch(
        codes=codes,
        starts=starts,
        origin=origin,
        begins=begins,
        flags=flags,
        seen=np.bitwise_or.reduceat(flags, starts[:-1]),
        joined=joined,
    )


def _without_repeats(codes: Codes) -> Positions:
    """Return which characters stay: no third of a kind, no second space, all separators."""
    (again,) = (codes[1:] == codes[:-1]).nonzero()
    third = np.zeros(len(again), dtype=bool)
    third[1:] = again[1:] == again[:-1] + 1
    repeated = codes[again]
    third |= repeated == ord(" ")
    keep = np.ones(len(codes), dtype=bool)
    keep[again[third & (repeated != _SEP)] + 1] = False
    return keep.nonzero()[0]


def _join(texts: Sequence[str]) -> tuple[str, Positions]:
    """Return the texts, cut, with two separators around each, and where each begins."""
    sizes = list(map(len, texts))
    if max(sizes, default=0) > MAX_CHARS:
        return _join([text[:MAX_CHARS] for text in texts])
    edge = _SEPARATOR * 2
    joined = edge.join(("", *texts, ""))
    if joined.count(_SEPARATOR) != 2 * (len(texts) + 1):
        return _join([text.replace(_SEPARATOR, " ") for text in texts])
    lengths = np.array(sizes, dtype=np.int64)
    return joined, (lengths + 2).cumsum() - lengths


def _flags(codes: Codes, tables: CharTables) -> NDArray[np.uint8]:
    flags = tables.flags.take(codes, mode="clip")
    (far,) = (codes >= _BMP).nonzero()
    if len(far):
        beyond = codes[far]
        flags[far] = np.where((beyond >= 0x20000) & (beyond < 0x32400), WORD | CJK, 0)
    return flags


@dataclass(frozen=True, slots=True)
class Grams:
    """Buckets of the n-grams that begin at each position of a batch, and of the denied ones.

    ``denied_at`` are the positions of ``denied2`` and ``denied3``.
    """

    codes: Codes
    two: Codes
    three: Codes
    denied_at: Positions
    denied2: Codes
    denied3: Codes

    @property
    def one(self) -> Codes:
        """Buckets of the single characters."""
        return hash_ones(self.codes)


def hash_ones(codes: Codes) -> Codes:
    """Return the buckets of single characters."""
    return _bucket(_first(codes))


def hash_grams(batch: Batch) -> Grams:
    """Hash all 1-, 2- and 3-grams of a batch, and the 2- and 3-grams in the scope of a negator."""
    codes = batch.codes
    ahead = np.full(len(codes) + 2, _SEP, dtype=np.uint32)
    ahead[:-2] = codes
    ahead *= _MIXERS[3]
    longer = np.empty((2, len(codes)), dtype=np.uint32)
    _extend(_first(codes), ahead[1:-1], 2, out=longer[0])
    _extend(longer[0], ahead[2:], 3, out=longer[1])
    denied = _denied(batch)
    two, three = _bucket(longer)
    denied2, denied3 = _bucket(longer.take(denied, axis=1) ^ _DENIED)
    return Grams(codes, two, three, denied, denied2, denied3)


def _first(codes: Codes) -> Codes:
    mixed = codes + _ONE
    mixed *= _MIXERS[0]
    return mixed


def _extend(shorter: Codes, following: Codes, size: int, *, out: Codes) -> None:
    """Hash n-grams longer by one character, which comes mixed."""
    np.multiply(shorter, _MIXERS[1], out=out)
    out ^= shorter >> _HALF
    out += following
    out += _SIZED[size]


def _bucket(hashes: Codes) -> Codes:
    mixed = hashes >> _WIDE
    mixed ^= hashes
    mixed *= _MIXERS[2]
    mixed ^= mixed >> _HALF
    mixed *= _MIXERS[4]
    mixed >>= _REST
    return mixed


def _denied(batch: Batch) -> Positions:
    """Return the positions two to ``NEGATION_REACH`` behind a negator of the same clause."""
    (negators,) = (batch.flags & NEGATOR).nonzero()
    size = len(batch.codes)
    reach = np.minimum(negators + _BEHIND, size - 1)
    is_open = (batch.flags.take(reach) & BREAK) == 0
    np.logical_and.accumulate(is_open, axis=0, out=is_open)
    scope = np.zeros(size, dtype=bool)
    scope[reach[1:][is_open[1:]]] = True
    return scope.nonzero()[0]


def blank_buckets() -> Codes:
    """Return the buckets of separators alone, which carry nothing and weigh nothing."""
    empty = Batch(
        codes=np.full(2, _SEP, dtype=np.uint32),
        starts=np.zeros(1, dtype=np.int64),
        origin=np.arange(2),
        begins=np.zeros(0, dtype=np.int64),
        flags=np.zeros(2, dtype=np.uint8),
        seen=np.zeros(0, dtype=np.uint8),
        joined="",
    )
    grams = hash_grams(empty)
    return np.unique(np.concatenate((grams.one[:1], grams.two[:1])))
