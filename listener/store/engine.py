"""Engines and transactions: one write transaction per fact, and reads that cannot write.

``unit_of_work`` takes SQLite's write lock first (``BEGIN IMMEDIATE``), because a deferred
transaction that upgrades to a write fails under contention whatever the busy timeout is. What
another attempt can cure (a lost connection, a deadlock, a lock held too long) is ``Temporary``.
"""

import random
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, bindparam, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, TimeoutError
from sqlmodel import Session, SQLModel

from listener.errors import ConfigError, StoreError, Temporary

Result = TypeVar("Result")

BUSY_TIMEOUT_S = 30
CONNECT_TIMEOUT_S = 10
POOL_SIZE = 8
POOL_OVERFLOW = 8
POOL_TIMEOUT_S = 30
POOL_RECYCLE_S = 1800
# What one session of the program may cost others on a shared server.
SESSION_LIMITS = {
    "statement_timeout": "60s",
    "lock_timeout": "15s",
    "idle_in_transaction_session_timeout": "60s",
}
# A server that has gone without a word is noticed within a minute.
_KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
APPLICATION = "fengsheng"
# Serialization failure, deadlock, lock not available, query cancelled, server going down.
_CURABLE_STATES = frozenset({"40001", "40P01", "55P03", "57014", "57P01", "57P02", "57P03"})
_NO_PRIVILEGE = "42501"
TRANSACT_ATTEMPTS = 7
_READ_ONLY: dict[str, dict[str, Any]] = {
    "sqlite": {"read_only": True},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


def sqlite_url(path: Path) -> str:
    """Return the address of an SQLite file."""
    return f"sqlite:///{path}"


def parse_url(url: str) -> URL:
    """Return the address in parts, PostgreSQL always through psycopg.

    Raises ``ConfigError`` for a bad address, without repeating it: it may hold a password.
    """
    try:
        parts = make_url(url.replace("postgres://", "postgresql://", 1))
        backend = parts.get_backend_name()
    except (ArgumentError, NoSuchModuleError):
        raise ConfigError(
            "the database address is not a valid SQLAlchemy URL; write for example "
            "sqlite:///var/fengsheng.db or postgresql://user@host/name"
        ) from None
    if backend == "postgresql":
        return parts.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        return parts
    raise ConfigError(f"databases of kind '{backend}' are not supported; use sqlite or postgresql")


def open_engine(url: str) -> Engine:
    """Open the database at ``url``; nothing is connected to before it is used.

    Raises ``ConfigError`` for a bad address, or when the driver is not installed.
    """
    parts = parse_url(url)
    return _sqlite(parts) if parts.get_backend_name() == "sqlite" else _postgresql(parts)


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgresql(url: URL) -> Engine:
    asked = {"connect_timeout": CONNECT_TIMEOUT_S, "application_name": APPLICATION, **_KEEPALIVE}
    try:
        engine = create_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_use_lifo=True,
            pool_size=POOL_SIZE,
            max_overflow=POOL_OVERFLOW,
            pool_timeout=POOL_TIMEOUT_S,
            pool_recycle=POOL_RECYCLE_S,
            connect_args={key: value for key, value in asked.items() if key not in url.query}
            | {"client_encoding": "utf8"},
        )
    except ModuleNotFoundError:
        raise ConfigError(
            "the PostgreSQL driver is not installed; run: pip install 'fengsheng[postgres]'"
        ) from None
    event.listen(engine, "connect", _prepare_postgresql)
    event.listen(engine, "handle_error", _drop_detail)
    return engine


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    settings = ", ".join(f"set_config('{key}', '{value}', false)" for key, value in _LIMITS)
    connection.autocommit = True
    connection.execute(f"SELECT {settings}")  # one journey for all of them
    connection.autocommit = False


_LIMITS = (*SESSION_LIMITS.items(), ("timezone", "UTC"))


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _drop_detail(context: Any) -> None:
    """Keep only the first sentence of PostgreSQL's error: its DETAIL quotes the row at fault."""
    original, wrapped = context.original_exception, context.sqlalchemy_exception
    primary = getattr(getattr(original, "diag", None), "message_primary", None)
    if primary is None:
        return
    original.args = (primary,)
    if wrapped is not None:
        wrapped.args = (f"({type(original).__name__}) {primary}",)


