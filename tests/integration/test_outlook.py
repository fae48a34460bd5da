"""What a stored history says of its baseline and of each sensitivity."""

from datetime import UTC, datetime, timedelta

import pytest

from listener.config import Config
from listener.outlook import maturity, suggest
from listener.store import overview
from listener.store.engine import read_session
from tests.build import item, score_all, set_up, store

NOW = datetime(2026, 11, 22, 3, 2, tzinfo=UTC)
HISTORY = timedelta(days=35)
TZ = Config().tz


def heard(engine, days: int, bursts: int) -> None:
    understanding = set_up(engine, NOW)
    posts = [
        item(n, f"澜白第{n}次用着不错", NOW - timedelta(hours=n, minutes=7))
        for n in range(24 * days)
    ]
    posts += [
        item(
            10_000 + 100 * burst + n,
            f"澜白更新后变砖了，第{burst}批第{n}位",
            NOW - timedelta(days=2 + 3 * burst, seconds=15 * n),
        )
        for burst in range(bursts)
        for n in range(25)
    ]
    store(engine, understanding, posts, NOW, is_backfill=True)
    score_all(engine, NOW)


@pytest.mark.parametrize(("days", "is_young"), [(3, True), (20, False)])
def test_a_baseline_is_young_for_two_weeks(engine, days, is_young):
    heard(engine, days, 0)
    with read_session(engine) as session:
        found = maturity(session, 1, now=NOW, history=HISTORY)
    assert found.is_young is is_young
    assert round(found.days) == days


def test_a_brand_that_was_never_heard_is_young(engine):
    set_up(engine, NOW)
    with read_session(engine) as session:
        assert maturity(session, 1, now=NOW, history=HISTORY).days == 0
        found = suggest(session, 1, tz=TZ, now=NOW, history=HISTORY)
    assert (found.recommended, found.has_history) == ("normal", False)


def test_a_quiet_history_allows_the_most_sensitive_preset(engine):
    heard(engine, 20, 0)
    with read_session(engine) as session:
        found = suggest(session, 1, tz=TZ, now=NOW, history=HISTORY)
    assert (found.recommended, [one.alerts for one in found.presets]) == ("high", [0, 0, 0])


def test_a_history_full_of_bursts_recommends_the_calmest_preset(engine):
    heard(engine, 20, 5)
    with read_session(engine) as session:
        found = suggest(session, 1, tz=TZ, now=NOW, history=HISTORY)
    assert found.recommended == "low"
    assert all(one.alerts >= 4 for one in found.presets)


def test_counts_by_source_tell_matched_and_negative(engine):
    heard(engine, 2, 1)
    with read_session(engine) as session:
        (one,) = overview.source_counts(session)
        texts = overview.newest_texts(session, is_matched=True, limit=3)
    assert (one.mentions, one.matched, one.negatives) == (73, 73, 25)
    assert len(texts) == 3
