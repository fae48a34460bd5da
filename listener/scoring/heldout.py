"""What the default model learns from texts it has not seen: honest chances, worth of irony cues.

Judged by the model that learned from them, texts look easier than texts to come. So each third
of the reviews and of the corpus is judged by a model made from everything else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from listener.scoring.fit import fit_around, fit_leans
from listener.scoring.grams import CharTables, fold_batch
from listener.scoring.irony import IronyCues
from listener.scoring.model import ENGLISH_BUCKETS, LENGTHS, Model, length_basis
from listener.scoring.recipe import NEGATIVE, NEUTRAL, Part

FOLDS = 3
# Each kind of text counts as so many texts: which kinds a stream holds is not known beforehand.
_KIND_WEIGHT = 300.0
_CALIBRATION_PENALTY = 5.0
_HELD_FAST = 1e6
_FIRST_SLOPE = 1.5
# A line of the corpus counts this much for irony, a review this little: among tens of thousands
# of reviews a friendly word beside trouble is mostly a mixed review.
_CORPUS_WEIGHT = 2.0
_REVIEW_WEIGHT = 0.3
_IRONY_STRENGTH = 1.0
_CHUNK = 512
_REVIEWS = "reviews"
# Lines that were written to mislead a sum of words, and that have one side only or, of irony,
# cues that answer for it: they would tell of themselves and not of texts to come.
_MISLEADING = frozenset(("corpus/irony", "corpus/jokes", "corpus/hypothetical"))

Floats = NDArray[np.float64]
# Returns weights of the n-grams and the intercept, learned from the chosen rows.
Learn = Callable[[NDArray[np.bool_]], tuple[Floats, float]]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Negative and positive texts as a model judged them that had not seen them.

    ``kinds`` names the kind of each text, as ``kind_of`` does; ``names`` are the columns of
    ``cues``.
    """

    polarity: Floats
    lengths: NDArray[np.int64]
    names: Sequence[str]
    cues: sparse.csr_matrix
    is_negative: NDArray[np.bool_]
    kinds: NDArray[np.str_]


def kind_of(part: Part) -> str:
    """Return what sort of text a part holds: ``corpus/weibo`` for ``corpus/weibo_neg``."""
    return part.name.partition("_")[0]


def hold_out(
    parts: Sequence[Part], spread: NDArray[np.float32], tables: CharTables, learn: Learn
) -> HeldOut:
    """Judge reviews and corpus in ``FOLDS`` parts, each by what ``learn`` makes of the others."""
    labels = np.concatenate([np.asarray(part.labels) for part in parts])
    texts = [text for part in parts for text in part.texts]
    kinds = np.concatenate([np.full(len(part.texts), kind_of(part)) for part in parts])
    is_whole = (kinds == _REVIEWS) | np.char.startswith(kinds, "corpus/")
    fold = np.full(len(texts), -1)
    fold[is_whole] = np.random.default_rng(7).permutation(int(is_whole.sum())) % FOLDS
    at = np.flatnonzero(is_whole & (labels != NEUTRAL))
    cues = IronyCues(tables)
    polarity = np.zeros(len(at))
    lengths = np.zeros(len(at), dtype=np.int64)
    rows = np.zeros((len(at), len(cues.names)), dtype=np.float32)
    for one in range(FOLDS):
        weights, bias = learn(fold != one)
        model = Model(
            weights=(weights * np.sqrt(spread)).astype(np.complex64),
            spread=spread,
            english=np.zeros(ENGLISH_BUCKETS, dtype=np.complex64),
            tables=tables,
            header={"bias": [bias, 0.0]},
        )
        chosen = np.flatnonzero(fold[at] == one)
        for begin in range(0, len(chosen), _CHUNK):
            some = chosen[begin : begin + _CHUNK]
            batch = fold_batch([texts[at[i]] for i in some], tables)
            judged = model.judge(batch)
            polarity[some] = judged.polarity
            lengths[some] = judged.lengths
            rows[some] = cues.features(judged, cues.marks(batch, judged))
    return HeldOut(
        polarity=polarity,
        lengths=lengths,
        names=cues.names,
        cues=sparse.csr_matrix(rows),
        is_negative=labels[at] == NEGATIVE,
        kinds=kinds[at],
    )


def fit_calibration(held: HeldOut) -> tuple[float, list[float]]:
    """Return the slope of the log-odds, and their shift at each length of ``LENGTHS``.

    Every kind counts alike, apart from those that mislead by choice. The shifts come from all of
    them, the slope from those with both sides: one side alone makes any slope look too flat.
    """
    everywhere, both = np.zeros(len(held.polarity)), np.zeros(len(held.polarity))
    for kind in sorted(set(held.kinds.tolist()) - _MISLEADING):
        inside = held.kinds == kind
        everywhere[inside] = _KIND_WEIGHT / inside.sum()
        if 0 < held.is_negative[inside].mean() < 1:
            both[inside] = everywhere[inside]
    shifts = _calibrate(held, everywhere, np.zeros(len(LENGTHS)), hold=_CALIBRATION_PENALTY)[1:]
    slope = _calibrate(held, both, shifts, hold=_HELD_FAST)[0]
    return round(float(slope), 4), [round(float(value), 4) for value in shifts]


def _calibrate(held: HeldOut, weight: Floats, shifts: Floats, *, hold: float) -> Floats:
    """Return slope and shifts; ``hold`` is the penalty that keeps the shifts where they are."""
    rows = np.column_stack((held.polarity, length_basis(held.lengths)))
    start = np.array([_FIRST_SLOPE, *shifts])
    penalty = np.array([_CALIBRATION_PENALTY, *[hold] * len(shifts)])
    return fit_around(rows, held.is_negative, weight, start, penalty=penalty)


def fit_irony(held: HeldOut, slope: float, shifts: Sequence[float]) -> dict[str, float]:
    """Return what each cue or pair of cues adds to the log-odds of negative, by its name."""
    start = slope * held.polarity + length_basis(held.lengths) @ np.asarray(shifts)
    weight = np.where(held.kinds == _REVIEWS, _REVIEW_WEIGHT, _CORPUS_WEIGHT)
    leans = fit_leans(held.cues, held.is_negative, weight, start, strength=_IRONY_STRENGTH)
    return {
        name: round(float(lean), 3) for name, lean in zip(held.names, leans, strict=True) if lean
    }
