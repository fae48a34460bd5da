"""``fengsheng build-model``, ``train`` and ``calibrate``: making scorers."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from listener.commands.common import (
    ConfigOption,
    JsonOption,
    errors_shown,
    out,
    print_json,
    read_config,
)
from listener.home import home_of, trained_model
from listener.scoring.adapt import (
    LEAST_CALIBRATE,
    LEAST_TRAIN,
    Labelled,
    Report,
    adapt,
    calibrate_on,
    read_labelled,
    train_on,
)
from listener.scoring.fast import MODEL
from listener.scoring.metrics import NAMES, Agreement
from listener.scoring.model import Model, load_model, save_model

OutOption = Annotated[
    Path | None, typer.Option("--out", help="Where to write the model; default: the home folder.")
]
FromOption = Annotated[
    Path | None, typer.Option("--from", help="Model to start from; default: the shipped one.")
]
FileArgument = Annotated[Path, typer.Argument(help="CSV with the columns text and label.")]


def build(
    out_path: Annotated[Path, typer.Option("--out", help="Where to write the model.")] = MODEL,
    corpus: Annotated[
        Path | None, typer.Option("--corpus", help="Folder with our *.tsv; default: the bundled.")
    ] = None,
    jionlp: Annotated[
        Path | None, typer.Option("--jionlp", help="Wheel of jionlp, if it is not installed.")
    ] = None,
) -> None:
    """Build the default model from the text of installed packages and our own corpus."""
    from listener.scoring.build import build_model  # noqa: PLC0415 - only here is SciPy needed
    from listener.scoring.recipe import CORPUS, Inputs, read_parts  # noqa: PLC0415

    with errors_shown():
        inputs = Inputs()
        parts = read_parts(inputs, corpus=corpus or CORPUS, lexicon=jionlp)
        model = build_model(parts, inputs, say=_say)
        save_model(out_path, model)
        out.print(f"{out_path} ({out_path.stat().st_size:,} bytes)", markup=False)


def train(
    file: FileArgument,
    config: ConfigOption = None,
    to: OutOption = None,
    start: FromOption = None,
    as_json: JsonOption = False,
) -> None:
    """Teach the scorer your own labels and report what that is worth on texts it did not see."""
    with errors_shown():
        rows = read_labelled(file, least=LEAST_TRAIN)
        _adapt(rows, train_on, config, to, start, as_json=as_json)


def calibrate(
    file: FileArgument,
    config: ConfigOption = None,
    to: OutOption = None,
    start: FromOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the scorer's probabilities honest for texts like yours; its ranking stays."""
    with errors_shown():
        rows = read_labelled(file, least=LEAST_CALIBRATE)
        _adapt(rows, calibrate_on, config, to, start, as_json=as_json)


def _adapt(
    rows: Labelled,
    change: Callable[[Model, Labelled], Model],
    config: Path | None,
    to: Path | None,
    start: Path | None,
    *,
    as_json: bool,
) -> None:
    path = to or trained_model(home_of(read_config(config)))
    model, report = adapt(load_model(start or MODEL), rows, change, name="trained")
    save_model(path, model)
    if as_json:
        print_json({"model": str(path), "scorer": model.name, **asdict(report)})
        return
    _print_report(report, rows)
    out.print(f"{model.name} → {path}", markup=False)
    if to is None:
        out.print('config.toml: [scoring] scorer = "trained"', markup=False)


def _print_report(report: Report, rows: Labelled) -> None:
    counts = f"{len(rows.labels)} texts, {rows.repeated} repeated or empty rows left out"
    out.print(f"{counts}; every figure is from texts held out (5 folds)")
    for name, key in (
        ("accuracy", "accuracy"),
        ("macro-F1", "macro_f1"),
        ("calibration error", "calibration_error"),
    ):
        before, after = getattr(report.before, key), getattr(report.after, key)
        out.print(f"{name:>18}  before {before:.3f}  after {after:.3f}  ({after - before:+.3f})")
    for when, one in (("before", report.before), ("after", report.after)):
        _print_confusion(when, one)


def _print_confusion(when: str, one: Agreement) -> None:
    out.print(f"{when + ', called':>18}  " + "  ".join(f"{name:>9}" for name in NAMES))
    for name, row in zip(NAMES, one.confusion, strict=True):
        out.print(f"{name:>18}  " + "  ".join(f"{count:>9}" for count in row))


def _say(what: str) -> None:
    sys.stderr.write(json.dumps(what)[1:-1] + " …\n")
