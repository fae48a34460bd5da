"""Which words of one text made a learned head speak: shown where no cue of the rules says it."""

import numpy as np
from numpy.typing import NDArray

from listener.complaints.learned import Heads
from listener.scoring.grams import BREAK, fold_batch, hash_grams

MOST_SPANS = 2
_WINDOW = 3
_SECOND = 0.5  # share of the strongest that another stretch must reach


def strongest_words(heads: Heads, text: str, head: int) -> list[tuple[int, int]]:
    """Return at most two stretches of ``text``, half-open code points, that speak for ``head``."""
    batch = fold_batch([text], heads.tables)
    grams, end = hash_grams(batch), int(batch.starts[1])
    weights = heads.weights[:, head].astype(np.float64)
    one, two, three = (
        weights[heads.row_of[part[2:end]]] for part in (grams.one, grams.two, grams.three)
    )
    size = len(one) - _WINDOW + 1
    if size < 1:
        return []
    value = (
        one[:size] + one[1 : size + 1] + one[2:] + two[:size] + two[1 : size + 1] + three[:size]
    )
    breaks = (batch.flags[2:end] & BREAK) != 0
    value[breaks[:size] | breaks[1 : size + 1] | breaks[2:]] = -np.inf
    origin = batch.origin[2:end] - batch.begins[0]
    spans: list[tuple[int, int]] = []
    for begin in _peaks(value):
        first, last = int(origin[begin]), int(origin[begin + _WINDOW - 1]) + 1
        spans.append(_whole_words(text, first, last))
    return list(dict.fromkeys(spans))


def _peaks(value: NDArray[np.float64]) -> list[int]:
    order = np.argsort(-value, kind="stable")[: 3 * _WINDOW].tolist()
    least = max(float(value[order[0]]) * _SECOND, 1e-9)
    chosen: list[int] = []
    for begin in order:
        if value[begin] < least or len(chosen) == MOST_SPANS:
            break
        if all(abs(begin - other) >= _WINDOW for other in chosen):
            chosen.append(begin)
    return sorted(chosen)


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a stretch so that it cuts no Latin word and begins and ends with no space."""
    while start > 0 and _is_letter(text[start]) and _is_letter(text[start - 1]):
        start -= 1
    while end < len(text) and _is_letter(text[end - 1]) and _is_letter(text[end]):
        end += 1
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _is_letter(char: str) -> bool:
    return char.isascii() and char.isalpha()
