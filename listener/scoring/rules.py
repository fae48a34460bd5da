"""What acts on the model's log-odds besides n-grams: faults, stars, and kind of source."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from listener.scoring.grams import BUCKETS, Batch, CharTables, fold_batch, hash_grams
from listener.scoring.model import Judged
from listener.scoring.protocol import TextToScore
from listener.scoring.recipe import word_list
from listener.scoring.spans import Hits

# A fault, a refusal or an injury that is not denied takes this much from the odds of neutral:
# "变速箱异响" has no feeling word and is a complaint all the same.
HARM_LOGIT = 2.5
# What it adds to the odds of negative, unless the words around it are praise.
HARM_LEAN = 0.4
PRAISE_LOGIT = -0.8
# Share of what irony adds to the odds of negative that it takes from the odds of neutral.
IRONY_SHARE = 0.25
# Irony alone makes nobody surer than this: of ordinary held-out texts that only the cues turned
# negative two in five were, of ironic ones three in four.
IRONY_LOGIT = 0.5
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
# Every denial has one of these.
_DENYING = np.zeros(0x10000, dtype=bool)
_DENYING[[ord(char) for char in "没未无不零"]] = True

Logits = NDArray[np.float64]


class HarmTerms:
    """Finds the terms of ``lexicons/harm.toml`` that a text does not deny.

    The n-grams are hashed already, so the buckets in which the terms begin leave only a few
    positions to look at: much faster than searching the text anew.
    """

    def __init__(self, tables: CharTables) -> None:
        lists = word_list("harm")
        words = [word for key in ("faults", "refusals", "damage") for word in lists[key].split()]
        batch = fold_batch(list(dict.fromkeys(words)), tables)
        grams = hash_grams(batch)
        folded = batch.text()
        self._by_head: dict[str, list[str]] = {}
        self._is_whole = np.zeros(BUCKETS, dtype=bool)
        self._is_head = np.zeros(BUCKETS, dtype=bool)
        for begin, end in zip(batch.starts[:-1] + 2, batch.starts[1:], strict=True):
            self._by_head.setdefault(folded[begin : begin + 2], []).append(folded[begin:end])
            if end - begin == 2:
                self._is_whole[grams.two[begin]] = True
            else:
                self._is_head[grams.three[begin]] = True
        for terms in self._by_head.values():
            terms.sort(key=len, reverse=True)

    @property
    def buckets(self) -> NDArray[np.intp]:
        """Return every bucket in which a term begins, for ``Model.watching``."""
        return np.flatnonzero(self._is_whole | self._is_head)

    def find(self, batch: Batch, judged: Judged) -> Hits:
        """Return each term that stands; the model that judged watches ``buckets``, or nothing."""
        at = judged.watched
        at = at[self._is_whole.take(judged.two[at]) | self._is_head.take(judged.three[at])]
        folded = batch.text()
        # To look for the first characters of a denial spares most searches.
        before = np.maximum(at[:, None] - np.arange(_DENIAL_REACH, 0, -1), 0)
        maybe_denied = _DENYING.take(batch.codes[before], mode="clip").any(axis=1)
        firsts: list[int] = []
        lasts: list[int] = []
        done = -1
        for start, doubt in zip(at.tolist(), maybe_denied.tolist(), strict=True):
            if start <= done:
                continue
            for term in self._by_head.get(folded[start : start + 2], ()):
                if folded.startswith(term, start):
                    if not (doubt and _is_denied(folded, start)):
                        done = start + len(term) - 1
                        firsts.append(start)
                        lasts.append(done)
                    break
        first, last = np.array((firsts, lasts), dtype=np.int64)
        text = np.searchsorted(batch.starts, first, side="right") - 1
        return Hits(text, first, last, np.full(len(first), HARM_LOGIT))


def _is_denied(folded: str, start: int) -> bool:
    """Say whether a denial stands before ``start``; separators keep it within the text."""
    return _DENIAL.search(folded, max(0, start - _DENIAL_REACH), start) is not None


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


def lean_to_irony(polarity: Logits, leans: Logits) -> Logits:
    """Return the log-odds of negative after irony, which lifts none above ``IRONY_LOGIT``."""
    lifted = np.minimum(polarity + leans, np.maximum(polarity, IRONY_LOGIT))
    return np.asarray(lifted, dtype=np.float64)


def kind_logits(kinds: Sequence[str]) -> Logits:
    """Return what kinds of source add to the odds of neutral."""
    if KIND_LOGIT.keys().isdisjoint(kinds):
        return np.zeros(len(kinds))
    return np.array([KIND_LOGIT.get(kind, 0.0) for kind in kinds])


def news_among(kinds: Sequence[str]) -> NDArray[np.bool_]:
    """Say of each text whether its source reports rather than complains."""
    if _NEWS.isdisjoint(kinds):
        return np.zeros(len(kinds), dtype=bool)
    return np.array([kind in _NEWS for kind in kinds])
