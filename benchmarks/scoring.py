"""Compare the default scorer with SnowNLP: throughput, memory, and accuracy on labelled CSV files.

    python -m benchmarks.scoring                          # throughput, as a filter and in process
    python -m benchmarks.scoring --labelled FOLDER        # also accuracy on FOLDER/*.csv

CSV files have the columns ``text`` and ``label`` (neg, neu, pos). Each scorer runs in its own
process on one core; texts are made from our corpus.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from listener.scoring.choose import open_scorer
from listener.scoring.metrics import calibration_error
from listener.scoring.protocol import TextToScore
from listener.scoring.recipe import CORPUS

CHARS = 40
BATCH = 512
# The best of so many passes counts: what else runs on the machine only ever slows one down.
ROUNDS = 5

Judge = Callable[[Sequence[TextToScore]], object]


def sample(count: int) -> list[str]:
    """Return texts of 40 characters, made by joining and cutting lines of our corpus."""
    lines = [
        line.split("\t")[0]
        for file in sorted(CORPUS.glob("*.tsv"))
        if not file.stem.startswith("english")
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    joined = "，".join(lines)
    starts = range(0, len(joined) - CHARS, 7)
    return [joined[starts[i % len(starts)] :][:CHARS] for i in range(count)]


def in_process(name: str) -> dict[str, float]:
    """Return texts per second of CPU with and without evidence, seconds to load, and memory."""
    began = time.perf_counter()
    scorer = open_scorer(name)
    load_s = time.perf_counter() - began
    texts = [TextToScore(text=text) for text in sample(40_960 if name == "fast" else 1_024)]
    found = {"load_s": load_s}
    for key, judge in (
        ("with_evidence", scorer.score),
        ("without_evidence", getattr(scorer, "probabilities", None)),
    ):
        if judge is None:
            continue
        judge(texts[:BATCH])
        found[key] = max(texts_per_s(judge, texts) for _ in range(ROUNDS if name == "fast" else 1))
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found["memory_mb"] = int(status.split("VmRSS:")[1].split()[0]) / 1024
    return found


def texts_per_s(judge: Judge, texts: Sequence[TextToScore]) -> float:
    """Return texts per second of CPU in one pass."""
    began = time.process_time()
    for begin in range(0, len(texts), BATCH):
        judge(texts[begin : begin + BATCH])
    return len(texts) / (time.process_time() - began)


def as_filter(name: str, count: int) -> float:
    """Return lines per second of the whole program, start-up included."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "lines.txt"
        source.write_text("\n".join(sample(count)) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "listener.cli", "score", str(source), "--scorer", name]
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return count / (time.perf_counter() - began)


def accuracy(name: str, folder: Path) -> dict[str, dict[str, float]]:
    """Return figures for each labelled file; negative against positive leaves neutral out."""
    scorer = open_scorer(name)
    found: dict[str, dict[str, float]] = {}
    for file in sorted(folder.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        judged = scorer.score([TextToScore(text=row["text"]) for row in rows])
        chances = np.array([[one.negative, one.neutral, one.positive] for one in judged])
        labels = np.array([("neg", "neu", "pos").index(row["label"]) for row in rows])
        called = chances.argmax(axis=1)
        figures = {"called negative": float((called == 0).mean())}
        polar = labels != 1
        if len(set(labels[polar])) == 2:
            lean = chances[:, 0] / np.maximum(chances[:, 0] + chances[:, 2], 1e-9)
            negative = labels[polar] == 0
            figures["accuracy"] = float(((lean[polar] >= 0.5) == negative).mean())
            figures["recall at .9"] = recall_at(lean[polar], negative, 0.9)
            figures["calibration error"] = calibration_error(lean[polar], negative)
        found[file.stem] = figures
    return found


def recall_at(chances: np.ndarray, is_true: np.ndarray, precision: float) -> float:
    """Return the largest recall at which the precision is still reached."""
    order = np.argsort(-chances, kind="stable")
    hits = np.cumsum(is_true[order])
    good = np.flatnonzero(hits / np.arange(1, len(order) + 1) >= precision)
    return float(hits[good[-1]] / is_true.sum()) if len(good) else 0.0


def measured(what: str, name: str, *options: str) -> dict[str, float]:
    """Run one measurement in a process of its own, on one core."""
    command = [sys.executable, "-m", "benchmarks.scoring", "--measure", what, name, *options]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, check=True, capture_output=True, env=environment)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labelled", type=Path)
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--measure", nargs="+")
    given = parser.parse_args()
    if given.measure:
        what, name, *rest = given.measure
        print(json.dumps(in_process(name) if what == "speed" else accuracy(name, Path(rest[0]))))
        return
    fast, snow = measured("speed", "fast"), measured("speed", "snownlp")
    print(f"{'':24}{'fast':>12}{'snownlp':>12}")
    for key in fast:
        other = f"{snow[key]:12,.1f}" if key in snow else f"{'-':>12}"
        print(f"{key:24}{fast[key]:12,.1f}{other}")
    print(f"in process: {fast['with_evidence'] / snow['with_evidence']:.0f} times as fast")
    ours, theirs = as_filter("fast", given.lines), as_filter("snownlp", 1_500)
    print(f"whole program: {ours:,.0f} and {theirs:,.0f} lines/s, {ours / theirs:.0f} times")
    if given.labelled:
        for name in ("fast", "snownlp"):
            print(name)
            for stem, figures in measured("accuracy", name, str(given.labelled)).items():
                print(f"  {stem:20}" + "  ".join(f"{k} {v:.3f}" for k, v in figures.items()))


if __name__ == "__main__":
    main()
