import asyncio
import os
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import SQLModel, func, select

from listener.clock import FakeClock
from listener.config import Config
from listener.operation.tidy import Tidy
from listener.store import audit, incidents, mentions, operation, outbox, updates
from listener.store.engine import read_session, unit_of_work
from listener.store.outbox import NotSent
from listener.store.tables import (
    AuditEntry,
    ChatUpdate,
    Complaint,
    Match,
    Mention,
    Message,
    Score,
    Story,
    StoryBand,
)
from tests.build import item, score_all, set_up, store

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def count(engine, table) -> int:
    with read_session(engine) as session:
        return session.exec(select(func.count()).select_from(table)).one()


def ids(engine) -> list[int]:
    with read_session(engine) as session:
        return list(session.exec(select(Mention.id).order_by(Mention.id)))


@pytest.fixture
def make(engine, tmp_path):
    def build(**privacy) -> Tidy:
        config = Config.model_validate({"privacy": privacy})
        folder = tmp_path / "charts"
        return Tidy(
            engine=engine,
            clock=FakeClock(NOW),
            config=config,
            chart_folder=folder,
            batch=3,
            pause_s=0,
        )

    return build


def texts(since: int, until: int, at: datetime):
    return [item(n, f"澜白第{n}次出问题，屏幕闪了{n}下", at) for n in range(since, until)]


@pytest.fixture
def stored(engine):
    """Ten old mentions with scores, one old without, five young ones."""
    known = set_up(engine, NOW)
    old = NOW - 401 * DAY
    store(engine, known, texts(0, 10, old), old)
    score_all(engine, old)
    store(engine, known, texts(10, 11, old), old)
    store(engine, known, texts(20, 25, NOW - DAY), NOW - DAY)
    return engine


def an_incident(session, evidence, *, group="g", closed_at=None) -> int:
    values = {
        "brand_id": 1,
        "group_key": group,
        "title": "t",
        "crisis_type": "C04",
        "phase": "alerted",
        "severity": "urgent",
        "severity_reason": "r",
        "is_unverified": True,
        "first_seen_at": NOW,
        "opened_at": NOW,
        "closed_at": closed_at,
        "evidence": evidence,
        "refreshed_at": NOW,
    }
    opened = incidents.insert_incident(session, values)
    assert opened is not None
    return opened


def go_round(tidy: Tidy) -> int:
    """Run one whole round; return in how many batches."""

    async def steps() -> int:
        batches = 0
        while await tidy.step():
            batches += 1
        return batches

    return asyncio.run(steps())


def test_old_mentions_go_with_everything_about_them(stored, make):
    assert go_round(make()) > 3, "in small batches"
    assert len(ids(stored)) == 6, "the unscored one and the young ones stay"
    for table in (Score, Complaint):
        assert count(stored, table) == 0
    assert count(stored, Match) == 6
    with read_session(stored) as session:
        assert mentions.search_mentions(session, "第3次") == []
    assert go_round(make()) > 0
    assert len(ids(stored)) == 6, "a second round changes nothing"


def test_what_an_incident_quotes_stays(stored, make):
    quoted = ids(stored)[3:6]
    evidence = {
        "first": {"mention_id": quoted[0]},
        "quotes": [{"mention_id": quoted[1], "text": "…"}],
        "stories": [{"mention_id": quoted[2]}],
    }
    with unit_of_work(stored) as session:
        an_incident(session, evidence, closed_at=NOW - 300 * DAY)
    go_round(make())
    assert set(quoted) < set(ids(stored))
    assert len(ids(stored)) == 9
    assert count(stored, Score) == 3


def test_bands_of_old_stories_go_and_their_texts_stay(stored, make):
    with read_session(stored) as session:
        old_bands = session.exec(
            select(func.count())
            .select_from(StoryBand)
            .join(Story, Story.id == StoryBand.story_id)
            .where(Story.first_event_at < NOW - 30 * DAY)
        ).one()
    before, mentions_before = count(stored, StoryBand), len(ids(stored))
    assert 0 < old_bands < before
    go_round(make(keep_mentions_days=3_000))
    assert count(stored, StoryBand) == before - old_bands
    assert len(ids(stored)) == mentions_before


