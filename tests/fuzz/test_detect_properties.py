"""What must hold for the crisis channel and for new terms whatever comes in."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf, isfinite
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from listener.detect.crisis import CrisisDetector
from listener.detect.episodes import episodes
from listener.detect.replay import replay
from listener.detect.series import rows_to_buckets
from listener.detect.settings import CrisisSettings
from listener.detect.terms import new_terms
from listener.detect.types import Bucket, Judgement

START = datetime(2025, 3, 28, 20, tzinfo=UTC)  # Friday night, two days before clocks change.
ZONES = st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin", "Asia/Kathmandu"])
# Hourly buckets: the longest window and the guard gap are 24, so short lists reach everything.
HOURLY = CrisisSettings.for_sensitivity("normal", bucket_minutes=60)

mentions = st.one_of(
    st.integers(0, 3), st.integers(0, 60), st.sampled_from([0, 0, 500, 10**6, 10**9])
)
covers = st.one_of(st.just(1.0), st.sampled_from([0.0, 0.3, 0.5, 0.9]), st.floats(0.0, 1.0))


@st.composite
def a_series(draw: st.DrawFn, most: int = 150) -> list[Bucket]:
    """Draw runs of alike buckets, so that levels, bursts and outages last."""
    buckets: list[Bucket] = []
    for _ in range(draw(st.integers(1, 10))):
        total, coverage = draw(mentions), draw(covers)
        share = draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))
        spread = draw(st.lists(st.integers(0, 3), min_size=1, max_size=5))
        for number in range(draw(st.integers(1, 40))):
            count = total + spread[number % len(spread)]
            start = START + len(buckets) * timedelta(hours=1)
            buckets.append(Bucket(start, count, round(count * share), coverage))
    return buckets[:most]


def judge(buckets: list[Bucket], zone: str = "UTC") -> list[Judgement]:
    return replay(buckets, HOURLY, ZoneInfo(zone))


def fed(buckets: list[Bucket], zone: str = "UTC") -> CrisisDetector:
    detector = CrisisDetector(HOURLY, ZoneInfo(zone))
    for bucket in buckets:
        detector.step(bucket)
    return detector


@settings(deadline=None, max_examples=30)
@given(a_series(), ZONES)
def test_no_input_crashes_and_every_judgement_makes_sense(
    buckets: list[Bucket], zone: str
) -> None:
    judgements = judge(buckets, zone)
    was_on = False
    for bucket, one in zip(buckets, judgements, strict=True):
        assert one.start == bucket.start
        assert 0.0 <= one.score <= 50.0
        assert 0 <= one.observed <= one.total
        assert one.expected == max(one.expected_baseline, one.expected_share) > 0.0
        assert isfinite(one.expected)
        assert 0.0 <= one.baseline_mean < inf
        assert 0.0 <= one.baseline_total < inf
        assert 0.0 < one.usual_share < 1.0
        assert 0.0 <= one.coverage <= 1.0
        assert one.window_buckets in {1, 3, 24}
        assert (one.turned_on, one.turned_off) == (one.is_on > was_on, one.is_on < was_on)
        if one.score > 0.0:
            assert one.observed >= 1.8 * one.expected
        was_on = one.is_on
    found = episodes(judgements)
    assert len(found) == sum(one.turned_on for one in judgements)
    assert all(episode.end is not None for episode in found[:-1])


@settings(deadline=None, max_examples=30)
@given(a_series(), st.data())
def test_the_future_changes_nothing(buckets: list[Bucket], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(buckets)))
    assert judge(buckets[:cut]) == judge(buckets)[:cut]


@settings(deadline=None, max_examples=30)
@given(a_series(), ZONES, st.data())
def test_saving_and_loading_anywhere_changes_nothing(
    buckets: list[Bucket], zone: str, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(buckets)))
    detector = fed(buckets[:cut], zone)
    restored = CrisisDetector(HOURLY, ZoneInfo(zone))
    restored.load(json.loads(json.dumps(detector.dump())))
    for bucket in buckets[cut:]:
        assert repr(restored.step(bucket)) == repr(detector.step(bucket))
    assert json.dumps(restored.dump()) == json.dumps(detector.dump())


@settings(deadline=None, max_examples=30)
@given(a_series(), st.data())
def test_peeking_changes_nothing_and_tells_what_stepping_would(
    buckets: list[Bucket], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(buckets)))
    detector = fed(buckets[:cut])
    before = json.dumps(detector.dump())
    told = detector.peek(buckets[cut:])
    detector.peek([replace(bucket, is_partial=True) for bucket in buckets[cut:]])
    assert json.dumps(detector.dump()) == before
    assert told == [detector.step(bucket) for bucket in buckets[cut:]]


@settings(deadline=None, max_examples=30)
@given(a_series(), covers, covers)
def test_less_coverage_of_the_same_counts_never_raises_the_score(
    buckets: list[Bucket], one: float, other: float
) -> None:
    detector = fed(buckets[:-1])
    less, more = sorted((one, other))
    (worse,) = detector.peek([replace(buckets[-1], coverage=less)])
    (better,) = detector.peek([replace(buckets[-1], coverage=more)])
    assert worse.score <= better.score
    assert worse.expected >= better.expected


@settings(deadline=None, max_examples=30)
@given(a_series(), st.integers(1, 1000))
def test_an_alert_never_goes_away_because_a_bucket_still_grows(
    buckets: list[Bucket], more: int
) -> None:
    detector = fed(buckets[:-1])
    last = replace(buckets[-1], is_partial=True)
    grown = replace(last, mentions=last.mentions + more, negatives=last.negatives + more)
    (before,), (after,) = detector.peek([last]), detector.peek([grown])
    assert after.score >= before.score - 1e-9
    assert after.is_on >= before.is_on


@settings(deadline=None, max_examples=30)
@given(a_series(most=80))
def test_a_table_of_the_same_counts_gives_the_same_buckets(buckets: list[Bucket]) -> None:
    rows = [
        {
            "timestamp": f"{bucket.start:%Y-%m-%d %H:%M:%S}",
            "total": str(bucket.mentions),
            "negative": str(bucket.negatives),
            "coverage": repr(bucket.coverage),
        }
        for bucket in buckets
    ]
    assert rows_to_buckets(rows, 60) == buckets


texts = st.lists(st.text("变砖固件更新的了连不上 aB2.3v\u200b，！🙂險", max_size=30), max_size=12)


@settings(deadline=None, max_examples=100)
@given(texts, texts, st.integers(0, 8))
def test_new_terms_stand_in_the_window_and_are_few(
    window: list[str], baseline: list[str], most: int
) -> None:
    found = new_terms(window, baseline, most=most, ignore=["连不"])
    assert len(found) <= most
    assert len({term.term for term in found}) == len(found)
    for term in found:
        assert 2 <= term.count <= len(set(window))
        assert 0.0 <= term.baseline_share <= 1.0
        assert term.term
    assert found == new_terms(window, baseline, most=most, ignore=["连不"])
