"""All rows of all tables, out and in again, the same on both databases.

Works on the schema that is really there, not on the tables in code, so that rows of an older
schema can be loaded and then migrated. Values are JSON: instants as ISO 8601 in UTC, bytes
as Base64.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    func,
    inspect,
    select,
    text,
)

from listener.errors import StoreError
from listener.store.engine import APPLICATION
from listener.store.tables import metadata

VERSION_TABLE = "alembic_version"
BATCH_ROWS = 1000


@dataclass(frozen=True, slots=True)
class DataTable:
    """One table as it stands in the database."""

    table: Table

    @property
    def name(self) -> str:
        """Name of the table."""
        return self.table.name

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in the order of the values of a row."""
        return [column.name for column in self.table.columns]


def data_tables(connection: Connection) -> list[DataTable]:
    """Return the tables that hold data; none refers to a later one.

    Leaves out the schema's own revision and whatever the database keeps for searching.
    """
    inspector = inspect(connection)
    left_out = {VERSION_TABLE, *_search_tables(connection)}
    names = [name for name, _ in inspector.get_sorted_table_and_fkc_names() if name]
    found = MetaData()
    tables = []
    for name in names:
        if name in left_out:
            continue
        keys = inspector.get_pk_constraint(name)["constrained_columns"]
        columns = [
            Column(one["name"], _stored_type(one), primary_key=one["name"] in keys)
            for one in inspector.get_columns(name)
        ]
        tables.append(DataTable(Table(name, found, *columns)))
    return tables


def _stored_type(column: Any) -> Any:
    if isinstance(column["type"], JSON):
        return JSON(none_as_null=bool(column["nullable"]))
    return column["type"]


def _search_tables(connection: Connection) -> list[str]:
    if connection.dialect.name != "sqlite":
        return []
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
    tables = [(str(name), str(sql)) for name, sql in rows]
    virtual = [name for name, sql in tables if sql.upper().startswith("CREATE VIRTUAL TABLE")]
    return [
        name
        for name, _ in tables
        if any(name == one or name.startswith(f"{one}_") for one in virtual)
    ]


def count_rows(connection: Connection, one: DataTable) -> int:
    """Return how many rows a table holds."""
    return int(connection.execute(select(func.count()).select_from(one.table)).scalar_one())


def read_rows(connection: Connection, one: DataTable) -> Iterator[list[Any]]:
    """Yield every row in the order of its primary key, the same order on every database."""
    order = [
        column.collate("C")
        if isinstance(column.type, String) and connection.dialect.name == "postgresql"
        else column
        for column in one.table.primary_key.columns
    ]
    query = select(one.table).order_by(*order)
    found = connection.execution_options(yield_per=BATCH_ROWS).execute(query)
    for row in found:
        yield [_to_json(value) for value in row]


def _to_json(value: Any) -> Any:
    if isinstance(value, datetime):
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return aware.isoformat()
    return b64encode(value).decode("ascii") if isinstance(value, bytes) else value


def _reader(column: Column[Any]) -> Callable[[Any], Any] | None:
    """Return what turns a JSON value of the column back, or None where nothing does."""
    if isinstance(column.type, DateTime):
        return datetime.fromisoformat
    return b64decode if isinstance(column.type, LargeBinary) else None


def write_rows(connection: Connection, one: DataTable, rows: Iterable[Sequence[Any]]) -> int:
    """Insert rows as ``read_rows`` gave them; return how many."""
    readers = {c.name: read for c in one.table.columns if (read := _reader(c)) is not None}
    names = one.columns
    statement = one.table.insert()
    total = 0
    rest = iter(rows)
    while batch := list(islice(rest, BATCH_ROWS)):
        values = [
            {
                name: readers[name](value) if value and name in readers else value
                for name, value in zip(names, row, strict=True)
            }
            for row in batch
        ]
        connection.execute(statement, values)
        total += len(batch)
    return total


def prepare_long_read(connection: Connection) -> None:
    """Let one reading transaction take as long as it takes."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))


def holds_rows(connection: Connection) -> bool:
    """Say whether any table holds a row.

    Raises ``StoreError`` when there are tables that are not ours: they are never touched.
    """
    tables = data_tables(connection)
    foreign = sorted({one.name for one in tables} - set(metadata.tables))
    if foreign:
        raise StoreError(
            f"the database holds tables that are not Fengsheng's ({', '.join(foreign[:5])}); "
            "use a database of its own"
        )
    return any(
        connection.execute(select(one.table).limit(1)).first() is not None for one in tables
    )


def drop_tables(connection: Connection) -> None:
    """Drop every table of ours, in the caller's transaction."""
    names = [one.name for one in data_tables(connection)][::-1]
    if inspect(connection).has_table(VERSION_TABLE):
        names.append(VERSION_TABLE)
    quote = connection.dialect.identifier_preparer.quote
    if connection.dialect.name == "postgresql":
        if names:
            connection.exec_driver_sql(f"DROP TABLE {', '.join(map(quote, names))}")
        return
    # Dropping a virtual table takes its shadow tables with it.
    searched = _search_tables(connection)
    roots = [one for one in searched if not any(one.startswith(f"{o}_") for o in searched)]
    for name in [*roots, *names]:
        connection.exec_driver_sql(f"DROP TABLE {quote(name)}")


def reset_sequences(connection: Connection) -> None:
    """Let the next row of every table get the number after the greatest; SQLite does by itself."""
    if connection.dialect.name != "postgresql":
        return
    for one in data_tables(connection):
        for column in one.table.primary_key.columns:
            if not isinstance(column.type, Integer):
                continue
            quoted = connection.dialect.identifier_preparer.quote(one.name)
            sequence = connection.execute(
                select(func.pg_get_serial_sequence(quoted, column.name))
            ).scalar_one()
            greatest = connection.execute(select(func.max(column))).scalar_one()
            if sequence and greatest is not None:
                connection.execute(select(func.setval(sequence, greatest)))


def refresh_statistics(connection: Connection) -> None:
    """Tell the query planner what was loaded."""
    connection.execute(text("ANALYZE"))


def others_connected(connection: Connection) -> int:
    """Count other sessions of this program on the same database; SQLite cannot tell."""
    if connection.dialect.name != "postgresql":
        return 0
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND application_name = :name"
    )
    return int(connection.execute(query, {"name": APPLICATION}).scalar_one())
