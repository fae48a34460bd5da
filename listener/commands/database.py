"""``fengsheng migrate``, ``backup`` and ``restore``: the schema, and all data in one file."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from listener import failpoints
from listener.backup import ReadBackup, restore_backup, write_backup
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
from listener.config import load_secrets
from listener.home import connect_database, home_of, open_database, service_lock
from listener.store.migrate import newest_revision, schema_revision, upgrade

FileArgument = Annotated[Path, typer.Argument(help="The backup, a .zip file.")]


def migrate(
    config: ConfigOption = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Change nothing; exit 1 if the schema is not current."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring the database to the schema this version needs; safe to run on several machines."""
    with errors_shown():
        engine = connect_database(read_config(config), load_secrets())
        try:
            before, needed = schema_revision(engine), newest_revision()
            if not check:
                upgrade(engine)
            now = schema_revision(engine)
        finally:
            engine.dispose()
    if as_json:
        print_json({"before": before, "now": now, "needed": needed, "is_current": now == needed})
    elif now == before == needed:
        out.print(f"schema {now}: current", markup=False)
    elif now == needed:
        out.print(f"schema {before or 'none'} → {now}", markup=False)
    else:
        out.print(
            f"schema {now or 'none'}, this version needs {needed}: run fengsheng migrate",
            markup=False,
        )
    if now != needed:
        raise typer.Exit(1)


def backup(
    file: FileArgument,
    config: ConfigOption = None,
    with_keys: Annotated[
        bool,
        typer.Option("--with-keys", help="Add the secret keys of this installation."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write all data into one file, while the service runs or not."""
    with errors_shown():
        configuration = read_config(config)
        engine = open_database(configuration, load_secrets())
        keys = home_of(configuration) / "keys" if with_keys else None
        try:
            with _progress() as advance:
                manifest = write_backup(
                    engine, file, keys=keys, now=SystemClock().now(), advance=advance
                )
        finally:
            engine.dispose()
    if as_json:
        print_json({"file": str(file), **manifest.to_json()})
        return
    out.print(f"{file}: {manifest.total_rows} rows, schema {manifest.schema}", markup=False)
    if not with_keys:
        out.print(
            "without the keys: restored elsewhere, authors known here look new (--with-keys)",
            markup=False,
        )


def restore(
    file: FileArgument,
    config: ConfigOption = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Delete what the database holds now.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Load a backup into an empty database, whole or not at all."""
    with errors_shown():
        if point := os.environ.get(failpoints.VARIABLE):
            failpoints.arm(point)
        configuration = read_config(config)
        home = home_of(configuration)
        with service_lock(home), ReadBackup(file) as source:
            engine = connect_database(configuration, load_secrets())
            try:
                with _progress() as advance:
                    restore_backup(
                        source, engine, keys=home / "keys", replace=replace, advance=advance
                    )
            finally:
                engine.dispose()
    manifest = source.manifest
    if as_json:
        print_json({"file": str(file), **manifest.to_json()})
        return
    out.print(f"{file}: {manifest.total_rows} rows restored", markup=False)


class _Bar:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, object] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total)
        self._progress.update(self._tasks[what], completed=done, total=total)  # type: ignore[arg-type]  # the id that add_task gave


@contextmanager
def _progress() -> Iterator[_Bar]:
    """Show one bar per table on a terminal, nothing elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, disable=not sys.stderr.isatty()) as progress:
        yield _Bar(progress)
