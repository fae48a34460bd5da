"""How well posts that take off are told from ordinary ones, on posts generated here.

``python -m benchmarks.takeoff [--seed N] [--posts N]``. Ordinary posts have heavy-tailed sizes and
slow saturating growth, and three in five are picked up once or twice more, by a dozen people or a
hundred; every 25th takes off on top of that, doubling every 10 to 60 minutes. All are sighted at
irregular times through counters that freeze and sometimes fall. What is usual is learned from as
many posts of another seed. The generator is our own and knows nothing of any platform: the figures
compare settings, they promise nothing.
"""

import argparse
import random
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import exp

from listener.detect.norm import GrowthNorm
from listener.detect.takeoff import Post, TakeoffSettings, judge_post, speeds_of
from listener.items import Sighting

START = datetime(2026, 1, 1, tzinfo=UTC)
FOLLOWED_MIN = 24 * 60
# A takeoff has begun for the reader when it has brought so many interactions.
BEGUN = 60
TAKES_OFF_EVERY = 25
STEPS_MIN = (2.0, 5.0, 15.0, 40.0)


@dataclass(frozen=True, slots=True)
class Made:
    """One generated post; ``begun_min`` is None for an ordinary one."""

    post: Post
    sightings: list[Sighting]
    begun_min: float | None


def make_post(chance: random.Random, number: int, *, takes_off: bool) -> Made:
    """Return a post with its sightings over a day."""
    size, pace = chance.lognormvariate(2.7, 1.4), chance.lognormvariate(5.2, 0.7)
    extra = chance.lognormvariate(7.3, 1.0) + 300 if takes_off else 0.0
    doubling, middle = chance.uniform(10, 60), chance.uniform(120, 900)
    picked_up = [
        (chance.lognormvariate(2.5, 1.0), chance.uniform(10, 60), chance.uniform(30, 1200))
        for _ in range(chance.choice((0, 0, 1, 1, 2)))
    ]

    def count(minute: float) -> float:
        usual = size * (1.0 - exp(-((minute / pace) ** 0.8)))
        for more, slow, at in picked_up:
            usual += more / (1.0 + exp(-(minute - at) * 0.6931 / slow))
        return usual + extra / (1.0 + exp(-(minute - middle) * 0.6931 / doubling))

    step, minute = chance.choice(STEPS_MIN), chance.uniform(1, 20)
    sightings, shown = [], 0.0
    while minute < FOLLOWED_MIN:
        if chance.random() > 0.15:  # otherwise the platform serves an old counter
            shown = max(shown, count(minute) * chance.uniform(0.98, 1.02))
        if chance.random() < 0.01:
            shown *= chance.uniform(0.9, 0.98)
        at = START + timedelta(minutes=minute)
        likes, comments = int(shown * 0.8), int(shown * 0.2)
        sightings.append(Sighting(at=at, until=at, likes=likes, comments=comments))
        minute += step * chance.uniform(0.7, 1.6)
    begun = next(
        (m for m in range(FOLLOWED_MIN) if extra and _surge(m, middle, doubling, extra)), None
    )
    return Made(Post(key=number, author=number % 200, posted_at=START), sightings, begun)


def _surge(minute: float, middle: float, doubling: float, extra: float) -> bool:
    return extra / (1.0 + exp(-(minute - middle) * 0.6931 / doubling)) >= BEGUN


def make_posts(seed: int, count: int, *, first: int = 0) -> list[Made]:
    """Return posts with keys from ``first`` on; one in 25 takes off."""
    chance = random.Random(seed)
    return [
        make_post(chance, n, takes_off=n % TAKES_OFF_EVERY == 0)
        for n in range(first, first + count)
    ]


def main() -> None:
    """Print recall, false alarms and delay for a known source and for a cold start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--posts", type=int, default=600)
    parser.add_argument("--surge", type=float, nargs="+", default=[1.5])
    options = parser.parse_args()
    made = make_posts(options.seed, options.posts)
    others = make_posts(options.seed + 1_000_000, options.posts, first=options.posts)
    speeds = [speed for one in others for speed in speeds_of(one.sightings, one.post)]
    sys.stdout.write(f"seed {options.seed}, {options.posts} posts, one in 25 takes off\n")
    for name, norm in (("known source", GrowthNorm(speeds)), ("cold start", GrowthNorm())):
        _report(f"{name}, no surge", made, norm, TakeoffSettings(surge_distance=3.0))
        for distance in options.surge:
            settings = TakeoffSettings(surge_distance=distance)
            _report(f"{name}, surge {distance}", made, norm, settings)


def _report(name: str, made: list[Made], norm: GrowthNorm, settings: TakeoffSettings) -> None:
    found, false, early, delays, judged = 0, 0, 0, [], 0
    began = time.perf_counter()
    for one in made:
        judgements = judge_post(one.sightings, one.post, norm, settings)
        judged += len(judgements)
        on = [(j.at - START) / timedelta(minutes=1) for j in judgements if j.turned_on]
        if one.begun_min is None:
            false += bool(on)
            continue
        hits = [minute for minute in on if minute >= one.begun_min]
        early += bool(on and on[0] < one.begun_min - 30)
        if hits:
            found += 1
            delays.append(hits[0] - one.begun_min)
    took = time.perf_counter() - began
    rising = sum(one.begun_min is not None for one in made)
    ordinary = len(made) - rising
    delay = statistics.median(delays) if delays else float("nan")
    sys.stdout.write(
        f"{name:24}: found {found}/{rising}, false {false}/{ordinary}"
        f" ordinary posts, early {early}, median delay {delay:.0f} min,"
        f" {1e6 * took / judged:.0f} µs a sighting\n"
    )


if __name__ == "__main__":
    main()
