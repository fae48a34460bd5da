"""The linear model: two weights for each bucket of n-grams, in a file of a few megabytes.

One weight leans towards negative (against positive), the other towards neutral (against both).
They are the real and imaginary part of one complex number, so that a single look-up and a single
sum serve both.
"""

import json
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from listener.errors import ConfigError
from listener.scoring.grams import (
    BUCKETS,
    COMMON,
    Batch,
    CharTables,
    Codes,
    blank_buckets,
    hash_grams,
    hash_ones,
)

FORMAT = 1
ENGLISH_BUCKETS = 1 << 16
# The log-odds of polarity are calibrated apart for texts around these many characters.
LENGTHS = (4, 8, 16, 32, 64, 128, 256)
_LEVELS = 127

Weights = NDArray[np.complex64]
Logits = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Model:
    """Weights and tables of a scorer.

    ``weights[b]`` is already multiplied by the inverse document frequency of bucket ``b``, whose
    square is ``spread[b]``. ``header`` says how and from what the model was made, and holds the
    intercepts and calibration.
    """

    weights: Weights
    spread: NDArray[np.float32]
    english: Weights
    tables: CharTables
    header: Mapping[str, Any]
    # What each bucket leans to irony beside a friendly word, in steps of "irony_scale"; or empty.
    ironic: NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, dtype=np.int8))
    # Weight, spread and watch side by side: one look-up fetches all, and look-ups take the time.
    _rows: NDArray[np.complex128] = field(init=False, repr=False, compare=False)
    # The same by character: a table that fits the cache, and no hash to compute.
    _of_chars: NDArray[np.complex128] = field(init=False, repr=False, compare=False)
    _watches: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Lay out the tables that ``judge`` reads."""
        rows = np.empty((len(self.weights), 2), dtype=np.complex64)
        rows[:, 0], rows[:, 1] = self.weights, self.spread
        object.__setattr__(self, "_rows", rows.view(np.complex128)[:, 0])
        self._note(watches=False)

    def watching(self, buckets: NDArray[np.intp]) -> "Model":
        """Return the same model, whose ``judge`` notes where n-grams of ``buckets`` begin.

        Both share the large table, where this one does not read the marks.
        """
        model = copy(self)
        self._rows.view(np.complex64).reshape(-1, 2).imag[buckets, 1] = 1
        model._note(watches=True)
        return model

    def _note(self, *, watches: bool) -> None:
        of_chars = self._rows.take(hash_ones(np.arange(COMMON, dtype=np.uint32)))
        object.__setattr__(self, "_of_chars", of_chars)
        object.__setattr__(self, "_watches", watches)

    def _take(self, buckets: NDArray[Any]) -> Weights:
        """Return weight, spread and watch of each bucket, shape ``(n, 2)``."""
        return self._rows.take(buckets).view(np.complex64).reshape(-1, 2)

    def _take_chars(self, codes: Codes) -> Weights:
        """Return the same of single characters."""
        found = self._of_chars.take(codes, mode="clip").view(np.complex64).reshape(-1, 2)
        if codes.max() >= COMMON:
            far = codes >= COMMON
            found[far] = self._take(hash_ones(codes[far]))
        return found

    def calibrated(self, judged: "Judged") -> tuple[Logits, Logits]:
        """Return the log-odds of polarity and neutrality that make honest chances."""
        calibration = self.header["calibration"]
        slope, shift = calibration["polarity"]
        turn, offset = calibration["neutrality"]
        polarity = slope * judged.polarity + shift
        if shifts := calibration.get("lengths"):
            shift_of = _shifts_by_length(tuple(shifts))
            polarity += shift_of.take(judged.lengths, mode="clip")
        return polarity, turn * judged.neutrality + offset

    @property
    def name(self) -> str:
        """``name@version`` as it stands with every score."""
        return str(self.header["scorer"])

    def judge(self, batch: Batch) -> "Judged":
        """Return each text's two raw log-odds, and what each position contributed."""
        grams = hash_grams(batch)
        # Two large arrays at a time: what does not leave the cache is twice as fast.
        whole = self._take_chars(batch.codes)
        found = np.empty(len(whole), dtype=np.complex128)
        rows = found.view(np.complex64).reshape(-1, 2)
        self._rows.take(grams.two, mode="clip", out=found)
        whole += rows
        short = whole[:, 0].real.copy()
        self._rows.take(grams.three, mode="clip", out=found)
        whole += rows
        if len(grams.denied_at):
            whole[grams.denied_at] += self._take(grams.denied2) + self._take(grams.denied3)
        # The last start is that of the closing separators, which belong to no text.
        totals = np.add.reduceat(whole, batch.starts, axis=0)[:-1]
        sums = totals[:, 0]
        norms = np.sqrt(np.maximum(totals[:, 1].real.astype(np.float64), 1e-9))
        bias = self.header["bias"]
        return Judged(
            polarity=sums.real / norms + bias[0],
            neutrality=sums.imag / norms + bias[1],
            norms=norms,
            lengths=batch.starts[1:] - batch.starts[:-1] - 2,
            whole=whole[:, 0].real.copy(),
            short=short,
            two=grams.two,
            three=grams.three,
            watched=(
                (whole[:, 1].imag != 0).nonzero()[0] if self._watches else np.arange(len(whole))
            ),
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """Log-odds of texts; ``whole`` and ``short`` are what each position gave to the polarity.

    ``whole`` sums all n-grams that begin there, ``short`` those of up to two characters, both
    before division by ``norms``;
    ``lengths`` count characters; ``two`` and ``three`` are the buckets of the longer n-grams.
    Every n-gram of a watched bucket begins at one of ``watched``, where others may begin too.
    """

    polarity: Logits
    neutrality: Logits
    norms: Logits
    lengths: NDArray[np.int64]
    whole: NDArray[np.float32]
    short: NDArray[np.float32]
    two: Codes
    three: Codes
    watched: NDArray[np.intp]


def length_basis(lengths: NDArray[np.int64]) -> Logits:
    """Return how near each length is to each of ``LENGTHS``, on a scale of ratios."""
    log = np.log2(np.clip(lengths, LENGTHS[0], LENGTHS[-1]))
    steps = np.log2(np.array(LENGTHS, dtype=np.float64))
    return np.asarray(np.maximum(0.0, 1.0 - np.abs(log[:, None] - steps)), dtype=np.float64)


@lru_cache(maxsize=16)
def _shifts_by_length(shifts: tuple[float, ...]) -> Logits:
    """Return what each length up to the last of ``LENGTHS`` adds to the log-odds of polarity."""
    basis = length_basis(np.arange(LENGTHS[-1] + 1))
    return np.asarray(basis @ np.array(shifts), dtype=np.float64)


def save_model(path: Path, model: Model) -> None:
    """Write a model; the same model gives the same bytes."""
    idf = np.sqrt(model.spread.astype(np.float64))
    usual = idf.max()
    kept = np.flatnonzero((model.weights != 0) | (idf < usual))
    plain = model.weights[kept] / idf[kept].clip(1e-9)
    polar, polar_max = _narrow(plain.real)
    neutral, neutral_max = _narrow(plain.imag)
    spread, spread_max = _narrow(idf[kept])
    words = np.flatnonzero(model.english)
    ironic = np.flatnonzero(model.ironic)
    header = dict(model.header) | {
        "format": FORMAT,
        "usual_idf": float(usual),
        "scales": [polar_max, neutral_max, spread_max],
    }
    text = json.dumps(header, ensure_ascii=False, sort_keys=True, indent=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            header=np.frombuffer(text.encode(), dtype=np.uint8),
            gaps=np.diff(kept, prepend=0).astype(np.uint16),
            polar=polar,
            neutral=neutral,
            idf=spread,
            ironic_at=ironic.astype(np.uint32),
            ironic=model.ironic[ironic],
            english_at=words.astype(np.uint16),
            english=model.english[words].view(np.float32).astype(np.float16),
            fold=np.diff(model.tables.fold.astype(np.int32), prepend=0),
            flags=model.tables.flags,
        )


def _narrow(values: NDArray[Any]) -> tuple[NDArray[np.int8], float]:
    """Quantise to 255 levels that lie denser near zero, where most weights are."""
    top = float(np.abs(values).max(initial=1e-9))
    level = np.sqrt(np.abs(values) / top) * _LEVELS
    return (np.sign(values) * np.rint(level)).astype(np.int8), top


def _widen(levels: NDArray[np.int8], top: float) -> NDArray[np.float32]:
    share = levels.astype(np.float32) / _LEVELS
    return np.asarray(np.sign(share) * share * share * np.float32(top), dtype=np.float32)


def load_model(path: Path) -> Model:
    """Read a model. Raises ``ConfigError`` when there is none or it is not one of ours."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return _unpack({name: file[name] for name in file.files})
    except OSError as error:
        raise ConfigError(
            f"cannot read the model '{path}' ({error.strerror or error}); make it with "
            "'fengsheng build-model' or 'fengsheng train'"
        ) from None
    except (ValueError, KeyError) as error:
        raise ConfigError(
            f"'{path}' is not a sentiment model of format {FORMAT} ({error}); make a new one with "
            "'fengsheng build-model' or 'fengsheng train'"
        ) from None


def _unpack(file: Mapping[str, NDArray[Any]]) -> Model:
    header = json.loads(file["header"].tobytes())
    if header["format"] != FORMAT:
        raise ValueError(f"its format is {header['format']}")
    polar_max, neutral_max, spread_max = header["scales"]
    kept = np.cumsum(file["gaps"], dtype=np.int64)
    idf = np.full(BUCKETS, header["usual_idf"], dtype=np.float32)
    idf[kept] = _widen(file["idf"], spread_max)
    weights = np.zeros(BUCKETS, dtype=np.complex64)
    weights.real[kept] = _widen(file["polar"], polar_max)
    weights.imag[kept] = _widen(file["neutral"], neutral_max)
    weights *= idf
    spread = idf * idf
    spread[blank_buckets()] = 0
    weights[blank_buckets()] = 0
    english = np.zeros(ENGLISH_BUCKETS, dtype=np.complex64)
    english[file["english_at"]] = file["english"].astype(np.float32).view(np.complex64)
    tables = CharTables(np.cumsum(file["fold"]).astype(np.uint16), file["flags"])
    ironic = np.zeros(0, dtype=np.int8)
    if "ironic" in file:  # a model trained by an earlier version has none
        ironic = np.zeros(BUCKETS, dtype=np.int8)
        ironic[file["ironic_at"]] = file["ironic"]
    return Model(weights, spread, english, tables, header, ironic)


def with_header(model: Model, **changed: Any) -> Model:
    """Return the model with other entries in its header."""
    return replace(model, header={**model.header, **changed})
