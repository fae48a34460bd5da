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

TOKEN = "123456:TEST-TOKEN"


class ServiceProcess:
    """One installation in a folder; started and ended as often as a test likes."""

    def __init__(self, folder: Path, config: str, *, home: str = "live") -> None:
        self.folder = folder
        self.config = folder / "config.toml"
        self.config.write_text(config, encoding="utf-8")
        self.home = folder / "var" / home
        self._process: subprocess.Popen[str] | None = None
        self.output: list[str] = []

    def start(self, *, fail_at: str = "") -> None:
        """Start the service; with ``fail_at`` it dies by SIGKILL at that point."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "FENGSHENG_TELEGRAM_TOKEN": TOKEN,
        }
        if fail_at:
            environment["FENGSHENG_FAIL_AT"] = fail_at
        self._process = subprocess.Popen(
            [sys.executable, "-m", "listener.cli", "run", "--config", str(self.config)],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        reader.start()
        self._reader = reader

    def _read(self, process: "subprocess.Popen[str]") -> None:
        for line in process.stdout or ():
            self.output.append(line.rstrip())

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
        self._close()
        assert code == -signal.SIGKILL, f"ended with {code}:\n{self.tail()}"

    def kill(self) -> None:
        """Kill the service as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._close()

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
        self._close()
        return code

    def _close(self) -> None:
        self._reader.join(10)
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    def tail(self) -> str:
        """Return the last lines the service printed and logged."""
        log = self.home / "fengsheng.log"
        logged = log.read_text(encoding="utf-8").splitlines()[-15:] if log.exists() else []
        return "\n".join([*self.output[-30:], *logged])

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read the database from outside, as another process would."""
        database = self.home / "fengsheng.db"
        if not database.exists():
            return []
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise
        finally:
            connection.close()

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
