"""Fills whatever tables a database has with rows, by plain inserts: no model is involved."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    inspect,
)

from listener.store import dump
from listener.text.fingerprint import search_terms

ROWS = 3
START = datetime(2026, 11, 1, 8, 30, 15, 123456, tzinfo=UTC)


def value(column: Column[Any], row: int) -> Any:
    """A value of the column's type, another for each row."""
    if isinstance(column.type, Boolean):
        return row % 2 == 0
    if isinstance(column.type, DateTime):
        return START + timedelta(minutes=5 * row)
    if isinstance(column.type, JSON):
        return {"澜白": [row, 1.5, None, "变砖\ud83d"], "b": {"a": True}}
    if isinstance(column.type, Integer):
        return row
    if isinstance(column.type, Float | Numeric):
        return row + 0.1
    if isinstance(column.type, LargeBinary):
        return bytes([0, 255, row]) * 10
    if column.name == "search":
        return search_terms("澜白变砖了")
    return f"{column.name} {row} 变砖 é\u3000🙂 ' \" \\ %s"


def fill(connection: Connection) -> dict[str, list[list[Any]]]:
    """Put three rows into every table; return what each then holds."""
    inspector = inspect(connection)
    for one in dump.data_tables(connection):
        foreign = {
            key["constrained_columns"][0]: key["referred_table"]
            for key in inspector.get_foreign_keys(one.name)
        }
        rows = []
        for number in range(1, ROWS + 1):
            values = {column.name: value(column, number) for column in one.table.columns}
            for name, table in foreign.items():
                if table == one.name:
                    values[name] = number - 1 or None
            rows.append(values)
        connection.execute(one.table.insert(), rows)
    dump.reset_sequences(connection)
    return contents(connection)


def contents(connection: Connection) -> dict[str, list[list[Any]]]:
    """Return every row of every table."""
    return {
        one.name: list(dump.read_rows(connection, one)) for one in dump.data_tables(connection)
    }


def by_column(connection: Connection) -> dict[tuple[str, str], list[Any]]:
    """Return the values of every column of every table."""
    return {
        (one.name, name): [row[index] for row in dump.read_rows(connection, one)]
        for one in dump.data_tables(connection)
        for index, name in enumerate(one.columns)
    }
