"""How often the outlook in a crisis comes true, on generated crises; and what it is learned from.

``python -m benchmarks.outlook FOLDER [--seeds …]`` where FOLDER holds the generator
``gen_synth.py`` of the development data. Every half hour of each crisis of a brand that is not
tiny, from half an hour after its start on, is one outlook. ``--learn SEED …`` prints the weights
for ``listener.detect.trend`` from other seeds (needs scikit-learn, the extra ``train``).
"""

import argparse
import importlib
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from benchmarks.detection import Made, generate, load_module
from listener.detect.trend import (
    HALF_HOUR,
    HOUR,
    LEAST_CHANCE,
    LEAST_NEGATIVES,
    LOOKS_BACK,
    Trend,
    chances_of,
    figures,
    trend_of,
)

DAY = 288
WEEK_DAYS = 7


class Moment(NamedTuple):
    """One point of a crisis: what is known, what came, and how much the last hour held."""

    figures: tuple[float, ...]
    came: Trend
    last_hour: int


def moments_of(made: Made) -> Iterator[Moment]:
    """Yield the moments of the crises of one series."""
    negatives = [one.negatives for one in made.buckets]
    start = made.buckets[0].start
    for window in made.truth["crisis"]:
        first, last = (
            (datetime.fromisoformat(window[end]).replace(tzinfo=start.tzinfo) - start)
            // timedelta(minutes=5)
            for end in ("start", "end")
        )
        usual = _usual(negatives, first)
        for end in range(max(first + HALF_HOUR, LOOKS_BACK), last, HALF_HOUR):
            hour = sum(negatives[end - HOUR : end])
            coming = negatives[end : end + HOUR]
            if hour >= LEAST_NEGATIVES and len(coming) == HOUR:
                known = figures(negatives[end - LOOKS_BACK : end], usual=usual)
                yield Moment(known, trend_of(sum(coming), hour), hour)


def _usual(negatives: list[int], at: int) -> float:
    """Return the mean of this hour of the day over the week before."""
    hours = [
        sum(negatives[at - day * DAY : at - day * DAY + HOUR])
        for day in range(1, WEEK_DAYS + 1)
        if at >= day * DAY
    ]
    return sum(hours) / len(hours) if hours else 0.0


def moments(generator: ModuleType, seeds: Iterable[int]) -> list[Moment]:
    """Return the moments of every crisis of these seeds, tiny brands left out."""
    return [
        moment
        for seed in seeds
        for _, made in generate(generator, seed, "all", "HELDOUT")
        if made.truth["size"] != "low"
        for moment in moments_of(made)
    ]


def learn(seen: list[Moment]) -> None:
    """Print the weights that fit these moments."""
    linear = importlib.import_module("sklearn.linear_model")
    model = linear.LogisticRegression(C=1.0, max_iter=5000)
    model.fit([one.figures for one in seen], [one.came.value for one in seen])
    for trend in Trend:
        row = list(model.classes_).index(trend.value)
        weights = [model.intercept_[row], *model.coef_[row]]
        shown = ", ".join(f"{weight:.2f}" for weight in weights)
        sys.stdout.write(f"    Trend.{trend.name}: ({shown}),\n")


def judge(seen: list[Moment], name: str) -> None:
    """Print how often what is told came true, beside always naming the commonest."""
    told = []
    for one in seen:
        chances = chances_of(one.figures)
        trend = max(chances, key=lambda each: chances[each])
        if chances[trend] >= LEAST_CHANCE:
            told.append((trend, one.came))
    base = max(sum(one.came is trend for one in seen) for trend in Trend) / len(seen)
    hits = sum(said is came for said, came in told)
    opposite = sum({said, came} == {Trend.RISING, Trend.FALLING} for said, came in told)
    sys.stdout.write(
        f"{name}: {len(seen)} moments, told at {len(told) / len(seen):.1%},"
        f" came true {hits / len(told):.1%}, opposite {opposite / len(told):.1%},"
        f" always the commonest {base:.1%}\n"
    )
    for trend in Trend:
        mine = [came for said, came in told if said is trend]
        right = sum(came is trend for came in mine)
        came_count = sum(one.came is trend for one in seen)
        sys.stdout.write(f"  {trend}: came {came_count}, said {right} of {len(mine)} rightly\n")


def main() -> None:
    """Learn or judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[74001, 74002, 74003, 74004])
    parser.add_argument("--learn", type=int, nargs="+", default=[])
    options = parser.parse_args()
    if options.folder is None or not (options.folder / "gen_synth.py").exists():
        sys.stdout.write("skipped: name the folder that holds gen_synth.py\n")
        return
    generator = load_module(options.folder / "gen_synth.py")
    if options.learn:
        learn(moments(generator, options.learn))
        return
    seen = moments(generator, options.seeds)
    judge(seen, "every crisis")
    judge([one for one in seen if one.last_hour >= 20], "20 negatives in the last hour")


if __name__ == "__main__":
    main()
