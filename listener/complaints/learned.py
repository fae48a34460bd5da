"""The learned part: linear heads over hashed n-grams, English words and what the rules found.

One head says whether a text complains, one each scores a type and a severity. All read the same
features, so a batch is hashed once. It needs nothing but NumPy; ``training`` makes the model.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from listener.complaints.codes import ComplaintType, Severity
from listener.complaints.signs import Signs
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
        self.spread = np.zeros(blank + 1, dtype=np.float32)
        self.spread[0] = model.usual_idf**2
        self.spread[1:blank] = model.idf**2
        self._sign_weights = dict(
            zip(model.signs, model.sign_weights.astype(np.float64), strict=True)
        )
        self._stance_weights = {
            name: float(weights[0]) for name, weights in self._sign_weights.items() if weights[0]
        }
        self._bias = model.bias.astype(np.float64)
        self._calibration = model.calibration

    def hash(self, texts: Sequence[str]) -> "HashedTexts":
        """Fold and hash texts for all heads."""
        return HashedTexts(self, texts)

    def complaint(self, words: float, signs: Signs) -> float:
        """Return calibrated log-odds of a complaint from what its words weigh and its signs."""
        known = self._stance_weights
        total = min(max(words, -_MOST_WORDS), _MOST_WORDS) + float(self._bias[0])
        for name, value in signs.items():
            total += known.get(name, 0.0) * value
        slope, shift = self._calibration
        return slope * total + shift

    def add_signs(self, words: Floats, signs: Signs, heads: slice) -> Floats:
        """Return the scores of ``heads`` from what the words weigh there and the signs."""
        total = words + self._bias[heads]
        for name, value in signs.items():
            weights = self._sign_weights.get(name)
            if weights is not None:
                total += weights[heads] * value
        return total


class HashedTexts:
    """The known features of a batch, text after text of each kind."""

    def __init__(self, heads: Heads, texts: Sequence[str]) -> None:
        self._heads = heads
        self._size = len(texts)
        if not texts:
            self._text = self._row = np.zeros(0, dtype=np.int64)
            self._scale = np.zeros(0)
            return
        batch = fold_batch(texts, heads.tables)
        text, row = _grams(batch, heads)
        spread = np.bincount(text, weights=heads.spread[row], minlength=self._size)
        scale = (1.0 / np.maximum(np.sqrt(spread), 1e-9))[text]
        word_text, word_row, word_scale = _words(batch, heads)
        known = np.flatnonzero(row)
        # Each text in its own order whatever stands beside it: a batch gives what one text gives.
        self._text = np.concatenate((text[known], word_text))
        self._row = np.concatenate((row[known], word_row))
        self._scale = np.concatenate((scale[known], word_scale))

    def sums(self, heads: slice, chosen: Sequence[int] | None = None) -> Floats:
        """Return what the words weigh: a row for each (chosen) text, a column for each head."""
        text, row, scale, size = self._text, self._row, self._scale, self._size
        if chosen is not None:
            place = np.full(size, -1, dtype=np.int64)
            place[list(chosen)] = np.arange(len(chosen))
            at = np.flatnonzero(place[text] >= 0)
            text, row, scale, size = place[text[at]], row[at], scale[at], len(chosen)
        values = self._heads.weights[row, heads]
        columns = [
            np.bincount(text, weights=column * scale, minlength=size) for column in values.T
        ]
        return np.stack(columns, axis=1)


def _grams(batch: Batch, heads: Heads) -> tuple[Indices, NDArray[np.int32]]:
    """Return text and row of every n-gram, plain and denied."""
    grams, end = hash_grams(batch), int(batch.starts[-1])
    denied = grams.denied_at[grams.denied_at < end]
    count = len(denied)
    parts = (grams.one[:end], grams.two[:end], grams.three[:end])
    row = heads.row_of[np.concatenate([*parts, grams.denied2[:count], grams.denied3[:count]])]
    text_of = np.repeat(np.arange(len(batch)), np.diff(batch.starts))
    return np.concatenate([np.tile(text_of, 3), np.tile(text_of[denied], 2)]), row


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