def test_handled_updates_go_but_the_newest_and_what_waits_stay(engine, make):
    with unit_of_work(engine) as session:
        updates.store_updates(session, [(n, {}) for n in range(1, 8)], NOW - 40 * DAY)
        for n in (1, 2, 3, 4, 5, 7):
            updates.finish_update(session, n, now=NOW - 40 * DAY, outcome="done")
    go_round(make())
    with read_session(engine) as session:
        assert session.exec(select(ChatUpdate.update_id)).all() == [6, 7]


def put(session, key, *, at, **values) -> int:
    defaults = {"subject_type": "incident", "subject_id": 999, "body": {}, "now": at}
    put_ = outbox.put_message(
        session,
        channel="c",
        recipient="r",
        purpose="alert",
        dedupe_key=key,
        **(defaults | values),
    )
    assert put_ is not None
    return put_


def test_settled_messages_go_edits_first_and_those_of_open_incidents_stay(engine, make):
    set_up(engine, NOW)
    old = NOW - 500 * DAY
    gone = {"at": old, "not_sent": NotSent.REFUSED}
    with unit_of_work(engine) as session:
        open_id = an_incident(session, {})
        closed_id = an_incident(session, {}, group="h", closed_at=NOW)
        original = put(session, "a", **gone, subject_id=closed_id)
        for n in range(5):
            put(session, f"edit{n}", **gone, subject_id=closed_id, target_id=original)
        put(session, "reply", **gone, subject_id=closed_id, reply_to_id=original)
        put(session, "open", **gone, subject_id=open_id)
        put(session, "waits", at=old)
        put(session, "young", at=NOW, not_sent=NotSent.REFUSED)
    go_round(make())
    with read_session(engine) as session:
        left = set(session.exec(select(Message.dedupe_key)))
    assert left == {"open", "waits", "young"}


def test_the_audit_trail_is_kept_for_its_own_time(engine, make):
    with unit_of_work(engine) as session:
        for days in (1, 1_000, 1_100, 2_000):
            audit.record_audit(
                session,
                at=NOW - days * DAY,
                actor="lin",
                action="approve",
                object_type="revision",
                object_id=days,
                via="chat",
            )
    go_round(make())
    with read_session(engine) as session:
        assert set(session.exec(select(AuditEntry.object_id))) == {1, 1_000}


def test_old_chart_images_go(make, tmp_path):
    folder = tmp_path / "charts"
    folder.mkdir()
    for name, at in (("old.png", NOW - 500 * DAY), ("new.png", NOW)):
        (folder / name).touch()
        os.utime(folder / name, (at.timestamp(), at.timestamp()))
    go_round(make())
    assert [path.name for path in folder.iterdir()] == ["new.png"]


def test_a_failed_round_begins_anew(stored, make):
    tidy = make()
    with stored.connect() as other:
        other.exec_driver_sql("DROP TABLE complaint")
        other.commit()
    with pytest.raises(DBAPIError) as caught:
        go_round(tidy)
    assert "屏幕" not in str(caught.value), "errors carry no texts"
    upgrade_complaint(stored)
    go_round(tidy)
    assert len(ids(stored)) == 6


def upgrade_complaint(engine) -> None:
    SQLModel.metadata.tables["complaint"].create(engine)


def test_an_error_of_the_database_carries_no_text_of_a_mention(engine):
    set_up(engine, NOW)
    with pytest.raises(IntegrityError) as caught, unit_of_work(engine) as session:
        session.execute(
            insert(Mention).values(text="王小姐的手机屏幕坏了", source_id=1, external_id="x")
        )
    assert "王小姐" not in str(caught.value)


def test_the_census_counts_what_waits(stored):
    with unit_of_work(stored) as session:
        an_incident(session, {})
        an_incident(session, {}, group="h", closed_at=NOW)
        put(session, "due", at=NOW - DAY)
        put(session, "later", at=NOW - 9 * DAY, due_at=NOW + DAY)
    with read_session(stored) as session:
        census = operation.take_census(session, NOW)
        totals = operation.take_totals(session)
    assert census.mentions_waiting == 6
    assert census.oldest_waiting_at == NOW - 401 * DAY
    assert (census.messages_pending, census.oldest_unsent_at) == (2, NOW - DAY)
    assert census.incidents_open == {"urgent": 1}
    assert (census.findings_waiting, census.updates_waiting) == (0, 0)
    assert totals.mentions == {"done": 10, "to_score": 6}
    assert totals.messages == {"pending": 2}
