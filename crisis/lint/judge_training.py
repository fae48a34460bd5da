"""Make the sentence judge from our labelled sentences: ``python -m crisis.lint.judge_training``.

Every head is a ridge regression onto its label in the dual form (Saunders, Gammerman and Vovk,
1998), which for a few thousand sentences is one linear system. What a sentence would score had its
author not been read follows from the same system, so thresholds are chosen by leaving out one
author after another. Nothing is random.
"""

import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from crisis.lint.finding import Span
from crisis.lint.judge import (
    CLASS_WEIGHT,
    CUE_WEIGHT,
    DATA,
    FAULTS,
    HEADS,
    MODEL,
    PARTS,
    Judge,
    JudgeModel,
    Window,
    features,
    save,
)
from crisis.lint.reading import Reading
from crisis.lint.statement import LANGUAGES, StatementToCheck
from listener.errors import ConfigError

SENTENCES = DATA / "sentences"
NO_LABEL = "-"
# Sentences of labelled statements have no labels for parts, and the cues were widened with them.
STATEMENTS = "statements_"
STATEMENT_WEIGHT = 0.5
RIDGE = 0.5
LEAST_SENTENCES = 2  # an n-gram of fewer sentences is not kept
MOST_FEATURES = 24_000
# How near to a fault a harmless clause must come to be learned from, and how many such clauses.
NEAR, MOST_TEMPTING, LEAST_CLAUSE = 0.2, 1_500, 4
LEAST_CLEARED = 5  # cues judged wrong, before one is not believed
# Of what is found in sentences of an author left out, so much is right.
FAULT_PRECISION, PART_PRECISION = 0.92, 0.9
# Our sentences are half faults, a statement is mostly ordinary prose: that counts so much more.
ORDINARY = 2.0
# A cue of the rules is not believed below the score where only this share of them was right, and
# only so far below the score that finds.
CLEAR_SHARE, LEAST_APART = 0.1, 0.45

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Say = Callable[[str], object]


class Sentence(NamedTuple):
    """A sentence with the rules it breaks and the parts it fills; ``author`` is its file."""

    text: str
    lang: str
    labels: frozenset[str]
    author: str


def read_sentences(folder: Path = SENTENCES) -> list[Sentence]:
    """Read every ``*.tsv`` in ``folder``. Raises ``ConfigError`` naming the first bad line."""
    found = []
    for path in sorted(folder.glob("*.tsv")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            labels, _, rest = line.partition("\t")
            lang, _, text = rest.partition("\t")
            named = frozenset() if labels == NO_LABEL else frozenset(labels.split(","))
            if lang not in LANGUAGES or not text or not named <= set(HEADS):
                raise ConfigError(
                    f"'{path}', line {number}: write labels (or '-'), a language and a sentence, "
                    f"divided by tabs (got {line[:60]!r})"
                )
            found.append(Sentence(text, lang, named, path.stem))
    if not found:
        raise ConfigError(f"no labelled sentences in '{folder}'")
    return found


def digest(folder: Path = SENTENCES) -> str:
    """Return the SHA-256 of all sentences and of the word classes, names included."""
    whole = hashlib.sha256()
    for path in [*sorted(folder.glob("*.tsv")), folder.parent / "classes.toml"]:
        whole.update(path.name.encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


@dataclass(frozen=True, slots=True)
class Prepared:
    """Sentences with their features: what does not depend on which heads are fitted."""

    sentences: Sequence[Sentence]
    names: tuple[str, ...]
    idf: Floats
    matrix: sparse.csr_matrix
    labels: Booleans
    cued: Booleans
    whole: Booleans


def prepare(sentences: Sequence[Sentence], passages: Sequence[Window] = ()) -> Prepared:
    """Lay out the features of sentences, of which the last may come with what was read of them."""
    rest = sentences[: len(sentences) - len(passages)]
    windows = [*(_read(one).window(None) for one in rest), *passages]
    blocks = [features(window) for window in windows]
    chosen, idf = _chosen(blocks, len(sentences))
    return Prepared(
        sentences=sentences,
        names=tuple(chosen),
        idf=idf,
        matrix=_weighed(blocks, chosen, idf),
        labels=np.array([[head in one.labels for head in HEADS] for one in sentences]),
        whole=np.arange(len(sentences)) < len(rest),
        cued=np.array([[_is_cued(window, head) for head in HEADS] for window in windows]),
    )


def _read(sentence: Sentence) -> Reading:
    return Reading(StatementToCheck(text=sentence.text, lang=sentence.lang))


def tempting(
    sentences: Sequence[Sentence], model: JudgeModel
) -> tuple[list[Sentence], list[Window]]:
    """Return the clauses and pairs of clauses of faultless sentences that look like faults.

    Statements are read clause by clause, so the judge has to know harmless clauses as well.
    """
    judge = Judge(model)
    found = []
    for one in sentences:
        if one.labels & set(FAULTS):
            continue
        reading = _read(one)
        clauses = reading.clauses if len(reading.clauses) > 1 else []
        pairs = [Span(a.start, b.end) for a, b in pairwise(clauses)]
        for place in [*clauses, *(pairs if len(clauses) > 2 else [])]:
            words = one.text[place.start : place.end].strip()
            window = reading.window(place)
            scores = judge.scores(window)[: len(FAULTS)]
            near = float((scores - model.finds[: len(FAULTS)]).max())
            if near > -NEAR and len(words) >= LEAST_CLAUSE:
                found.append((-near, Sentence(words, one.lang, frozenset(), one.author), window))
    found.sort(key=lambda one: (one[0], one[1]))
    chosen = {sentence.text: (sentence, window) for _, sentence, window in found[:MOST_TEMPTING]}
    return [one for one, _ in chosen.values()], [window for _, window in chosen.values()]


_CUES = {
    "blame-third-party": "kept:posture.third-party.hit",
    "unproven-denial": "kept:posture.denial.hit",
    "absolute-word": "kept:absolute.absolute-word.hit",
    "undated-promise": "kept:promises.soon",
    "unknown-asserted": "kept:flags.cause_guess",
}


def _is_cued(window: Window, head: str) -> bool:
    return _CUES.get(head, f"kept:wording.{head}.hit") in window.cues


def _chosen(
    blocks: Sequence[tuple[list[str], list[str], list[str]]], count: int
) -> tuple[list[str], Floats]:
    """Return the features to keep, in order of name, and their inverse document frequency."""
    frequency = Counter(name for block in blocks for name in set().union(*block))
    kept = sorted(
        name
        for name, times in frequency.items()
        if times >= LEAST_SENTENCES or name.startswith(("cue:", "class:"))
    )
    often = np.array([frequency[name] for name in kept], dtype=np.float64)
    return kept, np.log((1 + count) / (1 + often)) + 1


def _weighed(
    blocks: Sequence[tuple[list[str], list[str], list[str]]], names: Sequence[str], idf: Floats
) -> sparse.csr_matrix:
    """Return a row for each sentence, its three blocks each of the length of its weight."""
    column = {name: index for index, name in enumerate(names)}
    rows, columns, values = [], [], []
    for row, block in enumerate(blocks):
        for found, weight in zip(block, (1.0, CUE_WEIGHT, CLASS_WEIGHT), strict=True):
            counts = Counter(at for name in found if (at := column.get(name)) is not None)
            weighed = np.array([times * idf[at] for at, times in counts.items()])
            length = float(np.sqrt(weighed @ weighed)) or 1.0
            rows += [row] * len(counts)
            columns += list(counts)
            values += (weight * weighed / length).tolist()
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(blocks), len(names)))


