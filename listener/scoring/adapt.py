"""Fit the default model to a brand's own labels: more weights, or only honest probabilities.

What is reported was measured on rows that the fit did not see.
"""

import csv
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from listener.errors import ConfigError
from listener.scoring.fast import FastScorer
from listener.scoring.fit import calibrate, count_grams, fit, folds, weigh
from listener.scoring.grams import WORD, fold_batch
from listener.scoring.metrics import Agreement, agreement
from listener.scoring.model import Model, with_header
from listener.scoring.protocol import TextToScore

LEAST_TRAIN = 100
LEAST_CALIBRATE = 60
LEAST_OF_CLASS = 15
FOLDS = 5
# An own label counts this much against the ridge penalty that holds the default model.
OWN_WEIGHT = 2.0
_NAMES = {
    **dict.fromkeys(("neg", "negative", "负面", "负", "差评"), 0),
    **dict.fromkeys(("neu", "neutral", "中性", "中"), 1),
    **dict.fromkeys(("pos", "positive", "正面", "正", "好评"), 2),
}

Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts with their labels: 0 negative, 1 neutral, 2 positive."""

    texts: tuple[str, ...]
    labels: Labels
    sha256: str
    repeated: int

    def take(self, chosen: NDArray[np.bool_]) -> "Labelled":
        """Return the chosen rows."""
        at = np.flatnonzero(chosen)
        return replace(self, texts=tuple(self.texts[i] for i in at), labels=self.labels[at])


@dataclass(frozen=True, slots=True)
class Report:
    """Agreement on rows that were held out, before and after."""

    before: Agreement
    after: Agreement


def read_labelled(path: Path, *, least: int) -> Labelled:
    """Read a CSV with the columns ``text`` and ``label``; equal texts count once.

    Raises ``ConfigError`` naming the line, or when there are too few rows to learn from.
    """
    try:
        content = path.read_bytes()
        rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines(keepends=True)))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read '{path}' ({error}); give a CSV file in UTF-8") from None
    if not rows or not {"text", "label"} <= rows[0].keys():
        raise ConfigError(f"'{path}' needs a header line with the columns 'text' and 'label'")
    found: dict[str, int] = {}
    for number, row in enumerate(rows, start=2):
        label = _NAMES.get((row["label"] or "").strip().lower())
        if label is None:
            raise ConfigError(
                f"'{path}', row {number}: label '{row['label']}' is unknown; "
                "write neg, neu or pos (or 负面, 中性, 正面)"
            )
        if (row["text"] or "").strip():
            found[row["text"].strip()] = label
    labels = np.array(list(found.values()), dtype=np.int64)
    counts = np.bincount(labels, minlength=3)
    if len(labels) < least or min(counts[0], counts[2]) < LEAST_OF_CLASS:
        raise ConfigError(
            f"'{path}' has {len(labels)} different texts ({counts[0]} neg, {counts[1]} neu, "
            f"{counts[2]} pos); label at least {least}, with {LEAST_OF_CLASS} neg and "
            f"{LEAST_OF_CLASS} pos, so that what is learned can be checked"
        )
    digest = hashlib.sha256(content).hexdigest()
    return Labelled(tuple(found), labels, digest, len(rows) - len(found))


def train_on(model: Model, rows: Labelled) -> Model:
    """Return the model with weights moved towards the rows, as far as they speak for it."""
    counts = count_grams(rows.texts, model.tables)
    features = weigh(counts, model.spread)
    raw = model.judge(fold_batch(rows.texts, model.tables))
    slope, shift = model.header["calibration"]["polarity"]
    turn, offset = model.header["calibration"]["neutrality"]
    start, start_neutral = model.calibrated(raw)
    polar = np.flatnonzero(rows.labels != 1)
    polarity = fit(
        features[polar],
        rows.labels[polar] == 0,
        np.full(len(polar), OWN_WEIGHT),
        offset=start[polar],
    )
    neutrality = fit(
        features,
        rows.labels == 1,
        np.full(len(rows.labels), OWN_WEIGHT),
        offset=start_neutral,
    )
    idf = np.sqrt(model.spread)
    moved = (
        slope * model.weights.real + polarity.weights * idf
        + 1j * (turn * model.weights.imag + neutrality.weights * idf)
    )  # fmt: skip
    bias = model.header["bias"]
    changed = with_header(
        model,
        bias=[
            slope * bias[0] + shift + polarity.bias,
            turn * bias[1] + offset + neutrality.bias,
        ],
        calibration={**model.header["calibration"], "polarity": [1, 0], "neutrality": [1, 0]},
    )
    return replace(changed, weights=moved.astype(np.complex64))


def calibrate_on(model: Model, rows: Labelled) -> Model:
    """Return the model with slopes and intercepts that make its chances honest for such rows."""
    batch = fold_batch(rows.texts, model.tables)
    raw = model.judge(batch)
    usable = batch.any_of(WORD)
    polar = usable & (rows.labels != 1)
    found = calibrate(raw.polarity[polar], rows.labels[polar] == 0)
    changed: dict[str, list[float]] = {"polarity": list(found), "lengths": []}
    if (rows.labels == 1).sum() >= LEAST_OF_CLASS:
        changed["neutrality"] = list(calibrate(raw.neutrality[usable], rows.labels[usable] == 1))
    return with_header(model, calibration={**model.header["calibration"], **changed})


def adapt(
    model: Model, rows: Labelled, change: Callable[[Model, Labelled], Model], *, name: str
) -> tuple[Model, Report]:
    """Return the changed model, named after its rows, and what it is worth on held-out rows."""
    after = np.zeros((len(rows.labels), 3))
    for held in folds(len(rows.labels), FOLDS):
        fitted = change(model, rows.take(~held))
        after[held] = _chances(fitted, rows.take(held))
    report = Report(
        before=agreement(_chances(model, rows), rows.labels),
        after=agreement(after, rows.labels),
    )
    base = model.header["scorer"]
    changed = with_header(
        change(model, rows),
        scorer=f"{name}@{rows.sha256[:12]}",
        based_on=base,
        own_rows={"sha256": rows.sha256, "texts": len(rows.labels)},
    )
    return changed, report


def _chances(model: Model, rows: Labelled) -> NDArray[np.float64]:
    return FastScorer(model).probabilities([TextToScore(text=text) for text in rows.texts])
