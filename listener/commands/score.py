"""``fengsheng score``: sentiment of every line, as a filter."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from listener.commands.filters import Compute, Computed, FilterRow, filter_command
from listener.errors import ListenerError
from listener.scoring.choose import open_scorer
from listener.scoring.protocol import Scorer, TextToScore

DEFAULT = "fast"


def score(
    file: Annotated[Path, typer.Argument(help="Texts or JSON lines; '-' is standard input.")] = (
        Path("-")
    ),
    scorer: Annotated[
        str, typer.Option("--scorer", help="fast, snownlp, or the path of a trained model.")
    ] = DEFAULT,
    transformer: Annotated[
        Path | None, typer.Option(help="Folder of an ONNX classifier for the unsure texts.")
    ] = None,
    unsure_below: Annotated[
        float, typer.Option(min=0, max=1, help="Ask it below this probability; 1 asks always.")
    ] = 0.75,
) -> None:
    """Add negative, neutral, positive, label and evidence to every line."""
    try:
        judge = open_scorer(scorer, transformer, unsure_below)
    except ListenerError as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(2) from None
    filter_command(file, scoring_filter(judge))


def scoring_filter(scorer: Scorer) -> Compute:
    """Return what ``score`` computes for a batch of lines."""

    def compute(rows: Sequence[FilterRow]) -> list[Computed]:
        return [one._asdict() for one in scorer.score([_text_of(row) for row in rows])]

    return compute


def _text_of(row: FilterRow) -> TextToScore:
    if row.written is None and len(row.data) == 1:  # a line of plain text
        return TextToScore(text=row.text)
    return TextToScore(
        text=row.text,
        title=row.title,
        kind=row.kind or "post",
        lang=row.lang or "und",
        rating=row.rating,
        rating_max=row.rating_max,
    )