@dataclass(frozen=True, slots=True)
class Fitted:
    """Dual weights, intercepts, and what each sentence scores with its author left out."""

    dual: Floats
    bias: Floats
    left_out: Floats


def fit(gram: Floats, target: Floats, weight: Floats, authors: NDArray[np.str_]) -> Fitted:
    """Fit ridge regressions; ``left_out`` comes from blocks of the inverse (Cook, 1977)."""
    mean = weight @ target / weight.sum()
    inverse = _inverse(gram + RIDGE * np.diag(1.0 / weight))
    away = target - mean
    dual = inverse @ away
    left_out = np.zeros_like(target)
    for author in np.unique(authors):
        held = np.flatnonzero(authors == author)
        block = inverse[np.ix_(held, held)]
        left_out[held] = target[held] - linalg.solve(block, dual[held], assume_a="pos")
    return Fitted(dual, mean, left_out)


def _inverse(system: Floats) -> Floats:
    """Return the inverse of a positive definite matrix, by its Cholesky factor."""
    factor, failed = linalg.lapack.dpotrf(system, lower=1, overwrite_a=1)
    inverse, unsolved = linalg.lapack.dpotri(factor, lower=1, overwrite_c=1)
    if failed or unsolved:
        raise linalg.LinAlgError("the sentences give no positive definite system")
    lower = np.tril(inverse)
    return np.asarray(lower + np.tril(inverse, -1).T)


