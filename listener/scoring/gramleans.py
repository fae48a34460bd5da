"""What n-grams lean to irony or to sincere praise, in short texts with a friendly word.

“三天掉漆” and “可能是我不配” are seldom praised. As weights of the general model such lessons
cost other texts up to six points of accuracy; read only beside a friendly word they cost nothing
there. One byte for each bucket keeps the table in the cache and the sums exact.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from listener.scoring.grams import Batch, Positions, hash_ones
from listener.scoring.model import Judged

_LEVELS = 127

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GramLeans:
    """A level for each bucket; ``scale`` turns a sum of levels, over the norm, into log-odds."""

    levels: NDArray[np.int8]
    scale: float

    def sums(self, batch: Batch, judged: Judged, texts: Positions) -> Floats:
        """Return what the n-grams of the chosen ``texts`` of a batch add to their log-odds."""
        if not len(texts) or not self.scale:
            return np.zeros(len(texts))
        begins = batch.starts[texts]
        sizes = batch.starts[texts + 1] - begins
        ends = np.cumsum(sizes)
        at = np.arange(ends[-1]) + np.repeat(begins - (ends - sizes), sizes)
        # Three levels fit sixteen bits; clipping, which never happens, spares a check.
        found = self.levels.take(hash_ones(batch.codes.take(at))).astype(np.int16)
        for buckets in (judged.two, judged.three):
            found += self.levels.take(buckets.take(at, mode="clip"), mode="clip")
        sums = np.add.reduceat(found, ends - sizes, dtype=np.int32)
        return np.asarray(sums * self.scale / judged.norms[texts], dtype=np.float64)


def no_leans() -> GramLeans:
    """Return leans of nothing, for a model that has learned none."""
    return GramLeans(np.zeros(0, dtype=np.int8), 0.0)


def to_levels(weights: Floats) -> GramLeans:
    """Round a weight for each bucket to 255 levels."""
    top = float(np.abs(weights).max(initial=0.0))
    if not top:
        return no_leans()
    return GramLeans(np.rint(weights / top * _LEVELS).astype(np.int8), top / _LEVELS)
