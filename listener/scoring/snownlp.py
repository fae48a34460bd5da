"""SnowNLP's Bayes classifier behind the scorer protocol; the named baseline.

It has no neutral class, costs 410 MB and 4 s to load, and drifts on empty text, so wordless texts
never reach it. Traditional script is converted first, which is worth about ten points.
"""

import importlib.metadata
import logging
import re
from collections.abc import Sequence
from math import log2

from listener.scoring.protocol import Scorer, Sentiment, TextToScore, label_of, register
from listener.text.fold import to_simplified

logger = logging.getLogger(__name__)

MAX_CHARS = 600
MAX_EVIDENCE = 5
_WORD = re.compile(r"[^\W_]")
_NOISE = re.compile(r"https?://\S+|@[\w\u3400-\u9fff-]+")


class SnowNlpScorer:
    """Scores with SnowNLP's bundled model. Loading it is slow and large: use a worker process."""

    def __init__(self) -> None:
        from snownlp import sentiment  # noqa: PLC0415 - 410 MB, only where it is used

        self._segment = sentiment.classifier.handle
        self._bayes = sentiment.classifier.classifier
        self._name = f"snownlp@{importlib.metadata.version('snownlp')}"

    def score(self, texts: Sequence[TextToScore]) -> list[Sentiment]:
        """Score one text after the other; wordless text is neutral 1."""
        return [self._guarded(text) for text in texts]

    def _guarded(self, item: TextToScore) -> Sentiment:
        try:
            return self._score(item)
        except Exception:  # one text the library chokes on must not hold up the rest
            logger.exception("text not scored", extra={"chars": len(item.text)})
            return _neutral(self._name)

    def _score(self, item: TextToScore) -> Sentiment:
        said = f"{item.title}。{item.text}" if item.title else item.text
        text = to_simplified(_NOISE.sub(" ", said))[:MAX_CHARS].strip()
        if not _WORD.search(text):
            return _neutral(self._name)
        words = self._segment(text)
        verdict, probability = self._bayes.classify(words)
        # Four places are all that means anything; rounded here so that they sum to 1 exactly.
        chance = round(min(max(float(probability), 0.0), 1.0), 4)
        positive = chance if verdict == "pos" else round(1.0 - chance, 4)
        negative = round(1.0 - positive, 4)
        return Sentiment(
            negative=negative,
            neutral=0.0,
            positive=positive,
            label=label_of(negative, 0.0, positive),
            evidence=self._evidence(words, said),
            scorer=self._name,
        )

    def _evidence(self, words: Sequence[str], said: str) -> tuple[tuple[str, float], ...]:
        """Weigh each word by its log-odds in the model; only words that stand in the text."""
        negative, positive = self._bayes.d["neg"], self._bayes.d["pos"]
        weights: dict[str, float] = {}
        for word in set(words):
            if len(word) < 2 or word not in said:
                continue
            odds = negative.freq(word) / max(positive.freq(word), 1e-9)
            weight = round(min(max(log2(max(odds, 1e-6)), -6.0), 6.0), 2)
            if abs(weight) >= 1.0:
                weights[word] = weight
        strongest = sorted(weights.items(), key=lambda pair: (-abs(pair[1]), pair[0]))
        return tuple(strongest[:MAX_EVIDENCE])


def _neutral(scorer: str) -> Sentiment:
    return Sentiment(
        negative=0.0, neutral=1.0, positive=0.0, label="neutral", evidence=(), scorer=scorer
    )


@register("snownlp")
def load() -> Scorer:
    """Load SnowNLP."""
    return SnowNlpScorer()
