"""A second opinion from a transformer in a local folder, for texts the first scorer is unsure of.

The folder is what ``optimum-cli export onnx`` writes of a text classifier: ``model.onnx``,
``tokenizer.json``, and ``config.json`` with ``id2label``. Nothing is ever downloaded, and without
the setting neither ONNX Runtime nor a tokenizer is imported.
"""

import hashlib
import json
import logging
import re
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from listener.errors import ConfigError
from listener.scoring.protocol import Scorer, Sentiment, TextToScore, label_of

logger = logging.getLogger(__name__)

# The most tokens of a text that are read; posts are shorter, and cost grows with the square.
MAX_TOKENS = 160
BATCH = 32
# Two judges see much of the same; half a vote each can never be surer than the surer of them.
SHARE = 0.5

_CLASSES = {"negative": 0, "neutral": 1, "positive": 2}
_NAMES = {
    "negative": ("negative", "neg", "负面", "負面", "消极", "差评", "1 star", "2 stars"),
    "neutral": ("neutral", "neu", "中性", "中立", "3 stars"),
    "positive": ("positive", "pos", "正面", "积极", "好评", "4 stars", "5 stars"),
}
_CLASS_OF = {name: _CLASSES[label] for label, names in _NAMES.items() for name in names}
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_EXTRA = "install the extra: pip install 'fengsheng[transformer]'"

Probabilities = NDArray[np.float64]


class LocalTransformer:
    """A text classifier in ONNX with its own tokenizer, read from a folder."""

    def __init__(self, folder: Path) -> None:
        """Load and try it once. Raises ``ConfigError`` naming the file and the remedy."""
        self._folder = folder
        runtime, tokenizers = _library("onnxruntime"), _library("tokenizers")
        model = self._file("model.onnx")
        self._classes = _classes(self._file("config.json"))
        self.name = f"{_plain(folder.name)}@{_digest(model)}"
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(self._file("tokenizer.json")))
            self._session = runtime.InferenceSession(
                str(model), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # both libraries raise their own and plain ones
            raise ConfigError(
                f"transformer '{folder}' cannot be loaded ({type(error).__name__}: "
                f"{str(error)[:200]}); export it anew, or take the setting out"
            ) from None
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()
        self._inputs = [one.name for one in self._session.get_inputs()]
        if strange := set(self._inputs) - set(_INPUTS):
            raise ConfigError(
                f"transformer '{folder}' asks for the input '{min(strange)}'; known are "
                f"{', '.join(_INPUTS)}"
            )
        self._try_out()

    @property
    def knows_neutral(self) -> bool:
        """Whether one of its classes is neutral."""
        return _CLASSES["neutral"] in self._classes

    def judge(self, texts: Sequence[str]) -> Probabilities:
        """Return negative, neutral and positive of each text, shape (n, 3), rows summing to 1."""
        # Texts of about one length share a batch, so that little is padded.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        result = np.zeros((len(texts), 3))
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            result[chosen] = self._judge_batch([texts[index] for index in chosen])
        return result

    def _judge_batch(self, texts: list[str]) -> Probabilities:
        logits = np.asarray(self._run(texts), dtype=np.float64)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        odds /= odds.sum(axis=1, keepdims=True)
        joined = np.zeros((len(texts), 3))
        for column, label in enumerate(self._classes):
            joined[:, label] += odds[:, column]
        return joined

    def _run(self, texts: list[str]) -> Any:
        encoded = self._tokenizer.encode_batch(texts)
        given = {
            "input_ids": [one.ids for one in encoded],
            "attention_mask": [one.attention_mask for one in encoded],
            "token_type_ids": [one.type_ids for one in encoded],
        }
        feed = {name: np.array(given[name], dtype=np.int64) for name in self._inputs}
        return self._session.run(None, feed)[0]

    def _try_out(self) -> None:
        try:
            shape = np.asarray(self._run(["好", "不太好用，退了"])).shape
        except Exception as error:  # as above
            raise ConfigError(
                f"transformer '{self._folder}' cannot judge a text ({type(error).__name__}: "
                f"{str(error)[:200]}); is model.onnx a text classifier?"
            ) from None
        if shape != (2, len(self._classes)):
            raise ConfigError(
                f"transformer '{self._folder}' answers two texts with shape {shape}, but "
                f"config.json names {len(self._classes)} labels; it must be (2, labels)"
            )

    def _file(self, name: str) -> Path:
        for path in (self._folder / name, self._folder / "onnx" / name):
            if path.is_file():
                return path
        raise ConfigError(
            f"transformer '{self._folder}' has no {name}; name a folder with model.onnx, "
            "tokenizer.json and config.json"
        )


class SecondOpinion:
    """Scores with ``first``, and asks a transformer where ``first`` is less sure than ``below``.

    The two are averaged. A transformer without a neutral class only divides what ``first`` leaves
    to the two others. If it fails on a text, the first judgement stands and the log says so.
    """

    def __init__(self, first: Scorer, second: LocalTransformer, below: float) -> None:
        """Take ``below`` as the probability, 0 to 1, from which the first judgement is enough."""
        self._first, self._second, self._below = first, second, below

    def score(self, texts: Sequence[TextToScore]) -> list[Sentiment]:
        """Return one judgement for each text."""
        judged = self._first.score(texts)
        unsure = [
            index
            for index, one in enumerate(judged)
            if max(one.negative, one.neutral, one.positive) < self._below
            and texts[index].text.strip()
        ]
        opinions = self._opinions([_whole(texts[index]) for index in unsure])
        for index, opinion in zip(unsure, opinions, strict=False):
            judged[index] = _joined(judged[index], opinion, self._second.knows_neutral)
        return [one._replace(scorer=f"{one.scorer}+{self._second.name}") for one in judged]

    def _opinions(self, texts: list[str]) -> Probabilities:
        try:
            return self._second.judge(texts)
        except Exception:  # whatever the runtime raises, a text keeps its first judgement
            logger.exception("transformer failed", extra={"texts": len(texts)})
            return np.zeros((0, 3))


def _joined(first: Sentiment, opinion: NDArray[np.float64], knows_neutral: bool) -> Sentiment:
    second = opinion
    if not knows_neutral:
        second = opinion * (1 - first.neutral)
        second[_CLASSES["neutral"]] = first.neutral
    own = np.array([first.negative, first.neutral, first.positive])
    joined = (1 - SHARE) * own + SHARE * second
    negative, neutral, positive = (float(one) for one in joined / joined.sum())
    return first._replace(
        negative=negative,
        neutral=neutral,
        positive=positive,
        label=label_of(negative, neutral, positive),
    )


def _whole(text: TextToScore) -> str:
    return f"{text.title}\n{text.text}" if text.title else text.text


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise ConfigError(f"scoring.transformer needs {name}; {_EXTRA}") from None


def _classes(path: Path) -> list[int]:
    """Return which of our classes each column is, from ``id2label``."""
    try:
        labels = json.loads(path.read_text(encoding="utf-8"))["id2label"]
        names = [str(labels[str(index)]) for index in range(len(labels))]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"'{path}' has no readable id2label ({type(error).__name__}); write one such as "
            '{"id2label": {"0": "negative", "1": "neutral", "2": "positive"}}'
        ) from None
    known = [_CLASS_OF.get(name.strip().casefold()) for name in names]
    found = [one for one in known if one is not None]
    if len(found) < len(names) or not {0, 2} <= set(found):
        raise ConfigError(
            f"'{path}': id2label says {', '.join(names)}; each must be negative, neutral or "
            "positive (or 1 star to 5 stars), and both ends must be there"
        )
    return found


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:40] or "transformer"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:8]
