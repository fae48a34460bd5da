"""The crisis channel on small series made here: what must alert, what must not, what is learned."""

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import exp
from zoneinfo import ZoneInfo

import pytest

from listener.detect.crisis import CrisisDetector, StateMismatch
from listener.detect.episodes import episodes
from listener.detect.replay import replay
from listener.detect.settings import CrisisSettings
from listener.detect.types import Bucket, Judgement

UTC_ZONE = ZoneInfo("UTC")
MONDAY = datetime(2025, 3, 3, tzinfo=UTC)
DAY = 288
HOUR = 12


def poisson(chance: random.Random, mean: float) -> int:
    """Draw from a Poisson distribution (Knuth)."""
    limit, product, count = exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count


def season(number: int, minutes: int = 5) -> float:
    """Busy by day, quiet by night; the mean over a day is 1."""
    hour = number * minutes / 60 % 24
    return 1.6 if 8 <= hour < 22 else 0.16


def series(
    days: float,
    per_hour: float = 40.0,
    *,
    share: float = 0.1,
    minutes: int = 5,
    seed: int = 1,
    extra: Callable[[int], tuple[float, float]] = lambda _: (0.0, 0.0),
) -> list[Bucket]:
    """Return a seasonal series; ``extra`` gives additional (other, negative) means by number."""
    chance = random.Random(seed)
    buckets = []
    for number in range(int(days * 1440 / minutes)):
        mean = per_hour * minutes / 60 * season(number, minutes)
        more_others, more_negatives = extra(number)
        others = poisson(chance, mean * (1 - share)) + poisson(chance, more_others)
        negatives = poisson(chance, mean * share) + poisson(chance, more_negatives)
        start = MONDAY + timedelta(minutes=minutes * number)
        buckets.append(Bucket(start, others + negatives, negatives))
    return buckets


def judge(buckets: Iterable[Bucket], settings: CrisisSettings | None = None) -> list[Judgement]:
    return replay(buckets, settings or CrisisSettings(), UTC_ZONE)


def between(
    first: int, last: int, others: float, negatives: float
) -> Callable[[int], tuple[float, float]]:
    return lambda number: (others, negatives) if first <= number < last else (0.0, 0.0)


def fed(buckets: Iterable[Bucket], tz: str = "UTC") -> CrisisDetector:
    detector = CrisisDetector(CrisisSettings(), ZoneInfo(tz))
    for bucket in buckets:
        detector.step(bucket)
    return detector


BURST_AT = 12 * DAY + 15 * HOUR
BURST = between(BURST_AT, BURST_AT + 2 * HOUR, 0.0, 3.0)


@pytest.mark.parametrize("per_hour", [0.1, 4.0, 40.0, 400.0])
def test_a_calm_series_never_alerts(per_hour: float) -> None:
    assert episodes(judge(series(10, per_hour))) == []


@pytest.mark.parametrize("per_hour", [0.1, 4.0, 40.0])
def test_a_burst_of_negatives_alerts_within_half_an_hour_and_ends(per_hour: float) -> None:
    (found,) = episodes(judge(series(14, per_hour, extra=BURST)))
    started_at = MONDAY + BURST_AT * timedelta(minutes=5)
    assert started_at <= found.start <= started_at + timedelta(minutes=25)
    assert found.end is not None
    assert found.end <= started_at + timedelta(hours=4)
    assert found.first.turned_on
    assert found.peak_score == found.peak.score >= found.first.score


