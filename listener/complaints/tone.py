"""The tone of a text as the default sentiment scorer hears it: it has read far more praise."""

import math
from collections.abc import Sequence
from functools import cache

from listener.complaints.signs import Signs
from listener.scoring.fast import MODEL, FastScorer
from listener.scoring.model import load_model
from listener.scoring.protocol import TextToScore

_LEAST = 0.01  # a probability below it says no more


def tones(texts: Sequence[str]) -> list[Signs]:
    """Return for each text the log-odds of negative and of neutral against positive."""
    return [
        {
            "tone negative": _log_ratio(negative, positive),
            "tone neutral": _log_ratio(neutral, positive),
        }
        for negative, neutral, positive in _scorer()
        .probabilities([TextToScore(text=text) for text in texts])
        .tolist()
    ]


@cache
def _scorer() -> FastScorer:
    return FastScorer(load_model(MODEL))


def _log_ratio(chance: float, other: float) -> float:
    return math.log(max(chance, _LEAST) / max(other, _LEAST))
