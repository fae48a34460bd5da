"""Fitting: logistic regression by L-BFGS on sparse counts, and the calibration of its scores.

Nothing here is random, so the same rows give the same weights on the same machine.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize

from listener.scoring.english import english_features
from listener.scoring.grams import (
    BUCKETS,
    Batch,
    CharTables,
    blank_buckets,
    fold_batch,
    hash_grams,
)
from listener.scoring.model import ENGLISH_BUCKETS

Floats = NDArray[np.float64]
_CHUNK = 2_000
_MAX_STEPS = 60
_MAX_LEAN_STEPS = 150


def sigmoid(logits: Floats) -> Floats:
    """Return 1 / (1 + e^-x) without overflow."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -40, 40))), dtype=np.float64)


def count_grams(
    texts: Sequence[str], tables: CharTables, *, with_edges: bool = True
) -> sparse.csr_matrix:
    """Return how often each bucket occurs in each text, shape ``(len(texts), BUCKETS)``.

    Without edges only n-grams inside the text count: for words of a lexicon, which stand alone
    there but not in texts.
    """
    parts = []
    for begin in range(0, len(texts), _CHUNK):
        batch = fold_batch(texts[begin : begin + _CHUNK], tables)
        parts.append(_counts(batch, with_edges=with_edges))
    if not parts:
        return sparse.csr_matrix((0, BUCKETS), dtype=np.float32)
    return sparse.vstack(parts).tocsr()


def _counts(batch: Batch, *, with_edges: bool) -> sparse.csr_matrix:
    grams = hash_grams(batch)
    size = len(batch.codes)
    row = np.searchsorted(batch.starts, np.arange(size), side="right") - 1
    inside = row < len(batch)
    rows, columns = [], []
    reach = np.ones(size, dtype=bool) if with_edges else batch.codes != 2
    for length, buckets in enumerate((grams.one, grams.two, grams.three)):
        if not with_edges and length:
            reach = reach & np.concatenate((batch.codes[length:] != 2, np.zeros(length, bool)))
        keep = inside & reach
        rows.append(row[keep])
        columns.append(buckets[keep])
    for buckets in (grams.denied2, grams.denied3):
        rows.append(row[grams.denied_at])
        columns.append(buckets)
    at = np.concatenate(columns)
    keep = ~np.isin(at, blank_buckets())
    counts = sparse.csr_matrix(
        (np.ones(int(keep.sum()), dtype=np.float32), (np.concatenate(rows)[keep], at[keep])),
        shape=(len(batch), BUCKETS),
    )
    counts.sum_duplicates()
    return counts


def count_words(texts: Sequence[str]) -> sparse.csr_matrix:
    """Return the English features of each text, each row of unit length."""
    return words_matrix([[bucket for bucket, _ in english_features(text)] for text in texts])


def words_matrix(rows: Sequence[Sequence[int]]) -> sparse.csr_matrix:
    """Return rows of buckets as a matrix whose rows are divided by the root of their length."""
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    columns = np.fromiter((b for row in rows for b in row), dtype=np.int64, count=lengths.sum())
    values = np.repeat(1.0 / np.sqrt(np.maximum(lengths, 1)), lengths)
    matrix = sparse.csr_matrix(
        (values, columns, np.concatenate(([0], np.cumsum(lengths)))),
        shape=(len(rows), ENGLISH_BUCKETS),
    )
    matrix.sum_duplicates()
    return matrix


def inverse_frequency(counts: sparse.csr_matrix) -> NDArray[np.float32]:
    """Return ln((1 + n) / (1 + df)) + 1 for each bucket, as scikit-learn smooths it."""
    frequency = np.bincount(counts.indices, minlength=BUCKETS)
    idf = np.log((1 + counts.shape[0]) / (1 + frequency)) + 1
    return np.asarray(idf, dtype=np.float32)


