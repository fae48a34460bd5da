"""The command ``detect``: judge series of counts in files, without database or configuration."""

import csv
import gzip
import io
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, NoReturn
from zoneinfo import ZoneInfo

import typer

from listener.detect.replay import replay, replay_volume
from listener.detect.series import bucket_minutes_of, has_values_only, rows_to_buckets, snapped
from listener.detect.settings import CrisisSettings
from listener.detect.volume import VolumeSettings
from listener.errors import ListenerError

_SUFFIXES = (".csv", ".csv.gz")
# Timestamps count as the wall clock they show: seasons follow the hour that people lived.
_WALL_CLOCK = ZoneInfo("UTC")


class Channel(StrEnum):
    """What to look for."""

    CRISIS = "crisis"
    VOLUME = "volume"


class Sensitivity(StrEnum):
    """The presets of the crisis channel."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    path: Path
    out: Path
    channel: Channel | None
    sensitivity: Sensitivity
    one_row_per_alert: bool


def detect(
    folder: Annotated[
        Path, typer.Argument(metavar="IN_DIR", help="Folder of X.csv or X.csv.gz, one per series.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for X.csv with the judgements.")],
    channel: Annotated[
        Channel | None,
        typer.Option(help="crisis (default) or volume; files of timestamp,value imply volume."),
    ] = None,
    sensitivity: Annotated[
        Sensitivity, typer.Option(help="Preset of the crisis channel.")
    ] = Sensitivity.NORMAL,
    nab: Annotated[
        bool, typer.Option("--nab", help="One alerting row for each alert, as NAB counts.")
    ] = False,
) -> None:
    """Judge series of counts: IN_DIR/X.csv becomes OUT_DIR/X.csv with timestamp,is_alert,score.

    A file that cannot be used is named with its row; the others are judged all the same, and the
    exit status is 1.
    """
    paths = _series_files(folder)
    out.mkdir(parents=True, exist_ok=True)
    tasks = [
        _Task(
            path=path,
            out=out / f"{_name(path)}.csv",
            channel=channel,
            sensitivity=sensitivity,
            one_row_per_alert=nab,
        )
        for path in paths
    ]
    failed = 0
    for number, (path, error) in enumerate(_judged(tasks), start=1):
        if error:
            failed += 1
            sys.stderr.write(f"{path}: {error}\n")
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{number} of {len(tasks)} series")
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    if failed:
        raise typer.Exit(1)


def _series_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        _refuse(f"'{folder}' is no folder; give the folder that holds the series")
    paths = sorted(path for path in folder.iterdir() if path.name.endswith(_SUFFIXES))
    if not paths:
        _refuse(f"'{folder}' holds no .csv or .csv.gz file; each file is one series")
    return paths


def _refuse(message: str) -> NoReturn:
    sys.stderr.write(f"{message}\n")
    raise typer.Exit(2)


def _name(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".csv")


def _judged(tasks: list[_Task]) -> Iterator[tuple[Path, str | None]]:
    """Yield each file with its error, as they are done."""
    workers = min(len(tasks), os.cpu_count() or 1)
    if workers == 1:
        for task in tasks:
            yield task.path, _judge_file(task)
        return
    with ProcessPoolExecutor(max_workers=workers, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(_judge_file, task): task.path for task in tasks}
        for done in as_completed(running):
            yield running[done], done.result()


def _judge_file(task: _Task) -> str | None:
    try:
        lines = _judgements(task)
    except (ValueError, ListenerError, OSError, EOFError, csv.Error) as error:
        return str(error)
    unfinished = task.out.with_name(f".{task.out.name}.part")
    unfinished.write_text("".join(lines), encoding="utf-8")
    unfinished.replace(task.out)
    return None


def _read_rows(path: Path) -> list[dict[str, str]]:
    data = path.read_bytes()
    if path.name.endswith(".gz"):
        data = gzip.decompress(data)
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def _judgements(task: _Task) -> list[str]:
    rows, given = snapped(_read_rows(task.path))
    buckets = rows_to_buckets(rows)
    minutes = bucket_minutes_of(buckets)
    if task.channel is Channel.VOLUME or (task.channel is None and has_values_only(rows)):
        settings = VolumeSettings(bucket_minutes=minutes)
        judged = [
            (one.start, one.is_told, one.score)
            for one in replay_volume(buckets, settings, _WALL_CLOCK)
        ]
    else:
        crisis = CrisisSettings.for_sensitivity(task.sensitivity, bucket_minutes=minutes)
        judged = [
            (one.start, one.turned_on if task.one_row_per_alert else one.is_on, one.score)
            for one in replay(buckets, crisis, _WALL_CLOCK)
        ]
    lines = ["timestamp,is_alert,score\n"]
    lines += [
        f"{given[start]},{int(is_alert)},{score:.4f}\n"
        for start, is_alert, score in judged
        if start in given
    ]
    return lines
