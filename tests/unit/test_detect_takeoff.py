"""A post that takes off: what counts as growth, and what it is compared with."""

from datetime import UTC, datetime, timedelta

import pytest

from listener.detect.growth import Curve, as_of, curves, in_order
from listener.detect.norm import ENOUGH_PEERS, GrowthNorm, Speed
from listener.detect.takeoff import (
    Post,
    TakeoffReason,
    TakeoffSettings,
    judge_post,
    speeds_of,
    takeoff_severity,
)
from listener.errors import ConfigError
from listener.items import Sighting

START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SETTINGS = TakeoffSettings()


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def seen(minutes: float, likes: int | None, *, until: float | None = None, **values) -> Sighting:
    return Sighting(
        at=at(minutes), until=at(minutes if until is None else until), likes=likes, **values
    )


def curve(*points: tuple[float, int]) -> Curve:
    return Curve([(at(minute), value) for minute, value in points])


def judged(*sightings: Sighting, posted: float | None = 0, norm=None, author=None, settings=None):
    post = Post(key=1, author=author, posted_at=None if posted is None else at(posted))
    return judge_post(sightings, post, norm or GrowthNorm(), settings or SETTINGS)


SURGE = (seen(120, 120), seen(130, 130), seen(180, 2_300))


def test_growth_is_linear_between_sightings_and_flat_before_the_first():
    rises = curve((0, 0), (60, 120))
    assert rises.growth(at(30), at(60), now=at(60)) == 60
    assert rises.growth(at(-100), at(60), now=at(60)) == 120
    assert rises.value(at(60)) == 120


@pytest.mark.parametrize(
    "glitch", [((0, 1_000), (10, 3), (20, 1_001)), ((0, 10), (10, 90_000), (20, 11))]
)
def test_a_glitch_in_either_direction_is_no_growth(glitch):
    assert curve(*glitch).growth(at(0), at(20), now=at(20)) == 1


def test_a_counter_that_turns_up_later_did_not_grow_from_zero():
    found = curves([seen(10, 5), seen(20, 6, comments=4_000)], posted_at=at(0))
    assert found["comments"].growth(at(0), at(20), now=at(20)) == 0
    assert found["likes"].growth(at(0), at(20), now=at(20)) == 6


def test_sightings_are_put_in_order_once_each():
    early, late = seen(0, 1, until=30), seen(20, 5)
    assert in_order([late, early, late]) == [seen(0, 1, until=20), late]
    assert in_order([seen(0, 1), seen(0, 2)])[0].likes == 2
    assert as_of([early, late], at(10)) == [seen(0, 1, until=10)]


def test_a_surge_takes_off_and_says_by_how_much():
    last = judged(*SURGE)[-1]
    assert last.turned_on
    assert (last.interactions, last.window_minutes) == (2_300, 60)
    assert last.counters["likes"][1] == 2_300
    assert last.per_hour > 2_100
    assert last.doubling_minutes == pytest.approx(14, abs=2)
    assert last.standing.peers == 0
    assert not last.standing.is_ranked


def test_one_high_count_says_nothing_about_when_it_came():
    assert judged(seen(30, 5_000)) == []


