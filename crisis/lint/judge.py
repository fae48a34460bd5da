"""The learned part of the checks: how much a passage is like the sentences of one kind.

Linear heads, one for each rule of wording and each part of a statement, over character n-grams
(words in English), classes of words that stand together, and the cues that the rules found there.
It needs nothing but NumPy; ``judge_training`` makes the model.
"""

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from crisis.lint.finding import Span
from listener.complaints.folding import plain

DATA = Path(__file__).resolve().parent / "data"
MODEL = DATA / "judge-1.npz"
FAULTS = (
    *("non-apology", "belittling-phrase", "hostile-phrase", "blame-consumer", "blame-staff"),
    *("blame-third-party", "over-promise", "absolute-word", "unproven-denial"),
    *("liability-admission", "undated-promise", "unknown-asserted", "legal-threat"),
    *("unfair-term", "secret-request", "promotion-mix", "self-praise", "flippant-tone"),
)
PARTS = (
    *("event", "care", "checking", "action", "remedy", "next-update", "contact"),
    *("root-cause", "prevention", "stop-use", "spokesperson", "no-post"),
)
HEADS = (*FAULTS, *PARTS)
# What cues and classes weigh beside n-grams; chosen by leaving out one author after another.
CUE_WEIGHT, CLASS_WEIGHT = 0.1**0.5, 0.1**0.5
LONGEST = 4

_STEPS = 127
_DIGITS = re.compile(r"\d+")
_IDEOGRAPH = re.compile("[\u4e00-\u9fff]")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|0|[^\sa-z0]")
_EDGES = " \n,，。;；!！.、:：?？~～—-"
_BLOCKS = ("", "cue:", "class:")

Floats = NDArray[np.float64]


class Window(NamedTuple):
    """A passage to judge: its folded words, and the names of the cues found in it."""

    words: str
    cues: Sequence[str]


def grams(words: str) -> list[str]:
    """Return the n-grams of folded words, edges marked; of English the words and their pairs."""
    folded = _DIGITS.sub("0", words.strip(_EDGES))
    if _IDEOGRAPH.search(folded):
        text = f"^{folded}$"
        found = [text[i : i + n] for n in range(1, LONGEST + 1) for i in range(len(text) - n + 1)]
        return found + [f"{text[i]}_{text[i + 2]}" for i in range(len(text) - 2)]
    tokens = ["^", *_WORD.findall(folded), "$"]
    found = [
        " ".join(tokens[i : i + n]) + " " for n in (1, 2, 3) for i in range(len(tokens) - n + 1)
    ]
    return found + [f"{tokens[i]} _ {tokens[i + 2]}" for i in range(len(tokens) - 2)]


@functools.cache
def _classes() -> tuple[re.Pattern[str], re.Pattern[str], Mapping[str, tuple[str, ...]]]:
    """Return expressions for the words of classes in both scripts, and the classes of a word."""
    table = tomllib.loads(files("crisis.lint").joinpath("data/classes.toml").read_text("utf-8"))
    known: dict[str, list[str]] = {}
    for name, words in table.items():
        for word in words:
            known.setdefault(_DIGITS.sub("0", plain(word)), []).append(name)
    latin = [word for word in known if re.match("[a-z]", word)]
    others = [word for word in known if not re.match("[a-z]", word)]
    ours = "|".join(sorted(map(re.escape, others), key=len, reverse=True))
    theirs = "|".join(sorted(map(re.escape, latin), key=len, reverse=True))
    return (
        re.compile(f"(?=({ours}))"),
        re.compile(rf"\b(?=({theirs})\b)"),
        {word: tuple(names) for word, names in known.items()},
    )


def classes(words: str) -> list[str]:
    """Return the classes whose words occur, and every pair of them."""
    chinese, latin, names = _classes()
    folded = _DIGITS.sub("0", words)
    pattern = chinese if _IDEOGRAPH.search(folded) else latin
    found = sorted({name for match in pattern.finditer(folded) for name in names[match.group(1)]})
    return [*found, *(f"{one}+{other}" for one, other in combinations(found, 2))]


def features(window: Window) -> tuple[list[str], list[str], list[str]]:
    """Return n-grams, cues and classes of a passage, each named as the model names it."""
    return (
        grams(window.words),
        [f"cue:{name}" for name in window.cues],
        [f"class:{name}" for name in classes(window.words)],
    )


