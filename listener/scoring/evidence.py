"""Which words of a text weighed most, as they stand in it. Works on a whole batch at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from listener.scoring.grams import WORD, Batch
from listener.scoring.spans import (
    MAX_EVIDENCE,
    MOST_PEAKS,
    Evidence,
    Hits,
    Positions,
    Spans,
    apart,
    in_order,
    places,
    ranked,
    repeating,
    together,
)

_LEAST = 0.02

Weights = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Found:
    """What spoke for and against: weights at each position, harm terms, English words.

    ``whole`` sums the n-grams that begin at a position, ``short`` those of up to two characters;
    ``scale`` are what makes log-odds of them, one number for each text. ``irony`` are friendly
    words meant the other way round.
    """

    whole: Weights
    short: Weights
    scale: NDArray[np.float64]
    harm: Hits
    irony: Hits
    english: Sequence[tuple[int, list[tuple[str, float]]]]


def strongest(batch: Batch, found: Found, body: Sequence[int]) -> list[Evidence]:
    """Return for each text at most five of its substrings, strongest first.

    ``body[i]`` is where the text proper begins behind its title; evidence comes from it alone.
    Substrings of one text do not overlap.
    """
    bodies = batch.begins + np.asarray(body, dtype=np.int64)
    joined, size = batch.joined, len(batch)
    peaks, rules = _peaks(batch, found, bodies), _of_rules(batch, found, bodies)
    spans, doubtful = together(peaks, rules, size)
    words = [
        joined[begin:end]
        for begin, end in zip(spans.begin.tolist(), spans.end.tolist(), strict=True)
    ]
    pairs = list(zip(words, spans.weight.tolist(), strict=True))
    cuts = spans.text.searchsorted(np.arange(size + 1)).tolist()
    chosen = [tuple(pairs[first:last]) for first, last in pairwise(cuts)]
    for text in repeating(spans, joined):
        chosen[text] = _once(chosen[text])
        if len(chosen[text]) < cuts[text + 1] - cuts[text]:
            doubtful.add(text)
    ruled = sorted(doubtful.intersection(rules.text.tolist()))
    for text, own, other in zip(ruled, rules.of(ruled), peaks.of(ruled), strict=True):
        chosen[text] = apart(joined, own + other)
    for text, said in found.english:
        end = batch.begins[text + 1] - 2 if text + 1 < size else len(joined) - 2
        chosen[text] = _words(joined[bodies[text] : end], said)
    return chosen


def _once(evidence: Evidence) -> Evidence:
    """Return each word once, with its first weight."""
    words: dict[str, float] = {}
    for word, weight in evidence:
        words.setdefault(word, weight)
    return tuple(words.items())


def _of_rules(batch: Batch, found: Found, bodies: Positions) -> Spans:
    """Return the harm terms and ironic words that stand behind the titles."""
    spans = found.harm.spans(batch.origin)
    if len(found.irony):
        spans = in_order(spans, found.irony.spans(batch.origin))
    return spans.chosen(spans.begin >= bodies[spans.text])


def _peaks(batch: Batch, found: Found, bodies: Positions) -> Spans:
    """Return the runs of two or three characters that weigh more than those they overlap.

    At most six of a text, strongest first.
    """
    longer, force = _forces(batch, found)
    peak = force > 0
    for step in (1, 2):  # of neighbours that overlap only the strongest stands
        peak[step:] &= force[step:] > force[:-step]
        peak[:-step] &= force[:-step] >= force[step:]
    (at,) = peak.nonzero()
    cuts = at.searchsorted(batch.starts)
    text = np.arange(len(batch)).repeat(cuts[1:] - cuts[:-1])
    longer = longer[at]
    weight = np.where(longer, found.whole[at], found.short[at]) * found.scale[text]
    begin = batch.origin[at]
    (keep,) = ((np.abs(weight) > _LEAST) & (begin >= bodies[text])).nonzero()
    keep = keep[ranked(text[keep], force[at[keep]])]
    keep = keep[places(text[keep], len(batch)) < MOST_PEAKS]
    last = at[keep] + 1 + longer[keep]
    return Spans(text[keep], weight[keep].round(2), begin[keep], batch.origin[last] + 1)


def _forces(batch: Batch, found: Found) -> tuple[NDArray[np.bool_], Weights]:
    """Return where the third character makes the n-grams stronger, and how strong they are.

    Not yet scaled, for within a text the scale changes no order; 0 where no word begins.
    """
    inside = ((batch.flags & WORD) != 0).astype(np.float32)
    whole, force = np.abs(found.whole), np.abs(found.short)
    whole[:-2] *= inside[2:]
    whole[-2:] = 0
    longer = whole > force
    np.maximum(force, whole, out=force)
    force *= inside
    force[:-1] *= inside[1:]
    return longer, force


def _words(text: str, words: list[tuple[str, float]]) -> Evidence:
    """Return the strongest English words as they are typed in ``text``."""
    total: dict[str, float] = {}
    for word, weight in words:
        total[word] = total.get(word, 0.0) + weight
    folded = text.lower()
    chosen: list[tuple[str, float]] = []
    for word, weight in sorted(total.items(), key=lambda pair: (-abs(pair[1]), pair[0])):
        at = folded.find(word) if len(folded) == len(text) else -1
        if at >= 0 and abs(weight) > _LEAST:
            chosen.append((text[at : at + len(word)], round(weight, 2)))
        if len(chosen) == MAX_EVIDENCE:
            break
    return tuple(chosen)
