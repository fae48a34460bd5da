"""The crisis channel beside published rules, on generated series, in one run.

``python -m benchmarks.detection FOLDER`` where FOLDER holds the generator ``gen_synth.py`` and the
scorer ``score.py`` of the development data; without them there is nothing to measure. Every rule
gets the same negatives with repeats collapsed, which favours the others. ``--delays`` adds our
channel as the service runs it when mentions arrive up to 20 minutes late.
"""

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.prophet_rule import is_installed, prophet_intervals
from benchmarks.rival_rules import Alerts, rivals
from listener.detect.crisis import CrisisDetector
from listener.detect.settings import CrisisSettings
from listener.detect.types import Bucket

UTC_ZONE = ZoneInfo("UTC")
BUCKET_MIN = 5
WEEK_MIN = 7 * 1440
COLD_MIN = 120
LATE_BUCKETS = 5
# How late a mention arrives on average in ``ours_delayed``: a delay counted from the writing of
# mentions is so much longer than one counted from when they could be read.
MEAN_LATE_MIN = 10.0
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Made:
    """One generated series with its truth, as the scorer wants it."""

    buckets: list[Bucket]
    truth: dict[str, Any]


def load_module(path: Path) -> ModuleType:
    """Import a file by its path."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"'{path}' is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def generate(generator: ModuleType, seed: int, size: str, plan: str) -> Iterator[tuple[str, Made]]:
    """Yield the series of one seed, all sizes or one."""
    for number, (scenario, volume) in enumerate(getattr(generator, plan)):
        if size not in ("all", volume):
            continue
        made, counts = generator.make(scenario, volume, [seed, number], BUCKET_MIN)
        start = made.start.replace(tzinfo=UTC)
        buckets = [
            Bucket(
                start + index * timedelta(minutes=BUCKET_MIN),
                int(counts[2, index]),
                int(counts[3, index]),
                float(made.cov[index]),
            )
            for index in range(made.n)
        ]
        probation = COLD_MIN if scenario.startswith("cold") else WEEK_MIN
        truth = {
            "bucket_min": BUCKET_MIN,
            "scenario": scenario,
            "size": volume,
            "probation_min": probation,
            **made.t,
        }
        yield f"{scenario}_{volume}_{seed}_{number}", Made(buckets, truth)


def ours(buckets: list[Bucket], sensitivity: str = "normal") -> Alerts:
    """Judge complete buckets one by one."""
    detector = CrisisDetector(CrisisSettings.for_sensitivity(sensitivity), UTC_ZONE)
    return np.array([detector.step(bucket).is_on for bucket in buckets])


def ours_delayed(
    buckets: list[Bucket], rng: np.random.Generator, sensitivity: str = "normal"
) -> Alerts:
    """Judge as the service does when every mention arrives 0 to 20 minutes late.

    At each tick the young buckets hold what has arrived and are only peeked at.
    """
    arrived = [_arrivals(bucket, rng) for bucket in buckets]
    detector = CrisisDetector(CrisisSettings.for_sensitivity(sensitivity), UTC_ZONE)
    alerts = np.zeros(len(buckets), dtype=bool)
    for now in range(len(buckets)):
        first = max(0, now - LATE_BUCKETS + 1)
        if now >= LATE_BUCKETS:
            detector.step(buckets[now - LATE_BUCKETS])
        young = [
            Bucket(
                buckets[at].start,
                int(arrived[at][0][: now - at + 1].sum() + arrived[at][1][: now - at + 1].sum()),
                int(arrived[at][1][: now - at + 1].sum()),
                buckets[at].coverage,
            )
            for at in range(first, now + 1)
        ]
        alerts[now] = any(one.is_on for one in detector.peek(young))
    return alerts


def _arrivals(bucket: Bucket, rng: np.random.Generator) -> tuple[Any, Any]:
    """Return how many others and negatives arrive in the bucket itself and in those after it.

    Written evenly within five minutes and up to twenty minutes late.
    """
    shares = np.array([0.125, 0.25, 0.25, 0.25, 0.125])
    others = bucket.mentions - bucket.negatives
    return rng.multinomial(others, shares), rng.multinomial(bucket.negatives, shares)


def stamps(buckets: list[Bucket]) -> Any:
    """Return the starts in seconds, as the scorer counts them."""
    return np.array([(bucket.start - EPOCH).total_seconds() for bucket in buckets])


def line(name: str, result: dict[str, Any], us: float) -> str:
    """Return one row of the table."""
    delay = result["median_delay_min"]
    return (
        f"{name:32} {result['recall']:7.3f} {result['false_alarms_per_series_week']:9.4f}"
        f" {delay if delay is not None else '-':>7} {us:9.1f}\n"
    )


def measure(
    name: str, judge: Callable[[list[Bucket]], Alerts], series: dict[str, Made], scorer: ModuleType
) -> None:
    """Run one rule over every series and print its row."""
    loaded, spent, seen = {}, 0.0, 0
    for key, made in series.items():
        began = time.perf_counter()
        alerts = judge(made.buckets)
        spent += time.perf_counter() - began
        seen += len(made.buckets)
        loaded[key] = (stamps(made.buckets), alerts, np.full(len(alerts), np.nan), False)
    truth = {key: made.truth for key, made in series.items()}
    result, _ = scorer.score(truth, loaded)
    sys.stdout.write(line(name, result, spent / seen * 1e6))
    sys.stdout.flush()


def main() -> None:
    """Print recall, false alarms a series-week, median delay and cost of every rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[4711])
    parser.add_argument("--size", default="all", choices=("all", "low", "small", "mid", "high"))
    parser.add_argument("--plan", default="HELDOUT", choices=("DEV", "HELDOUT"))
    parser.add_argument("--delays", action="store_true")
    parser.add_argument("--prophet-every", type=int, default=4, help="measure it on every Nth")
    options = parser.parse_args()
    if options.folder is None or not (options.folder / "gen_synth.py").exists():
        sys.stdout.write("skipped: name the folder that holds gen_synth.py and score.py\n")
        return
    generator = load_module(options.folder / "gen_synth.py")
    scorer = load_module(options.folder / "score.py")
    series = {
        key: made
        for seed in options.seeds
        for key, made in generate(generator, seed, options.size, options.plan)
    }
    sys.stdout.write(f"{len(series)} series, seeds {options.seeds}, plan {options.plan}\n")
    sys.stdout.write(f"{'':32}  recall  fa/s-week   delay  µs/bucket\n")
    for preset in ("high", "normal", "low"):
        measure(f"ours, {preset}", lambda b, p=preset: ours(b, p), series, scorer)  # type: ignore[misc]  # default binds
    if options.delays:
        rng = np.random.default_rng(options.seeds[0])
        measure("ours, arriving 0-20 min late", lambda b: ours_delayed(b, rng), series, scorer)
    for name, rule in rivals():
        measure(
            name,
            lambda b, rule=rule: rule(np.array([one.negatives for one in b])),  # type: ignore[misc]  # default binds
            series,
            scorer,
        )
    beside_prophet(series, scorer, every=options.prophet_every)


def beside_prophet(series: dict[str, Made], scorer: ModuleType, *, every: int) -> None:
    """Measure Prophet on every so manieth series, and ours on the same; say so if it is absent."""
    if not is_installed():
        sys.stdout.write("Prophet was left out: install the extra 'benchmarks' to measure it\n")
        return
    few = {key: series[key] for key in list(series)[::every]}
    sys.stdout.write(f"on {len(few)} of these series only, for Prophet is slow:\n")
    measure("ours, normal", ours, few, scorer)
    measure(
        "Prophet: 99.73 % interval",
        lambda b: prophet_intervals(np.array([one.negatives for one in b])),
        few,
        scorer,
    )


if __name__ == "__main__":
    main()
