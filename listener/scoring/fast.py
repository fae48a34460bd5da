"""The default scorer: a linear model over hashed n-grams that judges a whole batch at once.

Neutral is decided first, polarity within the rest; then faults, stars and kind of source act on
the odds. It loads in a fraction of a second and needs nothing but NumPy at run time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from listener.scoring.english import english_features
from listener.scoring.evidence import Found, strongest
from listener.scoring.gramleans import GramLeans
from listener.scoring.grams import WORD, Batch, english_texts, fold_batch
from listener.scoring.irony import IronyCues, Marks
from listener.scoring.model import Judged, Model, load_model
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
from listener.scoring.spans import Hits

MODEL = Path(__file__).resolve().parents[1] / "data" / "models" / "sentiment-1.npz"
BATCH = 512
_LABELS: tuple[Label, ...] = ("negative", "neutral", "positive")
_CAP = 12.0

Logits = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Judgement:
    """Chances of a batch, a row for each text, and what they rest on."""

    chances: NDArray[np.float64]
    batch: Batch
    raw: Judged
    marks: Marks
    leans: Logits
    harm: Hits
    english: list[tuple[int, list[tuple[str, float]]]]


class FastScorer:
    """Scores with a linear model. Thread-safe: it holds no state between calls."""

    def __init__(self, model: Model) -> None:
        self._harm = HarmTerms(model.tables)
        grams = GramLeans(model.ironic, model.header.get("irony_scale", 0.0))
        self._irony = IronyCues(model.tables, model.header.get("irony"), grams)
        self._model = model.watching(np.concatenate((self._harm.buckets, self._irony.buckets)))

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
            self._judge(texts[begin : begin + BATCH]).chances
            for begin in range(0, len(texts), BATCH)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, 3))

    def _score(self, texts: Sequence[TextToScore]) -> list[Sentiment]:
        judged = self._judge(texts)
        slope = self._model.header["calibration"]["polarity"][0]
        found = Found(
            whole=judged.raw.whole,
            short=judged.raw.short,
            scale=slope / judged.raw.norms,
            harm=judged.harm,
            irony=self._irony.shown(judged.batch, judged.marks, judged.leans),
            english=judged.english,
        )
        bodies = [len(text.title) + 1 if text.title else 0 for text in texts]
        evidence = strongest(judged.batch, found, bodies)
        # The first of equals: ties are negative.
        labels = map(_LABELS.__getitem__, np.argmax(judged.chances, axis=1).tolist())
        columns = (*judged.chances.T.tolist(), labels, evidence)
        return list(map(Sentiment._make, zip(*columns, repeat(self.name), strict=False)))

    def _judge(self, texts: Sequence[TextToScore]) -> _Judgement:
        given, titles, kinds, _, ratings, _ = zip(*texts, strict=True)
        said: Sequence[str] = given
        if any(titles):
            said = [f"{text.title}\n{text.text}" if text.title else text.text for text in texts]
        batch = fold_batch(said, self._model.tables)
        raw = self._model.judge(batch)
        polarity, neutrality = self._model.calibrated(raw)
        is_news = news_among(kinds)
        marks = self._irony.marks(batch, raw)
        leans = self._irony.leans(raw, marks)
        leans[is_news] = 0.0
        polarity = lean_to_irony(polarity, leans)
        neutrality -= IRONY_SHARE * np.maximum(leans, 0.0)
        english = self._judge_english(batch, english_texts(batch), polarity, neutrality)
        harm = self._harm.find(batch, raw)
        harm = harm.chosen((~is_news & (polarity > PRAISE_LOGIT))[harm.text])
        neutrality[harm.text] -= HARM_LOGIT  # once, however often the text stands here
        polarity[harm.text] += HARM_LEAN
        neutrality += kind_logits(kinds)
        if ratings.count(None) < len(ratings):
            # Judged with the words' own polarity: angry words outweigh five stars.
            more, less = rating_logits(texts, polarity)
            polarity += more
            neutrality += less
        chances = _chances(polarity, neutrality)
        chances[~batch.any_of(WORD)] = (0.0, 1.0, 0.0)
        return _Judgement(chances, batch, raw, marks, leans, harm, english)

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
    odds = np.array((polarity, neutrality))
    np.minimum(odds, _CAP, out=odds)
    np.maximum(odds, -_CAP, out=odds)
    negative, neutral = 1 / (1 + np.exp(-odds))
    chances = np.empty((len(polarity), 3))
    chances[:, 0] = ((1 - neutral) * negative).round(4)
    chances[:, 1] = neutral.round(4)
    chances[:, 2] = (1 - chances[:, 0] - chances[:, 1]).round(4)
    return np.maximum(chances, 0.0, out=chances)


@register("fast")
def load() -> Scorer:
    """Load the default scorer."""
    return FastScorer(load_model(MODEL))
