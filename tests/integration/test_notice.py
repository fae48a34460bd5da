"""Noticing on stored buckets: lateness, learning, one finding per episode."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from listener.detect.settings import CrisisSettings
from listener.detect.volume import VolumeSettings
from listener.notice import Noticer, NoticeSettings, lateness_allowance, notice_series
from listener.store import series, sources
from listener.store.engine import read_session, unit_of_work
from listener.store.rows import bucket_start
from listener.store.tables import Baseline, Finding, Source
from tests.build import item, score_all, set_up, store

NOW = datetime(2026, 11, 22, 3, 2, tzinfo=UTC)
SETTINGS = NoticeSettings(
    crisis=CrisisSettings.for_sensitivity("normal"),
    parts=CrisisSettings.for_sensitivity("low"),
    volume=VolumeSettings(),
    tz=ZoneInfo("Asia/Shanghai"),
    history=timedelta(days=35),
    lateness=timedelta(minutes=15),
)


@pytest.fixture
def watched(engine):
    """Ten days of a quiet brand: one post an hour, a complaint every six."""
    understanding = set_up(engine, NOW)
    with unit_of_work(engine) as session:
        session.exec(select(Source)).one().last_success_at = NOW
    posts = [
        item(
            n,
            f"澜白第{n}次{'坏了，客服没人理' if n % 6 == 0 else '用着不错'}",
            NOW - timedelta(hours=n, minutes=3),
        )
        for n in range(1, 240)
    ]
    store(engine, understanding, posts, NOW - timedelta(hours=1), is_backfill=True)
    score_all(engine, NOW)
    return understanding


def notice(engine, now=NOW):
    with unit_of_work(engine) as session:
        one = next(one for one in series.all_series(session) if one.is_overall)
        return notice_series(session, one, SETTINGS, now)


def burst(engine, understanding, until, count=15, first=1000):
    posts = [
        item(first + n, f"澜白更新后变砖了，第{n}位", until - timedelta(seconds=20 * n))
        for n in range(count)
    ]
    store(engine, understanding, posts, until)
    score_all(engine, until)


def crisis_baseline(session):
    query = select(Baseline).where(Baseline.series_id == 1, Baseline.channel == "crisis")
    return session.exec(query).one()


def all_findings(engine, channel="crisis"):
    with read_session(engine) as session:
        return session.exec(select(Finding).where(Finding.channel == channel)).all()


def test_a_quiet_brand_raises_nothing_and_history_never_alarms(engine, watched):
    burst(engine, watched, NOW - timedelta(hours=30))
    assert notice(engine) is None
    assert all_findings(engine) == []


def test_a_burst_makes_one_finding_however_often_it_is_judged(engine, watched):
    burst(engine, watched, NOW)
    assert notice(engine) is not None
    for minute in range(1, 20):
        notice(engine, NOW + timedelta(minutes=minute))
    (found,) = all_findings(engine)
    assert found.observed == 15


def test_late_arrivals_teach_but_do_not_raise_yesterdays_alarm(engine, watched):
    notice(engine)
    burst(engine, watched, NOW - timedelta(hours=2))
    with read_session(engine) as session:
        assert crisis_baseline(session).is_stale
    for minutes in (1, 12, 24):
        assert notice(engine, NOW + timedelta(minutes=minutes)) is None
    with read_session(engine) as session:
        assert not crisis_baseline(session).is_stale


def test_a_slowly_arriving_burst_inside_the_allowance_still_alarms(engine, watched):
    notice(engine)
    burst(engine, watched, NOW - timedelta(minutes=9))
    assert notice(engine, NOW + timedelta(minutes=1)) is not None


def test_an_episode_ends_and_the_next_one_is_another_finding(engine, watched):
    burst(engine, watched, NOW)
    notice(engine)
    later = NOW + timedelta(hours=4)
    for minutes in range(0, 240, 5):
        notice(engine, NOW + timedelta(minutes=minutes))
    assert all_findings(engine)[0].ended_at is not None
    burst(engine, watched, later, first=2000)
    notice(engine, later)
    assert len(all_findings(engine)) == 2


def test_nothing_is_judged_while_history_still_comes_in(engine):
    understanding = set_up(engine, NOW)
    burst(engine, understanding, NOW)
    assert notice(engine) is None
    with unit_of_work(engine) as session:
        session.exec(select(Source)).one().last_success_at = NOW
    assert notice(engine) is not None


@pytest.mark.parametrize(
    ("intervals", "minutes"), [([30], 15), ([600, 60], 20), ([86_400], 360), ([], 15)]
)
def test_the_allowance_is_twice_the_interval_within_bounds(intervals, minutes):
    assert lateness_allowance(intervals) == timedelta(minutes=minutes)


def test_only_what_changed_is_judged_again(engine, watched):
    noticer = Noticer(SETTINGS)
    first = noticer.tick(engine, [1], NOW)
    assert first >= 1
    assert noticer.tick(engine, [1], NOW + timedelta(seconds=5)) == 0
    burst(engine, watched, NOW + timedelta(seconds=10))
    assert noticer.tick(engine, [1], NOW + timedelta(seconds=15)) >= 1
    assert noticer.tick(engine, [1], bucket_start(NOW) + timedelta(minutes=5)) >= first


def loud(engine, understanding):
    """A second group of sources where a great deal is said, a quarter of it bad, day and night."""
    with unit_of_work(engine) as session:
        settings = sources.SourceSettings(
            key="social", name="微博", spider="feed", group_name="social", interval_s=60,
            is_enabled=True,
        )  # fmt: skip
        sources.sync_sources(session, [settings], NOW)
        session.exec(select(Source).where(Source.key == "social")).one().last_success_at = NOW
    posts = [
        item(
            50_000 + n,
            f"澜白洗地机{n}号用户{n * 7919 % 997}：{'坏了，客服没人理' if n % 4 == 0 else '挺好用'}",
            NOW - timedelta(minutes=2 * n),
        )
        for n in range(1, 800)
    ]
    store(engine, understanding, posts, NOW - timedelta(minutes=2), is_backfill=True, source_id=2)
    score_all(engine, NOW)


@pytest.mark.slow
def test_a_crisis_in_one_group_is_found_although_the_whole_hides_it(engine, watched):
    loud(engine, watched)
    noticer = Noticer(SETTINGS)
    noticer.tick(engine, [1], NOW)
    assert all_findings(engine) == []
    posts = [
        item(90_000 + n, f"澜白坏了，投诉没人理，第{n}位", NOW - timedelta(seconds=80 * n))
        for n in range(10)
    ]
    store(engine, watched, posts, NOW)
    score_all(engine, NOW)
    noticer.tick(engine, [1], NOW + timedelta(seconds=5))
    parts = {
        (one.judgement["topic"], one.judgement["source_group"]) for one in all_findings(engine)
    }
    assert ("all", "forum") in parts


def test_a_wave_of_mentions_is_told_once_as_volume(engine, watched):
    loud(engine, watched)
    noticer = Noticer(SETTINGS)
    noticer.tick(engine, [1], NOW)
    wave = [
        item(70_000 + n, f"澜白直播间抽奖啦，我是{n}号观众", NOW + timedelta(seconds=4 * n))
        for n in range(300)
    ]
    store(engine, watched, wave, NOW + timedelta(minutes=20), source_id=2)
    score_all(engine, NOW + timedelta(minutes=20), negative=0.1)
    for minutes in range(20, 90, 5):
        noticer.tick(engine, [1], NOW + timedelta(minutes=minutes))
    [told] = all_findings(engine, "volume")
    assert told.observed > 100
    assert all_findings(engine) == []
