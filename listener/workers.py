"""Child processes that speak JSON lines: one request, one answer.

What is slow, large or exposed to hostile input runs in a child, so that it can be killed without
losing anything. A child ends by itself when its parent dies, because its standard input closes.
"""

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from listener.errors import Temporary

logger = logging.getLogger(__name__)

MAX_LINE_BYTES = 64 * 1024 * 1024
_KEPT_VARIABLES = frozenset(
    [
        "PATH",
        "HOME",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "TMPDIR",
        "TEMP",
        "TMP",
        "SYSTEMROOT",
        "VIRTUAL_ENV",
        "PYTHONPATH",
    ]
)


def child_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for a child: what it needs to run and no secret."""
    environ = os.environ if environ is None else environ
    kept = {name: value for name, value in environ.items() if name in _KEPT_VARIABLES}
    return kept | {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}


async def start_child(module: str, *arguments: str) -> asyncio.subprocess.Process:
    """Start ``python -m module`` with piped standard streams and a clean environment."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=MAX_LINE_BYTES,
        env=child_environment(),
    )


async def end_child(process: asyncio.subprocess.Process, *, grace_s: float = 2.0) -> None:
    """Close the child's input, give it ``grace_s`` to leave, then kill it."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(grace_s):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


class StderrTail:
    """Reads a child's standard error to the end and keeps its last lines."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self._lines: deque[str] = deque(maxlen=12)
        self._name = name
        self._task = asyncio.create_task(self._read(process), name=f"stderr of {name}")

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        if process.stderr is None:
            return
        async for line in process.stderr:
            text = line.decode("utf-8", "replace").rstrip()
            self._lines.append(text[:400])
            logger.debug("child says", extra={"child": self._name, "line": text[:400]})

    async def text(self) -> str:
        """Return the last lines once the child has closed its end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await asyncio.shield(self._task)
        return " | ".join(self._lines)


class JsonLineWorker:
    """One child process, started when first needed, restarted after it died."""

    def __init__(self, module: str, *arguments: str, call_timeout_s: float) -> None:
        self._module = module
        self._arguments = arguments
        self._call_timeout_s = call_timeout_s
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._stderr: StderrTail | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the running child."""
        return None if self._process is None else self._process.pid

    async def warm_up(self) -> None:
        """Start the child now, so that the first call does not wait for it."""
        async with self._lock:
            await self._running()

    async def call(self, request: dict[str, Any]) -> Any:
        """Send one request and return the answer's ``result``.

        Raises ``Temporary`` when the child dies, answers an error or takes too long; the next call
        gets a fresh child.
        """
        line = json.dumps(request, ensure_ascii=False).encode() + b"\n"
        async with self._lock:
            process = await self._running()
            try:
                async with asyncio.timeout(self._call_timeout_s):
                    answer = await _exchange(process, line)
            except (TimeoutError, ConnectionError) as error:
                raise await self._broken(error) from None
            except asyncio.CancelledError:
                await self._discard()
                raise
        reply = json.loads(answer)
        if "error" in reply:
            raise Temporary(f"{self._module} failed: {reply['error']}")
        return reply["result"]

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await start_child(self._module, *self._arguments)
            self._stderr = StderrTail(self._process, self._module)
        return self._process

    async def _broken(self, error: Exception) -> Temporary:
        stderr = self._stderr
        await self._discard()
        said = await stderr.text() if stderr else ""
        return Temporary(
            f"{self._module} broke off ({type(error).__name__}); it said: {said[-600:]}"
        )

    async def _discard(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def close(self) -> None:
        """End the child."""
        async with self._lock:
            if self._process is not None:
                await end_child(self._process)
                self._process = None


async def _exchange(process: asyncio.subprocess.Process, line: bytes) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise ConnectionError("no pipes")
    process.stdin.write(line)
    await process.stdin.drain()
    answer = await process.stdout.readline()
    if not answer:
        raise ConnectionError("closed its output")
    return answer


def own_stdout() -> BinaryIO:
    """Take standard output for the protocol; whatever else prints goes to standard error."""
    channel = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return channel


def serve(handle: Callable[[dict[str, Any]], Any]) -> None:
    """Answer requests from standard input until it closes; a failure is answered, not fatal."""
    channel = own_stdout()
    for line in sys.stdin.buffer:
        try:
            reply = {"result": handle(json.loads(line))}
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        channel.write(json.dumps(reply, ensure_ascii=False).encode() + b"\n")
