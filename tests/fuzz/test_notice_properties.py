"""What must hold between the arrival of mentions and the judgement, in whatever order they come."""

import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from listener.app import notice_settings
from listener.config import Config
from listener.detect.replay import replay
from listener.detect.settings import CrisisSettings
from listener.detect.types import Bucket
from listener.notice import notice_series
from listener.store import series
from listener.store.engine import open_engine, read_session, sqlite_url, unit_of_work
from listener.store.migrate import upgrade
from listener.store.tables import Baseline, Finding, Source
from listener.store.tables import Bucket as BucketRow
from tests.build import item, score_all, set_up, store

NOW = datetime(2026, 11, 22, 3, 2, tzinfo=UTC)
SETTINGS = notice_settings(Config())
START = datetime(2025, 3, 28, 20, tzinfo=UTC)


def judged(order, repeats, batch):
    """Store a quiet history, then a burst in the given order and batches; return what stands."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(sqlite_url(Path(folder) / "test.db"))
        try:
            upgrade(engine)
            understanding = set_up(engine, NOW)
            with unit_of_work(engine) as session:
                session.exec(select(Source)).one().last_success_at = NOW
            past = [
                item(n, f"澜白第{n}次坏了，客服没人理", NOW - timedelta(hours=5 * n, minutes=3))
                for n in range(1, 30)
            ]
            store(engine, understanding, past, NOW, is_backfill=True)
            score_all(engine, NOW)
            burst = [
                item(1000 + n, f"澜白更新后变砖了，第{n}位", NOW - timedelta(seconds=40 * n))
                for n in order
            ]
            burst += [burst[n] for n in repeats]
            for first in range(0, len(burst), batch):
                store(engine, understanding, burst[first : first + batch], NOW)
                score_all(engine, NOW)
            with unit_of_work(engine) as session:
                one = next(each for each in series.all_series(session) if each.is_overall)
                notice_series(session, one, SETTINGS, NOW)
            with read_session(engine) as session:
                counts = [
                    (row.start_at, row.mentions, row.negatives)
                    for row in session.exec(
                        select(BucketRow)
                        .where(BucketRow.series_id == one.id)
                        .order_by(BucketRow.start_at)
                    )
                ]
                found = [
                    (row.natural_key, row.score, row.observed)
                    for row in session.exec(select(Finding))
                ]
                learned = [
                    row.state
                    for row in session.exec(select(Baseline).where(Baseline.channel == "crisis"))
                ]
            return counts, found, learned
        finally:
            engine.dispose()


@settings(deadline=None, max_examples=2)
@given(st.randoms(use_true_random=False), st.integers(4, 15))
def test_order_and_repeats_within_the_lateness_change_nothing(
    rng: random.Random, batch: int
) -> None:
    order = list(range(15))
    plain = judged(order, [], 15)
    rng.shuffle(order)
    assert judged(order, rng.choices(range(15), k=5), batch) == plain
    assert plain[1]


@settings(deadline=None, max_examples=15)
@given(
    st.lists(st.integers(-1, 1), min_size=3, max_size=11),
    st.integers(1, 24),
    st.sampled_from([1, 2, 7, 50, 1000, 10**6]),
)
def test_scaling_a_quiet_series_raises_nothing(
    wobble: list[int], quiet_hour: int, scale: int
) -> None:
    buckets = []
    for number in range(400):
        negatives = 5 + wobble[number % len(wobble)]
        mentions = 40 if number % 24 < quiet_hour else 30
        start = START + number * timedelta(hours=1)
        buckets.append(Bucket(start, mentions * scale, negatives * scale))
    rule = CrisisSettings.for_sensitivity("high", bucket_minutes=60)
    assert not any(one.is_on for one in replay(buckets, rule, SETTINGS.tz))