def weigh(counts: sparse.csr_matrix, spread: NDArray[np.float32]) -> sparse.csr_matrix:
    """Return count x idf, each row divided by the root of its summed squared idf."""
    weighed = counts.astype(np.float64)
    norms = np.sqrt(np.maximum(counts @ spread.astype(np.float64), 1e-9))
    weighed.data *= np.sqrt(spread[weighed.indices])
    weighed.data /= np.repeat(norms, np.diff(weighed.indptr))
    return weighed


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights for every column, and the intercept."""

    weights: Floats
    bias: float

    def logits(self, rows: sparse.csr_matrix) -> Floats:
        """Return the log-odds of each row."""
        return np.asarray(rows @ self.weights + self.bias, dtype=np.float64)


def fit(
    rows: sparse.csr_matrix,
    is_true: NDArray[np.bool_],
    weight: Floats,
    *,
    strength: float = 5.0,
    offset: Floats | None = None,
) -> Fitted:
    """Fit a logistic regression; ``strength`` is the inverse of the ridge penalty.

    ``offset`` are log-odds that each row starts from, so that an earlier model is the prior
    (Chelba and Acero, 2004): with few rows little moves away from it.
    """
    used = np.unique(rows.indices)
    inner = rows[:, used].tocsr()
    turned = inner.T.tocsr()
    target = is_true.astype(np.float64)
    start = np.zeros(len(rows.indptr) - 1) if offset is None else offset

    def loss(point: Floats) -> tuple[float, Floats]:
        weights, bias = point[:-1], point[-1]
        z = inner @ weights + bias + start
        value = np.sum(weight * (np.logaddexp(0, z) - z * target))
        pull = weight * (sigmoid(z) - target)
        gradient = np.append(turned @ pull + weights / strength, np.sum(pull))
        return float(value + np.sum(weights * weights) / (2 * strength)), gradient

    options = {"maxiter": _MAX_STEPS, "maxcor": 8}
    found = minimize(loss, np.zeros(len(used) + 1), jac=True, method="L-BFGS-B", options=options)
    weights = np.zeros(rows.shape[1])
    weights[used] = found.x[:-1]
    return Fitted(weights, float(found.x[-1]))


def calibrate(logits: Floats, is_true: NDArray[np.bool_]) -> tuple[float, float]:
    """Return slope and intercept that make log-odds honest (Platt, 1999); few rows change little.

    The slope is kept between 0.2 and 5.
    """
    target = np.where(
        is_true, (is_true.sum() + 1) / (is_true.sum() + 2), 1 / ((~is_true).sum() + 2)
    )

    def loss(point: Floats) -> float:
        z = point[0] * logits + point[1]
        return float(np.sum(np.logaddexp(0, z) - z * target) + 2 * (point[0] - 1) ** 2)

    found = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead")
    return float(np.clip(found.x[0], 0.2, 5.0)), float(found.x[1])


def fit_around(
    rows: Floats,
    is_true: NDArray[np.bool_],
    weight: Floats,
    start: Floats,
    *,
    penalty: Floats,
) -> Floats:
    """Fit a logistic regression of few columns; ``penalty`` holds each weight near ``start``."""
    target = is_true.astype(np.float64)

    def loss(point: Floats) -> tuple[float, Floats]:
        z, away = rows @ point, point - start
        value = np.sum(weight * (np.logaddexp(0, z) - z * target)) + np.sum(penalty * away**2)
        gradient = rows.T @ (weight * (sigmoid(z) - target)) + 2 * penalty * away
        return float(value), gradient

    found = minimize(loss, start, jac=True, method="L-BFGS-B")
    return np.asarray(found.x, dtype=np.float64)


def fit_leans(
    rows: sparse.csr_matrix,
    is_true: NDArray[np.bool_],
    weight: Floats,
    start: Floats,
    *,
    strength: float,
) -> Floats:
    """Fit what each column adds to the log-odds ``start``; without an intercept.

    A row without a column on keeps its log-odds and is left out.
    """
    used = np.flatnonzero(np.diff(rows.indptr))
    inner = rows[used].tocsr().astype(np.float64)
    turned = inner.T.tocsr()
    target, counts, base = is_true[used].astype(np.float64), weight[used], start[used]

    def loss(point: Floats) -> tuple[float, Floats]:
        z = inner @ point + base
        value = np.sum(counts * (np.logaddexp(0, z) - z * target))
        gradient = turned @ (counts * (sigmoid(z) - target)) + point / strength
        return float(value + np.sum(point * point) / (2 * strength)), gradient

    options = {"maxiter": _MAX_LEAN_STEPS}
    found = minimize(loss, np.zeros(inner.shape[1]), jac=True, method="L-BFGS-B", options=options)
    return np.asarray(found.x, dtype=np.float64)


def folds(size: int, count: int) -> list[NDArray[np.bool_]]:
    """Return ``count`` masks that hold out every row once, interleaved."""
    return [np.arange(size) % count == part for part in range(count)]


Progress = Callable[[str], None]
