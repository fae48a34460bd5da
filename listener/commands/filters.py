"""What the filter commands share: lines in, one JSON line out for each, errors in their place.

``match``, ``score``, ``classify`` and ``lint --jsonl`` differ only in what they compute. This
module reads, checks, batches and writes in bounded memory. It needs no database and no
configuration, and imports nothing heavy: a filter's start-up time is part of its speed.
"""

import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, NoReturn, TextIO

import orjson
import typer

from listener.errors import ListenerError

BATCH = 512
MAX_LINE_BYTES = 16 * 1024 * 1024
# What a shell reports for a program that a closed pipe ended: 128 + SIGPIPE.
BROKEN_PIPE = 141
_CHUNK_BYTES = 1 << 20
_BOM = b"\xef\xbb\xbf"
_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_QUOTED = 60


class BadLine(ListenerError):
    """One line cannot be used; the message says why. The lines around it are not affected."""


class FilterRow(NamedTuple):
    """One line of input: its number (from 1), its keys, and those that filters use, checked.

    ``data`` holds all keys of a JSON line, or just ``text`` for a line of plain text. A tuple,
    because a frozen dataclass takes three times as long to make.
    """

    number: int
    text: str
    data: Mapping[str, Any]
    # The JSON object as it was written, so that its keys are copied unchanged; None: rebuild it.
    written: bytes | None = None

    @property
    def title(self) -> str | None:
        """The key ``title``, if there is one."""
        return _string(self.data, "title")

    @property
    def kind(self) -> str | None:
        """The key ``kind``: post, review, news …"""
        return _string(self.data, "kind")

    @property
    def lang(self) -> str | None:
        """The key ``lang``."""
        return _string(self.data, "lang")

    @property
    def query(self) -> str | None:
        """The key ``query``: the line's own query for ``match``."""
        return _string(self.data, "query")

    @property
    def source(self) -> str | None:
        """The key ``source``; a number is taken as a name."""
        return _name(self.data, "source")

    @property
    def author(self) -> str | None:
        """The key ``author``; a number is taken as a name."""
        return _name(self.data, "author")

    @property
    def url(self) -> str | None:
        """The key ``url``."""
        return _string(self.data, "url")

    @property
    def rating(self) -> float | None:
        """The key ``rating``, a finite number or one written as a string."""
        return _number(self.data, "rating")

    @property
    def rating_max(self) -> float | None:
        """The key ``rating_max``, likewise."""
        return _number(self.data, "rating_max")


# What a filter makes of one row: the keys to add, or the error that stands in the line's place.
Computed = Mapping[str, object] | BadLine
Compute = Callable[[Sequence[FilterRow]], Sequence[Computed]]


def run_filter(
    lines: BinaryIO,
    out: BinaryIO,
    compute: Compute,
    *,
    batch: int = BATCH,
    errors: TextIO | None = None,
    advance: Callable[[int], object] | None = None,
) -> int:
    """Answer every non-blank line with one JSON line, in order; return the exit status.

    ``compute`` gets at most ``batch`` rows and answers one mapping (or ``BadLine``) for each. What
    has arrived is answered before more is waited for, so a live pipe stays live. A row that makes
    ``compute`` raise becomes an error line and does not hurt its neighbours; reading a property
    of a row raises ``BadLine`` when the key holds the wrong type. ``errors`` (standard error by
    default) gets each error once more; ``advance`` is told how many bytes were read. The status
    is 1 when any line was bad, 141 when the reader closed the pipe, else 0.
    """
    errors = sys.stderr if errors is None else errors
    clean = True
    try:
        for arrived in _arriving(lines, advance):
            found = [(number, row) for number, line in arrived if (row := _parse(number, line))]
            for begin in range(0, len(found), batch):
                part = found[begin : begin + batch]
                answers = _answers([row for _, row in part], compute)
                out.write(b"".join(map(_line_out, part, answers)))
                if BadLine in map(type, answers):
                    clean = False
                    _tell_bad(part, answers, errors)
            out.flush()
    except BrokenPipeError:
        return BROKEN_PIPE
    return 0 if clean else 1


def _arriving(
    stream: BinaryIO, advance: Callable[[int], object] | None
) -> Iterator[list[tuple[int, bytes | BadLine]]]:
    """Yield the non-blank lines of each chunk, numbered; a line is never held without bound."""
    read = getattr(stream, "read1", stream.read)
    rest, number, too_long, first = b"", 0, False, True
    while True:
        chunk: bytes = read(_CHUNK_BYTES)
        if advance is not None:
            advance(len(chunk))
        *whole, rest = (rest + chunk).split(b"\n")
        if not chunk and (rest or too_long):
            whole.append(rest)
        found: list[tuple[int, bytes | BadLine]] = []
        for line in whole:
            number += 1
            if first:
                line, first = line.removeprefix(_BOM), False  # noqa: PLW2901
            if too_long or len(line) > MAX_LINE_BYTES:
                found.append((number, _line_too_long()))
                too_long = False
            elif line and not line.isspace():
                found.append((number, line))
        if len(rest) > MAX_LINE_BYTES:
            rest, too_long = b"", True
        if found:
            yield found
        if not chunk:
            return


