"""What the rules miss: a linear model over hashed n-grams, learned from our own labelled texts.

It leans the rules' scores where they are weak; where they are strong it changes little.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from listener.complaints.codes import ComplaintType
from listener.scoring.grams import CharTables, blank_buckets, fold_batch, hash_grams

MODEL = Path(__file__).resolve().parents[1] / "data" / "models" / "complaints-1.npz"
TYPES: tuple[ComplaintType, ...] = tuple(
    code for code in ComplaintType if code != ComplaintType.NONE
)
# Chosen by leave-one-out on the training texts: the points of a type that the rules lack.
TYPE_SCALE = 6.0
_LEVELS = 127
_BLANK = blank_buckets()


@dataclass(frozen=True, slots=True)
class LearnedModel:
    """Weights of the buckets in ``kept``: one column for each type.

    ``idf`` are the inverse document frequencies of the same buckets; a bucket that is not kept
    has ``usual_idf`` and no weight.
    """

    kept: NDArray[np.int64]
    weights: NDArray[np.float32]
    idf: NDArray[np.float32]
    usual_idf: float
    tables: CharTables


def lean(text: str) -> dict[ComplaintType, float]:
    """Return what the model adds to the score of each type; 0 without a known n-gram."""
    model = shipped_model()
    batch = fold_batch([text], model.tables)
    grams = hash_grams(batch)
    end = int(batch.starts[1])
    denied = grams.denied_at < end
    parts = (grams.one[:end], grams.two[:end], grams.three[:end])
    every = np.concatenate([*parts, grams.denied2[denied], grams.denied3[denied]])
    every = every[~np.isin(every, _BLANK)].astype(np.int64)
    at = np.minimum(np.searchsorted(model.kept, every), len(model.kept) - 1)
    at = at[model.kept[at] == every]
    idf = model.idf[at]
    unknown = len(every) - len(at)
    norm = np.sqrt(float(np.sum(idf * idf)) + unknown * model.usual_idf**2)
    values = (model.weights[at].T @ idf / max(norm, 1e-9)).tolist()
    return {code: TYPE_SCALE * value for code, value in zip(TYPES, values, strict=True)}


@functools.cache
def shipped_model() -> LearnedModel:
    """Read the model of the package, once."""
    with np.load(MODEL, allow_pickle=False) as file:
        weights = file["weights"].astype(np.float32) * file["tops"] / _LEVELS
        return LearnedModel(
            kept=np.cumsum(file["gaps"], dtype=np.int64),
            weights=weights,
            idf=file["idf"].astype(np.float32),
            usual_idf=float(file["usual_idf"]),
            tables=CharTables(np.cumsum(file["fold"]).astype(np.uint16), file["flags"]),
        )


def save(path: Path, model: LearnedModel) -> None:
    """Write a model; the same model gives the same bytes."""
    tops = np.abs(model.weights).max(axis=0)
    np.savez_compressed(
        path,
        gaps=np.diff(model.kept, prepend=0).astype(np.int32),
        weights=np.rint(model.weights / tops * _LEVELS).astype(np.int8),
        tops=tops.astype(np.float32),
        idf=model.idf.astype(np.float16),
        usual_idf=np.float32(model.usual_idf),
        fold=np.diff(model.tables.fold.astype(np.int32), prepend=0),
        flags=model.tables.flags,
    )
