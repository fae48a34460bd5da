"""Engines and transactions: one write transaction per fact, and reads that cannot write.

``unit_of_work`` takes SQLite's write lock first (``BEGIN IMMEDIATE``), because a deferred
transaction that upgrades to a write fails under contention whatever the busy timeout is.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import DateTime, Engine, bindparam, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session, SQLModel

from listener.errors import ConfigError

BUSY_TIMEOUT_S = 30


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant on every engine; SQLite keeps no zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002 - signature of the base class
        """Refuse naive instants and store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a stored instant needs a time zone (got {value!r})")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002 - signature of the base class
        """Return an aware UTC instant."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def sqlite_url(path: Path) -> str:
    """Return the address of an SQLite file."""
    return f"sqlite:///{path}"


def open_engine(url: str) -> Engine:
    """Open the database at ``url``; SQLite gets WAL and foreign keys.

    Raises ``ConfigError`` for a bad address, without repeating it: it may hold a password.
    """
    try:
        backend = make_url(url).get_backend_name()
    except ArgumentError:
        raise ConfigError(
            "the database address is not a valid SQLAlchemy URL; "
            "write for example sqlite:///var/fengsheng.db or postgresql+psycopg://user@host/name"
        ) from None
    if backend == "sqlite":
        engine = create_engine(
            url, connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False}
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if backend == "postgresql":
        return create_engine(url, pool_pre_ping=True)
    raise ConfigError(f"databases of kind '{backend}' are not supported; use sqlite or postgresql")


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    options = connection.get_execution_options()
    if options.get("read_only"):
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("BEGIN")
    else:
        connection.exec_driver_sql("PRAGMA query_only = OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def unit_of_work(engine: Engine) -> Iterator[Session]:
    """One write transaction: committed on leaving, rolled back on any error."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def read_session(engine: Engine) -> Iterator[Session]:
    """One consistent view that cannot write."""
    with engine.connect().execution_options(read_only=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        with Session(connection) as session:
            yield session


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
