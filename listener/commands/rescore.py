"""The command ``rescore``: judge stored mentions anew with the scorer and classifier of today."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer
from rich.progress import Progress

from listener.commands.common import (
    ConfigOption,
    JsonOption,
    Office,
    err,
    errors_shown,
    fail,
    open_office,
    out,
    print_json,
)
from listener.complaints import CLASSIFIER_VERSION
from listener.home import scorer_of, transformer_of
from listener.rescore import rescore as rescore_all
from listener.rescore import version_of
from listener.scoring.choose import open_scorer
from listener.store.brands import brand_ids
from listener.store.judgements import Outdated, count_outdated

# Without a terminal, a line for so many mentions.
LINE_EVERY = 10_000


def rescore(
    brand: Annotated[str | None, typer.Option(help="Only mentions of this brand.")] = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="Only from this day on."),
    ] = None,
    scorer: Annotated[
        str | None, typer.Option(help="Scorer to use; default: the configured one.")
    ] = None,
    version: Annotated[
        str | None, typer.Option(help="Only what this scorer@version or classifier judged.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge stored mentions anew whose scorer or classifier is of another version.

    Counts follow exactly, what people corrected stays, nothing is alerted; the service may run.
    Broken off, it goes on where it was.
    """
    with errors_shown():
        office = open_office(config)
        judge = open_scorer(scorer or scorer_of(office.file), *transformer_of(office.file))
        outdated = Outdated(
            scorer=version_of(judge),
            classifier=CLASSIFIER_VERSION,
            version=version,
            brand_id=None if brand is None else _brand_id(office, brand),
            since=None if since is None else since.replace(tzinfo=office.desk.tz),
        )
        total = office.read(lambda session: count_outdated(session, outdated))
        if dry_run:
            _say({"scorer": outdated.scorer, "outdated": total}, as_json=as_json)
            return
        with _progress(total) as advance:
            done = rescore_all(
                office.engine, judge, outdated, now=office.clock.now, advance=advance
            )
        _say({"scorer": outdated.scorer, "outdated": total, **asdict(done)}, as_json=as_json)


def _brand_id(office: Office, key: str) -> int:
    ids = office.read(brand_ids)
    if key not in ids:
        fail(f"there is no brand '{key}'; known brands: {', '.join(sorted(ids)) or 'none'}")
    return ids[key]


def _say(values: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(values)
        return
    if "judged" not in values:
        out.print(f"{values['outdated']} mentions to judge anew with {values['scorer']}")
        return
    line = f"{values['judged']} mentions judged anew with {values['scorer']}"
    out.print(f"{line}; {values['recounted']} count differently", markup=False)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], object]]:
    if err.is_terminal:
        with Progress(console=err, transient=True) as bar:
            task = bar.add_task("rescoring", total=total)
            yield lambda count: bar.advance(task, count)
        return
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        before, done = done, done + count
        if before // LINE_EVERY != done // LINE_EVERY:
            sys.stderr.write(f"rescored {done} of {total}\n")

    yield advance
