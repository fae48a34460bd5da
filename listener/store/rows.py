"""Small pieces every query module uses: rows to records, leases, time buckets."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select
from sqlmodel import SQLModel

Record = TypeVar("Record")

BUCKET = timedelta(minutes=5)
# The spider of a source that is a place to import files to. Nothing visits it, nothing alarms.
IMPORT = "import"


def bucket_start(instant: datetime) -> datetime:
    """Return the start of the five-minute bucket that holds ``instant``."""
    seconds = int(instant.timestamp()) // 300 * 300
    return datetime.fromtimestamp(seconds, UTC)


def record_of(kind: type[Record], row: SQLModel) -> Record:
    """Copy the columns that ``kind`` names out of a table row."""
    return kind(**{field.name: getattr(row, field.name) for field in fields(kind)})  # type: ignore[arg-type]  # kind is always a dataclass


def records_of(kind: type[Record], rows: Iterable[Any]) -> list[Record]:
    """Copy many rows; see ``record_of``."""
    return [record_of(kind, row) for row in rows]


def records_from(kind: type[Record], rows: Iterable[Any]) -> list[Record]:
    """Build records from selected columns that carry the records' names."""
    return [kind(**row._mapping) for row in rows]


def select_columns(*columns: Any) -> Any:
    """Select any number of columns; SQLModel's own ``select`` is typed for four at the most."""
    return select(*columns)
