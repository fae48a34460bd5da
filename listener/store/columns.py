"""Column types that hold the same on both databases: UTC instants, and text that can be stored."""

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, MetaData, String, Text
from sqlalchemy.types import TypeDecorator
from sqlmodel.sql.sqltypes import AutoString

# PostgreSQL refuses NUL in a text, and UTF-8 has no lone surrogates.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Return ``text`` with every character that a database cannot hold as U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text) if _UNSTORABLE.search(text) else text


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


class StorableString(TypeDecorator[str]):
    """Text of which hostile characters cannot stop a transaction; see ``storable``."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:  # noqa: ARG002 - signature of the base class
        """Replace what cannot be stored."""
        return None if value is None else storable(value)


class StorableText(StorableString):
    """The same for columns of the type TEXT."""

    impl = Text
    cache_ok = True


def guard_texts(metadata: MetaData) -> None:
    """Make every text column of the tables take any text; see ``StorableString``."""
    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, Text):
                column.type = StorableText()
            elif isinstance(column.type, String | AutoString):
                column.type = StorableString()
