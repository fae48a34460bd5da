import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from listener.errors import Conflict
from listener.store import incidents, mentions, outbox, series, sources, updates
from listener.store.engine import read_session, unit_of_work
from listener.store.migrate import newest_revision, schema_differences, schema_revision
from listener.store.outbox import NotSent
from listener.store.rows import bucket_start
from listener.store.tables import Mention, Message
from tests.build import item, score_all, set_up, store

NOW = datetime(2026, 11, 22, 3, 2, tzinfo=UTC)
LEASE = timedelta(seconds=60)


def put(session, key, **values):
    defaults = {
        "channel": "c",
        "recipient": "r",
        "purpose": "alert",
        "subject_type": "incident",
        "subject_id": 1,
        "body": {"html": key},
        "now": NOW,
    }
    return outbox.put_message(session, dedupe_key=key, **(defaults | values))


def claim(engine, now=NOW, owner="me"):
    with unit_of_work(engine) as session:
        return outbox.claim_messages(
            session, owner=owner, now=now, lease=LEASE, limit=10, channels=["c"]
        )


def test_models_and_migrations_describe_the_same_schema(engine):
    assert schema_revision(engine) == newest_revision()
    assert schema_differences(engine) == []


def test_a_read_session_cannot_write(engine):
    with pytest.raises(DBAPIError, match=r"read-?only"):
        with read_session(engine) as session:
            put(session, "k")


def test_four_writers_at_once_all_get_through(engine):
    failures = []

    def write(name):
        try:
            for number in range(40):
                with unit_of_work(engine) as session:
                    session.exec(select(Message)).all()
                    put(session, f"{name}-{number}")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with read_session(engine) as session:
        assert outbox.count_pending(session) == 160


def test_a_mention_is_stored_once_whatever_is_repeated(engine):
    understanding = set_up(engine, NOW)
    items = [item(1, "澜白坏了", NOW), item(2, "澜白挺好", NOW)]
    assert store(engine, understanding, items, NOW) == 2
    assert store(engine, understanding, items, NOW) == 0


def test_two_character_words_are_found_in_both_scripts(engine):
    understanding = set_up(engine, NOW)
    store(
        engine, understanding, [item(1, "瀾白韌體更新後變磚", NOW), item(2, "澜白不错", NOW)], NOW
    )
    with read_session(engine) as session:
        assert [text for _, text in mentions.search_mentions(session, "变砖")] == [
            "瀾白韌體更新後變磚"
        ]
        assert mentions.search_mentions(session, "变砖 不错") == []


def test_authors_are_stored_as_pseudonyms_only(engine):
    understanding = set_up(engine, NOW)
    private = item(1, "澜白坏了", NOW, author_id="u42", author_name="张三")
    media = item(2, "澜白坏了吗", NOW, author_id="u43", author_name="某日报", author_verified=True)
    store(engine, understanding, [private, media], NOW)
    with read_session(engine) as session:
        rows = {row.external_id: row for row in session.exec(select(Mention))}
    assert rows["post-1"].author_name is None
    assert rows["post-1"].author_hash not in (None, "u42")
    assert rows["post-2"].author_name == "某日报"


def counts(engine, start):
    with read_session(engine) as session:
        found = series.load_buckets(session, 1, since=start, until=start + timedelta(minutes=5))
    one = found.get(start)
    return (one.mentions, one.negatives, one.raw_mentions) if one else (0, 0, 0)


def test_one_account_flooding_counts_once_and_many_reposting_count_each(engine):
    understanding = set_up(engine, NOW)
    flood = [item(n, "澜白变砖了！", NOW, author_id="loud") for n in range(5)]
    reposts = [item(10 + n, "澜白 变砖 了", NOW, author_id=f"a{n}") for n in range(3)]
    store(engine, understanding, flood + reposts, NOW)
    score_all(engine, NOW)
    assert counts(engine, bucket_start(NOW)) == (4, 4, 8)


def test_a_late_earlier_copy_takes_the_count_from_the_later_one(engine):
    understanding = set_up(engine, NOW)
    store(engine, understanding, [item(1, "澜白变砖了", NOW, author_id="x")], NOW)
    score_all(engine, NOW)
    assert counts(engine, bucket_start(NOW))[0] == 1
    earlier = NOW - timedelta(hours=2)
    store(engine, understanding, [item(2, "澜白变砖了", earlier, author_id="x")], NOW)
    score_all(engine, NOW)
    assert counts(engine, bucket_start(NOW))[0] == 0
    assert counts(engine, bucket_start(earlier))[0] == 1


def test_scoring_the_same_mention_twice_changes_no_count(engine):
    understanding = set_up(engine, NOW)
    store(engine, understanding, [item(1, "澜白变砖了", NOW)], NOW)
    for _ in range(2):
        with unit_of_work(engine) as session:
            for row in session.exec(select(Mention)):
                row.stage = mentions.TO_SCORE
        score_all(engine, NOW)
    assert counts(engine, bucket_start(NOW)) == (1, 1, 1)


