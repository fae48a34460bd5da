"""Starts ``fengsheng`` in milliseconds: one process imports it once, each start is a fork of it.

What is forked is a process of its own in every respect: it is killed, and dies, like any other.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1


class ForkedProcess:
    """One forked process, with the part of ``subprocess.Popen`` that tests use."""

    def __init__(self, server: "ForkServer", pid: int) -> None:
        self._server = server
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._server.ask({"poll": self.pid})
        return self.returncode

    def wait(self, timeout: float) -> int:
        deadline = time.monotonic() + timeout
        pause = threading.Event()
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("fengsheng", timeout)
            pause.wait(0.02)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class ForkServer:
    """The process that forks; one per test session is enough."""

    def __init__(self) -> None:
        # Threads of a numerical library do not survive a fork.
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.forking"],
            cwd=Path(__file__).resolve().parents[2],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, request: dict[str, Any]) -> Any:
        """Send one request and return the answer."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("a child without pipes")
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        return json.loads(stdout.readline())

    def start(
        self, arguments: list[str], *, environment: dict[str, str], folder: Path, output: Path
    ) -> ForkedProcess:
        """Start ``fengsheng`` with these arguments."""
        pid = self.ask(
            {
                "arguments": arguments,
                "environment": environment,
                "folder": str(folder),
                "output": str(output),
            }
        )
        return ForkedProcess(self, pid)

    def close(self) -> None:
        """End the server; what it started has to be ended before."""
        if self._process.stdin is not None and self._process.stdout is not None:
            self._process.stdin.close()
            self._process.wait(10)
            self._process.stdout.close()


def _die_with_server() -> None:
    """Let the kernel kill this process when the server ends, so that no aborted test leaves one."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _become(request: dict[str, Any], main: Any) -> None:
    _die_with_server()
    os.chdir(request["folder"])
    output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, source in ((0, nothing), (1, output), (2, output)):
        os.dup2(source, number)
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = ["fengsheng", *request["arguments"]]
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, "r" if n == 0 else "w") for n in range(3))
    main()


def _serve() -> None:
    import psycopg  # noqa: F401, PLC0415 - only to have it loaded before the forks

    from listener.cli import main  # noqa: PLC0415 - the heavy part, in this process only

    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        if "poll" in request:
            pid, status = os.waitpid(request["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = os.fork()
            if answer == 0:
                try:
                    _become(request, main)
                finally:
                    sys.stdout.flush()
                    os._exit(getattr(sys.exc_info()[1], "code", 1) or 0)
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    _serve()