def _begin_sqlite(connection: Any) -> None:
    options = connection.get_execution_options()
    if options.get("changes_schema"):
        # Rebuilding a table drops it; with keys enforced, that would empty what refers to it.
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    if options.get("read_only"):
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("BEGIN")
    else:
        connection.exec_driver_sql("PRAGMA query_only = OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def is_curable(error: Exception) -> bool:
    """Say whether the same transaction may succeed when it is run again."""
    if isinstance(error, TimeoutError):
        return True  # every connection of the pool was busy
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated or getattr(error.orig, "sqlstate", "") in _CURABLE_STATES:
        return True
    if isinstance(error.orig, sqlite3.OperationalError):
        return error.orig.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    # Without a state of its own, psycopg's OperationalError says that there is no connection.
    is_operational = type(error.orig).__name__ == "OperationalError"
    return is_operational and getattr(error.orig, "sqlstate", "") is None


@contextmanager
def curable_errors() -> Iterator[None]:
    """Raise ``Temporary`` for what another attempt can cure.

    A missing privilege is a ``StoreError``; other errors pass unchanged.
    """
    try:
        yield
    except (DBAPIError, TimeoutError) as error:
        if getattr(getattr(error, "orig", None), "sqlstate", None) == _NO_PRIVILEGE:
            raise StoreError(
                f"the database user lacks a privilege: {_first_line(error)}; run: fengsheng doctor"
            ) from None
        if not is_curable(error):
            raise
        raise Temporary(f"the database did not do it: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().partition("\n")[0][:300]


@contextmanager
def unit_of_work(engine: Engine) -> Iterator[Session]:
    """One write transaction: committed on leaving, rolled back on any error.

    Raises ``Temporary`` for what another attempt can cure.
    """
    with curable_errors(), Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def read_session(engine: Engine) -> Iterator[Session]:
    """One consistent view that cannot write; raises ``Temporary`` like ``unit_of_work``."""
    with curable_errors(), engine.connect() as opened:
        connection = opened.execution_options(**_READ_ONLY[opened.dialect.name])
        with connection.begin(), Session(connection) as session:
            yield session


@contextmanager
def schema_change(engine: Engine) -> Iterator[Connection]:
    """One transaction that may rebuild tables, on a connection that nothing uses afterwards."""
    with curable_errors(), engine.connect() as opened:
        connection = opened.execution_options(changes_schema=True)
        connection.detach()
        with connection.begin():
            yield connection
            if connection.dialect.name == "sqlite":
                _refuse_broken_keys(connection)


def _refuse_broken_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(3)
    if broken:
        tables = ", ".join(f"{row[0]} → {row[2]}" for row in broken)
        raise StoreError(f"rows refer to rows that are not there ({tables}); nothing was changed")


def transact(engine: Engine, action: Callable[[Session], Result]) -> Result:
    """Run ``action`` in one write transaction, again while the failure is ``Temporary``.

    For what must not be put off to another step, such as recording that a message was accepted.
    ``action`` may run several times and touches nothing but the database. Blocks for up to about
    half a minute, then raises ``Temporary``.
    """
    for attempt in range(TRANSACT_ATTEMPTS):
        try:
            with unit_of_work(engine) as session:
                return action(session)
        except Temporary as error:
            if attempt == TRANSACT_ATTEMPTS - 1 or not isinstance(error.__cause__, Exception):
                raise
        _pause(0.25 * 2**attempt * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not security
    raise AssertionError("unreachable")


def _pause(seconds: float) -> None:
    threading.Event().wait(seconds)


def insert_ignore(session: Session, table: type[SQLModel]) -> Any:
    """Return an insert for ``table`` that does nothing where a unique key already exists.

    Always add ``.returning(...)``: the number of rows is not reliable on every engine.
    """
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def upsert(
    session: Session, table: type[SQLModel], key: tuple[str, ...], rows: Sequence[dict[str, Any]]
) -> None:
    """Insert rows, or overwrite those with the same ``key``; all rows name the same columns."""
    if rows:
        dialect = session.get_bind().dialect.name
        statement = _upsert_statement(dialect, table, key, tuple(rows[0]))
        session.connection().execute(statement, rows)


@lru_cache(maxsize=64)
def _upsert_statement(
    dialect: str, table: type[SQLModel], key: tuple[str, ...], columns: tuple[str, ...]
) -> Any:
    """Build a statement once: building costs more than running it."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement: Any = insert(table.__table__)  # type: ignore[attr-defined]  # every table has one
    statement = statement.values({name: bindparam(name) for name in columns})
    changed = {name: statement.excluded[name] for name in columns if name not in key}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changed)


def insert_new(session: Session, table: type[SQLModel], values: dict[str, Any]) -> int | None:
    """Insert a row and return its ``id``, or None where a unique key already exists."""
    dialect = session.get_bind().dialect.name
    statement = _insert_statement(dialect, table, tuple(values))
    found = session.connection().execute(statement, values).scalar_one_or_none()
    return None if found is None else int(found)


@lru_cache(maxsize=64)
def _insert_statement(dialect: str, table: type[SQLModel], columns: tuple[str, ...]) -> Any:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    target = table.__table__  # type: ignore[attr-defined]  # every table has one
    statement: Any = insert(target).values({name: bindparam(name) for name in columns})
    return statement.on_conflict_do_nothing().returning(target.c.id)
