"""Does the crisis channel keep silent where it must: promotions, gaps, level shifts and the like?

``python -m benchmarks.benign FOLDER`` where FOLDER holds the generator ``gen_synth.py`` and the
scorer ``score.py`` of the development data; without them there is nothing to measure. A window
counts as disturbed when an alert turns on inside it, outside any crisis and its grace period.
``--delays`` lets every mention arrive up to 20 minutes late, as ``benchmarks.detection`` does.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks.detection import (
    MEAN_LATE_MIN,
    Made,
    generate,
    load_module,
    ours,
    ours_delayed,
    stamps,
)
from benchmarks.rival_rules import Alerts

QUIET_SCENARIOS = (
    "promo",
    "promo_crisis",
    "gap_reported",
    "gap_silent",
    "gap_then_crisis",
    "level_shift",
    "positive_burst",
    "daily_post",
)
GRACE_S, GRACE_SHARE = 3600.0, 0.25


def scored(made: Made, scorer: ModuleType) -> Alerts:
    """Return the buckets outside the learning time, crises, their grace and what is ignored."""
    at, truth = stamps(made.buckets), made.truth
    free = at >= at[0] + truth["probation_min"] * 60
    for window in truth["crisis"]:
        start, end = scorer.epoch(window["start"]), scorer.epoch(window["end"])
        free &= (at < start) | (at > end + max(GRACE_S, GRACE_SHARE * (end - start)))
    for window in truth["ignore"]:
        free &= (at < scorer.epoch(window["start"])) | (at > scorer.epoch(window["end"]))
    return np.asarray(free, dtype=bool)


def disturbed(made: Made, alerts: Alerts, scorer: ModuleType) -> Iterator[tuple[str, bool]]:
    """Yield each benign window's kind, and whether an alert turned on inside it."""
    at, free = stamps(made.buckets), scored(made, scorer)
    turned_on = alerts & ~np.concatenate([[False], alerts[:-1]]) & free
    for window in made.truth["benign"]:
        inside = (at >= scorer.epoch(window["start"])) & (at <= scorer.epoch(window["end"]))
        if (inside & free).any():
            yield window["kind"], bool((turned_on & inside).any())


def report(series: dict[str, Made], alerts: dict[str, Alerts], scorer: ModuleType) -> None:
    """Print the disturbed windows of each kind, then what the same series say of crises."""
    windows: Counter[str] = Counter()
    hit: Counter[str] = Counter()
    for key, made in series.items():
        for kind, is_hit in disturbed(made, alerts[key], scorer):
            windows[kind] += 1
            hit[kind] += is_hit
    for kind, count in sorted(windows.items()):
        sys.stdout.write(f"{kind:16} {hit[kind]:4} of {count:5}  {hit[kind] / count:.2%}\n")
    total, count = sum(hit.values()), sum(windows.values())
    sys.stdout.write(f"{'together':16} {total:4} of {count:5}  {total / count:.2%}\n")
    result = _score(series, alerts, scorer)
    sys.stdout.write(
        f"crises {result['hits']} of {result['events']},"
        f" false alarms {result['false_alarms']} in {result['scored_weeks']} series-weeks"
        f" ({result['false_alarms_per_series_week']}), median delay"
        f" {result['median_delay_min']} min\n"
    )


def _score(
    series: dict[str, Made], alerts: dict[str, Alerts], scorer: ModuleType
) -> dict[str, Any]:
    loaded = {
        key: (stamps(made.buckets), alerts[key], np.full(len(made.buckets), np.nan), False)
        for key, made in series.items()
    }
    result: dict[str, Any] = scorer.score({k: made.truth for k, made in series.items()}, loaded)[0]
    return result


def main() -> None:
    """Print how many of the windows of each kind were disturbed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[70001, 70002, 70003])
    parser.add_argument("--every-scenario", action="store_true", help="crises and floods too")
    parser.add_argument("--sensitivity", default="normal", choices=("high", "normal", "low"))
    parser.add_argument("--delays", action="store_true")
    options = parser.parse_args()
    if options.folder is None or not (options.folder / "gen_synth.py").exists():
        sys.stdout.write("skipped: name the folder that holds gen_synth.py and score.py\n")
        return
    generator = load_module(options.folder / "gen_synth.py")
    scorer = load_module(options.folder / "score.py")
    series = {
        key: made
        for seed in options.seeds
        for key, made in generate(generator, seed, "all", "HELDOUT")
        if options.every_scenario or made.truth["scenario"] in QUIET_SCENARIOS
    }
    began, rng = time.process_time(), np.random.default_rng(options.seeds[0])
    alerts = {
        key: ours_delayed(made.buckets, rng, options.sensitivity)
        if options.delays
        else ours(made.buckets, options.sensitivity)
        for key, made in series.items()
    }
    took = time.process_time() - began
    sys.stdout.write(f"{len(series)} series, seeds {options.seeds}, {took:.0f} s of CPU\n")
    report(series, alerts, scorer)
    if options.delays:
        sys.stdout.write(f"of that delay mentions take {MEAN_LATE_MIN:.0f} min to arrive\n")


if __name__ == "__main__":
    main()
