"""Rules people can say: what is usual, when they are met, when they are over."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.detect.rules import (
    Figures,
    RuleKind,
    RuleSpec,
    follow,
    judge_rule,
    swept,
)
from listener.detect.seasons import NO_REST_DAYS, RestDays
from listener.detect.usual import Counts, usual_at

# A Wednesday, 11:00 in Shanghai.
NOW = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR, DAY, FIVE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=5)
SHARE = RuleSpec(
    name="占比",
    kind=RuleKind.SHARE,
    window=HOUR,
    least=8,
    floor_percent=30.0,
    rise_points=15.0,
)
VOLUME = RuleSpec(name="声量", kind=RuleKind.VOLUME, window=HOUR, tone="any", least=30, times=3.0)


def history(per_day, *, since=NOW - 30 * DAY, gaps=()):
    """Counts with (mentions, negatives) a day at 10:30 local time, by how many days ago."""
    found = {}
    for day in range(1, 30):
        at = NOW - timedelta(days=day, minutes=30)
        found[at] = per_day(day)
    return Counts(found, since=since, until=NOW + FIVE, gaps=gaps)


def usual(counts, **values):
    return usual_at(counts, NOW, HOUR, **({"tz": SHANGHAI, "rest": NO_REST_DAYS} | values))


def test_usual_is_the_mean_of_the_same_hour_on_working_days_without_the_busiest():
    def per_day(day):
        if (NOW - day * DAY).weekday() >= 5:
            return (500, 0)
        return (400, 300) if day == 6 else (10, 2)

    found = usual(history(per_day))
    assert (found.mentions, found.negatives, found.days) == (10.0, 2.0, 20)


def test_a_day_off_is_compared_with_rest_days():
    rest = RestDays(off=frozenset([date(2026, 11, 18)]))
    found = usual(
        history(lambda day: (50, 0) if (NOW - day * DAY).weekday() >= 5 else (10, 0)), rest=rest
    )
    assert found.mentions == 50.0


def test_the_last_day_is_no_yardstick_and_a_young_brand_is_compared_with_all_it_has():
    counts = Counts(
        {NOW - timedelta(minutes=30): (900, 900), NOW - DAY - HOUR / 2: (10, 1)},
        since=NOW - 2 * DAY,
        until=NOW + FIVE,
    )
    found = usual(counts)
    assert (found.mentions, found.days) == (10.0, 1)


def test_days_that_were_hardly_heard_are_left_out():
    gap = (NOW - 2 * DAY - 2 * HOUR, NOW - 2 * DAY + HOUR, 0.9)
    assert usual(history(lambda _: (10, 0), gaps=[gap])).days == 19


def test_usual_follows_the_local_clock_through_a_change_to_winter_time():
    berlin = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 10, 26, 9, 0, tzinfo=UTC)  # Monday 10:00; until Sunday it was UTC+2
    counts = Counts(
        {now - timedelta(days=day, hours=1, minutes=30): (10, 0) for day in range(3, 29)},
        since=now - 30 * DAY,
        until=now,
    )
    found = usual_at(counts, now, HOUR, tz=berlin, rest=NO_REST_DAYS)
    assert found.mentions == 10.0


def test_the_usual_share_leans_on_a_prior_and_leaves_the_worst_day_out():
    found = usual(history(lambda day: (100, 90) if day == 5 else (100, 10)))
    assert found.share == pytest.approx(0.10, abs=0.005)
    assert usual(Counts({}, since=NOW - DAY, until=NOW)).share == 0.15


def test_coverage_is_the_share_that_could_be_heard():
    counts = Counts({}, since=NOW - DAY, until=NOW, gaps=[(NOW - HOUR / 2, NOW + HOUR, 0.6)])
    assert counts.coverage(NOW - HOUR, NOW) == pytest.approx(0.7)


def figures(**values):
    defaults = {"at": NOW, "mentions": 20, "negatives": 10, "usual_share": 0.15}
    return Figures(**(defaults | values))


@pytest.mark.parametrize(
    ("changes", "is_met"),
    [
        ({}, True),
        ({"negatives": 7}, False),
        ({"mentions": 40}, False),
        ({"usual_share": 0.36}, False),
        ({"mentions": 0, "negatives": 0}, False),
    ],
)
def test_a_share_needs_count_floor_and_rise_together(changes, is_met):
    assert judge_rule(SHARE, figures(**changes)).is_met is is_met


def test_volume_is_compared_with_the_usual_count_and_a_campaign_allows_more():
    rising = figures(mentions=90, usual_mentions=25.0)
    assert judge_rule(VOLUME, rising).is_met
    assert not judge_rule(VOLUME, replace(rising, allowance=3.0)).is_met
    assert not judge_rule(VOLUME, replace(rising, mentions=29, usual_mentions=0.0)).is_met


def test_a_campaign_does_not_blind_a_rule_about_complaints():
    negative = replace(VOLUME, tone="negative", least=8)
    assert judge_rule(negative, figures(usual_negatives=2.0, allowance=9.0)).is_met


def test_words_need_hits_and_authors():
    spec = RuleSpec(name="词", kind=RuleKind.WORDS, window=HOUR, least=3, authors=2)
    assert judge_rule(spec, figures(hits=3, hit_authors=2)).is_met
    assert not judge_rule(spec, figures(hits=9, hit_authors=1)).is_met


def run(spec, levels):
    """Follow a rule over windows five minutes apart; a level of 1 just meets it."""
    episode, seen = None, []
    for number, level in enumerate(levels):
        at = NOW + number * FIVE
        negatives = round(level * 10)
        one = figures(at=at, negatives=negatives, mentions=max(negatives, 1), usual_share=0.0)
        episode = follow(spec, episode, judge_rule(spec, one))
        if episode is not None and (not seen or seen[-1].start != episode.start):
            seen.append(episode)
        elif episode is not None:
            seen[-1] = episode
    return seen


def spec_of(**values):
    return replace(SHARE, least=10, calm=2 * FIVE, cooldown=4 * FIVE, **values)


def test_a_rule_holds_below_its_threshold_and_ends_after_calm():
    (one,) = run(spec_of(), [0.5, 1.0, 0.8, 0.7, 0.6, 0.2, 0.1])
    assert (one.start, one.last_held_at, one.end) == (
        NOW + FIVE,
        NOW + 3 * FIVE,
        NOW + 5 * FIVE,
    )


def test_a_rise_soon_after_the_end_is_the_same_episode_and_a_later_one_is_not():
    assert len(run(spec_of(), [1, 0, 0, 0, 0, 1, 0, 0, 0])) == 1
    assert len(run(spec_of(), [1, 0, 0, 0, 0, 0, 0, 0, 1])) == 2


def test_the_peak_is_the_strongest_window():
    (one,) = run(spec_of(), [1.0, 2.0, 1.5])
    assert one.peak.figures.at == NOW + FIVE


def test_judging_windows_again_changes_nothing():
    spec = spec_of()
    windows = [
        judge_rule(spec, figures(at=NOW + n * FIVE, negatives=k, mentions=k))
        for n, k in enumerate([12, 15, 9, 2, 1])
    ]
    episode = None
    for one in windows:
        episode = follow(spec, episode, one)
    again = episode
    for one in windows:
        again = follow(spec, again, one)
    assert again == episode


@given(
    st.lists(st.integers(0, 30), min_size=3, max_size=40),
    st.integers(1, 30),
)
def test_a_higher_threshold_never_starts_earlier(counts, least):
    def first(threshold):
        for number, count in enumerate(counts):
            one = figures(at=NOW + number * FIVE, negatives=count, mentions=max(count, 1))
            if judge_rule(replace(SHARE, least=threshold), one).is_met:
                return number
        return len(counts)

    assert first(least) <= first(least + 1)


def test_a_sweep_turns_one_threshold_from_sensitive_to_calm():
    key, steps = swept(replace(SHARE, rise_points=13.0))
    values = [getattr(step, key) for step in steps]
    assert key == "rise_points"
    assert values == sorted(values)
    assert 13.0 in values
    assert all(
        replace(step, rise_points=13.0) == replace(SHARE, rise_points=13.0) for step in steps
    )