def test_an_alert_explains_itself() -> None:
    buckets = series(14, extra=BURST)
    detector = fed(buckets[:BURST_AT], "Asia/Shanghai")
    alert = next(
        judgement
        for judgement in detector.peek(buckets[BURST_AT : BURST_AT + DAY])
        if judgement.turned_on
    )
    end = buckets.index(next(bucket for bucket in buckets if bucket.start == alert.start)) + 1
    window = buckets[end - alert.window_buckets : end]
    assert alert.observed == sum(bucket.negatives for bucket in window)
    assert alert.total == sum(bucket.mentions for bucket in window)
    assert alert.expected == max(alert.expected_baseline, alert.expected_share)
    assert alert.observed >= 1.8 * alert.expected
    assert alert.expected_by == (
        "baseline" if alert.expected_baseline >= alert.expected_share else "share"
    )
    assert alert.usual_share == pytest.approx(0.1, abs=0.02)
    assert alert.baseline_mean == pytest.approx(40 / 12 * 1.6 * 0.1, rel=0.3)
    assert alert.baseline_total == pytest.approx(40 / 12 * 1.6, rel=0.2)
    assert alert.coverage == 1.0
    assert not alert.is_outage
    # Saturday 15:00 UTC is Saturday 23:00 in Shanghai.
    assert (alert.baseline_hour, alert.is_weekend) == (23, True)


def test_a_promotion_day_with_the_usual_share_does_not_alert() -> None:
    promo = between(12 * DAY, 13 * DAY, 30 * 0.9, 30 * 0.1)
    judgements = judge(series(14, extra=promo))
    assert episodes(judgements) == []
    busy = judgements[12 * DAY + 2 * HOUR : 13 * DAY]
    assert any(one.expected_by == "share" for one in busy)
    assert any(one.observed >= 4 * one.expected_baseline for one in busy)


def test_a_crisis_inside_a_promotion_alerts() -> None:
    def promo_then_crisis(number: int) -> tuple[float, float]:
        inside = 12 * DAY <= number < 13 * DAY
        crisis = 12 * DAY + 14 * HOUR <= number < 12 * DAY + 16 * HOUR
        return (27.0, 3.0 + 20.0 * crisis) if inside else (0.0, 0.0)

    (found,) = episodes(judge(series(14, extra=promo_then_crisis)))
    assert found.start < MONDAY + timedelta(days=12, hours=14, minutes=30)


def test_a_burst_of_praise_does_not_alert() -> None:
    assert episodes(judge(series(14, extra=between(BURST_AT, BURST_AT + 60, 30.0, 0.5)))) == []


def test_more_mentions_at_the_usual_share_for_good_do_not_alert() -> None:
    judgements = judge(series(20, extra=lambda n: (9.0, 1.0) if n >= 12 * DAY else (0.0, 0.0)))
    assert episodes(judgements) == []


def down(buckets: list[Bucket], first: int, last: int, coverage: float) -> list[Bucket]:
    return [
        Bucket(bucket.start, 0, 0, coverage) if first <= number < last else bucket
        for number, bucket in enumerate(buckets)
    ]


@pytest.mark.parametrize("coverage", [0.0, 1.0], ids=["reported", "silent"])
def test_an_outage_is_recognised_and_teaches_nothing(coverage: float) -> None:
    buckets = series(16)
    first, last = 12 * DAY + 9 * HOUR, 12 * DAY + 21 * HOUR
    whole, holed = judge(buckets), judge(down(buckets, first, last, coverage))
    assert all(judgement.is_outage for judgement in holed[first + HOUR : last])
    # In the first days the nights are not known yet and look like outages.
    assert not any(judgement.is_outage for judgement in holed[3 * DAY : first] + holed[last:])
    assert episodes(holed) == []
    later = 14 * DAY + 15 * HOUR
    assert holed[later].baseline_total == pytest.approx(whole[later].baseline_total, rel=0.05)


def test_what_arrives_late_after_an_outage_does_not_alert() -> None:
    buckets = series(14)
    first, last = 12 * DAY + 9 * HOUR, 12 * DAY + 15 * HOUR
    missed = buckets[first:last]
    holed = down(buckets, first, last, 0.0)
    holed[last] = Bucket(
        holed[last].start,
        sum(bucket.mentions for bucket in missed),
        sum(bucket.negatives for bucket in missed),
    )
    assert episodes(judge(holed)) == []


def test_the_share_of_time_covered_is_told() -> None:
    buckets = series(3)
    buckets[-3:] = [replace(bucket, coverage=0.5) for bucket in buckets[-3:]]
    assert judge(buckets)[-1].coverage == pytest.approx(0.75)


