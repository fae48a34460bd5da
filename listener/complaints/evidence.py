"""Which words of one text made a learned head speak: shown where no cue of the rules says it."""

import numpy as np
from numpy.typing import NDArray

from listener.complaints.learned import HashedTexts
from listener.scoring.grams import BREAK

MOST_SPANS = 2
_WINDOW = 3
_SECOND = 0.5  # share of the strongest that another stretch must reach


def strongest_words(hashed: HashedTexts, index: int, head: int) -> list[tuple[int, int]]:
    """Return at most two stretches that speak for ``head`` in one of the texts.

    They are half-open code points of the text as given.
    """
    batch, text = hashed.batch, hashed.texts[index]
    begin, end = int(batch.starts[index]) + 2, int(batch.starts[index + 1])
    one, two, three = (values.astype(np.float64) for values in hashed.weights(head, begin, end))
    size = len(one) - _WINDOW + 1
    if size < 1:
        return []
    value = (
        one[:size] + one[1 : size + 1] + one[2:] + two[:size] + two[1 : size + 1] + three[:size]
    )
    breaks = (batch.flags[begin:end] & BREAK) != 0
    value[breaks[:size] | breaks[1 : size + 1] | breaks[2:]] = -np.inf
    origin = batch.origin[begin:end] - batch.begins[index]
    spans: list[tuple[int, int]] = []
    for peak in _peaks(value):
        first, last = int(origin[peak]), int(origin[peak + _WINDOW - 1]) + 1
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
