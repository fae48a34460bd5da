"""Every schema ever released becomes the newest one, on both databases."""

import json
import threading

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from listener.cli import app
from listener.errors import StoreError
from listener.store import mentions
from listener.store.engine import open_engine, read_session, unit_of_work
from listener.store.migrate import (
    check_current,
    newest_revision,
    revisions,
    schema_differences,
    schema_revision,
    upgrade,
)
from listener.store.outbox import put_message
from tests.filling import START, by_column, fill

CONFIG = """
[[people]]
key = "lin"
name = "林岚"
roles = ["lead"]

[[brands]]
key = "b"
name = "澜白"
[brands.query]
any = ["澜白"]
"""


@pytest.fixture
def empty(database, new_database):
    engine = open_engine(new_database(database, migrated=False))
    yield engine
    engine.dispose()


@pytest.mark.parametrize("revision", revisions())
def test_rows_of_every_released_schema_survive_the_way_to_the_newest(empty, revision):
    upgrade(empty, revision)
    assert schema_revision(empty) == revision
    with empty.begin() as connection:
        fill(connection)
        before = by_column(connection)
    upgrade(empty)
    assert schema_revision(empty) == newest_revision()
    assert schema_differences(empty) == []
    with empty.connect() as connection:
        after = by_column(connection)
    kept = before.keys() & after.keys()
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert len(kept) > 0.8 * len(before)
    with read_session(empty) as session:
        assert len(mentions.search_mentions(session, "变砖")) == 3
    with unit_of_work(empty) as session:
        added = put_message(
            session,
            channel="c",
            recipient="r",
            purpose="p",
            subject_type="s",
            subject_id=1,
            dedupe_key="new",
            body={},
            now=START,
        )
        assert added == 4, "the next row gets the next number"


def test_migrating_from_several_machines_at_once_happens_once(empty):
    failures = []

    def run():
        try:
            upgrade(empty)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    check_current(empty)


def test_a_failing_migration_changes_nothing(empty):
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE audit_entry (x INTEGER)"))
    with pytest.raises(Exception, match="audit_entry"):
        upgrade(empty)
    with empty.connect() as connection:
        kind = "sqlite_master" if empty.dialect.name == "sqlite" else "pg_tables"
        names = "name" if kind == "sqlite_master" else "tablename"
        query = f"SELECT count(*) FROM {kind} WHERE {names} IN ('mention', 'brand', 'story')"
        assert connection.execute(text(query)).scalar_one() == 0


def test_a_database_of_a_newer_program_is_refused(engine):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for check in (upgrade, check_current):
        with pytest.raises(StoreError, match="install the newer Fengsheng"):
            check(engine)


def run(tmp_path, url, *arguments):
    config = tmp_path / "config.toml"
    config.write_text(CONFIG, encoding="utf-8")
    environment = {"FENGSHENG_DATABASE_URL": url, "FENGSHENG_CONFIG": str(config)}
    return CliRunner().invoke(app, list(arguments), env=environment)


def test_the_command_says_what_is_needed_and_does_it(database, new_database, tmp_path):
    url = new_database(database, migrated=False)
    checked = run(tmp_path, url, "migrate", "--check", "--json")
    assert checked.exit_code == 1
    assert json.loads(checked.stdout) == {
        "before": None,
        "now": None,
        "needed": newest_revision(),
        "is_current": False,
    }
    done = run(tmp_path, url, "migrate")
    assert done.exit_code == 0
    assert f"none → {newest_revision()}" in done.stdout
    again = run(tmp_path, url, "migrate", "--check")
    assert (again.exit_code, again.stdout) == (0, f"schema {newest_revision()}: current\n")


def test_other_commands_ask_for_the_migration_of_a_postgresql(new_database, tmp_path):
    url = new_database("postgresql", migrated=False)
    refused = run(tmp_path, url, "incidents")
    assert refused.exit_code == 1
    assert "run: fengsheng migrate" in refused.stderr
    assert run(tmp_path, url, "migrate").exit_code == 0
    assert run(tmp_path, url, "incidents").exit_code == 0
