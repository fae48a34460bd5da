"""``fengsheng import``: files of the user's own become mentions, as history."""

import asyncio
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from sqlalchemy import Engine, inspect

from listener import failpoints
from listener.app import build_understanding, sync_database
from listener.clock import SystemClock
from listener.commands.common import (
    ConfigOption,
    JsonOption,
    err,
    errors_shown,
    out,
    print_json,
    read_config,
)
from listener.config import ImportProfile, Secrets, load_secrets
from listener.config_file import ConfigFile
from listener.errors import ConfigError
from listener.home import (
    database_url,
    home_of,
    import_lock,
    is_service_running,
    open_database,
    scorer_of,
    transformer_of,
)
from listener.imports.columns import map_columns
from listener.imports.importer import Importer, ImportOrder, ImportResult, look
from listener.imports.rejects import RejectsFile
from listener.imports.report import dry_run_lines, result_lines, result_values
from listener.imports.tables import layout_of
from listener.pipeline import Understanding
from listener.scoring.worker import ScoringWorker
from listener.store import brands, imports, mentions
from listener.store.engine import open_engine, read_session

_SQLITE_FILE = re.compile(r"sqlite:///(.+)")


def import_(
    files: Annotated[list[Path], typer.Argument(help="CSV or JSON-lines files.")],
    config: ConfigOption = None,
    source: Annotated[
        str, typer.Option("--source", help="Key of the source the rows belong to.")
    ] = "",
    name: Annotated[str, typer.Option("--name", help="Name of that source.")] = "",
    group: Annotated[str, typer.Option("--group", help="Group of that source in charts.")] = "",
    brand: Annotated[str, typer.Option("--brand", help="Every row means this brand.")] = "",
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", help="FIELD=COLUMN, e.g. text=评论内容; FIELD= for no column."),
    ] = None,
    profile: Annotated[str, typer.Option("--profile", help="A saved [import.NAME].")] = "",
    timezone: Annotated[str, typer.Option(help="Zone of times that name none.")] = "",
    encoding: Annotated[str, typer.Option(help="Encoding, if detected wrongly.")] = "",
    delimiter: Annotated[str, typer.Option(help="Delimiter, if detected wrongly.")] = "",
    kind: Annotated[str, typer.Option(help="What the rows are: post, review, ticket …")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would happen; write nothing.")
    ] = False,
    rejected: Annotated[
        Path | None, typer.Option(help="Where refused rows go; FILE.rejected.csv if not given.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Import files as history: they teach what is usual and never raise an alert."""
    with errors_shown():
        failpoints.arm_from_environment()
        file = read_config(config)
        if file.config.demo.enabled:
            raise ConfigError(
                f"{file.where('demo', 'enabled')}: 现在是演示模式，数据不会留给您的品牌；"
                "请先运行 fengsheng init 建立自己的配置"
            )
        if rejected is not None and len(files) > 1:
            raise ConfigError(
                "--rejected 只能和一个文件一起用；多个文件各自写到 FILE.rejected.csv"
            )
        saved = _profile(file, profile)
        options = ImportProfile.model_validate(
            saved.model_dump()
            | _given(source=source, name=name, group=group, brand=brand, timezone=timezone)
            | _given(encoding=encoding, delimiter=delimiter, kind=kind)
            | {"map": {**saved.map, **_overrides(columns or [])}}
        )
        orders = [_order(file, path, options) for path in files]
        secrets = load_secrets()
        if dry_run:
            results = [_look(file, secrets, order, as_json=as_json) for order in orders]
        else:
            results = _import_all(file, secrets, orders, rejected, as_json=as_json)
    if any(results):
        raise typer.Exit(1)


def _given(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _overrides(columns: list[str]) -> dict[str, str]:
    found = {}
    for text in columns:
        field, equals, column = text.partition("=")
        if not equals:
            raise ConfigError(f"--map '{text}' 应写成 字段=列名，例如 text=评论内容")
        found[field.strip()] = column.strip()
    return found


def _profile(file: ConfigFile, name: str) -> ImportProfile:
    if not name:
        return ImportProfile.model_validate({})
    try:
        return file.config.imports[name]
    except KeyError:
        known = "、".join(file.config.imports) or "无"
        raise ConfigError(f"--profile {name}：配置里没有 [import.{name}]；已有：{known}") from None


def _order(file: ConfigFile, path: Path, options: ImportProfile) -> ImportOrder:
    zone = options.timezone or file.config.timezone
    try:
        tz = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigError(f"--timezone {zone}：没有这个时区；例如 Asia/Shanghai") from None
    layout = layout_of(path, encoding=options.encoding, delimiter=options.delimiter)
    key = options.source or "import"
    return ImportOrder(
        path=path,
        layout=layout,
        mapping=map_columns(layout.columns, overrides=options.map, kind=options.kind),
        zone=tz,
        source_key=key,
        source_name=options.name or f"导入（{key}）",
        group=options.group,
        brand=options.brand,
    )


def _look(file: ConfigFile, secrets: Secrets, order: ImportOrder, *, as_json: bool) -> int:
    """Show what an import would do; nothing is written, not even an empty database."""
    engine = _existing(file, secrets)
    ids: dict[str, int] = {}
    source_id: int | None = None
    if engine is not None:
        with read_session(engine) as session:
            ids = brands.brand_ids(session)
            found = imports.import_source(session, order.source_key)
            source_id = found.id if found else None
    for brand in file.config.brands:
        ids.setdefault(brand.key, -1 - len(ids))

    def known(external_ids: list[str]) -> set[str]:
        if engine is None or source_id is None:
            return set()
        with read_session(engine) as session:
            return mentions.known_external_ids(session, source_id, external_ids)

    with tempfile.TemporaryDirectory() as folder, _progress(order, "试读") as moved:
        understanding = build_understanding(file, ids, Path(folder))
        account, first, refused = look(order, understanding, known, SystemClock().now(), moved)
    if engine is not None:
        engine.dispose()
    if as_json:
        print_json(result_values(order, account, dry_run=True, first=first, refused=refused))
    else:
        for line in dry_run_lines(order, account, first, refused, file.config):
            out.print(line, markup=False)
    return account.rejected


def _existing(file: ConfigFile, secrets: Secrets) -> Engine | None:
    """Return the database if it is there and has its tables."""
    url = database_url(file, secrets)
    path = _SQLITE_FILE.fullmatch(url)
    if path and not Path(path[1]).exists():
        return None
    engine = open_engine(url)
    if not inspect(engine).has_table("mention"):
        engine.dispose()
        return None
    return engine


def _import_all(
    file: ConfigFile,
    secrets: Secrets,
    orders: list[ImportOrder],
    rejected: Path | None,
    *,
    as_json: bool,
) -> list[int]:
    home = home_of(file)
    engine = open_database(file, secrets)
    clock = SystemClock()
    try:
        with import_lock(home):
            ids = sync_database(engine, file.config, clock.now())
            understanding = build_understanding(file, ids, home)
            found = []
            for order in orders:
                target = rejected or order.path.with_name(f"{order.path.name}.rejected.csv")
                result = _import_one(file, engine, understanding, order, target)
                running = is_service_running(home)
                if as_json:
                    values = result_values(order, result.account, result=result, rejected=target)
                    print_json(values | {"service_running": running})
                else:
                    for line in result_lines(order, result, target, file.config, running=running):
                        out.print(line, markup=False)
                found.append(result.account.rejected)
            return found
    finally:
        engine.dispose()


def _import_one(
    file: ConfigFile,
    engine: Engine,
    understanding: Understanding,
    order: ImportOrder,
    target: Path,
) -> ImportResult:
    async def run() -> ImportResult:
        scorer = ScoringWorker(scorer_of(file), *transformer_of(file))
        try:
            importer = Importer(
                engine=engine,
                clock=SystemClock(),
                scorer=scorer,
                understanding=understanding,
                on_progress=moved,
            )
            with RejectsFile(target) as rejects:
                return await importer.run(order, rejects)
        finally:
            await scorer.close()

    with _progress(order, "导入") as moved:
        return asyncio.run(run())


@contextmanager
def _progress(order: ImportOrder, verb: str) -> Iterator[Callable[[int], None]]:
    """Show the rows handled so far while standard error is a terminal."""
    if not err.is_terminal:
        yield lambda _rows: None
        return
    columns: Any = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(f"{verb} {order.path.name}", total=None)
        yield lambda rows: progress.update(
            task, description=f"{verb} {order.path.name}：{rows} 行", refresh=True
        )
