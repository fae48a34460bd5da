"""The volume channel: far more mentions than usual, told once, never after an outage."""

import json
import math
import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from listener.detect.crisis import StateMismatch
from listener.detect.types import Bucket
from listener.detect.volume import VolumeDetector, VolumeSettings
from listener.errors import ConfigError

START = datetime(2026, 1, 5, tzinfo=UTC)
STEP = timedelta(minutes=5)
SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = 288


def quiet(days, *, rate=10.0, seed=3):
    """A brand with a daily rhythm and nothing else."""
    rng = random.Random(seed)
    found = []
    for number in range(days * DAY):
        mean = rate * (1.0 + 0.6 * math.sin(2 * math.pi * number / DAY))
        found.append(max(0, round(rng.gauss(mean, math.sqrt(mean)))))
    return found


def buckets(counts, coverage=None):
    gone = coverage or {}
    return [
        Bucket(START + n * STEP, count, 0, coverage=gone.get(n, 1.0))
        for n, count in enumerate(counts)
    ]


def told(counts, coverage=None, **options):
    detector = VolumeDetector(VolumeSettings(**options), SHANGHAI)
    judged = [detector.step(one) for one in buckets(counts, coverage)]
    return [n for n, one in enumerate(judged) if one.is_told]


def test_an_ordinary_fortnight_is_quiet():
    assert told(quiet(14)) == []


def test_a_burst_is_told_once_and_soon():
    counts = quiet(14)
    for n in range(10 * DAY + 100, 10 * DAY + 150):
        counts[n] *= 12
    [found] = told(counts)
    assert 0 <= found - (10 * DAY + 100) <= 6


def test_a_second_burst_on_the_same_day_is_not_told_again_but_one_next_week_is():
    counts = quiet(21)
    for start in (10 * DAY, 10 * DAY + 100, 18 * DAY):
        for n in range(start, start + 12):
            counts[n] = counts[n] * 30 + 100
    assert len(told(counts)) == 2


def test_nothing_is_told_on_the_first_day():
    counts = quiet(3)
    counts[100:112] = [500] * 12
    assert [n for n in told(counts) if n < DAY] == []


@pytest.mark.parametrize("is_reported", [True, False])
def test_what_arrives_at_once_after_an_outage_is_not_told(is_reported):
    counts = quiet(10)
    gap = range(8 * DAY + 60, 8 * DAY + 160)
    for n in gap:
        counts[n] = 0
    counts[gap.stop : gap.stop + 3] = [900, 400, 100]
    coverage = dict.fromkeys(gap, 0.0) if is_reported else None
    assert told(counts, coverage) == []


def test_a_campaign_that_was_announced_must_beat_its_own_expectation():
    counts = quiet(12)
    during = range(10 * DAY + 100, 10 * DAY + 200)
    for n in during:
        counts[n] *= 8
    detector = VolumeDetector(VolumeSettings(), SHANGHAI)
    allowed = [
        detector.step(one, allowance=10.0 if n in during else 1.0)
        for n, one in enumerate(buckets(counts))
    ]
    assert told(counts)
    assert not any(one.is_told for one in allowed)


def test_a_restored_detector_goes_on_exactly_as_before():
    counts = quiet(9)
    counts[8 * DAY : 8 * DAY + 20] = [400] * 20
    whole = VolumeDetector(VolumeSettings(), SHANGHAI)
    expected = [whole.step(one) for one in buckets(counts)]
    first = VolumeDetector(VolumeSettings(), SHANGHAI)
    cut = 8 * DAY + 3
    found = [first.step(one) for one in buckets(counts)[:cut]]
    second = VolumeDetector(VolumeSettings(), SHANGHAI)
    second.load(json.loads(json.dumps(first.dump())))
    found += [second.step(one) for one in buckets(counts)[cut:]]
    assert found == expected
    assert second.dump() == whole.dump()


def test_a_state_of_other_settings_is_refused():
    state = VolumeDetector(VolumeSettings(), SHANGHAI).dump()
    with pytest.raises(StateMismatch):
        VolumeDetector(VolumeSettings(on_score=5.0), SHANGHAI).load(state)


def test_the_future_changes_nothing():
    counts = quiet(6)
    counts[5 * DAY : 5 * DAY + 8] = [300] * 8
    assert told(counts[: 5 * DAY + 8]) == [n for n in told(counts) if n < 5 * DAY + 8]


def test_bad_figures_and_buckets_are_refused_by_name():
    with pytest.raises(ConfigError, match="bucket_minutes"):
        VolumeSettings(bucket_minutes=7)
    with pytest.raises(ConfigError, match=r"volume\.on_score"):
        VolumeSettings(on_score=0)
    detector = VolumeDetector(VolumeSettings(), SHANGHAI)
    detector.step(Bucket(START, 1, 0))
    with pytest.raises(ValueError, match="follow"):
        detector.step(Bucket(START + 2 * STEP, 1, 0))
    with pytest.raises(ValueError, match="partial"):
        detector.step(Bucket(START + STEP, 1, 0, is_partial=True))
    with pytest.raises(ValueError, match="allowance"):
        detector.step(Bucket(START + STEP, 1, 0), allowance=0.5)
