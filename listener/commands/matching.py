"""``fengsheng match``: which lines meet a query or mean a brand, and where."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import typer

from listener.commands.filters import BadLine, Computed, FilterRow, filter_command
from listener.config import CONFIG_VARIABLE, DEFAULT_NAME
from listener.config_file import load_config
from listener.errors import ConfigError, ListenerError, QueryError
from listener.matching.brand import BrandWords, Decision
from listener.matching.matcher import (
    Matcher,
    Record,
    compile_brands,
    compile_queries,
)
from listener.resources import bundled
from listener.watchlist import find_brand, pick_brand, read_brand_file

KEPT_QUERIES = 1_000
"""So many different queries of lines are kept compiled."""

FileArgument = Annotated[Path, typer.Argument(help="Lines to read; - is standard input.")]
QueryOption = Annotated[str | None, typer.Option("--query", help="A query; see queries.md.")]
BrandOption = Annotated[str | None, typer.Option("--brand", help="A brand's key or name.")]
BrandFileOption = Annotated[
    Path | None, typer.Option("--brand-file", help="File with [[brand]] tables to look in.")
]
RegexOption = Annotated[bool, typer.Option("--regex", help="Allow /regular expressions/.")]
ConfigurationOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar=CONFIG_VARIABLE, help="The configuration file."),
]


def match(
    file: FileArgument = Path("-"),
    query: QueryOption = None,
    brand: BrandOption = None,
    brand_file: BrandFileOption = None,
    regex: RegexOption = False,
    config: ConfigurationOption = None,
) -> None:
    """Add "match" and "hits" to every line; a line's own "query" overrides the option."""
    try:
        matcher = _matcher(query, brand, brand_file, config, allow_regular=regex)
    except QueryError as error:
        option = "" if brand is not None else "--query: "
        typer.echo(f"{option}{error}", err=True)
        raise typer.Exit(2) from None
    except ListenerError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    filter_command(file, matching(matcher, allow_regular=regex))


def _matcher(
    query: str | None,
    brand: str | None,
    brand_file: Path | None,
    config: Path | None,
    *,
    allow_regular: bool,
) -> Matcher | None:
    if query is not None and brand is not None:
        raise ConfigError("--query and --brand cannot be used together; give one of them")
    if query is not None:
        return compile_queries([query], allow_regular=allow_regular)
    if brand is None:
        if brand_file is not None:
            raise ConfigError("--brand-file needs --brand NAME, the brand to look for")
        return None
    return compile_brands([_brand(brand, brand_file, config, allow_regular=allow_regular)])


def _brand(
    wanted: str, brand_file: Path | None, config: Path | None, *, allow_regular: bool
) -> BrandWords:
    if brand_file is not None:
        brands = read_brand_file(brand_file, allow_regular=allow_regular)
        return pick_brand(brand_file, brands, wanted)
    here = Path(DEFAULT_NAME)
    path = config or (here if here.exists() else bundled(DEFAULT_NAME))
    return find_brand(load_config(path), wanted)


def matching(
    matcher: Matcher | None, *, allow_regular: bool = False
) -> Callable[[Sequence[FilterRow]], Sequence[Computed]]:
    """Return what computes the keys of a batch; without a matcher every line needs a query."""

    @lru_cache(maxsize=KEPT_QUERIES)
    def of_query(query: str) -> Matcher | BadLine:
        try:
            return compile_queries([query], allow_regular=allow_regular)
        except QueryError as error:
            return BadLine(f"query: {error}")

    def compute(rows: Sequence[FilterRow]) -> Sequence[Computed]:
        answers: dict[int, Computed] = {}
        together: dict[Matcher, list[int]] = {}
        for index, row in enumerate(rows):
            chosen = of_query(row.query) if row.query else matcher
            if chosen is None:
                answers[index] = BadLine(
                    "no query: give --query or --brand, or add the key 'query' to the line"
                )
            elif isinstance(chosen, BadLine):
                answers[index] = chosen
            else:
                together.setdefault(chosen, []).append(index)
        for chosen, indexes in together.items():
            records = [_record(rows[index]) for index in indexes]
            for index, found in zip(indexes, chosen.match_many(records), strict=True):
                answers[index] = _answer(found.get(0))
        return [answers[index] for index in range(len(rows))]

    return compute


def _record(row: FilterRow) -> Record:
    return Record(text=row.text, title=row.title, author=row.author, url=row.url)


def _answer(decision: Decision | None) -> Computed:
    hits = decision.hits if decision else ()
    return {
        "match": decision is not None,
        "hits": [
            {"term": hit.term, "start": hit.start, "end": hit.end, "field": hit.field}
            for hit in hits
        ],
    }
