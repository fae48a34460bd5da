"""What every command shares: configuration, database, the acting person, and printing."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import click
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine
from sqlmodel import Session

from crisis.desk import Desk
from crisis.permissions import Actor, actor_by_key
from listener.app import build_desk, chat_audience, sync_database, uses_telegram
from listener.clock import SystemClock
from listener.config import CONFIG_VARIABLE, DEFAULT_NAME, Config, Secrets, load_secrets
from listener.config_file import ConfigFile, load_config
from listener.errors import ListenerError
from listener.home import open_database
from listener.notify.terminal import CHANNEL as TERMINAL
from listener.resources import bundled
from listener.store import outbox
from listener.store.engine import read_session, unit_of_work
from listener.text.clean import printable

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar=CONFIG_VARIABLE, help="The configuration file."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print machine-readable JSON.")]
AsOption = Annotated[str, typer.Option("--as", help="Key of the acting person in config.toml.")]

Result = TypeVar("Result")


class SafeConsole(Console):
    """A console on which no text from outside can move the cursor, recolour or retitle."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as usual, with escape sequences taken out of every plain string."""
        plain = [printable(one) if isinstance(one, str) else one for one in objects]
        super().print(*plain, **options)


out = SafeConsole(highlight=False, soft_wrap=True)
err = SafeConsole(stderr=True, highlight=False, soft_wrap=True)


def fail(message: str, *, code: int = 1) -> NoReturn:
    """Print an error and leave."""
    err.print(message, style="red", markup=False)
    raise typer.Exit(code)


@contextmanager
def errors_shown() -> Iterator[None]:
    """Show what was raised on purpose as a message instead of a traceback."""
    try:
        yield
    except ListenerError as error:
        fail(str(error))


@contextmanager
def usage_errors() -> Iterator[None]:
    """Show what was raised on purpose, and leave with the status of a command given wrongly."""
    try:
        yield
    except ListenerError as error:
        fail(str(error), code=2)


def read_config(path: Path | None) -> ConfigFile:
    """Read the named configuration, ``config.toml`` here, or the one in the package."""
    if path is not None:
        return load_config(path)
    here = Path(DEFAULT_NAME)
    return load_config(here if here.exists() else bundled(DEFAULT_NAME))


def program() -> str:
    """Return the command as the user can type it again."""
    path = Path(sys.argv[0])
    if path.name in ("__main__.py", "-m", "-c"):
        return "fengsheng"
    try:
        return str(path.resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        on_path = any((Path(folder) / path.name).exists() for folder in os.get_exec_path())
        return path.name if on_path else str(path)


@dataclass(frozen=True, slots=True)
class Office:
    """A command's view of the installation: database, desk, clock."""

    file: ConfigFile
    secrets: Secrets
    engine: Engine
    desk: Desk
    clock: SystemClock

    def read(self, query: Callable[[Session], Result]) -> Result:
        """Run a query on a view that cannot write."""
        with read_session(self.engine) as session:
            return query(session)

    def write(self, action: Callable[[Session], Result]) -> Result:
        """Run a use-case in one transaction."""
        with unit_of_work(self.engine) as session:
            return action(session)

    def actor(self, key: str) -> Actor:
        """Return the person who acts from the terminal."""
        return actor_by_key(self.file.config.people, key, via="terminal")


def open_office(path: Path | None) -> Office:
    """Open the installation that the configuration describes, until the command ends."""
    file = read_config(path)
    secrets = load_secrets()
    clock = SystemClock()
    engine = open_database(file, secrets)
    context = click.get_current_context(silent=True)
    if context is not None:
        context.call_on_close(engine.dispose)
    brand_ids = sync_database(engine, file.config, clock.now())
    desk = build_desk(file, brand_ids, secrets)
    if file.config.telegram.chat_id and not uses_telegram(file.config, secrets):
        desk = _where_the_service_sends(engine, file.config, desk)
    return Office(file, secrets, engine, desk, clock)


def _where_the_service_sends(engine: Engine, config: Config, desk: Desk) -> Desk:
    """Return the desk with the chat as its audience, unless the service speaks to a terminal.

    Only the service sends, and the bot's token is often known to it alone: a command in a shell
    without the token must not address what it has to say to a terminal nobody reads.
    """
    with read_session(engine) as session:
        channel = outbox.last_channel(session)
    return desk if channel == TERMINAL else replace(desk, audience=chat_audience(config))


def print_json(value: Any) -> None:
    """Print one JSON document."""
    sys.stdout.write(printable(json.dumps(value, ensure_ascii=False, default=str)) + "\n")


def print_table(columns: list[str], rows: list[list[str]], *, empty: str) -> None:
    """Print rows as a table, or a line that there are none."""
    if not rows:
        out.print(empty, markup=False)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        # Chinese has no spaces to break at: what does not fit goes on below, and is not cut.
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*[Text(" ".join(printable(cell).split("\n"))) for cell in row])
    out.print(table)
