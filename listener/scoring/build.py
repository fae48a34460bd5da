"""Make the default model from the recipe. The extra ``train`` brings what it reads from."""

import tomllib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from listener.scoring.chartable import make_tables
from listener.scoring.english import lexicon_features
from listener.scoring.fit import (
    Fitted,
    calibrate,
    count_grams,
    count_words,
    fit,
    inverse_frequency,
    weigh,
    words_matrix,
)
from listener.scoring.grams import CharTables, blank_buckets, english_texts, fold_batch
from listener.scoring.heldout import fit_calibration, fit_irony, hold_out
from listener.scoring.model import Model
from listener.scoring.recipe import LEXICONS, NEGATIVE, NEUTRAL, Inputs, Part, word_list

SCORER = "fast"
VERSION = "3"
# Slope and intercept of the log-odds, chosen on development texts that nothing is learned from;
# docs/scoring.md has the errors. Polarity is calibrated on held-out texts instead. The intercept
# of neutrality sets how much is called neutral.
CALIBRATION = {"neutrality": [1.0, 0.3]}
_ENGLISH_FOLDS = 5
_PLAIN_DENIAL = 0.4
_STRENGTH = 3.5
# A few hundred lines teach English less than the word list does.
_ENGLISH_LIST = 40.0

Say = Callable[[str], object]


