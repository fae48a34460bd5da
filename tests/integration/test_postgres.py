"""What only a server can do: go away, be old, be asked for by several machines at once."""

import asyncio
import itertools
import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from listener.cli import app
from listener.clock import FakeClock
from listener.commands.doctor import _problems
from listener.config import load_secrets
from listener.config_file import load_config
from listener.errors import ConfigError, StoreError, Temporary
from listener.home import connect_database
from listener.loops import Loop
from listener.pipeline import judge, save_judged
from listener.scoring.protocol import Sentiment
from listener.store import mentions, outbox, series, sources
from listener.store.engine import open_engine, parse_url, read_session, transact, unit_of_work
from listener.store.health import DatabaseHealth, examine_database
from listener.store.migrate import upgrade
from listener.store.presence import Presence
from listener.store.rows import bucket_start
from tests.build import item, score_all, set_up, store
from tests.conftest import DATABASES
from tests.fakes.postgres import PostgresServer
from tests.filling import START as NOW
from tests.integration.test_migrate import CONFIG

LEASE = timedelta(minutes=2)


@pytest.fixture
def postgresql(new_database):
    engine = open_engine(new_database("postgresql"))
    yield engine
    engine.dispose()


def put(session, key):
    return outbox.put_message(
        session,
        channel="c",
        recipient="r",
        purpose="p",
        subject_type="s",
        subject_id=1,
        dedupe_key=key,
        body={"html": "a\x00b\ud83d"},
        now=NOW,
    )


@pytest.mark.parametrize("database", DATABASES)
def test_hostile_characters_and_numbers_are_stored_and_stop_nothing(engine):
    understanding = set_up(engine, NOW)
    hostile = item(
        1,
        "澜白坏了\x00\ud83d\udfff",
        NOW,
        title="a\x00b\ud800",
        author_name="\x00\ud800",
        author_id="\ud800\x00",
        author_verified=True,
        url="https://forum.example/\x00\ud800",
        parent_id="\x00",
        thread_title="\ud800",
        likes=10**30,
        views=-(10**30),
        rating=float("inf"),
        extra={"\x00": "\x00\ud800", "n": 10**30},
    )
    assert store(engine, understanding, [hostile, item(2, "澜白挺好", NOW)], NOW) == 2
    assert store(engine, understanding, [hostile], NOW) == 0
    assert score_all(engine, NOW) == 2
    with unit_of_work(engine) as session:
        assert put(session, "k\x00") is not None
        assert put(session, "k\x00") is None
    with read_session(engine) as session:
        (found,) = mentions.search_mentions(session, "坏了")
    assert "\x00" not in found[1]


def test_two_machines_never_claim_the_same_work(postgresql):
    understanding = set_up(postgresql, NOW)
    store(postgresql, understanding, [item(n, f"澜白坏了{n}", NOW) for n in range(60)], NOW)
    taken, start = [], threading.Barrier(4)

    def work(name):
        start.wait(10)
        for _ in range(10):
            with unit_of_work(postgresql) as session:
                batch = mentions.claim_to_score(session, owner=name, now=NOW, lease=LEASE, limit=3)
            taken.extend(one.id for one in batch)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 60


def test_two_machines_scoring_one_bucket_lose_no_count(postgresql):
    understanding = set_up(postgresql, NOW)
    store(postgresql, understanding, [item(n, f"澜白变砖了{n}", NOW) for n in range(80)], NOW)
    start = threading.Barrier(4)
    failures = []

    def work(name):
        start.wait(10)
        try:
            while _score_two(postgresql, name):
                pass
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with read_session(postgresql) as session:
        begin = bucket_start(NOW)
        found = series.load_buckets(session, 1, since=begin, until=begin + LEASE)
    assert found[begin].raw_mentions == 80


def _score_two(engine, name):
    with unit_of_work(engine) as session:
        batch = mentions.claim_to_score(session, owner=name, now=NOW, lease=LEASE, limit=2)
    sentiments = [
        Sentiment(
            negative=0.9, neutral=0.0, positive=0.1, label="negative", evidence=(), scorer="t@1"
        )
        for _ in batch
    ]
    if batch:
        transact(engine, lambda session: save_judged(session, judge(batch, sentiments), now=NOW))
    return len(batch)