def build(prepared: Prepared, *, say: Say = str) -> tuple[JudgeModel, Floats]:
    """Fit all heads; return the model and the scores with each author left out."""
    authors = np.array([one.author for one in prepared.sentences])
    is_statement = np.char.startswith(authors, STATEMENTS)
    weight = np.where(is_statement, STATEMENT_WEIGHT, 1.0)
    count = len(FAULTS)
    matrix = prepared.matrix
    say(f"reading faults from {len(authors)} sentences")
    faults = fit(
        (matrix @ matrix.T).toarray(), prepared.labels[:, :count].astype(float), weight, authors
    )
    own = np.flatnonzero(~is_statement & prepared.whole)
    say(f"reading parts from {len(own)} sentences")
    rest = matrix[own]
    target = prepared.labels[own, count:].astype(float)
    parts = fit((rest @ rest.T).toarray(), target, np.ones(len(own)), authors[own])
    weights = np.hstack([matrix.T @ faults.dual, rest.T @ parts.dual])
    left_out = np.full((len(authors), len(HEADS)), np.nan)
    left_out[:, :count] = faults.left_out
    left_out[np.ix_(own, np.arange(count, len(HEADS)))] = parts.left_out
    # The heaviest features say nearly everything; the others make the file large.
    strength = np.abs(weights * prepared.idf[:, None]).max(axis=1)
    kept = np.sort(np.argsort(-strength, kind="stable")[:MOST_FEATURES])
    finds, clears = thresholds(prepared, left_out)
    model = JudgeModel(
        names=tuple(prepared.names[index] for index in kept.tolist()),
        weights=weights[kept].astype(np.float32),
        idf=prepared.idf[kept].astype(np.float32),
        bias=np.concatenate([faults.bias, parts.bias]).astype(np.float32),
        finds=finds,
        clears=clears,
        inputs=digest(),
    )
    return model, left_out


def thresholds(
    prepared: Prepared, left_out: Floats
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return for each head the score that finds, and the score below which a cue is cleared."""
    # The cues were widened with the labelled statements: how they do there says nothing.
    is_own = np.array([not one.author.startswith(STATEMENTS) for one in prepared.sentences])
    counts = np.where(is_own & prepared.whole, 1.0, ORDINARY)
    finds = np.full(len(HEADS), 2.0, dtype=np.float32)
    clears = np.full(len(HEADS), -1.0, dtype=np.float32)
    for index, head in enumerate(HEADS):
        known = ~np.isnan(left_out[:, index])
        score, label = left_out[known, index], prepared.labels[known, index]
        wanted = PART_PRECISION if head in PARTS else FAULT_PRECISION
        finds[index] = lowest_with(score, label, wanted, counts[known])
        cued = prepared.cued[known, index] & is_own[known]
        if cued.any():
            sure = highest_without(score[cued], label[cued], CLEAR_SHARE)
            clears[index] = min(sure, float(finds[index]) - LEAST_APART)
    return finds, clears


def lowest_with(
    score: Floats, label: Booleans, precision: float, counts: Floats | None = None
) -> float:
    """Return the lowest score from which at least ``precision`` of the sentences are right.

    ``counts`` says how often a sentence that is none of the kind is counted; by default once.
    """
    order = np.argsort(-score, kind="stable")
    times = np.ones(len(score)) if counts is None else counts
    hits = np.cumsum(label[order]).astype(np.float64)
    right = hits / (hits + np.cumsum((times * ~label)[order]))
    good = np.flatnonzero(right >= precision)
    return float(score[order][good[-1]]) if len(good) else 2.0


def highest_without(score: Floats, label: Booleans, share: float) -> float:
    """Return the highest score below which fewer than ``share`` of the sentences are right."""
    order = np.argsort(score, kind="stable")
    right = np.cumsum(label[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(right <= share)
    return float(score[order][good[-1]]) if len(good) and good[-1] >= LEAST_CLEARED else -1.0


def figures(prepared: Prepared, model: JudgeModel, left_out: Floats) -> str:
    """Return a line for each head and each author: precision and recall with authors left out."""
    known = ~np.isnan(left_out)
    found = known & (left_out >= model.finds)
    wanted = known & prepared.labels
    lines = [f"{'kind':26} sentences precision recall"]
    for index, head in enumerate(HEADS):
        lines.append(_figure(head, found[:, index], wanted[:, index]))
    authors = np.array([one.author for one in prepared.sentences])
    for author in np.unique(authors).tolist():
        own = (authors == author) & prepared.whole
        faults = slice(0, len(FAULTS))
        lines.append(_figure(f"by {author}", found[own, faults], wanted[own, faults]))
    return "\n".join(lines)


def _figure(name: str, found: Booleans, wanted: Booleans) -> str:
    right, all_found, all_wanted = ((found & wanted).sum(), found.sum(), wanted.sum())
    precision, recall = right / max(1, all_found), right / max(1, all_wanted)
    return f"{name:26} {all_wanted:9} {precision:9.2f} {recall:6.2f}"


def train(sentences: Sequence[Sentence], *, say: Say = str) -> tuple[JudgeModel, str]:
    """Return the model of ``sentences`` and its figures with each author left out.

    A first model finds the harmless clauses that tempt it, the second has read them too.
    """
    first, _ = build(prepare(sentences), say=say)
    clauses, windows = tempting(sentences, first)
    say(f"{len(clauses)} harmless clauses look like faults")
    prepared = prepare([*sentences, *clauses], windows)
    model, left_out = build(prepared, say=say)
    return model, figures(prepared, model, left_out)


if __name__ == "__main__":
    judge_model, table = train(read_sentences(), say=lambda line: sys.stderr.write(f"{line}\n"))
    save(MODEL, judge_model)
    sys.stdout.write(f"{table}\nwrote {MODEL.name} ({MODEL.stat().st_size:,} bytes)\n")
