"""The parts of the crisis channel, each by itself."""

from datetime import UTC, datetime, timedelta, timezone
from math import comb, log10

import pytest

from listener.detect.baseline import SeasonalBaseline
from listener.detect.history import STEADY, TOLD, History, Sum, slide
from listener.detect.outage import OutageWatch
from listener.detect.seasons import bin_of, place_of
from listener.detect.settings import CrisisSettings, WindowRule
from listener.detect.share import UsualShare
from listener.detect.switch import AlertSwitch
from listener.detect.tail import HIGHEST_SCORE, tail_score
from listener.detect.types import Bucket
from listener.detect.windows import Window
from listener.errors import ConfigError

START = datetime(2025, 3, 3, tzinfo=UTC)
SETTINGS = CrisisSettings()
DAY_MIN = 1440
NOON = place_of(12 * 60 + 30)


@pytest.mark.parametrize(
    ("mentions", "negatives", "coverage", "message"),
    [
        (1, 2, 1.0, "negatives must be between 0 and mentions"),
        (1, -1, 1.0, "negatives must be between 0 and mentions"),
        (-1, -1, 1.0, "negatives must be between 0 and mentions"),
        (1, 0, 1.1, "coverage must be 0 to 1"),
        (1, 0, float("nan"), "coverage must be 0 to 1"),
    ],
)
def test_an_impossible_bucket_is_refused_by_name(
    mentions: int, negatives: int, coverage: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        Bucket(START, mentions, negatives, coverage)
    assert START.isoformat() in str(caught.value)


@pytest.mark.parametrize(
    "start",
    [datetime(2025, 3, 3), datetime(2025, 3, 3, tzinfo=timezone(timedelta(hours=8)))],  # noqa: DTZ001 - naive on purpose
)
def test_a_bucket_starts_in_utc(start: datetime) -> None:
    with pytest.raises(ValueError, match="timezone-aware UTC"):
        Bucket(start, 0, 0)


def test_bins_tell_hours_and_weekends() -> None:
    assert bin_of(0) == 0
    assert bin_of(5 * DAY_MIN - 1) == 23
    assert bin_of(5 * DAY_MIN) == 24
    assert bin_of(7 * DAY_MIN - 1) == 47
    assert bin_of(7 * DAY_MIN) == 0
    assert bin_of(-1) == 47


def test_places_lie_between_hour_centres() -> None:
    centre = place_of(10 * 60 + 30)
    assert (centre.own, centre.earlier, centre.weight) == (10, 10, 0.0)
    later = place_of(10 * 60 + 45)
    assert (later.own, later.earlier, later.later, later.weight) == (10, 10, 11, 0.25)
    earlier = place_of(10 * 60 + 15)
    assert (earlier.own, earlier.earlier, earlier.later, earlier.weight) == (10, 9, 10, 0.75)
    saturday = place_of(5 * DAY_MIN)
    assert (saturday.own, saturday.earlier, saturday.later, saturday.weight) == (24, 23, 24, 0.5)


def test_the_tail_is_that_of_a_negative_binomial() -> None:
    # Size 2 and mean 2 (variance 4, q = 1/2): P(X = k) = (k + 1) / 2^(k + 2).
    below = sum(comb(k + 1, k) * 0.5 ** (k + 2) for k in range(5))
    assert tail_score(5, 2.0, 4.0) == pytest.approx(-log10(1 - below))


def test_the_tail_is_capped() -> None:
    assert tail_score(100_000, 1.0, 1.2) == HIGHEST_SCORE
    assert tail_score(1, 1000.0, 1200.0) == pytest.approx(0.0, abs=1e-6)


def teach(baseline: SeasonalBaseline, count: int, days: int, coverage: float = 1.0) -> None:
    for minute in range(0, days * DAY_MIN, 5):
        place = place_of(minute % (7 * DAY_MIN))
        baseline.learn(count, place, coverage=coverage, is_steady=True)


def test_a_new_baseline_expects_the_prior_rate() -> None:
    baseline = SeasonalBaseline(SETTINGS)
    assert baseline.expect(NOON) == pytest.approx(SETTINGS.prior_rate_per_hour / 12)
    assert baseline.evidence == SETTINGS.prior_level


def test_a_baseline_finds_the_rate_and_gathers_evidence() -> None:
    baseline = SeasonalBaseline(SETTINGS)
    teach(baseline, 4, days=7)
    assert baseline.expect(NOON) == pytest.approx(4.0, rel=0.05)
    assert baseline.evidence > 1000


def test_half_coverage_teaches_double_the_count() -> None:
    baseline = SeasonalBaseline(SETTINGS)
    teach(baseline, 2, days=7, coverage=0.5)
    assert baseline.expect(NOON) == pytest.approx(4.0, rel=0.05)


def test_weekends_have_their_own_season() -> None:
    baseline = SeasonalBaseline(SETTINGS)
    for minute in range(0, 28 * DAY_MIN, 5):
        place = place_of(minute % (7 * DAY_MIN))
        count = 8 if place.own >= 24 else 2
        baseline.learn(count, place, coverage=1.0, is_steady=True)
    saturday_noon = place_of(5 * DAY_MIN + 12 * 60 + 30)
    assert baseline.expect(saturday_noon) > 2 * baseline.expect(NOON)


def test_an_outlier_teaches_only_part_of_itself() -> None:
    baseline = SeasonalBaseline(SETTINGS)
    teach(baseline, 4, days=7)
    before = baseline.expect(NOON)
    kept = baseline.learn(4000, NOON, coverage=1.0, is_steady=False)
    assert 4 < kept < 20
    assert baseline.expect(NOON) == pytest.approx(before, rel=0.05)


def test_old_evidence_in_bins_fades_without_loss_of_precision() -> None:
    baseline = SeasonalBaseline(SETTINGS)
    teach(baseline, 4, days=7)
    for _ in range(3 * 365 * 288):
        baseline.skip()
    assert baseline.learn(4, NOON, coverage=1.0, is_steady=True) == 4.0
    assert baseline.expect(NOON) == pytest.approx(4.0, rel=0.1)


def test_the_share_starts_at_the_prior_and_finds_the_truth() -> None:
    share = UsualShare(SETTINGS)
    assert share.value == pytest.approx(0.15)
    for _ in range(3000):
        share.learn(10, 10.0, 3)
    assert share.value == pytest.approx(0.3, abs=0.01)
    assert share.evidence > 1000


def test_neither_a_flood_nor_a_crisis_moves_the_share_much() -> None:
    share = UsualShare(SETTINGS)
    for _ in range(3000):
        share.learn(10, 10.0, 1)
    for _ in range(12):
        share.learn(10_000, 20.0, 40)
    assert share.value == pytest.approx(0.1, abs=0.005)
    for _ in range(12):
        share.learn(100, 20.0, 100)
    assert share.value == pytest.approx(0.1, abs=0.01)


def test_the_share_never_reaches_one() -> None:
    share = UsualShare(SETTINGS)
    for _ in range(5000):
        share.learn(1, 1.0, 1)
    assert 0.9 < share.value < 1.0


def test_a_low_coverage_bucket_is_an_outage_and_the_rush_after_it_is_not_steady() -> None:
    watch = OutageWatch(SETTINGS)
    assert not watch.see(3, expected=3.0, coverage=1.0)
    assert watch.is_steady
    for _ in range(10):
        assert watch.see(0, expected=3.0, coverage=0.4)
        assert not watch.is_steady
    for _ in range(6):
        assert not watch.see(9, expected=3.0, coverage=1.0)
        assert not watch.is_steady
    assert not watch.see(3, expected=3.0, coverage=1.0)
    assert watch.is_steady


def test_a_short_gap_needs_only_a_short_rest() -> None:
    watch = OutageWatch(SETTINGS)
    watch.see(0, expected=3.0, coverage=0.0)
    watch.see(9, expected=3.0, coverage=1.0)
    assert not watch.is_steady
    watch.see(9, expected=3.0, coverage=1.0)
    assert watch.is_steady


def test_silence_is_an_outage_only_where_mentions_are_expected() -> None:
    busy, quiet = OutageWatch(SETTINGS), OutageWatch(SETTINGS)
    assert [busy.see(0, expected=10.0, coverage=1.0) for _ in range(4)] == [False] * 3 + [True]
    assert not any(quiet.see(0, expected=0.01, coverage=1.0) for _ in range(1000))
    assert not busy.see(1, expected=10.0, coverage=1.0)


def feed(switch: AlertSwitch, *scores: float) -> list[bool]:
    """Return whether the switch is on after each score."""
    states = []
    for score in scores:
        switch.feed(score, is_partial=False)
        states.append(switch.is_on)
    return states


def test_one_high_score_is_not_enough_two_running_are() -> None:
    assert feed(AlertSwitch(SETTINGS), 4.6, 4.4, 4.6, 4.6) == [False, False, False, True]


def test_a_very_high_score_is_enough_by_itself() -> None:
    assert feed(AlertSwitch(SETTINGS), 5.5) == [True]


def test_it_takes_half_an_hour_of_low_scores_to_turn_off() -> None:
    switch = AlertSwitch(SETTINGS)
    feed(switch, 9.0)
    assert feed(switch, *[0.0] * 5, 2.0, *[1.9] * 5) == [True] * 11
    assert feed(switch, 1.9, 1.9) == [False, False]


def test_the_count_towards_off_starts_again_with_each_alert() -> None:
    switch = AlertSwitch(SETTINGS)
    feed(switch, 9.0, *[0.0] * 6, 9.0)
    assert feed(switch, *[0.0] * 5) == [True] * 5


def test_the_switch_says_when_it_changes() -> None:
    switch = AlertSwitch(SETTINGS)
    changes = [switch.feed(score, is_partial=False) for score in (9.0, 9.0, *[0.0] * 7)]
    assert changes == [True, *[False] * 6, True, False]


def filled(history: History, sums: list[Sum], negatives: list[int], marks: int = STEADY) -> None:
    for number, count in enumerate(negatives):
        index = number % history.size
        history.mentions[index] = history.negatives[index] = count
        history.expected[index] = 0.5
        history.coverage[index] = 1.0
        history.marks[index] = marks
        slide(sums, history, number)


def test_sums_hold_the_last_buckets() -> None:
    history, held = History(7), Sum(5, skips_told=False)
    filled(history, [held], list(range(20)))
    assert held.negatives == held.mentions == 15 + 16 + 17 + 18 + 19
    assert held.expected == pytest.approx(2.5)
    assert held.steady == 5


def test_what_was_told_is_left_out_and_leaves_only_once() -> None:
    history, held = History(7), Sum(5, skips_told=True)
    filled(history, [held], [10, 1, 1])
    held.tell(history, 2)
    assert held.negatives == 11
    held.tell_all(history, 2)
    assert (held.negatives, held.expected) == (0, 0.0)
    for number in range(3, 9):
        history.negatives[number % 7] = 2
        history.mentions[number % 7] = 2
        history.expected[number % 7] = 0.5
        history.marks[number % 7] = STEADY
        slide([held], history, number)
    assert history.marks[2] & TOLD
    assert held.negatives == 10
    assert held.expected == pytest.approx(2.5)


def test_the_mean_coverage_spans_the_seam_of_the_ring() -> None:
    history = History(4)
    history.coverage = [1.0, 0.0, 0.5, 0.5]
    assert history.mean_coverage(2, 3) == 0.5
    assert history.mean_coverage(3, 5) == 0.5
    assert history.mean_coverage(4, 7) == 0.5


def test_dispersion_is_measured_where_counts_are_large_and_assumed_where_not() -> None:
    rule = WindowRule(5, 6, 6.0)
    large, small = Window(rule, SETTINGS), Window(rule, SETTINGS)
    assert large.dispersion == pytest.approx(SETTINGS.prior_dispersion)
    for number in range(4000):
        large.sum.steady = small.sum.steady = 1
        large.sum.expected, large.sum.negatives = 100.0, 150 if number % 2 else 50
        # Six at once and then nothing: taken at its word the dispersion would be above 90.
        small.sum.expected, small.sum.negatives = 0.05, 0 if number % 120 else 6
        large.measure(6 * number)
        small.measure(6 * number)
    assert large.dispersion == pytest.approx(0.25, rel=0.1)
    assert small.dispersion <= SETTINGS.prior_dispersion


def test_dispersion_has_a_floor_and_no_meaning_without_steady_buckets() -> None:
    window = Window(WindowRule(5, 6, 6.0), SETTINGS)
    for number in range(4000):
        window.sum.expected, window.sum.negatives = 100.0, 100
        window.measure(6 * number)
    assert window.dispersion == pytest.approx(SETTINGS.prior_dispersion)
    window.sum.steady = 1
    for number in range(4000):
        window.measure(6 * number)
    assert window.dispersion == SETTINGS.least_dispersion


def test_settings_are_refused_by_name() -> None:
    for change, message in (
        ({"bucket_minutes": 7}, "bucket_minutes must divide a day"),
        ({"bucket_minutes": 0}, "bucket_minutes must divide a day"),
        ({"on_score": 1.0}, "the scores must rise"),
        ({"on_at_once_score": 4.0}, "the scores must rise"),
        ({"poisson_factor": 0.9}, "poisson_factor must be at least 1"),
        ({"level_half_life_days": 0.0}, "level_half_life_days must be above 0"),
        ({"prior_share": 1.0}, "prior_share must be below 1"),
        ({"windows": ()}, "at least one window"),
    ):
        with pytest.raises(ConfigError, match=message):
            CrisisSettings(**change)  # type: ignore[arg-type]  # the cases differ in type


def test_presets_differ_only_in_what_turns_an_alert_on() -> None:
    high, normal, low = map(CrisisSettings.for_sensitivity, ("high", "normal", "low"))
    assert normal == CrisisSettings()
    assert high.on_score < normal.on_score < low.on_score
    assert len({high.fingerprint(), normal.fingerprint(), low.fingerprint()}) == 3
    with pytest.raises(ConfigError, match="must be one of high, normal, low \\(got 'loud'\\)"):
        CrisisSettings.for_sensitivity("loud")


def test_the_fingerprint_is_stable() -> None:
    assert CrisisSettings().fingerprint() == CrisisSettings().fingerprint()
    hourly = CrisisSettings.for_sensitivity("normal", bucket_minutes=60)
    assert hourly.fingerprint() != CrisisSettings().fingerprint()
    assert (hourly.buckets(30), hourly.buckets(180)) == (1, 3)
