"""``fengsheng lint``: what a public statement must change before it is submitted."""

import sys
import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer

from crisis.lint import (
    Level,
    StatementToCheck,
    UnreadableStatement,
    lint_statement,
    read_statement,
)
from listener.commands.filters import BadLine, FilterRow, run_filter


def lint(
    file: Annotated[Path, typer.Argument(help="The statement; '-' is standard input.")] = (
        Path("-")
    ),
    channel: Annotated[str, typer.Option("--channel", help="weibo, wechat, website, sms …")] = "",
    lang: Annotated[str, typer.Option("--lang", help="zh-CN, zh-TW or en.")] = "",
    kind: Annotated[str, typer.Option("--kind", help="holding, full, apology, closing …")] = "",
    crisis: Annotated[str, typer.Option("--crisis", help="C01 to C12.")] = "",
    severity: Annotated[str, typer.Option("--severity", help="general, serious or urgent.")] = "",
    facts: Annotated[
        Path | None, typer.Option("--facts", help="The fact sheet: TOML with [facts.NAME].")
    ] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="One statement a line in, one line of findings out.")
    ] = False,
) -> None:
    """Check a statement before it goes out: parts, wording, facts, form and law."""
    given = {
        "channel": channel,
        "lang": lang,
        "kind": kind,
        "crisis": crisis,
        "severity": severity,
    }
    try:
        sheet = tomllib.loads(facts.read_text(encoding="utf-8")) if facts else {}
        defaults = read_statement(
            {key: value for key, value in given.items() if value}
            | {"facts": sheet.get("facts", {})}
        )
        data = sys.stdin.buffer.read() if str(file) == "-" and not jsonl else b""
        data = file.read_bytes() if str(file) != "-" and not jsonl else data
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, UnreadableStatement) as error:
        typer.echo(f"cannot lint: {error}", err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(_lint_lines(file, defaults) if jsonl else _lint_one(text, defaults))


def _lint_one(text: str, defaults: StatementToCheck) -> int:
    """Print a line for each finding; return 1 when one of them is an error."""
    findings = lint_statement(read_statement({"text": text}, defaults))
    for finding in findings:
        sys.stdout.buffer.write(orjson.dumps(asdict(finding)) + b"\n")
    sys.stdout.buffer.flush()
    return int(any(finding.level == Level.ERROR for finding in findings))


def _lint_lines(file: Path, defaults: StatementToCheck) -> int:
    """Answer each line; return 1 when one was bad or had an error, 2 if the file is unread."""
    compute = LintLines(defaults)
    try:
        if str(file) == "-":
            status = run_filter(sys.stdin.buffer, sys.stdout.buffer, compute)
        else:
            with file.open("rb") as lines:
                status = run_filter(lines, sys.stdout.buffer, compute)
    except OSError as error:
        typer.echo(f"cannot read '{file}' ({error.strerror}); give a readable file", err=True)
        return 2
    return status or int(compute.found_error)


class LintLines:
    """What ``lint --jsonl`` computes for a batch; remembers whether any finding was an error."""

    def __init__(self, defaults: StatementToCheck) -> None:
        self._defaults = defaults
        self.found_error = False

    def __call__(self, rows: Sequence[FilterRow]) -> list[dict[str, object] | BadLine]:
        """Return the findings of each row, or why it cannot be read."""
        return [self._answer(row) for row in rows]

    def _answer(self, row: FilterRow) -> dict[str, object] | BadLine:
        try:
            findings = lint_statement(read_statement(row.data, self._defaults))
        except UnreadableStatement as error:
            return BadLine(str(error))
        self.found_error |= any(finding.level == Level.ERROR for finding in findings)
        return {"findings": [asdict(finding) for finding in findings]}
