"""Noticing on stored buckets: lateness, learning, one finding per episode."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from listener.detect.settings import CrisisSettings
from listener.notice import NoticeSettings, lateness_allowance, notice_series
from listener.store import series
from listener.store.engine import read_session, unit_of_work
from listener.store.tables import Baseline, Finding, Source
from tests.build import item, score_all, set_up, store

NOW = datetime(2026, 11, 22, 3, 2, tzinfo=UTC)
SETTINGS = NoticeSettings(
    crisis=CrisisSettings.for_sensitivity("normal"),
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
        (one,) = series.all_series(session)
        return notice_series(session, one, SETTINGS, now)


def burst(engine, understanding, until, count=15, first=1000):
    posts = [
        item(first + n, f"澜白更新后变砖了，第{n}位", until - timedelta(seconds=20 * n))
        for n in range(count)
    ]
    store(engine, understanding, posts, until)
    score_all(engine, until)


def all_findings(engine):
    with read_session(engine) as session:
        return session.exec(select(Finding)).all()


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
        assert session.exec(select(Baseline)).one().is_stale
    for minutes in (1, 12, 24):
        assert notice(engine, NOW + timedelta(minutes=minutes)) is None
    with read_session(engine) as session:
        assert not session.exec(select(Baseline)).one().is_stale


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
