"""Opens the pages, tells the service manager and feeds its watchdog, while the service runs."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

from listener.config import OperationSettings, split_listen
from listener.loops import Loop
from listener.operation.board import Board, loop_states
from listener.operation.health import health_page, stuck_loops
from listener.operation.metrics import CONTENT_TYPE, metrics_page
from listener.operation.pages import Page, PageServer, Taker
from listener.operation.systemd import Notifier

logger = logging.getLogger(__name__)


@asynccontextmanager
async def oversight(
    settings: OperationSettings,
    board: Board,
    loops: Mapping[str, Loop],
    notifier: Notifier,
    takers: Mapping[str, Taker],
) -> AsyncIterator[Callable[[], None]]:
    """Watch over the running service; gives what to call when it begins to stop.

    A port that is taken is logged and no reason to miss a crisis: the service runs without pages.
    """
    server = _server(settings, board, takers)
    feeding = asyncio.create_task(_feed(notifier, loops), name="watchdog")
    try:
        await _open(server, settings)
        notifier.send("READY=1", "STATUS=listening")
        yield lambda: _stopping(notifier)
    finally:
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
        await server.close()
        await board.close()


def _stopping(notifier: Notifier) -> None:
    notifier.send("STOPPING=1", "STATUS=finishing what runs")


def _server(settings: OperationSettings, board: Board, takers: Mapping[str, Taker]) -> PageServer:
    async def healthz() -> Page:
        is_well, page = health_page(await board.snapshot())
        return Page(
            status=HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE,
            body=json.dumps(page, ensure_ascii=False).encode() + b"\n",
            content_type="application/json",
        )

    async def metrics() -> Page:
        body = metrics_page(await board.snapshot())
        return Page(status=HTTPStatus.OK, body=body, content_type=CONTENT_TYPE)

    pages = {"/healthz": healthz, "/metrics": metrics}
    return PageServer(pages, takers=takers, host_names=settings.host_names)


async def _open(server: PageServer, settings: OperationSettings) -> None:
    if not settings.listen:
        return
    host, port = split_listen(settings.listen)
    try:
        url = await server.start(host, port)
    except OSError as error:
        logger.error(  # noqa: TRY400 - the port is taken; a traceback tells nobody more
            "health pages not open; set operation.listen to a free address",
            extra={"listen": settings.listen, "error": error.strerror},
        )
    else:
        logger.info("health pages open", extra={"url": url})


async def _feed(notifier: Notifier, loops: Mapping[str, Loop]) -> None:
    """Give signs of life as long as no loop is stuck; a stuck event loop gives none by itself."""
    every_s = notifier.watchdog_every_s
    if every_s is None:
        return
    while True:
        stuck = stuck_loops(loop_states(loops))
        if stuck:
            logger.error("loop stuck", extra={"loops": stuck})
        else:
            notifier.send("WATCHDOG=1")
        await asyncio.sleep(every_s)
