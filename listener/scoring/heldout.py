"""What the default model learns from texts it has not seen: honest chances, worth of irony cues.

Judged by the model that learned from them, texts look easier than texts to come. So each third
of the reviews, and each kind of text in the corpus, is judged by a model made from other texts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from listener.scoring.fit import fit_around, fit_leans
from listener.scoring.gramleans import GramLeans, to_levels
from listener.scoring.grams import BUCKETS, Batch, CharTables, fold_batch, hash_ones
from listener.scoring.irony import IronyCues
from listener.scoring.model import ENGLISH_BUCKETS, LENGTHS, Judged, Model, length_basis
from listener.scoring.recipe import NEGATIVE, NEUTRAL, Part

FOLDS = 3
# Each kind of text counts as so many texts: which kinds a stream holds is not known beforehand.
_KIND_WEIGHT = 300.0
_CALIBRATION_PENALTY = 5.0
_HELD_FAST = 1e6
_FIRST_SLOPE = 1.5
# A review counts this little for irony, a line of the corpus 1: among tens of thousands of
# reviews a friendly word beside trouble is mostly a mixed review.
_REVIEW_WEIGHT = 0.08
# A cue is one of a few hundred features, an n-gram one of many thousands that share a small sum:
# it is held this much less. Chosen with one file of irony after another left out.
_GRAM_STRENGTH = 10.0
# Every tenth line here is ironic, and hardly a post in a hundred: all leans are taken with
# reserve.
_RESERVE = 0.6
# Longer texts say nothing of irony; an n-gram must stand in so many ironic or sincere lines.
_IRONY_LENGTH = 140
_LEAST_LINES = 2
_IRONY = "corpus/irony"
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
    ``cues``; ``grams`` has a column for each bucket.
    """

    polarity: Floats
    lengths: NDArray[np.int64]
    names: Sequence[str]
    cues: sparse.csr_matrix
    grams: sparse.csr_matrix
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
    fold = _folds(kinds)
    is_whole = fold >= 0
    at = np.flatnonzero(is_whole & (labels != NEUTRAL))
    cues = IronyCues(tables)
    polarity = np.zeros(len(at))
    lengths = np.zeros(len(at), dtype=np.int64)
    rows = np.zeros((len(at), len(cues.names)), dtype=np.float32)
    order: list[NDArray[np.int64]] = []
    grams: list[sparse.csr_matrix] = []
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
            order.append(some)
            grams.append(gram_rows(batch, judged, spread))
    return HeldOut(
        polarity=polarity,
        lengths=lengths,
        names=cues.names,
        cues=sparse.csr_matrix(rows),
        grams=sparse.vstack(grams).tocsr()[np.argsort(np.concatenate(order))],
        is_negative=labels[at] == NEGATIVE,
        kinds=kinds[at],
    )


def gram_rows(batch: Batch, judged: Judged, spread: NDArray[np.float32]) -> sparse.csr_matrix:
    """Return what ``GramLeans.sums`` multiplies, a row for each text and a column for each bucket.

    The columns are already weighed by the inverse document frequency.
    """
    size = int(batch.starts[-1])
    rows = np.repeat(np.arange(len(batch)), np.diff(batch.starts))
    every = (hash_ones(batch.codes[:size]), judged.two[:size], judged.three[:size])
    rows, columns = np.tile(rows, len(every)), np.concatenate(every)
    values = (np.sqrt(spread[columns]) / judged.norms[rows]).astype(np.float32)
    found = sparse.csr_matrix((values, (rows, columns)), shape=(len(batch), BUCKETS))
    found.sum_duplicates()
    return found


def _folds(kinds: NDArray[np.str_]) -> NDArray[np.int64]:
    """Return in which fold each text is judged, -1 in none: a third of the reviews, whole kinds.

    Texts to come are of kinds the model knows less well than those it learned from.
    """
    fold = np.full(len(kinds), -1)
    is_review = kinds == _REVIEWS
    fold[is_review] = np.random.default_rng(7).permutation(int(is_review.sum())) % FOLDS
    own = sorted(kind for kind in set(kinds.tolist()) if kind.startswith("corpus/"))
    for number, kind in enumerate(own):
        fold[kinds == kind] = number % FOLDS
    return fold


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


def fit_irony(
    held: HeldOut, slope: float, shifts: Sequence[float], spread: NDArray[np.float32]
) -> tuple[dict[str, float], GramLeans]:
    """Return what cues and n-grams add to the log-odds of negative.

    Of cues and pairs of cues by their name. Both are learned at once, so that they share what
    they have to tell; n-grams learn from texts without a friendly word too.
    """
    chosen = np.flatnonzero(held.lengths < _IRONY_LENGTH)
    grams = held.grams[chosen]
    is_irony = held.kinds[chosen] == _IRONY
    stands = np.bincount(grams[is_irony].indices, minlength=grams.shape[1])
    used = np.flatnonzero(stands >= _LEAST_LINES)
    loose = _GRAM_STRENGTH**0.5
    rows = sparse.hstack([held.cues[chosen], grams[:, used] * loose]).tocsr()
    start = slope * held.polarity + length_basis(held.lengths) @ np.asarray(shifts)
    weight = np.where(held.kinds == _REVIEWS, _REVIEW_WEIGHT, 1.0)
    is_twin = (held.kinds == _IRONY) & ~held.is_negative
    weight[is_twin] = np.sum((held.kinds == _IRONY) & held.is_negative) / max(is_twin.sum(), 1)
    leans = _RESERVE * fit_leans(
        rows, held.is_negative[chosen], weight[chosen], start[chosen], strength=1.0
    )
    cues = {
        name: round(float(lean), 3)
        for name, lean in zip(held.names, leans, strict=False)
        if round(float(lean), 3)
    }
    weights = np.zeros(grams.shape[1])
    weights[used] = leans[len(held.names) :] * loose * np.sqrt(spread[used])
    return cues, to_levels(weights)
