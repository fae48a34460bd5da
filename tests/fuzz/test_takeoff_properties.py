"""What must hold for the growth of any post, in whatever order its sightings come."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from listener.detect.norm import GrowthNorm, Speed
from listener.detect.takeoff import Post, TakeoffSettings, judge_post
from listener.items import Sighting

START = datetime(2026, 11, 22, tzinfo=UTC)
COUNTS = st.none() | st.integers(0, 5_000)
STEPS = st.lists(
    st.tuples(st.integers(1, 400), st.integers(0, 300), COUNTS, COUNTS, COUNTS), max_size=14
)
NORM = GrowthNorm(Speed(n, n % 5, n % 4, float(n)) for n in range(120))


def track(steps) -> list[Sighting]:
    made, minute = [], 0
    for pause, lasts, likes, reposts, comments in steps:
        minute += pause
        until = START + timedelta(minutes=minute + min(lasts, pause))
        at = START + timedelta(minutes=minute)
        made.append(Sighting(at=at, until=until, likes=likes, reposts=reposts, comments=comments))
        minute += min(lasts, pause)
    return made


def judge(sightings, *, posted=True):
    post = Post(key="p", author=1, posted_at=START if posted else None)
    return judge_post(sightings, post, NORM, TakeoffSettings())


@given(STEPS, st.integers(0, 14), st.booleans())
@settings(max_examples=150, deadline=None)
def test_cutting_off_the_future_changes_nothing(steps, length, posted):
    whole, part = track(steps), track(steps)[:length]
    found = judge(part, posted=posted)
    assert found == judge(whole, posted=posted)[: len(found)]


@given(STEPS, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_order_and_duplicates_change_nothing(steps, chance: random.Random):
    sightings = track(steps)
    mixed = sightings + [one for one in sightings if chance.random() < 0.5]
    chance.shuffle(mixed)
    assert judge(mixed) == judge(sightings)


@given(STEPS)
@settings(max_examples=100, deadline=None)
def test_a_counter_that_never_rises_never_takes_off(steps):
    sightings = [
        Sighting(at=one.at, until=one.until, likes=max(0, 9_000 - 10 * n), comments=3)
        for n, one in enumerate(track(steps))
    ]
    assert not any(one.is_on for one in judge(sightings, posted=False))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 8), st.floats(0, 1e6)), max_size=60))
@settings(max_examples=100, deadline=None)
def test_the_order_of_what_teaches_changes_nothing(rows):
    speeds = [Speed(post, post % 3, number, speed) for post, number, speed in rows]
    one, other = GrowthNorm(speeds), GrowthNorm(reversed(speeds))
    for hours in (0.5, 5.0, 500.0):
        args = {"hours": hours, "post": 1, "author": 1}
        assert one.standing(50.0, **args) == other.standing(50.0, **args)
