"""``fengsheng sources``, ``crawl`` and ``parse``: listening, by hand."""

import asyncio
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from listener.app import open_service
from listener.clock import SystemClock
from listener.commands.common import (
    ConfigOption,
    JsonOption,
    Office,
    errors_shown,
    fail,
    open_office,
    out,
    print_json,
    print_table,
    program,
    read_config,
)
from listener.config import load_secrets
from listener.config_file import parameters_file
from listener.crawl.parsing import SavedBody, failure_json, is_success, parse_saved, spider_name
from listener.crawl.registry import spider_class, spider_classes
from listener.crawl.runner import PassReport
from listener.errors import ConfigError
from listener.imports.parsing import FORMATS, parse_table
from listener.items import FailureKind, SourceFailure
from listener.outlook import maturity, maturity_line
from listener.store import sources as store
from listener.store.records import SourceHealth
from listener.text.clean import printable

app = typer.Typer(help="Sources and their health.", invoke_without_command=True)


@app.callback()
def list_(
    context: typer.Context,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    spiders: Annotated[bool, typer.Option("--spiders", help="List the spiders instead.")] = False,
) -> None:
    """List sources with their health, or the spiders there are."""
    context.obj = config
    if context.invoked_subcommand is not None:
        return
    with errors_shown():
        if spiders:
            _list_spiders(as_json=as_json)
            return
        office = open_office(config)
        found = office.read(store.source_health)
        if as_json:
            print_json([asdict(one) | {"is_stopped": store.is_stopped(one)} for one in found])
            return
        zone = office.desk.tz
        rows = [
            [
                one.key,
                one.name,
                one.spider,
                f"{one.last_success_at.astimezone(zone):%m-%d %H:%M}"
                if one.last_success_at
                else "—",
                _state(one),
                one.last_failure_detail or "",
            ]
            for one in found
        ]
        columns = ["key", "name", "spider", "last success", "state", "detail"]
        print_table(columns, rows, empty="No sources; add [[sources]] to config.toml.")
        for line in office.read(lambda session: _young_baselines(session, office)):
            out.print(line, markup=False)


def _young_baselines(session: Session, office: Office) -> list[str]:
    """Say of which brands the baseline is still young."""
    now, config = office.clock.now(), office.file.config
    history = timedelta(days=config.detection.history_days)
    found = [
        (brand.name, maturity(session, brand_id, now=now, history=history))
        for brand_id, brand in office.desk.brands.items()
    ]
    return [maturity_line(name, age, config.tz) for name, age in found if age.is_young]


def _state(source: SourceHealth) -> str:
    kind = source.last_failure_kind or "ok"
    return f"{kind}, stopped" if store.is_stopped(source) else kind


def _list_spiders(*, as_json: bool) -> None:
    specs = [kind.spec for kind in spider_classes().values()]
    if as_json:
        print_json(
            [
                {
                    "name": spec.name,
                    "description": spec.description,
                    "parameters": dict(spec.parameters),
                    "optional": dict(spec.optional),
                    "terms": spec.terms,
                }
                for spec in specs
            ]
        )
        return
    rows = [[s.name, s.description, ", ".join([*s.parameters, *s.optional])] for s in specs]
    print_table(["spider", "reads", "parameters"], rows, empty="No spiders.")


def crawl(
    sources: Annotated[
        list[str] | None, typer.Argument(help="Keys of sources; all if none.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Visit sources once, now, and store what they give."""
    with errors_shown():
        file = read_config(config)
        known = [source.key for source in file.config.sources if source.enabled]
        unknown = [key for key in sources or () if key not in known]
        if unknown:
            raise ConfigError(f"no enabled source '{unknown[0]}'; known: {', '.join(known)}")

        async def run() -> list[PassReport]:
            service = open_service(file, load_secrets(), write=out.print, program=program())
            async with service as opened:
                opened.make_loops()
                return await opened.crawler.run_now(sources or known)

        reports = asyncio.run(run())
        if as_json:
            print_json([asdict(report) for report in reports])
        else:
            rows = [
                [
                    r.source,
                    str(r.pages),
                    str(r.items),
                    str(r.new),
                    r.failure or "ok",
                    r.detail or "",
                ]
                for r in reports
            ]
            columns = ["source", "pages", "items", "new", "state", "detail"]
            print_table(columns, rows, empty="Nothing to visit; another process is at it.")
        if any(report.failure not in (None, "empty") for report in reports):
            raise typer.Exit(1)


def parse(
    source: Annotated[str, typer.Argument(help="Name of a spider, or csv, jsonl.")],
    files: Annotated[list[Path], typer.Argument(help="Saved bodies.")],
    url: Annotated[str, typer.Option(help="Address the body came from.")] = "",
    status: Annotated[int, typer.Option(help="HTTP status it came with.")] = 200,
    content_type: Annotated[str, typer.Option(help="Its Content-Type header.")] = "",
    collected_at: Annotated[
        str, typer.Option(help="When it was collected, ISO 8601; now if not given.")
    ] = "",
    key: Annotated[
        str, typer.Option("--source", help="Take the parameters of this configured source.")
    ] = "",
    params: Annotated[
        Path | None, typer.Option(help="Take the parameters from this TOML file.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Show what a spider makes of saved bodies: one JSON line per mention, or the failure."""
    with errors_shown():
        at = _instant(collected_at)
        if source in FORMATS:
            raise typer.Exit(_parse_tables(source, files, at))
        spider_class(spider_name(source))
        parameters = _parameters(spider_name(source), key, params, config)
        failures: list[SourceFailure] = []
        for file in files:
            try:
                body = file.read_bytes()
            except OSError as error:
                fail(f"cannot read '{file}' ({error.strerror})", code=2)
            saved = SavedBody(
                body=body,
                url=url or next(iter((parameters or {}).values()), ""),
                status=status,
                content_type=content_type,
                collected_at=at,
            )
            mentions, failure = parse_saved(source, saved, parameters)
            lines = mentions if failure is None else [failure_json(failure)]
            if failure is not None:
                failures.append(failure)
            for line in lines:
                text = printable(json.dumps(line, ensure_ascii=False)) + "\n"
                sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
        sys.stdout.flush()
        if not is_success(failures):
            raise typer.Exit(1)


def _parameters(
    spider: str, key: str, params: Path | None, config: Path | None
) -> dict[str, str] | None:
    """Return the parameters to parse with: of a configured source, of a file, or None."""
    if key and params is not None:
        raise ConfigError("--source and --params both give parameters; keep one of them")
    if params is not None:
        return parameters_file(params)
    if not key:
        return None
    found = {one.key: one for one in read_config(config).config.sources}
    if key not in found:
        raise ConfigError(f"there is no source '{key}'; known: {', '.join(found) or 'none'}")
    if found[key].spider != spider:
        raise ConfigError(f"source '{key}' is read by '{found[key].spider}', not by '{spider}'")
    return found[key].parameters


def _parse_tables(source: str, files: list[Path], at: datetime) -> int:
    """Print what an import would make of the rows; refusals go to standard error."""
    status = 0
    for file in files:
        for line in parse_table(FORMATS[source], file, at):
            is_refusal = "error" in line
            status |= is_refusal or line.get("failure") not in (None, FailureKind.EMPTY)
            stream = sys.stderr if is_refusal else sys.stdout
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")
    return int(status)


def _instant(text: str) -> datetime:
    if not text:
        return SystemClock().now()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"--collected-at '{text}' is not ISO 8601; write for example 2026-11-21T10:00:00+08:00"
        ) from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