def build_model(parts: Sequence[Part], inputs: Inputs, *, say: Say = lambda _: None) -> Model:
    """Learn the default model. The same inputs give the same model; a few minutes."""
    tables = make_tables()
    chinese, english = split_by_language(parts, tables)
    say("counting n-grams")
    counts = [count_grams(p.texts, tables, with_edges=p.with_edges) for p in chinese]
    spread = _spread(chinese, counts)
    rows = sparse.vstack([weigh(one, spread) for one in counts]).tocsr()
    labels = np.concatenate([np.asarray(p.labels) for p in chinese])
    say("judging a third by the others, three times")
    weight = _weights(chinese, "polarity")
    is_polar = labels != NEUTRAL

    def learn(chosen: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
        found = _fit(rows, is_polar & chosen, labels == NEGATIVE, weight)
        return found.weights, found.bias

    word_list("irony", inputs)  # noted in the header; the cues read it themselves
    held = hold_out(chinese, spread, tables, learn)
    slope, lengths = fit_calibration(held)
    cues, ironic = fit_irony(held, slope, lengths, spread)
    say("fitting polarity")
    polarity = _fit(rows, is_polar, labels == NEGATIVE, weight)
    say("fitting neutrality")
    every = np.ones(len(labels), dtype=bool)
    neutrality = _fit(rows, every, labels == NEUTRAL, _weights(chinese, "neutrality"))
    say("fitting English")
    words, word_bias, english_line = _english(english, inputs)
    weights = (polarity.weights + 1j * neutrality.weights) * np.sqrt(spread)
    header = {
        "scorer": f"{SCORER}@{VERSION}",
        "bias": [polarity.bias, neutrality.bias],
        "english_bias": word_bias,
        "calibration": CALIBRATION
        | {"polarity": [slope, 0.0], "lengths": lengths, "english": english_line},
        "irony": cues,
        "irony_scale": ironic.scale,
        "inputs": inputs.read,
        "texts": {p.name: len(p.texts) for p in parts},
    }
    return Model(weights.astype(np.complex64), spread, words, tables, header, ironic.levels)


def split_by_language(parts: Sequence[Part], tables: CharTables) -> tuple[list[Part], list[Part]]:
    """Send texts without CJK and with at least three Latin letters to the English part."""
    chinese: list[Part] = []
    english: list[Part] = []
    for part in parts:
        batch = fold_batch(part.texts, tables)
        is_english = np.zeros(len(batch), dtype=bool)
        is_english[english_texts(batch)] = True
        for chosen, into in ((~is_english, chinese), (is_english, english)):
            at = np.flatnonzero(chosen)
            if len(at) == len(part.texts):
                into.append(part)
            elif len(at):
                into.append(_subset(part, at))
    return chinese, english


def _subset(part: Part, at: NDArray[np.int64]) -> Part:
    return Part(
        name=part.name,
        texts=[part.texts[i] for i in at],
        labels=[part.labels[i] for i in at],
        polarity=part.polarity,
        neutrality=part.neutrality,
        weights=[part.weights[i] for i in at] if len(part.weights) else (),
        with_edges=part.with_edges,
    )


def _spread(parts: Sequence[Part], counts: Sequence[sparse.csr_matrix]) -> NDArray[np.float32]:
    """Return squared document frequencies' inverses, learned from whole texts only."""
    whole = [
        one
        for part, one in zip(parts, counts, strict=True)
        if part.name in ("reviews", "newspaper clauses")
        or (part.name.startswith("corpus/") and part.polarity > 0)
    ]
    spread = inverse_frequency(sparse.vstack(whole).tocsr()) ** 2
    spread[blank_buckets()] = 0
    return spread


def _weights(parts: Sequence[Part], which: str) -> NDArray[np.float64]:
    return np.concatenate(
        [
            np.asarray(p.weights if len(p.weights) else np.ones(len(p.texts))) * getattr(p, which)
            for p in parts
        ]
    )


def _fit(
    rows: sparse.csr_matrix,
    chosen: NDArray[np.bool_],
    is_true: NDArray[np.bool_],
    weights: NDArray[np.float64],
) -> Fitted:
    at = np.flatnonzero(chosen & (weights > 0))
    return fit(rows[at], is_true[at], weights[at], strength=_STRENGTH)


def _english(
    parts: Sequence[Part], inputs: Inputs
) -> tuple[NDArray[np.complex64], list[float], list[float]]:
    """Fit the English part: our English lines, and our word list as texts of one word.

    Return weights, the two intercepts, and slope and intercept that make polarity honest for
    lines that were held out.
    """
    texts = [text for part in parts for text in part.texts]
    labels = [label for part in parts for label in part.labels]
    content = inputs.note(
        "lexicons/english.toml", "", (LEXICONS / "english.toml").read_bytes(), "Apache-2.0"
    )
    entries, entry_labels, entry_weights = _english_entries(tomllib.loads(content.decode()))
    rows = sparse.vstack([count_words(texts), words_matrix(entries)]).tocsr()
    label = np.array(labels + entry_labels)
    weight = np.array([1.0] * len(texts) + entry_weights)
    is_line = np.arange(len(label)) < len(texts)
    listed = np.where(is_line, weight, weight * _ENGLISH_LIST)

    def polarity(chosen: NDArray[np.bool_]) -> Fitted:
        at = np.flatnonzero(chosen & (label != NEUTRAL))
        return fit(rows[at], label[at] == NEGATIVE, listed[at], strength=0.7)

    logits = np.zeros(len(label))
    order = np.random.default_rng(7).permutation(len(label))
    for held in (order % _ENGLISH_FOLDS == one for one in range(_ENGLISH_FOLDS)):
        logits[held & is_line] = polarity(~(held & is_line)).logits(rows[held & is_line])
    known = is_line & (label != NEUTRAL)
    line = [round(value, 4) for value in calibrate(logits[known], label[known] == NEGATIVE)]
    polar, neutral = polarity(listed > 0), fit(rows, label == NEUTRAL, weight, strength=3.0)
    weights = (polar.weights + 1j * neutral.weights).astype(np.complex64)
    return weights, [polar.bias, neutral.bias], line


def _english_entries(
    lists: dict[str, dict[str, str]],
) -> tuple[list[list[int]], list[int], list[float]]:
    entries: list[list[int]] = []
    labels: list[int] = []
    weights: list[float] = []
    for strength, weight in (("strong", 1.0), ("phrases", 1.0), ("mild", 0.4)):
        for key, label, opposite in (("negative", 0, 2), ("positive", 2, 0)):
            text = lists[strength][key]
            words = (
                [w.strip() for w in text.replace("\n", "|").split("|") if w.strip()]
                if strength == "phrases"
                else text.split()
            )
            for word in dict.fromkeys(words):
                entries.append(list(lexicon_features(word)))
                labels.append(label)
                weights.append(weight)
                if strength != "phrases":  # "not great" leans the other way, but less
                    entries.append(list(lexicon_features(word, denied=True)))
                    labels.append(opposite)
                    weights.append(weight * _PLAIN_DENIAL)
    return entries, labels, weights