def test_a_deadlock_is_curable_and_run_again(postgresql):
    set_up(postgresql, NOW)
    with unit_of_work(postgresql) as session:
        session.execute(text("INSERT INTO brand (key, name, query) VALUES ('c', 'c', '{}')"))
    start = threading.Barrier(2)
    runs = []

    def rename(first, second):
        def action(session):
            runs.append(first)
            session.execute(text("UPDATE brand SET name = 'x' WHERE key = :k"), {"k": first})
            if len(runs) <= 2:
                start.wait(10)
            session.execute(text("UPDATE brand SET name = 'x' WHERE key = :k"), {"k": second})

        transact(postgresql, action)

    threads = [threading.Thread(target=rename, args=pair) for pair in ("bc", "cb")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 3, "one of the two was the victim and ran again"


def test_leases_of_a_dead_machine_are_free_at_once_and_those_of_a_living_one_are_not(postgresql):
    set_up(postgresql, NOW)
    alive, dead = Presence(postgresql, "alive"), Presence(postgresql, "dead")
    alive.keep()
    dead.keep()
    with unit_of_work(postgresql) as session:
        put(session, "k")
        sources.claim_due_sources(session, owner="alive", now=NOW, lease=LEASE, limit=5)
        outbox.claim_messages(session, owner="dead", now=NOW, lease=LEASE, limit=5, channels=["c"])
    dead.close()
    new = Presence(postgresql, "new")
    deadline = 100
    while deadline:
        new.keep()
        with unit_of_work(postgresql) as session:
            free = outbox.claim_messages(
                session, owner="new", now=NOW, lease=LEASE, limit=5, channels=["c"]
            )
            held = sources.claim_due_sources(session, owner="new", now=NOW, lease=LEASE, limit=5)
        deadline = 0 if free else deadline - 1
    assert len(free) == 1
    assert held == []
    for one in (alive, new):
        one.close()


@pytest.fixture
def own_server():
    """A server that may be killed: every connection to it breaks."""
    server = PostgresServer()
    engine = open_engine(server.url(server.create_database()))
    yield server, engine
    engine.dispose()
    server.remove()


def test_loops_survive_that_the_server_is_killed_and_comes_back(own_server):
    server, engine = own_server
    upgrade(engine)
    presence = Presence(engine, "me")
    numbers = itertools.count()

    def step():
        presence.keep()
        with unit_of_work(engine) as session:
            put(session, f"k{next(numbers)}")
        with read_session(engine) as session:
            return outbox.count_pending(session)

    async def run():
        loop = Loop("test", lambda: asyncio.to_thread(step), clock=FakeClock(NOW))
        task = asyncio.create_task(loop.run())

        async def until(condition):
            async with asyncio.timeout(60):
                while not condition():
                    loop.wake()
                    await asyncio.sleep(0.02)

        await until(lambda: loop.health.processed > 3)
        await asyncio.to_thread(server.kill)
        await until(lambda: loop.health.failed >= 2)
        assert not task.done()
        await asyncio.to_thread(server.start)
        before = loop.health.processed
        await until(lambda: loop.health.processed > before)
        loop.stop()
        await task

    asyncio.run(run())
    presence.close()


def test_recording_waits_until_the_server_is_back(own_server):
    server, engine = own_server
    runs = []

    def action(session):
        runs.append(1)
        if len(runs) == 1:
            server.kill()
        return session.execute(text("SELECT 7")).scalar_one()

    starter = threading.Thread(target=lambda: (_wait_for(lambda: runs), server.start()))
    try:
        starter.start()
        assert transact(engine, action) == 7
        assert len(runs) >= 2
    finally:
        starter.join()


def _wait_for(condition):
    pause = threading.Event()
    while not condition():
        pause.wait(0.02)
    pause.wait(0.2)


def test_a_lock_held_too_long_is_temporary_and_a_wrong_statement_is_not(postgresql):
    set_up(postgresql, NOW)
    with unit_of_work(postgresql) as one:
        one.execute(text("SELECT 1 FROM brand FOR UPDATE"))
        with pytest.raises(Temporary, match="lock timeout"):
            _ask(postgresql, "SET LOCAL lock_timeout = '50ms'", "SELECT 1 FROM brand FOR UPDATE")
    with pytest.raises(DBAPIError):
        _ask(postgresql, "SELECT nonsense")


def _ask(engine, *statements):
    with unit_of_work(engine) as session:
        for statement in statements:
            session.execute(text(statement))


def test_sessions_are_limited_and_in_utc(postgresql):
    with postgresql.connect() as connection:
        shown = {
            name: connection.execute(text(f"SHOW {name}")).scalar_one()
            for name in ("statement_timeout", "lock_timeout", "timezone", "application_name")
        }
    assert shown == {
        "statement_timeout": "1min",
        "lock_timeout": "15s",
        "timezone": "UTC",
        "application_name": "fengsheng",
    }


@pytest.mark.parametrize(
    "url", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg2://u@h/d"]
)
def test_any_postgresql_address_goes_through_the_one_driver(url):
    assert parse_url(url).drivername == "postgresql+psycopg"


def test_a_password_is_refused_in_the_file_and_never_repeated(tmp_path):
    path = tmp_path / "config.toml"
    for url in ("postgresql://u:s3cr3t@h/d", "postgresql://h/d?password=s3cr3t"):
        path.write_text(f'[database]\nurl = "{url}"\n', encoding="utf-8")
        with pytest.raises(ConfigError, match="FENGSHENG_DATABASE_URL") as refused:
            load_config(path)
        assert "s3cr3t" not in str(refused.value)
    path.write_text('database = "postgresql://u:s3cr3t@h/d"\n', encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_config(path)
    assert "s3cr3t" not in str(refused.value)


def test_the_password_comes_from_a_file_and_no_failure_shows_it(tmp_path):
    (tmp_path / "url").write_text("postgresql://u:s3cr3t@127.0.0.1:1/d\n", encoding="utf-8")
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    secrets = load_secrets({"FENGSHENG_DATABASE_URL_FILE": str(tmp_path / "url")})
    engine = connect_database(load_config(tmp_path / "config.toml"), secrets)
    with pytest.raises(Temporary) as failed, read_session(engine) as session:
        session.execute(text("SELECT 1"))
    assert "127.0.0.1" in str(failed.value)
    assert "s3cr3t" not in f"{failed.value} {engine!r} {secrets!r}"
    shown = doctor(tmp_path, FENGSHENG_DATABASE_URL_FILE=str(tmp_path / "url"))
    assert shown.exit_code == 1
    assert "cannot be reached" in shown.output
    assert "s3cr3t" not in shown.output


def doctor(tmp_path, **environment):
    config = tmp_path / "config.toml"
    config.write_text(CONFIG, encoding="utf-8")
    environment["FENGSHENG_CONFIG"] = str(config)
    return CliRunner().invoke(app, ["doctor"], env=environment)


def test_the_doctor_knows_a_good_server_and_names_a_missing_migration(new_database, tmp_path):
    good = doctor(tmp_path, FENGSHENG_DATABASE_URL=new_database("postgresql"))
    assert "database postgresql 18" in good.output
    empty = doctor(tmp_path, FENGSHENG_DATABASE_URL=new_database("postgresql", migrated=False))
    assert "fengsheng migrate" in empty.output


def test_the_doctor_names_each_fault_with_a_remedy(postgresql):
    assert list(_problems(examine_database(postgresql))) == []
    bad = DatabaseHealth(
        kind="postgresql",
        version="11.2",
        major=11,
        encoding="SQL_ASCII",
        may_write=False,
        may_create=False,
        connections=5,
    )
    found = list(_problems(bad))
    assert len(found) == 5
    assert all(check.remedy for check in found)


def test_a_missing_privilege_is_named(postgres_server, new_database):
    owner = open_engine(new_database("postgresql", migrated=False))
    with owner.begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS reader"))
        connection.execute(text("CREATE ROLE reader LOGIN"))
    reader = open_engine(owner.url.set(username="reader").render_as_string(hide_password=False))
    assert not examine_database(reader).may_create
    with pytest.raises(StoreError, match="lacks a privilege"):
        upgrade(reader)
    for engine in (reader, owner):
        engine.dispose()
