"""How well the learned heads do on writers they never read.

    python -m listener.complaints.validation

One file of labelled complaints after another is left out of the fit and judged, through the same
code that judges mentions. Takes a minute.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from listener.complaints.classify import ComplaintJudgement, TextToClassify, classify_batch
from listener.complaints.codes import ComplaintType, Severity
from listener.complaints.examples import Labelled, read_all
from listener.complaints.learned import Heads
from listener.complaints.training import Prepared, build, prepare

WRITERS: Mapping[str, tuple[str, ...]] = {
    "complaints+none": ("complaints", "none"),
    "market": ("market",),
    "platforms": ("platforms",),
    "overseas": ("overseas",),
    "praise": ("reviews_pos", "weibo_pos"),
    "questions, news": ("questions_neu", "news_neu"),
}


def f1(true: Iterable[bool], judged: Iterable[bool]) -> float:
    """Return the harmonic mean of precision and recall; 1 if nothing is true or judged so."""
    pairs = list(zip(true, judged, strict=True))
    both = sum(a and b for a, b in pairs)
    either = sum(a for a, _ in pairs) + sum(b for _, b in pairs)
    return 2 * both / either if either else 1.0


def summary(rows: Sequence[Labelled], judged: Sequence[ComplaintJudgement]) -> dict[str, float]:
    """Return F1 of is_complaint, accuracy of type over true complaints, macro-F1 of severity.

    ``harmless`` is the share of texts that do not complain but are called complaints.
    """
    is_true = [row.type is not ComplaintType.NONE for row in rows]
    called = [one.is_complaint for one in judged]
    types = [one.type == row.type for row, one in zip(rows, judged, strict=True)]
    harmless = [one for one, true in zip(called, is_true, strict=True) if not true]
    return {
        "complaint": f1(is_true, called),
        "type": sum(t for t, true in zip(types, is_true, strict=True) if true)
        / max(sum(is_true), 1),
        "severity": sum(
            f1([row.severity == level for row in rows], [one.severity == level for one in judged])
            for level in Severity
        )
        / len(Severity),
        "harmless": sum(harmless) / max(len(harmless), 1),
    }


def leave_out(
    prepared: Prepared, sources: Sequence[str]
) -> tuple[list[Labelled], list[ComplaintJudgement]]:
    """Return the rows of ``sources`` and how a model that read all others judges them."""
    is_held = np.array([row.source in sources for row in prepared.rows])
    heads = Heads(build(prepared, np.flatnonzero(~is_held)))
    rows = [row for row in prepared.rows if row.source in sources]
    return rows, classify_batch([TextToClassify(text=row.text) for row in rows], heads=heads)


if __name__ == "__main__":
    everything = prepare(read_all())
    for name, sources in WRITERS.items():
        figures = summary(*leave_out(everything, sources))
        line = "  ".join(f"{what} {value:.3f}" for what, value in figures.items())
        sys.stdout.write(f"{name:16} {line}\n")
        sys.stdout.flush()
