"""The learned part: linear heads over hashed n-grams, English words and what the rules found.

One head says whether a text complains, one each scores a type and a severity. All read the same
features, so a batch is hashed once. It needs nothing but NumPy; ``training`` makes the model.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from listener.complaints.codes import ComplaintType, Severity
from listener.complaints.signs import SignRows, sign_names
from listener.scoring.english import english_features
from listener.scoring.grams import (
    BUCKETS,
    Batch,
    CharTables,
    blank_buckets,
    english_texts,
    fold_batch,
    hash_grams,
)
from listener.scoring.model import ENGLISH_BUCKETS

MODEL = Path(__file__).resolve().parents[1] / "data" / "models" / "complaints-1.npz"
TYPES: tuple[ComplaintType, ...] = tuple(
    code for code in ComplaintType if code != ComplaintType.NONE
)
LEVELS: tuple[Severity, ...] = (Severity.GENERAL, Severity.SERIOUS, Severity.URGENT)
COMPLAINT = slice(0, 1)
TYPE_HEADS = slice(1, 1 + len(TYPES))
SEVERITY_HEADS = slice(TYPE_HEADS.stop, TYPE_HEADS.stop + len(LEVELS))
HEADS = SEVERITY_HEADS.stop
FEATURES = BUCKETS + ENGLISH_BUCKETS
"""Buckets of n-grams, then buckets of English words."""

_STEPS = 127
# What words weigh in all but one of a hundred texts; a long text that repeats itself says no more.
_MOST_WORDS = 3.0
_BLANK = blank_buckets()

_Number = TypeVar("_Number", np.float32, np.complex128)
Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class HeadModel:
    """Weights of the features in ``kept`` and of the signs called ``signs``, a column a head.

    ``idf`` are the inverse document frequencies of the kept n-grams (1 for words); an n-gram that
    is not kept has ``usual_idf`` and no weight. ``calibration`` are slope and shift of the
    log-odds of a complaint, ``inputs`` the digest of the texts it learned from.
    """

    kept: Indices
    weights: NDArray[np.float32]
    idf: NDArray[np.float32]
    usual_idf: float
    signs: tuple[str, ...]
    sign_weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    calibration: tuple[float, float]
    inputs: str
    tables: CharTables


class Heads:
    """A model laid out for look-up. Holds no state between calls."""

    def __init__(self, model: HeadModel) -> None:
        self.tables = model.tables
        blank = len(model.kept) + 1
        # From a feature to its row: the first row serves what is not kept, the last the blanks.
        self.row_of = np.zeros(FEATURES, dtype=np.int32)
        self.row_of[model.kept] = np.arange(1, blank)
        self.row_of[_BLANK] = blank
        self.weights = np.zeros((blank + 1, HEADS), dtype=np.float32)
        self.weights[1:blank] = model.weights * model.idf[:, None]
        spread = np.zeros(blank + 1, dtype=np.float32)
        spread[0] = model.usual_idf**2
        spread[1:blank] = model.idf**2
        # What a row weighs for a complaint, and its spread, side by side: one look-up for both.
        self.told_and_spread = self.weights[:, COMPLAINT.start] + 1j * spread.astype(np.float64)
        self._bias = model.bias.astype(np.float64)
        self._calibration = model.calibration
        self._signs, self._sign_weights = model.signs, model.sign_weights.astype(np.float64)

    def hash(self, texts: Sequence[str]) -> "HashedTexts":
        """Fold and hash texts, at least one, for all heads."""
        return HashedTexts(self, texts)

    def complaints(self, words: Floats, signs: SignRows) -> Floats:
        """Return calibrated log-odds of a complaint from what words weigh and the signs."""
        total = np.clip(words, -_MOST_WORDS, _MOST_WORDS)[:, None]
        slope, shift = self._calibration
        return slope * self.add_signs(total, signs, COMPLAINT)[:, 0] + shift

    def add_signs(self, words: Floats, signs: SignRows, heads: slice) -> Floats:
        """Return the scores of ``heads``, a row for each text, from words and signs."""
        total = words + self._bias[heads]
        for column, weights in zip(total.T, self._weights_of_signs[heads], strict=True):
            # In order, text by text: a batch gives what one text gives.
            np.add.at(column, signs.text, weights.take(signs.sign) * signs.value)
        return total

    @functools.cached_property
    def _weights_of_signs(self) -> Floats:
        """The weights of each head, by the number of the sign; 0 for what it never saw."""
        weights = np.zeros((HEADS, len(sign_names())))
        known = {name: row for row, name in enumerate(self._signs)}
        for number, name in enumerate(sign_names()):
            if name in known:
                weights[:, number] = self._sign_weights[known[name]]
        return weights


class HashedTexts:
    """The known features of a batch, by the position at which they begin.

    Sums go text by text, each in its own order: a batch gives what one text gives.
    """

    def __init__(self, heads: Heads, texts: Sequence[str]) -> None:
        self.texts = texts
        self._heads = heads
        self.batch = batch = fold_batch(texts, heads.tables)
        grams, end = hash_grams(batch), int(batch.starts[-1])
        count = int(np.searchsorted(grams.denied_at, end))
        self._rows = tuple(
            heads.row_of.take(buckets[:end]) for buckets in (grams.one, grams.two, grams.three)
        )
        self._denied_at = grams.denied_at[:count]
        self._denied = tuple(
            heads.row_of.take(buckets[:count]) for buckets in (grams.denied2, grams.denied3)
        )
        self._words = _words(batch, heads)
        totals = np.add.reduceat(self._at_positions(heads.told_and_spread), batch.starts[:-1])
        self._scale = 1.0 / np.maximum(np.sqrt(totals.imag), 1e-9)
        self._complaint = totals.real * self._scale

    def complaint(self) -> Floats:
        """Return what the words of each text weigh for its being a complaint."""
        text, row, scale = self._words
        weights = self._heads.weights[row, COMPLAINT.start] * scale
        words = np.bincount(text, weights=weights, minlength=len(self.texts))
        return np.asarray(self._complaint + words)

    def sums(self, heads: slice, chosen: Sequence[int] | None = None) -> Floats:
        """Return what the words weigh: a row for each (chosen) text, a column for each head."""
        texts = np.arange(len(self.texts)) if chosen is None else np.array(chosen, dtype=np.int64)
        if not len(texts):
            return np.zeros((0, len(range(*heads.indices(HEADS)))))
        counts = np.diff(self.batch.starts)[texts]
        begins = np.cumsum(counts) - counts
        at = np.arange(counts.sum()) + np.repeat(self.batch.starts[texts] - begins, counts)
        total = np.add.reduceat(self._at_positions(self._heads.weights, at), begins)
        total = total * self._scale[texts, None]
        place = np.full(len(self.texts), -1, dtype=np.int64)
        place[texts] = np.arange(len(texts))
        text, row, scale = self._words
        here = np.flatnonzero(place[text] >= 0)
        words = self._heads.weights[row[here]] * scale[here, None]
        np.add.at(total, place[text[here]], words)
        return np.asarray(total[:, heads])

    def weights(self, head: int, begin: int, end: int) -> tuple[NDArray[np.float32], ...]:
        """Return what the n-grams of one to three characters weigh that begin in a stretch."""
        return tuple(self._heads.weights[rows[begin:end], head] for rows in self._rows)

    def _at_positions(
        self, table: NDArray[_Number], at: Indices | None = None
    ) -> NDArray[_Number]:
        """Sum up the entries of ``table`` for all n-grams that begin at each position."""
        one, two, three = self._rows if at is None else (rows.take(at) for rows in self._rows)
        found = table.take(one, axis=0)
        found += table.take(two, axis=0)
        found += table.take(three, axis=0)
        denied_at, denied = self._denied_at, self._denied
        if at is not None:
            place = np.full(len(self._rows[0]), -1, dtype=np.int64)
            place[at] = np.arange(len(at))
            denied_at = place[denied_at]
            here = np.flatnonzero(denied_at >= 0)
            denied_at, denied = denied_at[here], tuple(rows[here] for rows in denied)
        for rows in denied:
            found[denied_at] += table.take(rows, axis=0)
        return found


def english_rows(batch: Batch) -> dict[int, list[int]]:
    """Return the buckets of the words of each English text, by the index of the text."""
    rows = {}
    for index in english_texts(batch).tolist():
        codes = batch.codes[batch.starts[index] + 2 : batch.starts[index + 1]]
        found = english_features(codes.tobytes().decode("utf-32-le", "replace"))
        rows[index] = [bucket for bucket, _ in found]
    return rows


def _words(batch: Batch, heads: Heads) -> tuple[Indices, Indices, Floats]:
    """Return text, row and scale of the known words of English texts."""
    rows = english_rows(batch)
    counts = np.array([len(buckets) for buckets in rows.values()], dtype=np.int64)
    text = np.repeat(np.array(list(rows), dtype=np.int64), counts)
    scale = np.repeat(np.maximum(counts, 1) ** -0.5, counts)
    every = [BUCKETS + bucket for buckets in rows.values() for bucket in buckets]
    row = heads.row_of[np.array(every, dtype=np.int64)].astype(np.int64)
    known = np.flatnonzero(row)
    return text[known], row[known], scale[known]


@functools.cache
def shipped_heads() -> Heads:
    """Read the model of the package, once."""
    return Heads(load(MODEL))


def load(path: Path) -> HeadModel:
    """Read a model that ``save`` wrote."""
    with np.load(path, allow_pickle=False) as file:
        slope, shift = file["calibration"].tolist()
        return HeadModel(
            kept=np.cumsum(file["gaps"], dtype=np.int64),
            weights=file["weights"].astype(np.float32) * file["tops"] / _STEPS,
            idf=file["idf"].astype(np.float32),
            usual_idf=float(file["usual_idf"]),
            signs=tuple(file["signs"].tobytes().decode().split("\n")),
            sign_weights=file["sign_weights"].astype(np.float32),
            bias=file["bias"],
            calibration=(slope, shift),
            inputs=file["inputs"].tobytes().decode(),
            tables=CharTables(np.cumsum(file["fold"]).astype(np.uint16), file["flags"]),
        )


def save(path: Path, model: HeadModel) -> None:
    """Write a model; the same model gives the same bytes."""
    tops = np.abs(model.weights).max(axis=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            gaps=np.diff(model.kept, prepend=0).astype(np.int32),
            weights=np.rint(model.weights / tops * _STEPS).astype(np.int8),
            tops=tops.astype(np.float32),
            idf=model.idf.astype(np.float16),
            usual_idf=np.float32(model.usual_idf),
            signs=np.frombuffer("\n".join(model.signs).encode(), dtype=np.uint8),
            sign_weights=model.sign_weights.astype(np.float16),
            bias=model.bias.astype(np.float32),
            calibration=np.array(model.calibration),
            inputs=np.frombuffer(model.inputs.encode(), dtype=np.uint8),
            fold=np.diff(model.tables.fold.astype(np.int32), prepend=0),
            flags=model.tables.flags,
        )
