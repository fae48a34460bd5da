"""What one tick costs with thousands of series, in one run beside the plainest rule.

``python -m benchmarks.tick [--series 5000]``: every series has two days behind it, then one new
bucket comes for each. Printed are the median tick of our detector, of the same judged by a rolling
mean and deviation over the same day, and the ratio.
"""

import argparse
import statistics
import sys
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from listener.detect.crisis import CrisisDetector
from listener.detect.settings import CrisisSettings
from listener.detect.types import Bucket

STEP = timedelta(minutes=5)
START = datetime(2026, 3, 2, tzinfo=UTC)
WARM_UP = 2 * 288
TICKS = 9


class RollingMean:
    """Mean and deviation of a day's buckets: over three deviations is an alarm."""

    def __init__(self, day: list[int]) -> None:
        self._day = deque(day, maxlen=288)

    def step(self, bucket: Bucket) -> bool:
        """Judge one bucket, then learn it."""
        day = self._day
        is_over = False
        if len(day) > 1:
            is_over = bucket.negatives > statistics.fmean(day) + 3 * statistics.pstdev(day)
        day.append(bucket.negatives)
        return is_over


def tick_seconds(detectors: list[CrisisDetector] | list[RollingMean], made: np.ndarray) -> float:
    """Return the median time of a tick in which each detector judges one bucket."""
    times = []
    for tick in range(TICKS):
        at = START + (WARM_UP + tick) * STEP
        buckets = [Bucket(at, int(total), int(total) // 8, 1.0) for total in made[tick]]
        began = time.process_time()
        for detector, bucket in zip(detectors, buckets, strict=True):
            detector.step(bucket)
        times.append(time.process_time() - began)
    return statistics.median(times)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=5000)
    count = parser.parse_args().series
    rng = np.random.default_rng(5)
    warm = [
        Bucket(START + at * STEP, int(total), int(total) // 8, 1.0)
        for at, total in enumerate(rng.poisson(9.0, WARM_UP))
    ]
    taught = CrisisDetector(CrisisSettings(), ZoneInfo("Asia/Shanghai"))
    for bucket in warm:
        taught.step(bucket)
    state = taught.dump()
    ours, plain = [], []
    for _ in range(count):
        detector = CrisisDetector(CrisisSettings(), ZoneInfo("Asia/Shanghai"))
        detector.load(state)
        ours.append(detector)
        plain.append(RollingMean([bucket.negatives for bucket in warm[-288:]]))
    made = rng.poisson(9.0, (TICKS, count))
    mine, theirs = tick_seconds(ours, made), tick_seconds(plain, made)
    sys.stdout.write(
        f"{count} series, CPU time of a tick: crisis channel {mine:.3f} s"
        f" ({mine / count * 1e6:.0f} us a series), rolling mean and deviation {theirs:.3f} s,"
        f" ratio {theirs / mine:.1f}\n"
    )


if __name__ == "__main__":
    main()
