"""Which words of a text weighed most, as they stand in it. Works on a whole batch at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

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
    ``irony`` are friendly words meant the other way round, with text and positions like ``harm``.
    """

    whole: Weights | None
    short: Weights | None
    harm: Sequence[tuple[int, int, int]]
    english: Sequence[tuple[int, list[tuple[str, float]]]]
    irony: Sequence[tuple[int, int, int, float]] = ()


@dataclass(frozen=True, slots=True)
class _Peaks:
    """Spans of a batch, text by text, the strongest first; text i has ``cuts[i : i + 2]``."""

    weights: list[float]
    begins: list[int]
    ends: list[int]
    cuts: list[int]

    def between(self, first: int, last: int) -> Iterable[Span]:
        """Return the peaks from place ``first`` to ``last``."""
        return zip(
            self.weights[first:last], self.begins[first:last], self.ends[first:last], strict=True
        )


def strongest(batch: Batch, found: Found, body: Sequence[int]) -> list[Evidence]:
    """Return for each text at most five of its substrings, strongest first.

    ``body[i]`` is where the text proper begins behind its title; evidence comes from it alone.
    Substrings of one text do not overlap.
    """
    bodies = batch.begins + np.asarray(body, dtype=np.int64)
    rules = _of_rules(batch, found, bodies.tolist())
    peaks = _peaks(batch, found, bodies)
    joined = batch.joined
    chosen: list[Evidence] = []
    for index, (first, last) in enumerate(pairwise(peaks.cuts)):
        if index not in rules:
            chosen.append(_plain(joined, peaks, first, min(last, first + MAX_EVIDENCE)))
            continue
        spans = [*rules[index], *peaks.between(first, last)]
        spans.sort(key=lambda span: (-abs(span[0]), span[1]))
        chosen.append(_named(joined, _apart(spans)))
    for text, words in found.english:
        end = batch.begins[text + 1] - 2 if text + 1 < len(batch) else len(joined) - 2
        chosen[text] = _words(joined[bodies[text] : end], words)
    return chosen


def _of_rules(batch: Batch, found: Found, bodies: list[int]) -> dict[int, list[Span]]:
    """Return the harm terms and ironic words that stand behind the titles, by text."""
    spans: dict[int, list[Span]] = {}
    harm = ((text, first, last, HARM_LOGIT) for text, first, last in found.harm)
    for text, first, last, weight in [*harm, *found.irony]:
        begin = int(batch.origin[first])
        if begin >= bodies[text]:
            spans.setdefault(text, []).append((weight, begin, int(batch.origin[last]) + 1))
    return spans


def _peaks(batch: Batch, found: Found, bodies: NDArray[np.int64]) -> _Peaks:
    """Return the runs of two or three characters that weigh more than those they overlap."""
    if found.whole is None or found.short is None:
        return _Peaks([], [], [], [0] * (len(batch) + 1))
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
    is_body = batch.origin[at] >= bodies[text]
    at, text = at[is_body], text[is_body]
    order = np.lexsort((-least[at], text))
    at, text = at[order], text[order]
    keep = np.arange(len(at)) - np.searchsorted(text, text) <= MAX_EVIDENCE
    at, text = at[keep], text[keep]
    return _Peaks(
        weights=np.round(force[at], 2).tolist(),
        begins=batch.origin[at].tolist(),
        ends=(batch.origin[np.minimum(at + 1 + longer[at], size - 1)] + 1).tolist(),
        cuts=np.searchsorted(text, np.arange(len(batch) + 1)).tolist(),
    )


def _plain(joined: str, peaks: _Peaks, first: int, last: int) -> Evidence:
    """Return the words of peaks, which come sorted and apart and seldom repeat a word."""
    words = [
        joined[begin:end]
        for begin, end in zip(peaks.begins[first:last], peaks.ends[first:last], strict=True)
    ]
    if len(set(words)) == len(words):
        return tuple(zip(words, peaks.weights[first:last], strict=True))
    return _named(joined, peaks.between(first, last))


def _named(joined: str, spans: Iterable[Span]) -> Evidence:
    """Return the words of the first spans; a word that comes again keeps its first weight."""
    words: dict[str, float] = {}
    for weight, begin, end in spans:
        word = joined[begin:end]
        if word not in words:
            words[word] = weight
            if len(words) == MAX_EVIDENCE:
                break
    return tuple(words.items())


def _apart(spans: Sequence[Span]) -> list[Span]:
    chosen: list[Span] = []
    for span in spans:
        _, begin, end = span
        for _, taken, until in chosen:
            if begin < until and taken < end:
                break
        else:
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
