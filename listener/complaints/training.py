"""Make the learned heads from our labelled texts: ``python -m listener.complaints.training``.

Types and severities are ridge regressions onto the labels in their dual form (Saunders, Gammerman
and Vovk, 1998), which for a few thousand texts is one linear system each. Whether a text complains
is a logistic regression that also reads the sentiment corpora. Nothing is random.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from listener.complaints.codes import ComplaintType
from listener.complaints.examples import Labelled, digest, read_all
from listener.complaints.learned import (
    COMPLAINT,
    FEATURES,
    HEADS,
    LEVELS,
    MODEL,
    SEVERITY_HEADS,
    TYPE_HEADS,
    TYPES,
    HeadModel,
    english_rows,
    save,
)
from listener.complaints.reading import Reading
from listener.complaints.readings import Readings
from listener.complaints.severity import fired_rules
from listener.complaints.signs import (
    Signs,
    cue_signs,
    named,
    severity_signs,
    stance_signs,
    together,
)
from listener.complaints.tone import tones
from listener.complaints.types import secondary_types
from listener.scoring.chartable import make_tables
from listener.scoring.fit import count_grams, fit, folds, inverse_frequency, weigh, words_matrix
from listener.scoring.grams import CharTables, fold_batch

# Chosen mostly by leaving out one writer's file after another; docs/scoring.md says how.
COMPLAINT_CUES, TYPE_CUES, SEVERITY_CUES, RULES_FIRED = 0.05, 0.1, 0.2, 0.3
TYPE_RIDGE, SEVERITY_RIDGE, STRENGTH = 0.05, 0.2, 5.0
# How much of the rules' own log-odds the fit starts from: texts written to be hard have few plain
# complaints, and those must stay complaints.
RULES_PRIOR = 1.0
# Slope and shift (Platt, 1999) on texts of usual difficulty; on the hardest writer it is too sure.
CALIBRATION = (1.25, 0.0)
LEAST_TEXTS = 2  # a feature of fewer texts is not kept
_FOLDS = 5

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Labelled texts, read and hashed: what does not depend on which of them teach."""

    rows: Sequence[Labelled]
    readings: list[Reading]
    cues: list[Signs]
    stances: list[Signs]
    grams: sparse.csr_matrix
    words: sparse.csr_matrix
    tables: CharTables


def prepare(rows: Sequence[Labelled]) -> Prepared:
    """Read and hash labelled texts."""
    tables = make_tables()
    texts = [row.text for row in rows]
    readings = Readings(texts, [None] * len(texts))
    english = english_rows(fold_batch(texts, tables))
    words = [english.get(index, []) for index in range(len(texts))]
    return Prepared(
        rows=rows,
        readings=readings.some(range(len(texts))),
        cues=named(cue_signs(readings), len(texts)),
        stances=named(
            together(stance_signs(readings), tones(texts, [None] * len(texts))), len(texts)
        ),
        grams=count_grams(texts, tables),
        words=words_matrix(words),
        tables=tables,
    )