def test_a_post_that_was_always_large_does_not_take_off():
    calm = [seen(minute, 50_000 + minute // 10) for minute in range(600, 900, 10)]
    assert not any(one.is_on for one in judged(*calm, posted=-10_000))


def test_small_numbers_never_take_off():
    assert not judged(seen(5, 1), seen(15, 40))[-1].is_on


def test_it_settles_when_the_growth_is_over_and_does_not_flicker():
    later = [seen(180 + 10 * n, 2_300 + 3 * n) for n in range(1, 20)]
    found = judged(*SURGE, *later)
    assert sum(one.turned_on for one in found) == 1
    assert sum(one.turned_off for one in found) == 1
    assert not found[-1].is_on


def test_the_first_jump_of_a_frozen_counter_is_spread_over_the_standstill():
    frozen = seen(60, 100, until=230)
    jump = judged(frozen, seen(240, 460))[-1]
    assert jump.window_minutes == 180
    assert jump.per_hour == pytest.approx(120)


def test_a_source_visited_rarely_is_judged_over_its_whole_step():
    last = judged(seen(60, 100), seen(420, 700))[-1]
    assert (last.window_minutes, last.step_minutes) == (360, 360)
    assert last.per_hour == pytest.approx(100)


def test_a_source_whose_posts_always_grow_fast_is_used_to_it():
    busy = GrowthNorm(Speed(n, None, 2, 1_500 + 10 * n) for n in range(200))
    assert judged(*SURGE)[-1].is_on
    last = judged(*SURGE, norm=busy)[-1]
    assert not last.is_on
    assert last.standing.is_ranked


def test_an_author_whose_posts_always_grow_fast_is_compared_with_that():
    usual = [Speed(n, f"a{n}", 2, 5) for n in range(300)]
    star = [Speed(1_000 + n, "star", 2, 2_000) for n in range(20)]
    norm = GrowthNorm([*usual, *star])
    assert not judged(*SURGE, norm=norm, author="star")[-1].is_on
    assert judged(*SURGE, norm=norm, author="a1")[-1].is_on


def test_a_rank_is_told_only_among_enough_posts_and_without_the_post_itself():
    few = [Speed(n, None, 0, n) for n in range(ENOUGH_PEERS)]
    args = {"hours": 0.5, "author": None}
    assert not GrowthNorm(few).standing(1e6, post=0, **args).is_ranked
    ranked = GrowthNorm([*few, Speed("me", None, 0, 1e6)]).standing(1e6, post="me", **args)
    assert (ranked.is_ranked, ranked.quantile, ranked.peers) == (True, 1.0, ENOUGH_PEERS)


def test_former_outbreaks_teach_only_up_to_a_bound():
    wild = GrowthNorm(Speed(n, None, 1, 10.0 ** (5 + n % 3)) for n in range(2))
    calm = GrowthNorm()
    args = {"hours": 2.0, "post": "x", "author": None}
    assert wild.standing(10, **args).usual_per_hour < 3 * calm.standing(10, **args).usual_per_hour


def test_the_fastest_hour_of_each_class_of_age_is_what_a_post_teaches():
    found = speeds_of([seen(30, 10), seen(50, 50), seen(90, 55), seen(400, 60)], Post(key=1))
    assert [one.age_class for one in found] == [0, 1, 3]


@pytest.mark.parametrize(
    ("values", "followers", "expected"),
    [
        ({}, None, ("serious", TakeoffReason.TAKING_OFF)),
        ({"views": 3_000_000}, None, ("urgent", TakeoffReason.VAST_REACH)),
        ({}, 1_200_000, ("urgent", TakeoffReason.VAST_REACH)),
    ],
)
def test_reach_makes_it_urgent(values, followers, expected):
    last = judged(*SURGE[:2], seen(180, 2_300, **values))[-1]
    assert takeoff_severity(last, followers=followers) == expected


def test_doubling_in_each_of_three_hours_makes_it_urgent():
    hourly = [seen(60 * hour, 30 * 2**hour - hour) for hour in range(1, 6)]
    last = judged(*hourly)[-1]
    assert last.hours_doubling >= 3
    assert takeoff_severity(last)[1] is TakeoffReason.DOUBLING_HOURLY


@pytest.mark.parametrize(
    ("sightings", "is_on"),
    [
        ((seen(60, 20), seen(180, 24), seen(240, 124)), True),
        ((seen(60, 40), seen(180, 200), seen(240, 300)), False),  # it always grew like that
        ((seen(181, 24), seen(240, 124)), False),  # nobody watched how it grew before
    ],
)
def test_a_surge_against_its_own_past_is_seen_earlier(sightings, is_on):
    *_, last = judged(*sightings)
    assert SETTINGS.surge_distance < last.standing.distance < SETTINGS.on_distance
    assert last.is_on is is_on
    *_, without = judged(*sightings, settings=TakeoffSettings(surge_distance=3.0))
    assert not without.is_on


def test_settings_that_cannot_work_are_refused():
    with pytest.raises(ConfigError, match="surge_distance"):
        TakeoffSettings(surge_distance=3.1)
    with pytest.raises(ConfigError, match="off_distance"):
        TakeoffSettings(off_distance=4.0)
    with pytest.raises(ConfigError, match="least_growth"):
        TakeoffSettings(least_growth=0)
