"""Which words of a text weighed most, as they stand in it. Works on a whole batch at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from listener.scoring.grams import WORD, Batch
from listener.scoring.rules import HARM_LOGIT

MAX_EVIDENCE = 5
_LEAST = 0.02

Weights = NDArray[np.float64]
# Weight, first and one past the last character in the joined texts.
Span = tuple[float, int, int]
Evidence = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What spoke for and against: weights at each position, harm terms, English words.

    ``whole`` sums the n-grams that begin at a position, ``short`` those of up to two characters.
    """

    whole: Weights | None
    short: Weights | None
    harm: Sequence[tuple[int, int, int]]
    english: Sequence[tuple[int, list[tuple[str, float]]]]


def strongest(batch: Batch, found: Found, body: Sequence[int]) -> list[Evidence]:
    """Return for each text at most five of its substrings, strongest first.

    ``body[i]`` is where the text proper begins behind its title; evidence comes from it alone.
    Substrings of one text do not overlap.
    """
    spans: list[list[Span]] = [[] for _ in range(len(batch))]
    for text, first, last in found.harm:
        spans[text].append((HARM_LOGIT, int(batch.origin[first]), int(batch.origin[last]) + 1))
    _add_peaks(batch, found, spans)
    harmed = {text for text, _, _ in found.harm}
    begins = batch.begins.tolist()
    chosen = [
        _substrings(batch.joined, spans[i], begins[i] + body[i], with_harm=i in harmed)
        for i in range(len(batch))
    ]
    for text, words in found.english:
        end = begins[text + 1] - 2 if text + 1 < len(batch) else len(batch.joined) - 2
        chosen[text] = _words(batch.joined[begins[text] + body[text] : end], words)
    return chosen


def _add_peaks(batch: Batch, found: Found, spans: list[list[Span]]) -> None:
    """Add the runs of two or three characters that weigh more than those they overlap."""
    if found.whole is None or found.short is None:
        return
    size = len(found.whole)
    is_inside = (batch.flags & WORD) != 0
    # The n-grams that begin here: with the third character when that makes them stronger.
    longer = np.abs(found.whole) > np.abs(found.short)
    longer[:-2] &= is_inside[2:]
    longer[-2:] = False
    force = np.where(longer, found.whole, found.short)
    force[:-1][~is_inside[1:]] = 0
    force[~is_inside] = 0
    least = np.abs(force)
    peak = least > _LEAST
    for step in (1, 2):  # of neighbours that overlap only the strongest stands
        peak[step:] &= least[step:] > least[:-step]
        peak[:-step] &= least[:-step] >= least[step:]
    at = np.flatnonzero(peak)
    text = np.searchsorted(batch.starts, at, side="right") - 1
    order = np.lexsort((-least[at], text))
    at, text = at[order], text[order]
    keep = np.arange(len(at)) - np.searchsorted(text, text) <= MAX_EVIDENCE
    at, text = at[keep], text[keep]
    begins = batch.origin[at].tolist()
    ends = (batch.origin[np.minimum(at + 1 + longer[at], size - 1)] + 1).tolist()
    weights = np.round(force[at], 2).tolist()
    for index, weight, begin, end in zip(text.tolist(), weights, begins, ends, strict=True):
        spans[index].append((weight, begin, end))


def _substrings(joined: str, spans: list[Span], body: int, *, with_harm: bool) -> Evidence:
    """Return the strongest spans behind ``body`` that do not overlap and are not repeated.

    Peaks come sorted and apart from each other; only harm terms have to be fitted in.
    """
    if with_harm:
        spans = _apart(sorted(spans, key=lambda span: (-abs(span[0]), span[1])))
    words: dict[str, float] = {}
    for weight, begin, end in spans:
        if begin >= body:
            word = joined[begin:end]
            if word not in words:
                words[word] = weight
                if len(words) == MAX_EVIDENCE:
                    break
    return tuple(words.items())


def _apart(spans: list[Span]) -> list[Span]:
    chosen: list[Span] = []
    for span in spans:
        if all(span[2] <= begin or end <= span[1] for _, begin, end in chosen):
            chosen.append(span)
    return chosen


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