def _line_too_long() -> BadLine:
    return BadLine(f"the line is longer than {MAX_LINE_BYTES} bytes; split it")


def _parse(number: int, line: bytes | BadLine) -> FilterRow | BadLine | None:
    """Return the row of a line, the error that it is, or None for a line of wide blanks."""
    if isinstance(line, BadLine):
        return line
    line = line.removesuffix(b"\r")
    if not line.startswith(b"{"):
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            return BadLine(f"not UTF-8 at byte {error.start + 1}; convert the file to UTF-8")
        return None if text.isspace() or not text else FilterRow(number, text, {"text": text})
    written: bytes | None = line.rstrip()
    try:
        data = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        # Half an emoji, cut off by somebody's script, is legal JSON that orjson refuses.
        data, written = _with_halves_replaced(line), None
        if data is None:
            return BadLine(f"not JSON: {error}")
    text = data.get("text")
    if not isinstance(text, str):
        return BadLine(
            f"'text' must be a string (got {_quoted(text)})"
            if "text" in data
            else "the object has no 'text'; add the key with the text to judge"
        )
    return FilterRow(number, text, data, written)


def _with_halves_replaced(line: bytes) -> dict[str, Any] | None:
    """Read JSON with lone surrogates, each becoming U+FFFD; None if that is not what is wrong."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        data = json.loads(line.decode(), parse_constant=refuse)
        whole = json.loads(_SURROGATE.sub("\ufffd", json.dumps(data, ensure_ascii=False)))
    except (ValueError, RecursionError):
        return None
    return whole if isinstance(whole, dict) else None


def _answers(found: Sequence[FilterRow | BadLine], compute: Compute) -> list[Computed]:
    rows = [row for row in found if isinstance(row, FilterRow)]
    if len(rows) == len(found):
        return list(_guarded(rows, compute))
    computed = iter(_guarded(rows, compute))
    return [next(computed) if isinstance(row, FilterRow) else row for row in found]


def _guarded(rows: Sequence[FilterRow], compute: Compute) -> Sequence[Computed]:
    """Compute a batch; when it fails, compute row by row so that only the culprit errs."""
    try:
        return compute(rows) if rows else []
    except BadLine as error:
        if len(rows) == 1:
            return [error]
    except Exception as error:  # whatever one text sets off must not stop the rest
        if len(rows) == 1:
            return [BadLine(f"cannot be judged ({type(error).__name__}: {error})")]
    return [answer for row in rows for answer in _guarded([row], compute)]


def _tell_bad(
    part: Sequence[tuple[int, FilterRow | BadLine]], answers: Sequence[Computed], errors: TextIO
) -> None:
    for (number, _), answer in zip(part, answers, strict=True):
        if isinstance(answer, BadLine):
            errors.write(f"line {number}: {answer}\n")


def _line_out(numbered: tuple[int, FilterRow | BadLine], answer: Computed) -> bytes:
    number, row = numbered
    if isinstance(answer, BadLine) or isinstance(row, BadLine):
        return orjson.dumps({"line": number, "error": str(answer)}) + b"\n"
    if row.written is not None and row.data.keys().isdisjoint(answer):
        added = orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE)
        return b"%b,%b" % (row.written[:-1], added[1:])
    kept = {f"input_{key}" if key in answer else key: value for key, value in row.data.items()}
    try:
        return orjson.dumps({**kept, **answer}, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # an integer beyond 64 bits, which only the standard library writes
        return json.dumps({**kept, **answer}, ensure_ascii=False).encode() + b"\n"


def _string(data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    if value is None or isinstance(value, str):
        return value
    raise BadLine(f"'{key}' must be a string (got {_quoted(value)})")


def _name(data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return _string(data, key)


def _number(data: Mapping[str, Any], key: str) -> float | None:
    value = data.get(key)
    if value is None or value == "":
        return None
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if math.isfinite(number):
        return number
    raise BadLine(f"'{key}' must be a number (got {_quoted(value)})")


def _quoted(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_QUOTED else f"{text[:_MAX_QUOTED]}…"


def filter_command(file: Path, compute: Compute) -> NoReturn:
    """Run a filter on ``file`` (``-`` is standard input) to standard output, then leave.

    Shows a progress bar when standard error is a terminal. Exit status as ``run_filter``, or 2
    when the file cannot be read.
    """
    with ExitStack() as stack:
        try:
            stream = sys.stdin.buffer if str(file) == "-" else stack.enter_context(file.open("rb"))
            size = os.fstat(stream.fileno()).st_size
        except OSError as error:
            typer.echo(f"cannot read '{file}' ({error.strerror}); give a readable file", err=True)
            raise typer.Exit(2) from None
        advance = stack.enter_context(_progress(size)) if sys.stderr.isatty() else None
        status = run_filter(stream, sys.stdout.buffer, compute, advance=advance)
    if status == BROKEN_PIPE:
        # The interpreter would complain when it flushes what nobody reads any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(status)


@contextmanager
def _progress(size: int) -> Iterator[Callable[[int], object]]:
    """Show how many bytes were read, of ``size`` when that is known (0: it is a pipe)."""
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn  # noqa: PLC0415

    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=size or None)
        yield lambda count: bar.advance(task, count)
