"""The linear model: two weights for each bucket of n-grams, in a file of a few megabytes.

One weight leans towards negative (against positive), the other towards neutral (against both).
They are the real and imaginary part of one complex number, so that a single look-up and a single
sum serve both.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from listener.errors import ConfigError
from listener.scoring.grams import BUCKETS, Batch, CharTables, blank_buckets, hash_grams

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
    # Weight and spread side by side: one look-up fetches both, and look-ups are what takes time.
    _rows: NDArray[np.complex128] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Lay out the table that ``judge`` reads."""
        rows = np.empty((len(self.weights), 2), dtype=np.complex64)
        rows[:, 0], rows[:, 1] = self.weights, self.spread
        object.__setattr__(self, "_rows", rows.view(np.complex128)[:, 0])

    def _take(self, buckets: NDArray[Any]) -> Weights:
        """Return weight and spread of each bucket, shape ``(n, 2)``."""
        return self._rows.take(buckets).view(np.complex64).reshape(-1, 2)

    def calibrated(self, judged: "Judged") -> tuple[Logits, Logits]:
        """Return the log-odds of polarity and neutrality that make honest chances."""
        calibration = self.header["calibration"]
        slope, shift = calibration["polarity"]
        turn, offset = calibration["neutrality"]
        polarity = slope * judged.polarity + shift
        if shifts := calibration.get("lengths"):
            polarity += length_basis(judged.lengths) @ np.asarray(shifts)
        return polarity, turn * judged.neutrality + offset

    @property
    def name(self) -> str:
        """``name@version`` as it stands with every score."""
        return str(self.header["scorer"])

    def judge(self, batch: Batch) -> "Judged":
        """Return each text's two raw log-odds, and what each position contributed."""
        grams = hash_grams(batch)
        one, two, three = (g.astype(np.intp) for g in (grams.one, grams.two, grams.three))
        short = self._take(one)
        short += self._take(two)
        whole = short + self._take(three)
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
            lengths=np.diff(batch.starts) - 2,
            whole=whole[:, 0],
            short=short[:, 0],
            one=one,
            two=two,
            three=three,
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """Log-odds of texts; ``whole`` and ``short`` are contributions before division by ``norms``.

    ``whole`` sums all n-grams that begin at a position, ``short`` those of up to two characters;
    ``lengths`` count characters;
    ``one``, ``two`` and ``three`` are the buckets of the n-grams.
    """

    polarity: Logits
    neutrality: Logits
    norms: Logits
    lengths: NDArray[np.int64]
    whole: Weights
    short: Weights
    one: NDArray[np.intp]
    two: NDArray[np.intp]
    three: NDArray[np.intp]


def length_basis(lengths: NDArray[np.int64]) -> Logits:
    """Return how near each length is to each of ``LENGTHS``, on a scale of ratios."""
    log = np.log2(np.clip(lengths, LENGTHS[0], LENGTHS[-1]))
    steps = np.log2(np.array(LENGTHS, dtype=np.float64))
    return np.asarray(np.maximum(0.0, 1.0 - np.abs(log[:, None] - steps)), dtype=np.float64)


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
    return Model(weights, spread, english, tables, header)


def with_header(model: Model, **changed: Any) -> Model:
    """Return the model with other entries in its header."""
    return replace(model, header={**model.header, **changed})
