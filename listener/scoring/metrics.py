"""How well judgements agree with labels: accuracy, macro-F1, calibration error, confusion."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15
NAMES = ("negative", "neutral", "positive")


@dataclass(frozen=True, slots=True)
class Agreement:
    """Shares between 0 and 1; ``confusion[true][called]`` counts texts."""

    texts: int
    accuracy: float
    macro_f1: float
    calibration_error: float
    confusion: tuple[tuple[int, ...], ...]


def agreement(chances: NDArray[np.float64], labels: NDArray[np.int64]) -> Agreement:
    """Compare probabilities, shape ``(n, 3)``, with labels 0, 1, 2.

    Macro-F1 is the mean over the classes that occur among the labels. The calibration error is
    the expected one over 15 equal bins of the winning probability (Guo et al., 2017).
    """
    called = chances.argmax(axis=1)
    confusion = np.zeros((3, 3), dtype=np.int64)
    np.add.at(confusion, (labels, called), 1)
    present = np.flatnonzero(confusion.sum(axis=1))
    f1 = [
        2 * confusion[k, k] / max(confusion[k].sum() + confusion[:, k].sum(), 1) for k in present
    ]
    is_right = called == labels
    return Agreement(
        texts=len(labels),
        accuracy=float(is_right.mean()),
        macro_f1=float(np.mean(f1)),
        calibration_error=calibration_error(chances.max(axis=1), is_right),
        confusion=tuple(tuple(int(n) for n in row) for row in confusion),
    )


def calibration_error(chances: NDArray[np.float64], is_true: NDArray[np.bool_]) -> float:
    """Return the mean distance between chance and frequency over 15 equal bins, by size."""
    bins = np.minimum((chances * BINS).astype(np.int64), BINS - 1)
    error = 0.0
    for one in np.unique(bins):
        inside = bins == one
        error += inside.mean() * abs(chances[inside].mean() - is_true[inside].mean())
    return float(error)
