"""The part of ``snownlp.sentiment`` that the scorer uses, deciding by a handful of words."""

from types import SimpleNamespace

NEGATIVE = ("变砖", "开不了机", "重启", "没人理", "连不上", "红灯", "说法")


class _Frequencies:
    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = words

    def freq(self, word: str) -> float:
        return 0.5 if word in self._words else 0.0


class _Bayes:
    d = {"neg": _Frequencies(NEGATIVE), "pos": _Frequencies(("干净",))}  # noqa: RUF012 - as there

    def classify(self, words: list[str]) -> tuple[str, float]:
        return ("neg", 0.95) if set(words) & set(NEGATIVE) else ("pos", 0.9)


def _segment(text: str) -> list[str]:
    return [word for word in NEGATIVE if word in text]


classifier = SimpleNamespace(handle=_segment, classifier=_Bayes())
