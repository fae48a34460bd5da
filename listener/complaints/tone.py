"""The tone of a text as the default sentiment scorer hears it: it has read far more praise."""

import math
from collections.abc import Sequence
from functools import cache

import numpy as np

from listener.complaints.signs import TONES, SignRows, columns_of, sign_number
from listener.scoring.fast import MODEL, FastScorer
from listener.scoring.model import load_model
from listener.scoring.protocol import Sentiment, TextToScore
from listener.scoring.rules import KIND_LOGIT

Chances = tuple[float, float, float]

_LEAST = 0.01  # a probability below it says no more


def tones(texts: Sequence[str], heard: Sequence[Chances | None]) -> SignRows:
    """Return for each text the log-odds of negative and of neutral against positive.

    ``heard`` are the chances of negative, neutral and positive where they are known already.
    """
    unheard = [text for text, chances in zip(texts, heard, strict=True) if chances is None]
    new = _scorer().probabilities([TextToScore(text=text) for text in unheard]).tolist()
    judged = iter(new)
    every = [chances or next(judged) for chances in heard]
    negative = [_log_ratio(negative, positive) for negative, _, positive in every]
    neutral = [_log_ratio(neutral, positive) for _, neutral, positive in every]
    return columns_of(sign_number(TONES[0]), [np.array(negative), np.array(neutral)])


def heard_in(
    sentiment: Sentiment | None, *, kind: str | None, rating: float | None
) -> Chances | None:
    """Return the chances that a sentiment gives to the words alone, or None if it does not.

    The default scorer must have given it, and neither stars nor the kind of text moved it.
    """
    if sentiment is None or rating is not None or kind in KIND_LOGIT:
        return None
    if sentiment.scorer != _scorer().name:
        return None
    return sentiment.negative, sentiment.neutral, sentiment.positive


@cache
def _scorer() -> FastScorer:
    return FastScorer(load_model(MODEL))


def _log_ratio(chance: float, other: float) -> float:
    return math.log(max(chance, _LEAST) / max(other, _LEAST))