def test_history_without_exact_times_is_in_no_bucket(engine):
    understanding = set_up(engine, NOW)
    dated = item(1, "澜白坏了", NOW - timedelta(days=1), posted_precision="day")
    store(engine, understanding, [dated, item(2, "澜白不行", None)], NOW, is_backfill=True)
    score_all(engine, NOW)
    assert counts(engine, bucket_start(NOW)) == (0, 0, 0)


def test_the_same_message_is_decided_once(engine):
    with unit_of_work(engine) as session:
        assert put(session, "k") is not None
        assert put(session, "k") is None


def test_a_claimed_message_belongs_to_its_owner_until_the_lease_ends(engine):
    with unit_of_work(engine) as session:
        put(session, "k")
    assert len(claim(engine)) == 1
    assert claim(engine, owner="other") == []
    assert len(claim(engine, NOW + LEASE, owner="other")) == 1
    with unit_of_work(engine) as session:
        assert not outbox.mark_sent(session, 1, owner="me", now=NOW, remote_id="9", remote={}), (
            "a lost lease must not settle the message"
        )


def test_an_edit_waits_for_its_original_and_only_the_newest_goes(engine):
    with unit_of_work(engine) as session:
        original = put(session, "a")
        put(session, "e1", target_id=original)
        put(session, "e2", target_id=original)
    (first,) = claim(engine)
    assert first.id == original
    with unit_of_work(engine) as session:
        outbox.mark_sent(
            session, first.id, owner="me", now=NOW, remote_id="9", remote={"message_id": 9}
        )
    (edit,) = claim(engine)
    assert edit.body == {"html": "e2"}
    assert edit.target_remote == {"message_id": 9}
    with read_session(engine) as session:
        dropped = session.exec(select(Message).where(Message.dedupe_key == "e1")).one()
    assert dropped.not_sent_reason == NotSent.SUPERSEDED


def test_edits_of_a_dropped_original_are_dropped_with_a_reason(engine):
    with unit_of_work(engine) as session:
        original = put(session, "a")
        put(session, "e", target_id=original)
    claim(engine)
    with unit_of_work(engine) as session:
        outbox.mark_dropped(session, 1, owner="me", reason=NotSent.GONE, error="x")
    assert claim(engine) == []
    with read_session(engine) as session:
        edit = session.exec(select(Message).where(Message.dedupe_key == "e")).one()
    assert edit.not_sent_reason == NotSent.TARGET_NOT_SENT


def test_updates_are_stored_once_and_finished_once(engine):
    with unit_of_work(engine) as session:
        updates.store_updates(session, [(7, {"kind": "press"}), (8, {"kind": "text"})], NOW)
        updates.store_updates(session, [(8, {"kind": "text"})], NOW)
        assert updates.update_cursor(session, NOW) == 9
        assert [one.update_id for one in updates.waiting_updates(session)] == [7, 8]
        assert updates.finish_update(session, 7, now=NOW, outcome="done")
        assert not updates.finish_update(session, 7, now=NOW, outcome="done")


def test_a_cursor_older_than_the_chat_keeps_numbers_is_not_used(engine):
    with unit_of_work(engine) as session:
        updates.store_updates(session, [(7, {})], NOW)
        assert updates.update_cursor(session, NOW + timedelta(days=8)) == 0


def test_due_sources_are_claimed_once_and_come_back_after_a_crash(engine):
    set_up(engine, NOW)

    def take(now):
        with unit_of_work(engine) as session:
            return sources.claim_due_sources(session, owner="me", now=now, lease=LEASE, limit=5)

    assert [one.key for one in take(NOW)] == ["forum"]
    assert take(NOW) == []
    assert [one.key for one in take(NOW + LEASE)] == ["forum"]


def test_a_pass_that_overlaps_leaves_no_gap_and_one_that_does_not_leaves_one(engine):
    set_up(engine, NOW)

    def visit(now, *, overlaps, oldest):
        with unit_of_work(engine) as session:
            sources.claim_due_sources(
                session, owner="me", now=now, lease=LEASE, limit=5, keys=["forum"]
            )
            sources.finish_pass(
                session,
                source_id=1,
                owner="me",
                now=now,
                state={},
                overlaps=overlaps,
                oldest_item_at=oldest,
                next_in=LEASE,
            )
            return sources.unrecovered_gaps(session, since=NOW - timedelta(days=1))

    later = NOW + timedelta(hours=3)
    assert visit(NOW, overlaps=False, oldest=NOW - timedelta(days=9)) == []
    assert visit(later, overlaps=True, oldest=NOW) == []
    much_later = later + timedelta(hours=3)
    seen_from = much_later - timedelta(hours=1)
    assert visit(much_later, overlaps=False, oldest=seen_from) == [(1, later, seen_from)]


def test_an_unknown_incident_is_named(engine):
    with read_session(engine) as session, pytest.raises(Conflict, match="no incident 5"):
        incidents.incident(session, 5)
