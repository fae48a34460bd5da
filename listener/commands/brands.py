"""``fengsheng brands``: what is watched, and what a changed brand would match."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from listener.commands.common import (
    ConfigOption,
    JsonOption,
    Office,
    err,
    errors_shown,
    open_office,
    out,
    print_json,
    print_table,
    read_config,
)
from listener.matching.brand import Reason
from listener.rematch import Comparison, compare_brand
from listener.store.brands import brand_ids
from listener.store.engine import read_session
from listener.store.rematch import count_texts
from listener.watchlist import configured_brands, find_brand, pick_brand, read_brand_file

app = typer.Typer(
    help="Brands, competitors and topics that are watched.", invoke_without_command=True
)

_REASONS = {
    Reason.EXCLUDED: "an exclude entry occurs",
    Reason.TRAP: "every name stands in or beside a trap",
    Reason.NO_CONTEXT: "no context word makes the name the brand",
    Reason.NOTHING: "no word of the brand occurs",
    Reason.ALIAS: "alias",
    Reason.PRODUCT: "product",
    Reason.PERSON: "person",
    Reason.NAME: "name",
    Reason.QUERY: "query",
}


@app.callback()
def list_(
    context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """List the brands of the configuration."""
    context.obj = config
    if context.invoked_subcommand is not None:
        return
    with errors_shown():
        file = read_config(config)
        configured_brands(file)
        if as_json:
            print_json([brand.model_dump(mode="json") for brand in file.config.brands])
            return
        rows = [
            [brand.key, brand.name, ", ".join([*brand.names, *brand.aliases, *brand.query.any])]
            for brand in file.config.brands
        ]
        print_table(["key", "name", "found by"], rows, empty="No brands.")


@app.command()
def check(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="Key of the brand.")],
    brand_file: Annotated[
        Path | None,
        typer.Option("--brand-file", help="File with the changed brand in a [[brand]] table."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Look back so many days.")] = 30,
    examples: Annotated[
        int, typer.Option(min=0, max=1000, help="Show so many examples of each change.")
    ] = 5,
    as_json: JsonOption = False,
) -> None:
    """Show what a brand matches among the stored mentions, and what a change would change."""
    with errors_shown():
        office = open_office(context.obj)
        result = _compare(office, key, brand_file, days=days, max_examples=examples)
        if as_json:
            print_json(asdict(result))
            return
        _show(result, days, is_changed=brand_file is not None)


def _compare(
    office: Office, key: str, brand_file: Path | None, *, days: int, max_examples: int
) -> Comparison:
    file = office.file
    current = find_brand(file, key)
    before, after = None, current
    if brand_file is not None:
        allow_regular = file.config.matching.regular_expressions
        brands = read_brand_file(brand_file, allow_regular=allow_regular)
        names = [brand.name for brand in file.config.brands if brand.key == current.key]
        wanted = next((one.key for one in brands if one.key in (key, *names)), key)
        before, after = current, pick_brand(brand_file, brands, wanted)
    since = office.clock.now() - timedelta(days=days)
    bound = frozenset(one.key for one in file.config.sources if one.brand == current.key)
    with read_session(office.engine) as session, ExitStack() as stack:
        advance = stack.enter_context(_progress(count_texts(session, since=since)))
        return compare_brand(
            session,
            brand_id=brand_ids(session).get(current.key),
            before=before,
            after=after,
            bound_sources=bound,
            since=since,
            max_examples=max_examples,
            advance=advance,
        )


def _show(result: Comparison, days: int, *, is_changed: bool) -> None:
    basis = "as configured now" if is_changed else "as matched when they came in"
    out.print(f"{result.looked_at} mentions of the last {days} days", markup=False)
    out.print(f"{result.before} match {basis}, {result.after} would match", markup=False)
    out.print(f"+{result.gained} gained, -{result.lost} lost", markup=False)
    for one in result.examples:
        sign = "+" if one.change == "gained" else "-"
        out.print(f"{sign} [{one.mention_id}] {one.excerpt}", markup=False)
        reason = _REASONS.get(Reason(one.reason), one.reason)
        out.print(f"    {reason}; {', '.join(one.hits) or 'no hits'}", markup=False)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], object]]:
    if not err.is_terminal:
        yield lambda _: None
        return
    with Progress(console=err, transient=True) as bar:
        task = bar.add_task("matching", total=total)
        yield lambda count: bar.advance(task, count)
