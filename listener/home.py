"""The folder of an installation: database, keys, charts, log, and the lock that guards it."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from listener.config import Secrets
from listener.config_file import ConfigFile
from listener.errors import ConfigError
from listener.store.engine import open_engine, sqlite_url
from listener.store.migrate import check_current, upgrade

DATABASE = "fengsheng.db"
KEPT_WORLDS = 3
# A demonstration's crisis plays this long; a later start begins a new one.
WORLD_LASTS = timedelta(minutes=60)


def home_of(file: ConfigFile) -> Path:
    """Return the folder of the installation; the demonstration has its own."""
    base = file.config.data_dir
    base = base if base.is_absolute() else file.path.resolve().parent / base
    return base / "demo" if file.config.demo.enabled else base / "live"


def trained_model(home: Path) -> Path:
    """Return where an installation keeps the model made from its own labels."""
    return home / "models" / "trained.npz"


def scorer_of(file: ConfigFile) -> str:
    """Return the name of the configured scorer, or the path of the installation's own model."""
    name = file.config.scoring.scorer
    return str(trained_model(home_of(file))) if name == "trained" else name


def transformer_of(file: ConfigFile) -> tuple[Path | None, float]:
    """Return the folder of the configured transformer, and below which probability it is asked."""
    folder = file.config.scoring.transformer
    if folder is not None and not folder.is_absolute():
        folder = file.path.resolve().parent / folder
    return folder, file.config.scoring.unsure_below


def database_url(file: ConfigFile, secrets: Secrets) -> str:
    """Return the database's address: the secret one, the configured one, or SQLite at home."""
    if file.config.demo.enabled:
        return sqlite_url(home_of(file) / DATABASE)
    if secrets.database_url is not None:
        return secrets.database_url.get_secret_value()
    return file.config.database.url or sqlite_url(home_of(file) / DATABASE)


def connect_database(file: ConfigFile, secrets: Secrets) -> Engine:
    """Open the database as it is, whatever its schema."""
    home = home_of(file)
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{file.where('data_dir')}: data_dir: cannot make '{home}' ({error.strerror}); "
            "name a folder this user may write to"
        ) from None
    return open_engine(database_url(file, secrets))


def open_database(file: ConfigFile, secrets: Secrets) -> Engine:
    """Open the database with the schema this program needs.

    The embedded SQLite belongs to this program alone and is brought up to date here. A PostgreSQL
    may serve several machines: it is migrated only by ``fengsheng migrate``, and anything but the
    needed schema raises ``StoreError``.
    """
    engine = connect_database(file, secrets)
    try:
        if engine.dialect.name == "sqlite":
            upgrade(engine)
        else:
            check_current(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def service_lock(home: Path) -> Iterator[None]:
    """Hold an installation for one service; the kernel lets go when the process dies.

    The lock stands beside the folder, because a demonstration's folder is moved aside.
    Raises ``ConfigError`` when another service runs on it.
    """
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_name(f"{home.name}.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise ConfigError(
                f"a service (process {file.read().strip() or '?'}) already runs on '{home}'; "
                "stop it, or give this one another data_dir"
            ) from None
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


def is_service_running(home: Path) -> bool:
    """Say whether a service holds this installation at the moment."""
    lock = home.with_name(f"{home.name}.lock")
    if not lock.exists():
        return False
    with lock.open("r") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextmanager
def import_lock(home: Path) -> Iterator[None]:
    """Let one import at a time write to an installation. Raises ``ConfigError`` for a second."""
    with home.with_name(f"{home.name}.import.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError("另一个 fengsheng import 正在运行；请等它结束后再导入") from None
        yield


def demo_anchor(home: Path, now: datetime, *, anew: bool) -> datetime:
    """Return when the demonstration's world began, starting a new one when its crisis is over.

    The old world is moved aside beside ``home``; the newest three are kept.
    """
    mark = home / "world"
    if mark.exists() and not anew:
        anchor = datetime.fromisoformat(mark.read_text(encoding="ascii").strip())
        if timedelta(0) <= now - anchor < WORLD_LASTS:
            return anchor
    if home.exists() and any(home.iterdir()):
        aside = home.with_name(f"{home.name}@{now:%Y%m%dT%H%M%S%f}")
        home.rename(aside)
        for old in sorted(home.parent.glob(f"{home.name}@*"))[:-KEPT_WORLDS]:
            shutil.rmtree(old)
    home.mkdir(parents=True, exist_ok=True)
    mark.write_text(now.isoformat(), encoding="ascii")
    return now
