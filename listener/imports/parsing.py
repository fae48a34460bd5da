"""What an import makes of a file, under the field names that every parser must produce."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from listener.crawl.parsing import failure_json, mention_json
from listener.errors import ConfigError
from listener.imports.columns import map_columns
from listener.imports.rows import RowReader, read_row
from listener.imports.tables import BadRow, Format, layout_of, read_rows
from listener.items import FailureKind, SourceFailure
from listener.text.times import CHINA

FORMATS: Mapping[str, Format] = {"csv": "csv", "jsonl": "jsonl"}


def parse_table(format_: Format, path: Path, collected_at: datetime) -> Iterator[dict[str, Any]]:
    """Yield each row as a mention, a refused one as ``{"line", "error", …}``.

    A file without rows is one ``{"failure": "empty"}``; one whose text column cannot be told is a
    schema drift. Times without a zone are China's. Raises ``ConfigError`` for an unreadable file.
    """
    layout = layout_of(path, format_=format_)
    if not layout.columns:
        rows = list(read_rows(path, layout))
        if not rows:
            yield failure_json(SourceFailure(FailureKind.EMPTY, "no rows"))
            return
    try:
        mapping = map_columns(layout.columns)
    except ConfigError as error:
        kind = FailureKind.SCHEMA_DRIFT if layout.columns else FailureKind.BAD_PAYLOAD
        yield failure_json(SourceFailure(kind, str(error)))
        return
    reader = RowReader(mapping=mapping, zone=CHINA, collected_at=collected_at)
    count = 0
    for row in read_rows(path, layout):
        count += 1
        item = row if isinstance(row, BadRow) else read_row(row, reader)
        if isinstance(item, BadRow):
            yield {
                "line": item.line,
                "error": item.reason,
                "column": item.column,
                "value": item.value,
            }
        else:
            yield mention_json(format_, item, collected_at)
    if not count:
        yield failure_json(SourceFailure(FailureKind.EMPTY, "no rows"))
