from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from listener.detect.aftermath import BUCKET, Verdict, measure, stretch_after, usual_negatives
from listener.detect.crisis import CrisisDetector
from listener.detect.seasons import NO_REST_DAYS
from listener.detect.settings import CrisisSettings
from listener.detect.types import Bucket

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
TZ = ZoneInfo("Asia/Shanghai")


def hourly(**rates):
    """Counts per bucket: before=(mentions, negatives), after=(...)."""
    counts = {}
    for index in range(-288, 288):
        counts[AT + index * BUCKET] = rates["before" if index < 0 else "after"]
    return counts


CASES = [
    ((10, 3), (10, 6), Verdict.WORSE),
    ((10, 6), (10, 2), Verdict.BETTER),
    ((10, 4), (10, 4), Verdict.UNCHANGED),
    ((10, 4), (30, 12), Verdict.MORE),
    ((10, 9), (60, 30), Verdict.MIXED),
    ((1, 1), (0, 0), Verdict.TOO_FEW),
    ((0, 0), (30, 12), Verdict.TOO_FEW),
]


@pytest.mark.parametrize(("before", "after", "verdict"), CASES)
def test_the_verdict_follows_share_and_forecast(before, after, verdict):
    found = measure(hourly(before=before, after=after), AT, hours=1, usual=None)
    assert found.verdict is verdict
    assert found.verdict.is_worse is (verdict in (Verdict.WORSE, Verdict.MORE))
    assert (found.after.mentions, found.after.negatives) == (12 * after[0], 12 * after[1])


def test_a_change_within_chance_is_none():
    counts = {AT - BUCKET: (25, 8), AT: (25, 11)}
    assert measure(counts, AT, hours=1, usual=None).verdict is Verdict.UNCHANGED


def test_the_forecast_follows_the_usual_rhythm_from_the_level_at_publication():
    counts = hourly(before=(10, 5), after=(10, 5))
    found = measure(counts, AT, hours=1, usual=lambda at: 0.5 if at < AT else 0.1)
    assert found.before.negatives == 60
    assert found.forecast == pytest.approx(12)
    assert found.verdict is Verdict.MORE, "at night there should have been fewer"
    flat = measure(counts, AT, hours=4, usual=None)
    assert flat.forecast == pytest.approx(240)
    assert not flat.is_seasonal


def test_before_is_the_shortest_stretch_that_says_something():
    quiet = hourly(before=(1, 0), after=(10, 1))
    assert measure(quiet, AT, hours=1, usual=None).before_hours == 4
    assert measure(hourly(before=(9, 0), after=(1, 0)), AT, hours=4, usual=None).before_hours == 1


def test_the_bucket_of_the_publication_is_on_neither_side():
    inside = AT + timedelta(minutes=2)
    assert stretch_after(inside, 1) == (AT + BUCKET, AT + BUCKET + timedelta(hours=1))
    assert stretch_after(AT, 1)[0] == AT
    counts = hourly(before=(10, 2), after=(10, 2)) | {AT: (1000, 1000)}
    found = measure(counts, inside, hours=1, usual=None)
    assert (found.before.negatives, found.after.negatives) == (24, 24)


def test_what_is_usual_comes_from_the_stored_detector():
    detector = CrisisDetector(CrisisSettings(), TZ)
    start = datetime(2026, 11, 1, tzinfo=UTC)
    for index in range(14 * 288):
        at = start + index * BUCKET
        is_day = 8 <= at.astimezone(TZ).hour < 22
        detector.step(Bucket(at, 6 if is_day else 1, 2 if is_day else 0))
    usual = usual_negatives(detector.dump(), TZ, NO_REST_DAYS)
    assert usual is not None
    noon, night = (datetime(2026, 11, 16, hour, tzinfo=TZ) for hour in (13, 3))
    assert usual(noon) > 1.2 > 0.5 > usual(night)
    assert usual_negatives({"version": -1}, TZ, NO_REST_DAYS) is None
