"""What corrected sentiments would teach the scorer, tried out on labels it did not see."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlmodel import Session

from listener.detect.terms import new_terms
from listener.pipeline import texts_of
from listener.scoring.adapt import (
    LEAST_CALIBRATE,
    LEAST_OF_CLASS,
    LEAST_TRAIN,
    Labelled,
    Report,
    adapt,
    calibrate_on,
    train_on,
)
from listener.scoring.fast import FastScorer
from listener.scoring.model import Model
from listener.scoring.protocol import TextToScore
from listener.store import corrections, judgements
from listener.store.corrections import Aspect
from listener.store.judgements import Outdated

LABELS = ("negative", "neutral", "positive")
MOST_STORED = 2_000
MOST_WORDS = 8
# Every judgement is older than a version nobody has.
_ANY = Outdated(scorer="", classifier="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """Corrected sentiments as rows to learn from, and how many are missing before anything can."""

    rows: Labelled
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SentimentProposal:
    """A scorer fitted to the labels.

    ``is_trained``: words weigh otherwise; else only the probabilities are made honest. ``worse``
    and ``better`` are the words that distinguish what people called negative, or not, against the
    scorer. Of ``looked_at`` stored mentions ``changed`` would be called otherwise.
    """

    is_trained: bool
    digest: str
    report: Report
    worse: tuple[str, ...]
    better: tuple[str, ...]
    looked_at: int
    changed: int


def lessons(session: Session, brand_ids: list[int]) -> Lessons:
    """Return the sentiments that people gave to texts that are still stored."""
    found: dict[str, int] = {}
    total = 0
    for brand_id in brand_ids:
        labels = corrections.standing_labels(session, brand_id=brand_id, aspect=Aspect.SENTIMENT)
        stored = judgements.stored_judgements(session, [one.mention_id or 0 for one in labels])
        for label in labels:
            one = stored.get(label.mention_id or 0)
            if one is not None:
                total += 1
                found[_said(one.text.title, one.text.text)] = LABELS.index(label.should_be)
    values = np.array(list(found.values()), dtype=np.int64)
    plain = json.dumps(found, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
    rows = Labelled(tuple(found), values, hashlib.sha256(plain).hexdigest(), total - len(found))
    counts = np.bincount(values, minlength=3)
    few = sum(max(0, LEAST_OF_CLASS - int(counts[at])) for at in (0, 2))
    return Lessons(rows=rows, missing=max(0, LEAST_CALIBRATE - len(found), few))


def _said(title: str | None, text: str) -> str:
    return f"{title}\n{text}" if title else text


def relearned(model: Model, rows: Labelled) -> tuple[Model, Report]:
    """Return the model fitted to the rows: its words from 100 on, otherwise its probabilities."""
    change = train_on if len(rows.texts) >= LEAST_TRAIN else calibrate_on
    return adapt(model, rows, change, name="trained")


def sentiment_proposal(
    session: Session, model: Model, rows: Labelled, *, since: datetime
) -> SentimentProposal | None:
    """Return what the scorer would gain on labels held out, or None when it gains nothing."""
    fitted, report = relearned(model, rows)
    is_trained = len(rows.texts) >= LEAST_TRAIN
    if is_trained:
        is_better = report.after.accuracy > report.before.accuracy
    else:
        is_better = report.after.calibration_error < report.before.calibration_error
    if not is_better:
        return None
    looked_at, changed = _changed(session, model, fitted, since)
    worse, better = _words(model, rows)
    return SentimentProposal(
        is_trained=is_trained,
        digest=rows.sha256,
        report=report,
        worse=worse,
        better=better,
        looked_at=looked_at,
        changed=changed,
    )


def _changed(session: Session, model: Model, fitted: Model, since: datetime) -> tuple[int, int]:
    """Return how many stored mentions were judged by both, and how many labels differ."""
    recent = Outdated(scorer=_ANY.scorer, classifier=_ANY.classifier, since=since)
    page = judgements.outdated_page(session, recent, after_id=0, limit=MOST_STORED)
    texts = texts_of([one.text for one in page])
    before = np.argmax(FastScorer(model).probabilities(texts), axis=1)
    after = np.argmax(FastScorer(fitted).probabilities(texts), axis=1)
    return len(texts), int((before != after).sum())


def _words(model: Model, rows: Labelled) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return words of texts that the scorer misses as negative, and that it calls so wrongly."""
    called = [one.label == "negative" for one in FastScorer(model).score(_texts(rows))]
    pairs = list(zip(rows.texts, called, (rows.labels == 0).tolist(), strict=True))
    missed = [text for text, said, so in pairs if so and not said]
    wrongly = [text for text, said, so in pairs if said and not so]
    right = [text for text, said, so in pairs if said == so]
    return (
        tuple(one.term for one in new_terms(missed, right + wrongly, most=MOST_WORDS)),
        tuple(one.term for one in new_terms(wrongly, right + missed, most=MOST_WORDS)),
    )


def _texts(rows: Labelled) -> list[TextToScore]:
    return [TextToScore(text=text) for text in rows.texts]