def test_half_covered_buckets_teach_the_full_rate() -> None:
    buckets = series(12)
    halved = [Bucket(b.start, b.mentions // 2, b.negatives // 2, 0.5) for b in buckets]
    noon = -6 * HOUR
    assert judge(halved)[noon].baseline_total == pytest.approx(
        judge(buckets)[noon].baseline_total, rel=0.25
    )


def test_a_crisis_does_not_teach_the_baseline() -> None:
    calm, crisis = judge(series(20)), judge(series(20, extra=BURST))
    next_day = BURST_AT + DAY
    assert crisis[next_day].baseline_mean == pytest.approx(calm[next_day].baseline_mean, rel=0.15)
    assert crisis[next_day].usual_share == pytest.approx(calm[next_day].usual_share, rel=0.1)


def test_a_second_crisis_two_days_later_alerts_again() -> None:
    second = BURST_AT + 2 * DAY

    def twice(number: int) -> tuple[float, float]:
        inside = any(at <= number < at + 2 * HOUR for at in (BURST_AT, second))
        return (0.0, 3.0 * inside)

    assert len(episodes(judge(series(16, extra=twice)))) == 2


def test_a_change_that_lasts_alerts_and_then_becomes_normal() -> None:
    judgements = judge(series(30, extra=lambda n: (0.0, 1.0) if n >= 12 * DAY else (0.0, 0.0)))
    found = episodes(judgements)
    assert found[0].start < MONDAY + timedelta(days=12, hours=6)
    assert not any(judgement.is_on for judgement in judgements[19 * DAY :])


def test_a_slow_burn_of_a_small_brand_is_found_by_the_day_window() -> None:
    buckets = series(22, 0.2)
    for number in range(20 * DAY, 21 * DAY, 80 // 5):  # One more negative every 80 minutes.
        bucket = buckets[number]
        buckets[number] = Bucket(bucket.start, bucket.mentions + 1, bucket.negatives + 1)
    found = episodes(judge(buckets))
    assert found[0].start < MONDAY + timedelta(days=20, hours=12)
    assert found[0].first.window_buckets == DAY


def test_a_burst_that_is_over_is_not_told_again_by_the_day_window() -> None:
    judgements = judge(series(16, 4.0, extra=BURST))
    assert len(episodes(judgements)) == 1


def test_the_preset_decides_how_much_it_takes() -> None:
    buckets = series(14, seed=2, extra=between(BURST_AT, BURST_AT + 2 * HOUR, 0.0, 0.9))
    on = {
        name: sum(one.is_on for one in judge(buckets, CrisisSettings.for_sensitivity(name)))
        for name in ("low", "normal", "high")
    }
    assert on["low"] < on["normal"] < on["high"]


@pytest.mark.parametrize("minutes", [1, 15, 60])
def test_other_bucket_lengths_work_alike(minutes: int) -> None:
    first, last = (12 * 1440 + 900) // minutes, (12 * 1440 + 1080) // minutes
    days = 12.8 if minutes == 1 else 14
    buckets = series(days, minutes=minutes, extra=between(first, last, 0.0, 0.6 * minutes))
    settings = CrisisSettings.for_sensitivity("normal", bucket_minutes=minutes)
    (found,) = episodes(judge(buckets, settings))
    assert timedelta(0) <= found.start - buckets[first].start <= timedelta(hours=1)


def test_a_window_longer_than_the_series_works() -> None:
    bucket = Bucket(MONDAY, 30, 7)
    (judgement,) = judge([bucket])
    assert (judgement.observed, judgement.total, judgement.coverage) == (7, 30, 1.0)


def test_a_partial_bucket_cannot_be_stepped() -> None:
    detector = fed(series(1))
    with pytest.raises(ValueError, match=r"2025-03-04T00:00:00\+00:00 is partial"):
        detector.step(Bucket(MONDAY + timedelta(days=1), 1, 0, is_partial=True))


def test_a_partial_bucket_can_turn_the_alert_on_and_teaches_nothing() -> None:
    buckets = series(14, extra=BURST)
    detector = fed(buckets[:BURST_AT])
    before = json.dumps(detector.dump())
    now = Bucket(buckets[BURST_AT].start, 30, 30, is_partial=True)
    (judgement,) = detector.peek([now])
    assert judgement.turned_on
    assert json.dumps(detector.dump()) == before


def test_an_empty_partial_bucket_is_no_outage_and_never_turns_off() -> None:
    buckets = series(14, extra=BURST)
    detector = fed(buckets[: BURST_AT + HOUR])
    empty = [
        Bucket(buckets[BURST_AT + HOUR].start + n * timedelta(minutes=5), 0, 0, is_partial=True)
        for n in range(2 * DAY)
    ]
    judgements = detector.peek(empty)
    assert all(judgement.is_on and not judgement.is_outage for judgement in judgements)


def test_peek_says_what_step_will_say() -> None:
    buckets = series(14, extra=BURST)
    detector = fed(buckets[:BURST_AT])
    ahead = buckets[BURST_AT : BURST_AT + 3 * HOUR]
    assert detector.peek(ahead) == [detector.step(bucket) for bucket in ahead]
    assert detector.peek([]) == []


def test_replaying_the_same_buckets_gives_the_same_judgements() -> None:
    buckets = series(13, extra=BURST)
    assert judge(buckets) == judge(buckets)


@pytest.mark.parametrize("minutes", [0, 10, -5])
def test_a_hole_or_a_step_back_is_refused_with_both_times(minutes: int) -> None:
    detector = fed(series(1))
    start = MONDAY + timedelta(days=1, minutes=minutes - 5)
    with pytest.raises(ValueError, match="does not follow") as caught:
        detector.step(Bucket(start, 0, 0))
    assert start.isoformat() in str(caught.value)
    assert "2025-03-03T23:55:00+00:00" in str(caught.value)


def test_a_saved_state_goes_on_exactly_where_it_was() -> None:
    buckets = series(14, extra=BURST)
    detector = fed(buckets[: BURST_AT + 8])
    restored = CrisisDetector(CrisisSettings(), UTC_ZONE)
    restored.load(json.loads(json.dumps(detector.dump())))
    rest = buckets[BURST_AT + 8 :]
    assert [detector.step(b) for b in rest] == [restored.step(b) for b in rest]
    assert restored.dump() == detector.dump()


def test_a_new_detector_can_be_saved_too() -> None:
    restored = CrisisDetector(CrisisSettings(), UTC_ZONE)
    restored.load(CrisisDetector(CrisisSettings(), UTC_ZONE).dump())
    assert restored.step(Bucket(MONDAY, 1, 0)) == fed([]).step(Bucket(MONDAY, 1, 0))


def test_a_dump_does_not_change_with_the_detector() -> None:
    detector = fed(series(2))
    saved = detector.dump()
    copy = json.dumps(saved)
    detector.step(Bucket(MONDAY + timedelta(days=2), 9, 9))
    assert json.dumps(saved) == copy


@pytest.mark.parametrize(
    ("settings", "tz", "change"),
    [
        (CrisisSettings.for_sensitivity("high"), "UTC", {}),
        (CrisisSettings(), "Asia/Shanghai", {}),
        (CrisisSettings(), "UTC", {"version": 0}),
        (CrisisSettings(), "UTC", {"fingerprint": None}),
    ],
    ids=["settings", "time zone", "version", "damaged"],
)
def test_a_foreign_state_is_refused_and_changes_nothing(
    settings: CrisisSettings, tz: str, change: dict[str, object]
) -> None:
    state = fed(series(1)).dump() | change
    detector = CrisisDetector(settings, ZoneInfo(tz))
    before = detector.dump()
    with pytest.raises(StateMismatch, match="replay the buckets"):
        detector.load(state)
    assert detector.dump() == before


def test_local_days_and_hours_decide_the_season() -> None:
    detector = CrisisDetector(CrisisSettings(), ZoneInfo("Asia/Shanghai"))
    judgements = [detector.step(bucket) for bucket in series(7)]
    starts = [
        one.start for one, other in pairwise(judgements) if one.is_weekend < other.is_weekend
    ]
    assert starts == [datetime(2025, 3, 7, 15, 55, tzinfo=UTC)]
    assert judgements[0].baseline_hour == 8
