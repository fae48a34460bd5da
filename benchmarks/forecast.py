"""How good the forecast and the short outlook are, on generated series.

``python -m benchmarks.forecast FOLDER [--seed N]`` where FOLDER holds the generator
``gen_synth.py`` of the development data. Prints the error against "same time last week" and the
coverage of the 80 % band by size of brand, and how often the outlook in a crisis came true beside
"always falling" and "as in the last hour".
"""

import argparse
import statistics
import sys
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.detection import Made, generate, load_module
from listener.detect.forecast import Accuracy, Heard, forecast
from listener.detect.trend import HOUR, LOOKS_BACK, Trend, outlook, trend_of

UTC_ZONE = ZoneInfo("UTC")
EVERY = 6


def hours_of(made: Made) -> list[Heard]:
    """Return the mentions of a generated series by the hour."""
    result = []
    for first in range(0, len(made.buckets) - 11, 12):
        part = made.buckets[first : first + 12]
        coverage = sum(one.coverage for one in part) / 12
        result.append(Heard(part[0].start, sum(one.mentions for one in part), coverage))
    return result


def crisis_outlooks(made: Made) -> list[tuple[Trend, Trend]]:
    """Return (said, came) every half hour of each crisis of a series."""
    negatives = [one.negatives for one in made.buckets]
    start = made.buckets[0].start
    found = []
    for window in made.truth["crisis"]:
        first, last = (
            int((datetime.fromisoformat(window[end]).replace(tzinfo=start.tzinfo) - start)
                / timedelta(minutes=5))
            for end in ("start", "end")
        )  # fmt: skip
        for index in range(max(first + EVERY, LOOKS_BACK), last, EVERY):
            made_now = outlook(negatives[max(0, index - LOOKS_BACK) : index])
            if made_now is None:
                continue
            came = sum(negatives[index : index + HOUR])
            found.append((made_now.trend, trend_of(came, made_now.last_hour)))
    return found


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    generator = load_module(options.folder / "gen_synth.py")
    accuracies: dict[str, list[tuple[Accuracy, Accuracy]]] = defaultdict(list)
    said: list[tuple[Trend, Trend]] = []
    for _, made in generate(generator, options.seed, "all", "DEV"):
        found = forecast(hours_of(made), UTC_ZONE)
        if found is not None:
            accuracies[made.truth["size"]].append((found.hourly, found.daily))
        said += crisis_outlooks(made)
    for size, pairs in accuracies.items():
        cells = []
        for part, name in ((0, "hourly"), (1, "daily")):
            ratios = [pair[part].ratio for pair in pairs if pair[part].ratio is not None]
            covered = [pair[part].covered for pair in pairs if pair[part].covered is not None]
            shown = f"{statistics.mean(covered):.2f}" if covered else "-"
            cells.append(f"{name} ratio {statistics.median(ratios):.2f} covered {shown}")
        sys.stdout.write(f"{size:6} {len(pairs)} series: {'; '.join(cells)}\n")
    hits = sum(one == came for one, came in said)
    came_counts = Counter(came for _, came in said)
    sys.stdout.write(f"outlook: {hits}/{len(said)} came true; came {dict(came_counts)}\n")
    for trend in Trend:
        mine = [came for one, came in said if one is trend]
        right = sum(came is trend for came in mine)
        sys.stdout.write(f"  said {trend}: {right}/{len(mine)}\n")


if __name__ == "__main__":
    main()
