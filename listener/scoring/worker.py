"""The scoring child process, and the parent's side of it."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from listener.scoring.choose import open_scorer
from listener.scoring.protocol import Sentiment, TextToScore
from listener.workers import JsonLineWorker, serve

CALL_TIMEOUT_S = 120.0


class ScoringWorker:
    """Scores in one child process, so that the event loop never waits for it."""

    def __init__(self, scorer: str, transformer: Path | None = None, below: float = 0.0) -> None:
        """Take what ``open_scorer`` takes."""
        named = [scorer] if transformer is None else [scorer, str(transformer), str(below)]
        self._worker = JsonLineWorker(__name__, *named, call_timeout_s=CALL_TIMEOUT_S)

    @property
    def pid(self) -> int | None:
        """Process id of the child, while it runs."""
        return self._worker.pid

    async def warm_up(self) -> None:
        """Start loading the model."""
        await self._worker.warm_up()

    async def score(self, texts: Sequence[TextToScore]) -> list[Sentiment]:
        """Return one judgement for each text; raises ``Temporary`` when the child broke."""
        answer = await self._worker.call({"texts": [text._asdict() for text in texts]})
        return [
            Sentiment(
                **{**one, "evidence": tuple((word, weight) for word, weight in one["evidence"])}
            )
            for one in answer
        ]

    async def close(self) -> None:
        """End the child."""
        await self._worker.close()


def main() -> None:
    """Load the scorer named on the command line, with a transformer if one is, and serve it."""
    name, *second = sys.argv[1:]
    scorer = open_scorer(name, Path(second[0]), float(second[1])) if second else open_scorer(name)

    def handle(request: dict[str, Any]) -> list[dict[str, Any]]:
        texts = [TextToScore(**text) for text in request["texts"]]
        return [one._asdict() for one in scorer.score(texts)]

    serve(handle)


if __name__ == "__main__":
    main()
