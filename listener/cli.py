"""The command ``fengsheng``.

A command's module is imported only when that command runs: a filter must not wait for Scrapy, a
chat library and a database it never uses.
"""

import sys
from importlib import import_module
from typing import NamedTuple

import typer

from listener import __version__


class Command(NamedTuple):
    """Where a command lives: a function, or with ``is_group`` a Typer of its own."""

    module: str
    attribute: str
    is_group: bool = False


COMMANDS = {
    "run": Command("service", "run"),
    "demo": Command("service", "demo"),
    "init": Command("init", "init"),
    "doctor": Command("doctor", "doctor"),
    "health": Command("operation", "health"),
    "import": Command("imports", "import_"),
    "crawl": Command("sources", "crawl"),
    "parse": Command("sources", "parse"),
    "match": Command("matching", "match"),
    "score": Command("score", "score"),
    "classify": Command("classify", "classify_lines"),
    "detect": Command("detection", "detect"),
    "backtest": Command("backtest", "backtest"),
    "forecast": Command("forecast", "forecast_command"),
    "campaigns": Command("campaigns", "campaigns"),
    "rules": Command("rules", "rules"),
    "sources": Command("sources", "app", is_group=True),
    "brands": Command("brands", "app", is_group=True),
    "incidents": Command("incidents", "app", is_group=True),
    "playbooks": Command("playbooks", "playbooks"),
    "statements": Command("statements", "app", is_group=True),
    "templates": Command("templates", "app", is_group=True),
    "media": Command("media", "app", is_group=True),
    "draft": Command("draft", "draft"),
    "lint": Command("lint", "lint"),
    "rephrase": Command("rephrase", "rephrase"),
    "approve": Command("statements", "approve"),
    "build-model": Command("models", "build"),
    "train": Command("models", "train"),
    "calibrate": Command("models", "calibrate"),
    "export": Command("privacy", "export"),
    "erase": Command("privacy", "erase"),
    "correct": Command("correct", "correct"),
    "corrections": Command("correct", "corrections"),
    "accuracy": Command("accuracy", "accuracy"),
    "proposals": Command("proposals", "app", is_group=True),
    "rescore": Command("rescore", "rescore"),
    "migrate": Command("database", "migrate"),
    "backup": Command("database", "backup"),
    "restore": Command("database", "restore"),
}


def make_app(only: str | None = None) -> typer.Typer:
    """Return the program with all commands, or with the one that is going to run."""
    program = typer.Typer(
        name="fengsheng",
        help="Hear what people say about a brand, notice when it turns bad, answer in time.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    program.callback()(version)
    for name, command in COMMANDS.items():
        if only in (None, name):
            module = import_module(f"listener.commands.{command.module}")
            what = getattr(module, command.attribute)
            if command.is_group:
                program.add_typer(what, name=name)
            else:
                program.command(name)(what)
    return program


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"fengsheng {__version__}\n")
        raise typer.Exit


def version(
    show: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Do nothing but carry the options of the whole program."""
    del show


def __getattr__(name: str) -> typer.Typer:
    """Give ``app``, the program with every command, to those who ask for it."""
    if name == "app":
        return make_app()
    raise AttributeError(name)


def main() -> None:
    """Run the command line."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    make_app(wanted if wanted in COMMANDS else None)()


if __name__ == "__main__":
    main()
