"""The default scorer: a linear model over hashed n-grams that judges a whole batch at once.

Neutral is decided first, polarity within the rest; then faults, stars and kind of source act on
the odds. It loads in a fraction of a second and needs nothing but NumPy at run time.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from listener.scoring.english import english_features
from listener.scoring.evidence import Found, strongest
from listener.scoring.grams import WORD, Batch, english_texts, fold_batch
from listener.scoring.irony import IronyCues
from listener.scoring.model import Model, load_model
from listener.scoring.protocol import Label, Scorer, Sentiment, TextToScore, register
from listener.scoring.rules import (
    HARM_LEAN,
    HARM_LOGIT,
    IRONY_SHARE,
    PRAISE_LOGIT,
    HarmTerms,
    kind_logits,
    lean_to_irony,
    news_among,
    rating_logits,
)

MODEL = Path(__file__).resolve().parents[1] / "data" / "models" / "sentiment-1.npz"
BATCH = 512
_LABELS: tuple[Label, ...] = ("negative", "neutral", "positive")
_CAP = 12.0

Logits = NDArray[np.float64]


class FastScorer:
    """Scores with a linear model. Thread-safe: it holds no state between calls."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._harm = HarmTerms(model.tables)
        self._irony = IronyCues(model.tables, model.header.get("irony"))

    @property
    def name(self) -> str:
        """``name@version``."""
        return self._model.name

    def score(self, texts: Sequence[TextToScore]) -> list[Sentiment]:
        """Judge texts with evidence, in batches of 512."""
        judged: list[Sentiment] = []
        for begin in range(0, len(texts), BATCH):
            judged += self._score(texts[begin : begin + BATCH])
        return judged

    def probabilities(self, texts: Sequence[TextToScore]) -> NDArray[np.float64]:
        """Return negative, neutral and positive for each text, without evidence: faster."""
        parts = [
            self._judge(texts[begin : begin + BATCH])[0] for begin in range(0, len(texts), BATCH)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, 3))

    def _score(self, texts: Sequence[TextToScore]) -> list[Sentiment]:
        chances, batch, found = self._judge(texts, with_evidence=True)
        labels = np.argmax(chances, axis=1).tolist()  # the first of equals: ties are negative
        evidence = strongest(batch, found, [len(t.title) + 1 if t.title else 0 for t in texts])
        name = self.name
        return [
            Sentiment(
                negative=negative,
                neutral=neutral,
                positive=positive,
                label=_LABELS[label],
                evidence=words,
                scorer=name,
            )
            for (negative, neutral, positive), label, words in zip(
                chances.tolist(), labels, evidence, strict=True
            )
        ]

    def _judge(
        self, texts: Sequence[TextToScore], *, with_evidence: bool = False
    ) -> tuple[NDArray[np.float64], Batch, Found]:
        said = [f"{text.title}\n{text.text}" if text.title else text.text for text in texts]
        batch = fold_batch(said, self._model.tables)
        raw = self._model.judge(batch)
        polarity, neutrality = self._model.calibrated(raw)
        marks = self._irony.marks(batch, raw)
        leans = self._irony.leans(raw, marks)
        kinds = [text.kind for text in texts]
        news = news_among(kinds)
        leans[list(news)] = 0.0
        polarity = lean_to_irony(polarity, leans)
        neutrality -= IRONY_SHARE * np.maximum(leans, 0.0)
        words = self._judge_english(batch, english_texts(batch), polarity, neutrality)
        harm = [
            hit
            for hit in self._harm.find(batch, raw)
            if hit[0] not in news and polarity[hit[0]] > PRAISE_LOGIT
        ]
        if harm:
            harmed = np.unique([text for text, _, _ in harm])
            neutrality[harmed] -= HARM_LOGIT
            polarity[harmed] += HARM_LEAN
        neutrality += kind_logits(kinds)
        if any(text.rating is not None for text in texts):
            # Judged with the words' own polarity: angry words outweigh five stars.
            more, less = rating_logits(texts, polarity)
            polarity += more
            neutrality += less
        chances = _chances(polarity, neutrality)
        chances[~batch.any_of(WORD)] = (0.0, 1.0, 0.0)
        if not with_evidence:
            return chances, batch, Found(None, None, harm, words)
        slope = self._model.header["calibration"]["polarity"][0]
        scale = np.zeros(len(batch.codes))
        scale[: batch.starts[-1]] = np.repeat(slope / raw.norms, np.diff(batch.starts))
        ironic = self._irony.shown(batch, marks, leans)
        found = Found(raw.whole.real * scale, raw.short.real * scale, harm, words, ironic)
        return chances, batch, found

    def _judge_english(
        self, batch: Batch, at: NDArray[np.int64], polarity: Logits, neutrality: Logits
    ) -> list[tuple[int, list[tuple[str, float]]]]:
        """Replace the log-odds of English texts; return the weight of each of their words."""
        weights, bias = self._model.english, self._model.header["english_bias"]
        slope, shift = self._model.header["calibration"]["english"]
        words = []
        folded = batch.text() if len(at) else ""
        for index in at.tolist():
            features = english_features(folded[batch.starts[index] + 2 : batch.starts[index + 1]])
            values = weights[[bucket for bucket, _ in features]]
            total = values.sum() / max(len(features), 1) ** 0.5
            polarity[index] = slope * (total.real + bias[0]) + shift
            neutrality[index] = total.imag + bias[1]
            pairs = zip((word for _, word in features), values.real.tolist(), strict=True)
            words.append((index, list(pairs)))
        return words


def _chances(polarity: Logits, neutrality: Logits) -> NDArray[np.float64]:
    """Return probabilities to four places that sum to 1; more places would mean nothing."""
    negative = 1 / (1 + np.exp(-np.clip(polarity, -_CAP, _CAP)))
    neutral = 1 / (1 + np.exp(-np.clip(neutrality, -_CAP, _CAP)))
    chances = np.empty((len(polarity), 3))
    chances[:, 0] = np.round((1 - neutral) * negative, 4)
    chances[:, 1] = np.round(neutral, 4)
    chances[:, 2] = np.round(1 - chances[:, 0] - chances[:, 1], 4)
    return np.maximum(chances, 0.0)


@register("fast")
def load() -> Scorer:
    """Load the default scorer."""
    return FastScorer(load_model(MODEL))
