"""What every scorer takes and gives: tuples, because a frozen dataclass takes three times as long
to make, which is a tenth of what the default scorer needs for a text.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, Protocol

from listener.errors import ConfigError

Label = Literal["negative", "neutral", "positive"]


class TextToScore(NamedTuple):
    """One text with what its source says about it."""

    text: str
    title: str | None = None
    kind: str = "post"
    lang: str = "und"
    rating: float | None = None
    rating_max: float | None = None


class Sentiment(NamedTuple):
    """Probabilities that sum to 1, the label of the largest (ties are negative), and why.

    ``evidence`` holds at most five substrings of the text with weights, strongest first, positive
    towards negative. ``scorer`` is ``name@version``.
    """

    negative: float
    neutral: float
    positive: float
    label: Label
    evidence: tuple[tuple[str, float], ...]
    scorer: str


class Scorer(Protocol):
    """Judges sentiment of a batch of texts, in order."""

    def score(self, texts: Sequence[TextToScore]) -> list[Sentiment]:
        """Return one judgement for each text. Never raises for any text."""
        ...


def label_of(negative: float, neutral: float, positive: float) -> Label:
    """Return the label of the largest probability; ties are negative, then neutral."""
    if negative >= neutral and negative >= positive:
        return "negative"
    return "neutral" if neutral >= positive else "positive"


_FACTORIES: dict[str, Callable[[], Scorer]] = {}


def register(name: str) -> Callable[[Callable[[], Scorer]], Callable[[], Scorer]]:
    """Register a scorer's factory under the name the configuration uses."""

    def add(factory: Callable[[], Scorer]) -> Callable[[], Scorer]:
        _FACTORIES[name] = factory
        return factory

    return add


def make_scorer(name: str) -> Scorer:
    """Load the scorer called ``name``; this may take seconds. Raises ``ConfigError``."""
    if name not in _FACTORIES:
        raise ConfigError(
            f"unknown scorer '{name}'; use fast, snownlp, or the path of a model ending in .npz"
        )
    return _FACTORIES[name]()
