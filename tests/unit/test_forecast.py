"""The forecast and the outlook: what they rest on, and that they are honest about their error."""

import math
import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.detect.forecast import HOUR, Heard, Rhythm, forecast, peaks
from listener.detect.trend import HOUR as HOUR_BUCKETS
from listener.detect.trend import (
    LEAST_CHANCE,
    LOOKS_BACK,
    Trend,
    came_true,
    chances_of,
    figures,
    outlook,
)

TZ = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 9, 1, tzinfo=UTC)
SEED = 5


def usual(hour: int, *, level: float = 20.0) -> float:
    local = (START + hour * HOUR).astimezone(TZ)
    weekend = 0.6 if local.weekday() >= 5 else 1.0
    return level * weekend * (1.2 + math.sin(2 * math.pi * (local.hour - 14) / 24))


def history(days: int, *, seed: int = SEED, level: float = 20.0) -> list[Heard]:
    print(f"seed {seed}")
    chance = random.Random(seed)
    return [
        Heard(START + hour * HOUR, max(0, round(chance.gauss(mean := usual(hour, level=level), mean**0.5))))
        for hour in range(24 * days)
    ]  # fmt: skip


def test_under_two_weeks_there_is_no_forecast():
    assert forecast(history(13), TZ) is None
    assert forecast(history(14), TZ) is not None


def test_it_beats_the_same_time_last_week_and_its_band_holds():
    made = forecast(history(35), TZ)
    assert made.hourly.ratio < 0.9
    assert made.daily.ratio < 1.0
    assert 0.7 <= made.hourly.covered <= 0.92
    assert made.hourly.scored > 500
    assert (len(made.hours), len(made.days)) == (48, 7)
    assert made.hours[0].start == START + 35 * 24 * HOUR


def test_the_middle_follows_the_rhythm_of_the_week():
    made = forecast(history(35), TZ)
    missed = [abs(one.middle - usual(35 * 24 + n)) for n, one in enumerate(made.hours)]
    assert sum(missed) / len(missed) < 2.5
    [best, *_] = peaks(made.hours)
    assert 17 <= best.start.astimezone(TZ).hour <= 23


def test_every_band_holds_its_middle_and_never_falls_below_zero():
    made = forecast(history(28, level=0.3), TZ)
    assert all(0 <= one.low <= one.middle <= one.high for one in (*made.hours, *made.days))


def test_cutting_off_the_future_changes_nothing():
    whole = history(40)
    known = whole[: 30 * 24]
    assert forecast(known, TZ) == forecast(whole[: 30 * 24], TZ)
    assert Rhythm(known, TZ).expect(known[-1].start + HOUR) == pytest.approx(
        usual(30 * 24), rel=0.5
    )


def test_a_past_crisis_is_not_expected_again():
    calm, stormy = history(35), history(35)
    for hour in range(24 * 30, 24 * 30 + 6):
        stormy[hour] = Heard(stormy[hour].start, 2_000)
    total = [sum(one.middle for one in forecast(made, TZ).hours) for made in (calm, stormy)]
    assert total[1] < 1.4 * total[0]


def test_what_could_not_be_heard_teaches_nothing():
    whole, silent = history(35), history(35)
    for hour in range(24 * 32, 24 * 34):
        silent[hour] = Heard(silent[hour].start, 0, coverage=0.0)
    total = [sum(one.middle for one in forecast(made, TZ).hours) for made in (whole, silent)]
    assert total[1] == pytest.approx(total[0], rel=0.15)


def test_a_coming_campaign_lifts_the_upper_end_more_than_the_middle():
    until = START + 35 * 24 * HOUR
    plain = forecast(history(35), TZ)
    lifted = forecast(history(35), TZ, allowance=lambda at: 4.0 if at >= until else 1.0)
    assert lifted.hours[0].middle == pytest.approx(2 * plain.hours[0].middle)
    assert lifted.hours[0].high > 2 * plain.hours[0].high
    assert lifted.hourly == plain.hourly


def test_a_level_that_has_doubled_is_followed():
    grown = history(35)
    for hour in range(24 * 28, 24 * 35):
        grown[hour] = Heard(grown[hour].start, 2 * grown[hour].count)
    total = [sum(one.middle for one in forecast(made, TZ).hours) for made in (history(35), grown)]
    assert 1.4 < total[1] / total[0] < 2.2


def test_peaks_are_apart_and_highest_first():
    found = peaks(forecast(history(35), TZ).hours)
    assert [one.middle for one in found] == sorted((one.middle for one in found), reverse=True)
    assert all(abs(a.start - b.start) > timedelta(hours=3) for a in found for b in found if a != b)


QUIET = [0] * 3 * HOUR_BUCKETS
RISES = [*QUIET, *[1] * 6, *[2] * 4, 8, 12]
STAYS = [40] * 4 * HOUR_BUCKETS
FALLS = [*[0] * 2 * HOUR_BUCKETS, *[30] * HOUR_BUCKETS, *[12] * 6, *[4] * 6]


@pytest.mark.parametrize(
    ("negatives", "usual", "trend"),
    [
        (RISES, 12.0, Trend.RISING),
        (STAYS, 100.0, Trend.PEAKING),
        (FALLS, 2.0, Trend.FALLING),
    ],
)
def test_the_outlook_follows_the_growth(negatives, usual, trend):
    made = outlook(negatives, usual=usual)
    assert made.trend is trend
    assert LEAST_CHANCE <= made.chance <= 1.0
    assert made.last_hour == sum(negatives[-HOUR_BUCKETS:])


def test_too_little_says_nothing():
    assert outlook([5] * (LOOKS_BACK - 1), usual=1.0) is None
    assert outlook([*[9] * 3 * HOUR_BUCKETS, *[0] * 8, 1, 1, 1, 1], usual=1.0) is None


def test_what_is_not_clear_is_not_told():
    chances = chances_of(figures([*QUIET, *[1] * 12], usual=6.0))
    assert sum(chances.values()) == pytest.approx(1.0)
    assert max(chances.values()) < LEAST_CHANCE
    assert outlook([*QUIET, *[1] * 12], usual=6.0) is None


@given(
    st.lists(st.integers(0, 10**6), min_size=LOOKS_BACK, max_size=LOOKS_BACK), st.floats(0, 1e6)
)
def test_no_counts_break_the_outlook(negatives, usual):
    made = outlook(negatives, usual=usual)
    assert made is None or (made.trend in Trend and LEAST_CHANCE <= made.chance <= 1.0)


def test_only_outlooks_whose_hour_is_over_count():
    falling = [*FALLS, *[0] * HOUR_BUCKETS]
    assert came_true(falling, usual=2.0) == [True]
    assert came_true(falling[:-1], usual=2.0) == []
