"""``fengsheng classify``: is a line a complaint, about what, and how bad, as a filter."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from listener.commands.filters import Computed, FilterRow, filter_command
from listener.complaints import ComplaintJudgement, TextToClassify, classify_batch


def classify_lines(
    file: Annotated[Path, typer.Argument(help="Texts or JSON lines; '-' is standard input.")] = (
        Path("-")
    ),
) -> None:
    """Add is_complaint, type, secondary, severity, confidence and reasons to every line."""
    filter_command(file, classifying)


def classifying(rows: Sequence[FilterRow]) -> list[Computed]:
    """Return what ``classify`` computes for a batch of lines."""
    return [_answer(judged) for judged in classify_batch([_text_of(row) for row in rows])]


def _text_of(row: FilterRow) -> TextToClassify:
    if row.written is None and len(row.data) == 1:  # a line of plain text
        return TextToClassify(text=row.text)
    return TextToClassify(
        text=row.text,
        title=row.title,
        rating=row.rating,
        rating_max=row.rating_max,
        kind=row.kind,
        lang=row.lang,
    )


def _answer(judged: ComplaintJudgement) -> Computed:
    return {
        "is_complaint": judged.is_complaint,
        "type": judged.type.value,
        "secondary": [code.value for code in judged.secondary],
        "severity": judged.severity.value,
        "confidence": round(judged.confidence, 4),
        "reasons": [
            {"rule": one.rule, "start": one.start, "end": one.end, "text": one.text}
            for one in judged.reasons
        ],
    }
