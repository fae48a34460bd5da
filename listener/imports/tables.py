"""Reads the rows of CSV and JSON-lines files one at a time, so that any size fits in memory.

A row that cannot be read is handed over as a ``BadRow`` and never ends the file.
"""

import csv
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

from listener.errors import ConfigError
from listener.imports.encoding import Encoding, detect_encoding

Format = Literal["csv", "jsonl"]

MAX_CELL_CHARS = 1_000_000
MAX_LINE_CHARS = 4_000_000
_SAMPLE_CHARS = 65_536
_DELIMITERS = (",", "\t", ";", "|", "，", "^", "\x01")
_MOST_SHOWN = 80
# Columns of a JSON file without a header are those of its first records.
_KEYS_FROM_RECORDS = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One record: its number from 1, the line it begins on, and its cells by column."""

    number: int
    line: int
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A record that could not be read or used: where, which value, and why (in Chinese)."""

    number: int
    line: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written. ``delimiter`` is empty for JSON lines."""

    format: Format
    encoding: Encoding
    delimiter: str
    columns: tuple[str, ...]
    skipped_lines: int = 0


def layout_of(
    path: Path, *, format_: Format | None = None, encoding: str = "", delimiter: str = ""
) -> Layout:
    """Return how a file is written; what is given is believed, the rest is detected.

    Raises ``ConfigError`` when the file cannot be read, or is something else altogether.
    """
    try:
        found = Encoding(encoding) if encoding else detect_encoding(path)
        with _open(path, found) as file:
            sample = file.read(_SAMPLE_CHARS)
    except (OSError, LookupError, UnicodeError) as error:
        raise ConfigError(f"无法读取 '{path}'（{error}）；请检查路径、权限和 --encoding") from None
    if sample.startswith(("PK\x03\x04", "%PDF")) or "\x00\x00" in sample[:1000]:
        raise ConfigError(f"'{path}' 不是文本文件；请在表格软件中另存为 CSV（UTF-8）后再导入")
    format_ = format_ or _format_of(path, sample)
    if format_ == "jsonl":
        return Layout("jsonl", found, "", _json_columns(path, found))
    skipped = 0
    first = sample.split("\n", 1)[0].strip()
    if first.lower().startswith("sep=") and len(first) == len("sep=") + 1:
        delimiter = delimiter or first[-1]  # Excel's own hint
        sample, skipped = sample.partition("\n")[2], 1
    delimiter = {"\\t": "\t", "tab": "\t"}.get(delimiter, delimiter) or _delimiter_of(sample)
    if len(delimiter) != 1:
        raise ConfigError(f"--delimiter 只能是一个字符（收到 {delimiter!r}）；制表符写作 tab")
    header = _header(path, found, delimiter, skipped)
    return Layout("csv", found, delimiter, header, skipped)


def _open(path: Path, encoding: Encoding) -> TextIO:
    return path.open(encoding=encoding.name, errors="replace", newline="")


def _format_of(path: Path, sample: str) -> Format:
    start = sample.lstrip("\ufeff \r\n\t")
    if path.suffix.lower() in (".jsonl", ".ndjson") or start.startswith("{"):
        return "jsonl"
    if start.startswith("[") and path.suffix.lower() == ".json":
        raise ConfigError(f"'{path}' 是一个 JSON 数组；请改成每行一个对象（JSON Lines）再导入")
    return "csv"


def _delimiter_of(sample: str) -> str:
    """Return the delimiter that cuts most rows into the same number of cells, above one."""
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        lines = sample.splitlines(keepends=True)
        lines = lines[:-1] if len(lines) > 1 and len(sample) == _SAMPLE_CHARS else lines
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            continue
        if not widths or widths[0] < 2:
            continue
        share = Counter(widths)[widths[0]] / len(widths)
        score = share + min(widths[0], 20) / 1000
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _reader(file: TextIO, delimiter: str) -> Any:
    csv.field_size_limit(MAX_CELL_CHARS)
    return csv.reader(file, delimiter=delimiter)


def _header(path: Path, encoding: Encoding, delimiter: str, skipped: int) -> tuple[str, ...]:
    with _open(path, encoding) as file:
        for _ in range(skipped):
            file.readline()
        for cells in _reader(file, delimiter):
            if any(cell.strip() for cell in cells):
                return _named(cells)
    return ()


def _named(cells: list[str]) -> tuple[str, ...]:
    """Return column names without quirks; a second one of the same name gets a number."""
    names: list[str] = []
    for index, cell in enumerate(cells, 1):
        name = cell.strip().lstrip("\ufeff'").strip() or f"列{index}"
        names.append(name if name not in names else f"{name}#{index}")
    while names and names[-1] == f"列{len(names)}":
        names.pop()  # separators at the end of the header name nothing
    return tuple(names)


def _json_columns(path: Path, encoding: Encoding) -> tuple[str, ...]:
    names: dict[str, None] = {}
    layout = Layout("jsonl", encoding, "", ())
    for row in itertools.islice(read_rows(path, layout), _KEYS_FROM_RECORDS):
        if isinstance(row, Row):
            names |= dict.fromkeys(row.cells)
    return tuple(names)


def read_rows(path: Path, layout: Layout) -> Iterator[Row | BadRow]:
    """Yield every record that is not blank, in the order of the file."""
    with _open(path, layout.encoding) as file:
        if layout.format == "jsonl":
            yield from _json_rows(file)
        else:
            yield from _csv_rows(file, layout)


def _csv_rows(file: TextIO, layout: Layout) -> Iterator[Row | BadRow]:
    for _ in range(layout.skipped_lines):
        file.readline()
    reader = _reader(file, layout.delimiter)
    width, number, has_header = len(layout.columns), 0, False
    while True:
        line = reader.line_num + 1 + layout.skipped_lines
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            number += 1
            yield BadRow(number, line, "", "", f"无法拆分这一行（{error}）；多半是引号没有成对")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if not has_header:
            has_header = True
            continue
        number += 1
        extra = [cell for cell in cells[width:] if cell.strip()]
        if extra:
            reason = f"有 {len(cells)} 个单元格，表头只有 {width} 列；请给含分隔符的内容加引号"
            yield BadRow(number, line, "", shown(extra[0]), reason)
            continue
        cells += [""] * (width - len(cells))
        yield Row(number, line, dict(zip(layout.columns, cells, strict=False)))


def _json_rows(file: TextIO) -> Iterator[Row | BadRow]:
    number = 0
    for line in itertools.count(1):
        text = file.readline(MAX_LINE_CHARS + 1)
        if not text:
            return
        if len(text) > MAX_LINE_CHARS and not text.endswith("\n"):
            _skip_line(file)
        if not text.strip("\ufeff \t\r\n"):
            continue
        number += 1
        yield _json_row(text, number, line)


def _skip_line(file: TextIO) -> None:
    while (rest := file.readline(MAX_LINE_CHARS)) and not rest.endswith("\n"):
        pass


def _json_row(text: str, number: int, line: int) -> Row | BadRow:
    if len(text) > MAX_LINE_CHARS:
        return BadRow(number, line, "", shown(text), f"一行超过 {MAX_LINE_CHARS} 个字符")
    try:
        value = json.loads(text.lstrip("\ufeff"), parse_constant=lambda _name: None)
    except (ValueError, RecursionError) as error:
        return BadRow(number, line, "", shown(text), f"不是合法的 JSON（{error}）"[:200])
    if not isinstance(value, dict):
        return BadRow(number, line, "", shown(text), "每行应是一个 JSON 对象 {…}")
    return Row(number, line, flattened(value))


def flattened(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested objects as one level with dotted names; lists stay as JSON text."""
    cells: dict[str, Any] = {}
    for key, inner in value.items():
        name = f"{prefix}{key}"
        if isinstance(inner, Mapping) and prefix.count(".") < 3:
            cells |= flattened(inner, f"{name}.")
        elif isinstance(inner, Mapping | list):
            cells[name] = json.dumps(inner, ensure_ascii=False)
        else:
            cells[name] = inner
    return cells


def shown(value: object) -> str:
    """Return a value as one short line."""
    text = " ".join(str(value).split())
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"
