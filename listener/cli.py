"""The command ``fengsheng``."""

import sys

import typer

from listener import __version__
from listener.commands import (
    brands,
    database,
    imports,
    incidents,
    service,
    sources,
    statements,
)
from listener.commands.detection import detect
from listener.commands.doctor import doctor
from listener.commands.init import init
from listener.commands.matching import match

app = typer.Typer(
    name="fengsheng",
    help="Hear what people say about a brand, notice when it turns bad, answer in time.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(service.run)
app.command()(service.demo)
app.command()(init)
app.command()(doctor)
app.command()(detect)
app.command()(sources.crawl)
app.command()(sources.parse)
app.command()(match)
app.command("import")(imports.import_)
app.add_typer(sources.app, name="sources")
app.add_typer(brands.app, name="brands")
app.add_typer(incidents.app, name="incidents")
app.add_typer(statements.app, name="statements")
app.command()(statements.approve)
app.command()(database.migrate)
app.command()(database.backup)
app.command()(database.restore)


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"fengsheng {__version__}\n")
        raise typer.Exit


@app.callback()
def version(
    show: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Do nothing but carry the options of the whole program."""
    del show


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
