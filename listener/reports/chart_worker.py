"""Draws charts in a child process: matplotlib is slow to load and must not stall the loop."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from listener.reports.chart import render_chart
from listener.workers import JsonLineWorker, serve

CALL_TIMEOUT_S = 60.0


class ChartWorker:
    """The parent's side of the drawing child."""

    def __init__(self) -> None:
        self._worker = JsonLineWorker(__name__, call_timeout_s=CALL_TIMEOUT_S)

    async def warm_up(self) -> None:
        """Start the child before the first alert needs it."""
        await self._worker.warm_up()

    async def draw(self, spec: Mapping[str, Any], path: Path) -> None:
        """Draw a chart into ``path``; raises ``Temporary`` when the child broke."""
        await self._worker.call({"spec": dict(spec), "path": str(path)})

    async def close(self) -> None:
        """End the child."""
        await self._worker.close()


def _draw(request: dict[str, Any]) -> str:
    render_chart(request["spec"], Path(request["path"]))
    return str(request["path"])


if __name__ == "__main__":
    serve(_draw)