@dataclass(frozen=True, slots=True)
class JudgeModel:
    """Weights of ``names``, a column for each head; a score is 1 for a clear case, 0 for none.

    ``finds`` are the scores from which a passage is taken to be of a head's kind, ``clears`` those
    below which a cue of the rules is not believed. ``inputs`` is the digest of what it learned
    from.
    """

    names: tuple[str, ...]
    weights: NDArray[np.float32]
    idf: NDArray[np.float32]
    bias: NDArray[np.float32]
    finds: NDArray[np.float32]
    clears: NDArray[np.float32]
    inputs: str


class Judge:
    """A model laid out for look-up. Holds no state between calls."""

    def __init__(self, model: JudgeModel) -> None:
        self._row = {name: index for index, name in enumerate(model.names)}
        self._idf = model.idf.astype(np.float64)
        self._weights = model.weights.astype(np.float64)
        self._bias = model.bias.astype(np.float64)
        self.finds = dict(zip(HEADS, model.finds.tolist(), strict=True))
        self.clears = dict(zip(HEADS, model.clears.tolist(), strict=True))

    def scores(self, window: Window) -> Floats:
        """Return how much a passage is of each head's kind, in the order of ``HEADS``."""
        total = self._bias.copy()
        for names, weight in zip(features(window), (1.0, CUE_WEIGHT, CLASS_WEIGHT), strict=True):
            total += weight * self._block(names)
        return total

    def _block(self, names: Sequence[str]) -> Floats:
        counts: dict[int, int] = {}
        for name in names:
            row = self._row.get(name)
            if row is not None:
                counts[row] = counts.get(row, 0) + 1
        if not counts:
            return np.zeros(len(HEADS))
        rows = np.fromiter(counts, dtype=np.int64)
        values = np.fromiter(counts.values(), dtype=np.float64) * self._idf[rows]
        return np.asarray(values @ self._weights[rows] / np.sqrt(values @ values))

    def evidence(self, window: Window, head: str, most: int = 2) -> list[str]:
        """Return the longest known n-grams that speak most for a head, without overlaps."""
        column = HEADS.index(head)
        weighed = []
        for name in set(grams(window.words)):
            row = self._row.get(name)
            words = name.strip(" ^$")
            if row is not None and len(words) > 1 and "_" not in name and "^" not in name:
                weighed.append((self._weights[row, column] * self._idf[row] * len(words), words))
        chosen: list[str] = []
        for weight, words in sorted(weighed, key=lambda one: (-one[0], one[1])):
            if weight > 0 and not any(words in other or other in words for other in chosen):
                chosen.append(words)
        return chosen[:most]


@functools.cache
def shipped_judge() -> Judge:
    """Read the model of the package, once."""
    return Judge(load(MODEL))


def load(path: Path) -> JudgeModel:
    """Read a model that ``save`` wrote."""
    with np.load(path, allow_pickle=False) as file:
        return JudgeModel(
            names=tuple(file["names"].tobytes().decode().split("\n")),
            weights=file["weights"].astype(np.float32) * file["tops"] / _STEPS,
            idf=file["idf"].astype(np.float32),
            bias=file["bias"],
            finds=file["finds"],
            clears=file["clears"],
            inputs=file["inputs"].tobytes().decode(),
        )


def save(path: Path, model: JudgeModel) -> None:
    """Write a model; the same model gives the same bytes."""
    tops = np.maximum(np.abs(model.weights).max(axis=0), 1e-9)
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            names=np.frombuffer("\n".join(model.names).encode(), dtype=np.uint8),
            weights=np.rint(model.weights / tops * _STEPS).astype(np.int8),
            tops=tops.astype(np.float32),
            idf=model.idf.astype(np.float16),
            bias=model.bias.astype(np.float32),
            finds=model.finds.astype(np.float32),
            clears=model.clears.astype(np.float32),
            inputs=np.frombuffer(model.inputs.encode(), dtype=np.uint8),
        )


def cues_in(span: Span, cues: Sequence[tuple[Span, str]]) -> list[str]:
    """Return the names of the cues that stand inside a passage, each once."""
    return sorted({name for place, name in cues if place.within(span)})
