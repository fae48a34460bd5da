"""Runs the real ``fengsheng run`` as a process of its own, to be watched, stopped and killed."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from tests.fakes.forking import ForkedProcess, ForkServer

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "123456:TEST-TOKEN"


class ServiceProcess:
    """One installation in a folder; started and ended as often as a test likes.

    With ``database_url`` it works on a PostgreSQL. With ``forks`` a start is cheap.
    """

    def __init__(
        self,
        folder: Path,
        config: str,
        *,
        home: str = "live",
        database_url: str = "",
        forks: ForkServer | None = None,
    ) -> None:
        self.folder = folder
        self.config = folder / "config.toml"
        self.config.write_text(config, encoding="utf-8")
        self.home = folder / "var" / home
        self._url = database_url
        self._forks = forks
        self._printed = folder / "printed"
        self._process: subprocess.Popen[bytes] | ForkedProcess | None = None

    @property
    def output(self) -> list[str]:
        """What the service has printed, over all its starts."""
        if not self._printed.exists():
            return []
        return self._printed.read_text(encoding="utf-8", errors="replace").splitlines()

    @property
    def _environment(self) -> dict[str, str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            "FENGSHENG_TELEGRAM_TOKEN": TOKEN,
        }
        if self._url:
            environment["FENGSHENG_DATABASE_URL"] = self._url
        return environment

    def start(self, *, fail_at: str = "", environment: dict[str, str] | None = None) -> None:
        """Start the service; with ``fail_at`` it dies by SIGKILL at that point."""
        variables = self._environment | (environment or {})
        if fail_at:
            variables["FENGSHENG_FAIL_AT"] = fail_at
        arguments = ["run", "--config", str(self.config)]
        if self._forks is not None:
            self._process = self._forks.start(
                arguments, environment=variables, folder=self.folder, output=self._printed
            )
            return
        with self._printed.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "listener.cli", *arguments],
                cwd=self.folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def wait_killed(self, timeout_s: float) -> None:
        """Wait until a fail-point has killed the service."""
        if self._process is None:
            raise AssertionError("the service was never started")
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still alive after {timeout_s} s:\n{self.tail()}") from None
        self._process = None
        assert code == -signal.SIGKILL, f"ended with {code}:\n{self.tail()}"

    def command(self, *arguments: str) -> tuple[int, str]:
        """Run another command on this installation; return its exit status and output."""
        done = subprocess.run(
            [sys.executable, "-m", "listener.cli", *arguments, "--config", str(self.config)],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the service."""
        if self._process is not None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """Kill the service as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def stop(self, timeout_s: float = 20.0) -> int:
        """Ask the service to end and return its exit status."""
        if self._process is None:
            return 0
        self._process.terminate()
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not end in {timeout_s} s:\n{self.tail()}") from None
        self._process = None
        return code

    def tail(self) -> str:
        """Return the last lines the service printed and logged."""
        log = self.home / "fengsheng.log"
        logged = log.read_text(encoding="utf-8").splitlines()[-15:] if log.exists() else []
        return "\n".join([*self.output[-30:], *logged])

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the database from outside, as another process would."""
        if self._url.startswith("postgresql"):
            return self._query_postgresql(sql)
        database = self.home / "fengsheng.db"
        if not database.exists():
            return []
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(sql).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise
        finally:
            connection.close()

    def _query_postgresql(self, sql: str) -> list[tuple[Any, ...]]:
        dsn = self._url.replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(dsn) as connection:
            return connection.execute(sql.encode()).fetchall()

    def wait_until(self, condition: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Wait for a condition while the service runs."""
        deadline = time.monotonic() + timeout_s
        pause = threading.Event()
        while not condition():
            if not self.is_running:
                raise AssertionError(f"the service ended while waiting for {what}:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"no {what} within {timeout_s} s:\n{self.tail()}")
            pause.wait(0.05)
