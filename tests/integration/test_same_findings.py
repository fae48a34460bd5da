"""The same posts lead to the same findings, incidents, evidence and texts on both databases."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from crisis.drafting import draft_requested
from crisis.intake import handle_finding, refresh_open_incidents
from listener.app import build_desk
from listener.config import Secrets
from listener.config_file import load_config
from listener.demo.world import build_world
from listener.detect.settings import CrisisSettings
from listener.detect.volume import VolumeSettings
from listener.items import MentionItem, Precision
from listener.notice import Noticer, NoticeSettings
from listener.store import findings
from listener.store.engine import open_engine, read_session, unit_of_work
from tests.build import score_all, set_up, store
from tests.conftest import DATABASES
from tests.filling import by_column
from tests.integration.test_migrate import CONFIG

pytestmark = pytest.mark.slow

ANCHOR = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SINCE = timedelta(days=5)
SETTINGS = NoticeSettings(
    crisis=CrisisSettings.for_sensitivity("normal"),
    parts=CrisisSettings.for_sensitivity("low"),
    volume=VolumeSettings(),
    tz=ZoneInfo("Asia/Shanghai"),
    history=timedelta(days=35),
    lateness=timedelta(minutes=15),
)


@cache
def world():
    return build_world(ANCHOR)


def posts_until(until, since):
    return [
        MentionItem(
            source_id=post.id,
            text=post.text,
            title=post.title,
            author_id=post.author_id,
            author_name=post.author,
            author_followers=post.followers,
            author_verified=post.verified,
            posted_at=post.posted_at,
            posted_precision=Precision.SECOND,
            likes=post.likes,
            reposts=post.reposts,
            comments=post.comments,
            rating=post.rating,
            rating_max=5 if post.rating else None,
        )
        for post in world().posts
        if since <= post.posted_at < until
    ]


def play(engine, desk_file):
    """Five days of history at once, then the crisis, five minutes at a time."""
    now = ANCHOR - timedelta(minutes=25)
    understanding = set_up(engine, now)
    with unit_of_work(engine) as session:
        session.execute(text("UPDATE source SET last_success_at = next_due_at"))
    store(engine, understanding, posts_until(now, ANCHOR - SINCE), now, is_backfill=True)
    score_all(engine, now)
    desk = build_desk(desk_file, understanding.brand_ids, Secrets())
    noticer = Noticer(SETTINGS)
    while now < ANCHOR + timedelta(minutes=20):
        last, now = now, now + timedelta(minutes=5)
        store(engine, understanding, posts_until(now, last), now)
        score_all(engine, now)
        noticer.tick(engine, [1], now)
        with unit_of_work(engine) as session:
            for finding in findings.unhandled_findings(session, limit=20):
                handle_finding(session, desk, finding, now)
            draft_requested(session, desk, now)
            refresh_open_incidents(session, desk, now)


# The key of an edit is random.
LEFT_OUT = (("message", "dedupe_key"),)


def comparable(connection):
    """Every value of every table that both databases have to agree on."""
    return {
        f"{table}.{column}": values
        for (table, column), values in by_column(connection).items()
        if (table, column) not in LEFT_OUT
    }


def test_both_databases_find_the_same(new_database, tmp_path):
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    file = load_config(tmp_path / "config.toml")
    outcome = {}
    for kind in DATABASES:
        engine = open_engine(new_database(kind))
        play(engine, file)
        with read_session(engine) as session:
            tables = comparable(session.connection())
        engine.dispose()
        outcome[kind] = tables
        counts = {name.partition(".")[0]: len(rows) for name, rows in tables.items() if rows}
        exact = json.dumps(tables, ensure_ascii=False, sort_keys=True).encode()
        print(f"{kind}: {counts} sha256 {hashlib.sha256(exact).hexdigest()[:16]}")
    sqlite, postgresql = (outcome[kind] for kind in DATABASES)
    for name in ("finding", "incident", "incident_event", "statement", "message"):
        assert sqlite[f"{name}.id"], f"the replay has to make a {name}"
    differ = [name for name in sqlite if json.dumps(sqlite[name]) != json.dumps(postgresql[name])]
    assert differ == []
