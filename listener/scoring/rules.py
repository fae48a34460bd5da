"""What acts on the model's log-odds besides n-grams: faults, stars, and kind of source."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from listener.scoring.grams import BUCKETS, Batch, CharTables, fold_batch, hash_grams
from listener.scoring.protocol import TextToScore
from listener.scoring.recipe import word_list

# A fault, a refusal or an injury that is not denied takes this much from the odds of neutral:
# "变速箱异响" has no feeling word and is a complaint all the same.
HARM_LOGIT = 2.5
# What it adds to the odds of negative, unless the words around it are praise.
HARM_LEAN = 0.4
PRAISE_LOGIT = -0.8
# Log-odds of negative for the lowest rating, of positive for the highest.
RATING_LOGIT = 3.0
# Text this clearly negative keeps its sign under five stars, which are there to be seen first.
ANGRY_LOGIT = 0.8
_RATED_LOGIT = 1.5
KIND_LOGIT = {
    "article": 1.5,
    "news": 1.5,
    "notice": 1.5,
    "official": 1.5,
    "review": -1.0,
    "complaint": -1.5,
    "ticket": -1.0,
}
_NEWS = frozenset(("article", "news", "notice", "official"))
# A denial and what may stand between it and the fault: "没有遇到网上说的漏电".
_DENIAL = re.compile(
    r"(?:没有?|未|无|不会|从不|不存在|毫无|零|不怕|不再)"
    r"(?:遇到|碰到|出现|发生|发现|见到|听到|感觉到|任何|什么|过|有|网上|传说|别人|大家|他们|有人|群里"
    r"|说|讲|提到|担心|的|那种|那样|所谓|一点|丝毫|明显|再)*$"
)
_DENIAL_REACH = 14

Logits = NDArray[np.float64]


class HarmTerms:
    """Finds the terms of ``lexicons/harm.toml`` that a text does not deny.

    The n-grams are hashed already, so a table of the buckets of the terms' first two characters
    leaves only a few positions to look at: ten times faster than searching the text anew.
    """

    def __init__(self, tables: CharTables) -> None:
        lists = word_list("harm")
        words = [word for key in ("faults", "refusals", "damage") for word in lists[key].split()]
        batch = fold_batch(list(dict.fromkeys(words)), tables)
        self._by_head: dict[str, list[str]] = {}
        for index in range(len(batch)):
            term = _decoded(batch, int(batch.starts[index]) + 2, int(batch.starts[index + 1]))
            self._by_head.setdefault(term[:2], []).append(term)
        for terms in self._by_head.values():
            terms.sort(key=len, reverse=True)
        self._longest = max(len(term) for terms in self._by_head.values() for term in terms)
        self._is_head = np.zeros(BUCKETS, dtype=bool)
        self._is_head[hash_grams(batch).two[batch.starts[:-1] + 2]] = True

    def find(self, batch: Batch, two: NDArray[np.intp]) -> list[tuple[int, int, int]]:
        """Return text, first and last position in ``batch.codes`` of each term that stands.

        ``two`` are the buckets of the batch's 2-grams.
        """
        at = np.flatnonzero(self._is_head.take(two))
        texts = np.searchsorted(batch.starts, at, side="right") - 1
        found: list[tuple[int, int, int]] = []
        for text, start in zip(texts.tolist(), at.tolist(), strict=True):
            if found and start <= found[-1][2]:
                continue
            ahead = _decoded(batch, start, start + self._longest)
            for term in self._by_head.get(ahead[:2], ()):
                if ahead.startswith(term):
                    if not _is_denied(batch, text, start):
                        found.append((text, start, start + len(term) - 1))
                    break
        return found


def _decoded(batch: Batch, begin: int, end: int) -> str:
    return batch.codes[begin:end].tobytes().decode("utf-32-le", "replace")


def _is_denied(batch: Batch, text: int, start: int) -> bool:
    before = max(int(batch.starts[text]), start - _DENIAL_REACH)
    return _DENIAL.search(_decoded(batch, before, start)) is not None


def rating_logits(texts: Sequence[TextToScore], polarity: Logits) -> tuple[Logits, Logits]:
    """Return what the stars add to the odds of negative and of neutral.

    Without ``rating_max`` the scale ends at 5, or at 10 or 100 when the rating is above.
    """
    negative, neutral = np.zeros(len(texts)), np.zeros(len(texts))
    for index, text in enumerate(texts):
        if text.rating is None:
            continue
        top = text.rating_max or next((m for m in (5.0, 10.0, 100.0) if text.rating <= m), 100.0)
        if top <= 1:
            continue
        share = min(max((text.rating - 1) / (top - 1), 0.0), 1.0)
        lean = 1 - 2 * share
        if not (lean < 0 and polarity[index] > ANGRY_LOGIT):
            negative[index] = RATING_LOGIT * lean
        neutral[index] = -_RATED_LOGIT * abs(lean)
    return negative, neutral


def is_news(text: TextToScore) -> bool:
    """Say whether the source reports rather than complains."""
    return text.kind in _NEWS
