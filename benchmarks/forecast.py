"""How good the forecast is, on generated series.

``python -m benchmarks.forecast FOLDER [--seed N]`` where FOLDER holds the generator
``gen_synth.py`` of the development data. Prints the error against "same time last week" and the
coverage of the 80 % band by size of brand. ``benchmarks.outlook`` judges the outlook in a crisis.
"""

import argparse
import statistics
import sys
from collections import defaultdict
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.detection import Made, generate, load_module
from listener.detect.forecast import Accuracy, Heard, forecast

UTC_ZONE = ZoneInfo("UTC")


def hours_of(made: Made) -> list[Heard]:
    """Return the mentions of a generated series by the hour."""
    result = []
    for first in range(0, len(made.buckets) - 11, 12):
        part = made.buckets[first : first + 12]
        coverage = sum(one.coverage for one in part) / 12
        result.append(Heard(part[0].start, sum(one.mentions for one in part), coverage))
    return result


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    generator = load_module(options.folder / "gen_synth.py")
    accuracies: dict[str, list[tuple[Accuracy, Accuracy]]] = defaultdict(list)
    for _, made in generate(generator, options.seed, "all", "DEV"):
        found = forecast(hours_of(made), UTC_ZONE)
        if found is not None:
            accuracies[made.truth["size"]].append((found.hourly, found.daily))
    for size, pairs in accuracies.items():
        cells = []
        for part, name in ((0, "hourly"), (1, "daily")):
            ratios = [pair[part].ratio for pair in pairs if pair[part].ratio is not None]
            covered = [pair[part].covered for pair in pairs if pair[part].covered is not None]
            shown = f"{statistics.mean(covered):.2f}" if covered else "-"
            cells.append(f"{name} ratio {statistics.median(ratios):.2f} covered {shown}")
        sys.stdout.write(f"{size:6} {len(pairs)} series: {'; '.join(cells)}\n")


if __name__ == "__main__":
    main()