class SignTable:
    """Named numbers of many texts as a matrix with a column for each name, in order of name."""

    def __init__(self, signs: Sequence[Signs]) -> None:
        self.names = sorted({name for one in signs for name in one})
        column = {name: index for index, name in enumerate(self.names)}
        self.matrix = sparse.csr_matrix(
            (
                [value for one in signs for value in one.values()],
                [column[name] for one in signs for name in one],
                np.cumsum([0, *map(len, signs)]),
            ),
            shape=(len(signs), len(self.names)),
        )


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the heads: weights of the kept features, of signs by name, and the intercepts."""

    heads: slice
    weights: Floats
    signs: dict[str, Floats]
    bias: Floats


def build(prepared: Prepared, chosen: Indices | None = None, *, say: Say = str) -> HeadModel:
    """Fit all heads to the chosen rows, by default to all."""
    at = np.arange(len(prepared.rows)) if chosen is None else chosen
    grams = prepared.grams[at]
    idf = inverse_frequency(grams)
    idf[np.bincount(grams.indices, minlength=len(idf)) < LEAST_TEXTS] = idf.max()
    counted = sparse.hstack([weigh(grams, idf * idf), prepared.words[at]]).tocsr()
    kept = np.flatnonzero(np.bincount(counted.indices, minlength=FEATURES) >= LEAST_TEXTS)
    features = counted[:, kept]
    types = [prepared.rows[i].type for i in at]
    about = np.array([i for i, code in enumerate(types) if code in TYPES])
    say("fitting: is it a complaint")
    parts = [_fit_complaint(prepared, at, features)]
    say("fitting: types and severities")
    parts += _fit_complaints(prepared, at[about], features[about])
    return HeadModel(
        kept=kept.astype(np.int64),
        weights=np.hstack([part.weights for part in parts]).astype(np.float32),
        idf=np.append(idf, np.ones(FEATURES - len(idf), dtype=np.float32))[kept],
        usual_idf=float(idf.max()),
        **_signs_of(parts),
        bias=np.concatenate([part.bias for part in parts]).astype(np.float32),
        calibration=CALIBRATION,
        inputs=digest(),
        tables=prepared.tables,
    )


def _signs_of(parts: Sequence[Part]) -> dict[str, Any]:
    names = sorted({name for part in parts for name in part.signs})
    weights = np.zeros((len(names), HEADS), dtype=np.float32)
    for part in parts:
        for name, values in part.signs.items():
            weights[names.index(name), part.heads] = values
    return {"signs": tuple(names), "sign_weights": weights}


def _fit_complaint(prepared: Prepared, at: Indices, features: sparse.csr_matrix) -> Part:
    rows = [prepared.rows[i] for i in at]
    signs = SignTable([prepared.cues[i] | prepared.stances[i] for i in at])
    fitted = fit(
        sparse.hstack([features, COMPLAINT_CUES * signs.matrix]).tocsr(),
        np.array([row.type is not ComplaintType.NONE for row in rows]),
        np.array([row.weight for row in rows]),
        strength=STRENGTH,
        offset=RULES_PRIOR * np.array([prepared.stances[i].get("stance", 0.0) for i in at]),
    )
    words, others = np.split(fitted.weights[:, None], [features.shape[1]])
    named = dict(zip(signs.names, COMPLAINT_CUES * others, strict=True))
    named["stance"] = named["stance"] + RULES_PRIOR
    return Part(COMPLAINT, words, named, np.array([fitted.bias]))


def _fit_complaints(
    prepared: Prepared, at: Indices, features: sparse.csr_matrix
) -> tuple[Part, Part]:
    """Fit types and severities to complaints; severities see types as they would be judged."""
    rows = [prepared.rows[i] for i in at]
    cues = SignTable([prepared.cues[i] for i in at])
    target = np.array([[float(row.type == code) for code in TYPES] for row in rows])
    kernel = (features @ features.T).toarray()
    cue_kernel = (cues.matrix @ cues.matrix.T).toarray()
    gram = kernel + TYPE_CUES**2 * cue_kernel
    dual, bias = ridge(gram, target, TYPE_RIDGE)
    named = dict(zip(cues.names, TYPE_CUES**2 * (cues.matrix.T @ dual), strict=True))
    types = Part(TYPE_HEADS, features.T @ dual, named, bias)

    order = np.argsort(-_held_out(gram, target), axis=1, kind="stable").tolist()
    rules = SignTable(
        [
            _judged_severity(prepared.readings[i], [TYPES[code] for code in ranked])
            for i, ranked in zip(at, order, strict=True)
        ]
    )
    gram = kernel + SEVERITY_CUES**2 * cue_kernel
    gram += RULES_FIRED**2 * (rules.matrix @ rules.matrix.T).toarray()
    target = np.array([[float(row.severity == level) for level in LEVELS] for row in rows])
    weight = target @ target.mean(axis=0) ** -0.5
    dual, bias = ridge(gram, target, SEVERITY_RIDGE, weight)
    named = dict(zip(cues.names, SEVERITY_CUES**2 * (cues.matrix.T @ dual), strict=True))
    named |= zip(rules.names, RULES_FIRED**2 * (rules.matrix.T @ dual), strict=True)
    return types, Part(SEVERITY_HEADS, features.T @ dual, named, bias)


def ridge(
    gram: Floats, target: Floats, penalty: float, weight: Floats | None = None
) -> tuple[Floats, Floats]:
    """Return dual weights, a row for each text, and intercepts: the (weighted) mean targets."""
    weight = np.ones(len(gram)) if weight is None else weight
    mean = weight @ target / weight.sum()
    system = gram + penalty * np.diag(1.0 / weight)
    return linalg.solve(system, target - mean, assume_a="pos"), mean


def _held_out(gram: Floats, target: Floats) -> Floats:
    """Return the scores of every text by a model that did not see it."""
    scores = np.zeros_like(target)
    for held in folds(len(gram), _FOLDS):
        dual, bias = ridge(gram[np.ix_(~held, ~held)], target[~held], TYPE_RIDGE)
        scores[held] = gram[np.ix_(held, ~held)] @ dual + bias
    return scores


def _judged_severity(reading: Reading, ranked: list[ComplaintType]) -> Signs:
    types = (ranked[0], *secondary_types(reading, ranked))
    return severity_signs(reading, fired_rules(reading, types))


if __name__ == "__main__":
    everything = prepare(read_all())
    save(MODEL, build(everything, say=lambda line: sys.stderr.write(f"{line}\n")))
    sys.stdout.write(f"wrote {MODEL} ({MODEL.stat().st_size:,} bytes)\n")
