"""Backups: the same data out of and into either database, whole or not at all."""

import json
import os
import subprocess
import sys
import threading
import zipfile

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from listener.backup import ReadBackup, restore_backup, write_backup
from listener.cli import app
from listener.errors import StoreError
from listener.privacy import installation_key
from listener.store import mentions
from listener.store.engine import open_engine, read_session
from listener.store.migrate import newest_revision, revisions, schema_revision, upgrade
from tests.build import item, score_all, set_up, store
from tests.conftest import DATABASES, ROOT
from tests.filling import START as NOW
from tests.filling import contents, fill
from tests.integration.test_migrate import CONFIG


def filled(url):
    engine = open_engine(url)
    with engine.begin() as connection:
        rows = fill(connection)
    return engine, rows


def rows_of(engine):
    with engine.connect() as connection:
        return contents(connection)


def tables(engine):
    query = (
        "SELECT name FROM sqlite_master"
        if engine.dialect.name == "sqlite"
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )
    with engine.connect() as connection:
        return set(connection.execute(text(query)).scalars())


def load(path, engine, tmp_path, *, replace=False):
    with ReadBackup(path) as source:
        restore_backup(source, engine, keys=tmp_path / "keys", replace=replace)


@pytest.mark.parametrize("target", DATABASES)
def test_a_round_trip_changes_nothing_whatever_the_databases(
    database, target, new_database, tmp_path
):
    source, rows = filled(new_database(database))
    first = write_backup(source, tmp_path / "a.zip", keys=None, now=NOW)
    assert first.total_rows == sum(len(table) for table in rows.values())
    restored = open_engine(new_database(target, migrated=False))
    load(tmp_path / "a.zip", restored, tmp_path)
    assert rows_of(restored) == rows
    second = write_backup(restored, tmp_path / "b.zip", keys=None, now=NOW)
    assert second.tables == first.tables, "the same hash for every table"
    with read_session(restored) as session:
        assert len(mentions.search_mentions(session, "变砖")) == 3
    understanding = set_up(restored, NOW)
    assert store(restored, understanding, [item(1, "澜白坏了", NOW)], NOW) == 1
    for engine in (source, restored):
        engine.dispose()


def test_only_an_empty_database_is_loaded_unless_told_otherwise(engine, tmp_path):
    with engine.begin() as connection:
        rows = fill(connection)
    write_backup(engine, tmp_path / "a.zip", keys=None, now=NOW)
    set_up(engine, NOW)
    before = rows_of(engine)
    with pytest.raises(StoreError, match="--replace"):
        load(tmp_path / "a.zip", engine, tmp_path)
    assert rows_of(engine) == before != rows
    engine.dispose()  # as the service does when it ends
    load(tmp_path / "a.zip", engine, tmp_path, replace=True)
    assert rows_of(engine) == rows


def test_tables_that_are_not_ours_are_never_touched(engine, new_database, tmp_path):
    write_backup(engine, tmp_path / "a.zip", keys=None, now=NOW)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE payroll (id INTEGER)"))
    engine.dispose()
    with pytest.raises(StoreError, match=r"not Fengsheng's \(payroll\)"):
        load(tmp_path / "a.zip", engine, tmp_path, replace=True)
    assert "payroll" in tables(engine)


@pytest.mark.slow
@pytest.mark.parametrize("revision", revisions())
def test_an_older_backup_is_migrated_up(database, new_database, tmp_path, revision, monkeypatch):
    old = open_engine(new_database(database, migrated=False))
    upgrade(old, revision)
    with old.begin() as connection:
        rows = fill(connection)
    monkeypatch.setattr("listener.backup.check_current", lambda engine: None)
    manifest = write_backup(old, tmp_path / "a.zip", keys=None, now=NOW)
    assert manifest.schema == revision
    target = open_engine(new_database(database, migrated=False))
    load(tmp_path / "a.zip", target, tmp_path)
    assert schema_revision(target) == newest_revision()
    after = rows_of(target)
    assert {name: len(after[name]) for name in rows if name in after} == {
        name: len(found) for name, found in rows.items() if name in after
    }
    for engine in (old, target):
        engine.dispose()


def damaged(path, how):
    content = bytearray(path.read_bytes())
    if how == "truncated":
        content = content[: len(content) // 2]
    elif how == "flipped":
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo("tables/mention.jsonl")
            middle = info.header_offset + 60 + info.compress_size // 2
        content[middle] ^= 0xFF
    elif how == "empty":
        content = bytearray()
    path.write_bytes(content)


@pytest.mark.parametrize("how", ["truncated", "flipped", "empty"])
def test_a_damaged_file_is_refused_before_anything_is_touched(engine, tmp_path, how):
    with engine.begin() as connection:
        rows = fill(connection)
    path = tmp_path / "a.zip"
    write_backup(engine, path, keys=None, now=NOW)
    damaged(path, how)
    engine.dispose()
    with pytest.raises(StoreError, match="damaged or not complete"):
        load(path, engine, tmp_path, replace=True)
    assert rows_of(engine) == rows


def rewritten(path, target, name, change):
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, change(content) if info.filename == name else content)
    return target


def test_a_changed_row_an_unknown_schema_and_a_newer_format_are_refused(engine, tmp_path):
    with engine.begin() as connection:
        fill(connection)
    path = tmp_path / "a.zip"
    write_backup(engine, path, keys=None, now=NOW)

    def manifest(**values):
        return lambda content: json.dumps(json.loads(content) | values).encode()

    changes = [
        ("tables/brand.jsonl", lambda c: c.replace(b"name 1", b"name 9"), "brand is not what"),
        ("manifest.json", manifest(schema="9999"), "does not know"),
        ("manifest.json", manifest(format=2), "newer"),
        ("manifest.json", manifest(tables=3), "manifest is damaged"),
    ]
    for number, (name, change, said) in enumerate(changes):
        other = rewritten(path, tmp_path / f"{number}.zip", name, change)
        with pytest.raises(StoreError, match=said):
            load(other, engine, tmp_path, replace=True)


def test_a_row_that_refers_to_nothing_stops_the_restore_and_leaves_the_target_empty(
    database, new_database, tmp_path
):
    source, _ = filled(new_database(database))
    if database == "postgresql":
        with source.begin() as connection:
            connection.execute(text("ALTER TABLE score DROP CONSTRAINT fk_score_mention_id"))
            connection.execute(text("UPDATE score SET mention_id = 99 WHERE mention_id = 1"))
    else:
        with source.connect() as connection:
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
            raw = connection.connection.driver_connection
            connection.rollback()
            raw.execute("PRAGMA foreign_keys = OFF")
            raw.execute("UPDATE score SET mention_id = 99 WHERE mention_id = 1")
    write_backup(source, tmp_path / "a.zip", keys=None, now=NOW)
    target = open_engine(new_database(database, migrated=False))
    with pytest.raises(Exception, match=r"refer|foreign key"):
        load(tmp_path / "a.zip", target, tmp_path)
    assert tables(target) == set()
    for engine in (source, target):
        engine.dispose()


def test_a_backup_is_one_moment_although_the_service_writes_on(engine, tmp_path):
    understanding = set_up(engine, NOW)
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            store(engine, understanding, [item(number, f"澜白坏了{number}", NOW)], NOW)
            score_all(engine, NOW)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            manifest = write_backup(engine, tmp_path / f"{number}.zip", keys=None, now=NOW)
            counts = {table.name: table.rows for table in manifest.tables}
            assert counts["mention"] == counts["match"]
            assert counts["score"] == counts["complaint"]
            assert counts["mention"] - counts["score"] in (0, 1)
    finally:
        stop.set()
        writer.join()


def test_keys_are_in_a_backup_only_when_asked_for_and_never_overwritten_silently(
    engine, new_database, database, tmp_path
):
    here, there = tmp_path / "here", tmp_path / "there"
    key = installation_key(here, "pseudonym")
    write_backup(engine, tmp_path / "without.zip", keys=None, now=NOW)
    write_backup(engine, tmp_path / "with.zip", keys=here, now=NOW)
    assert key not in (tmp_path / "without.zip").read_bytes()
    assert (tmp_path / "with.zip").stat().st_mode & 0o077 == 0
    engine.dispose()
    target = open_engine(new_database(database))
    with ReadBackup(tmp_path / "with.zip") as source:
        restore_backup(source, target, keys=there, replace=False)
        assert installation_key(there, "pseudonym") == key
        assert (there / "pseudonym.key").stat().st_mode & 0o077 == 0
        (there / "pseudonym.key").write_bytes(b"x" * 32)
        target.dispose()
        with pytest.raises(StoreError, match="differs from the one in the backup"):
            restore_backup(source, target, keys=there, replace=False)
        restore_backup(source, target, keys=there, replace=True)
    assert installation_key(there, "pseudonym") == key
    target.dispose()


def test_an_existing_file_is_not_overwritten(engine, tmp_path):
    (tmp_path / "a.zip").write_text("mine", encoding="utf-8")
    with pytest.raises(StoreError, match="exists already"):
        write_backup(engine, tmp_path / "a.zip", keys=None, now=NOW)
    assert (tmp_path / "a.zip").read_text(encoding="utf-8") == "mine"


@pytest.mark.slow
def test_a_restore_that_is_killed_leaves_the_target_empty(database, new_database, tmp_path):
    source, rows = filled(new_database(database))
    write_backup(source, tmp_path / "a.zip", keys=None, now=NOW)
    url = new_database(database, migrated=False)
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "FENGSHENG_DATABASE_URL": url,
        "FENGSHENG_CONFIG": str(tmp_path / "config.toml"),
    }
    command = [sys.executable, "-m", "listener.cli", "restore", str(tmp_path / "a.zip")]
    killed = subprocess.run(
        command, env=environment | {"FENGSHENG_FAIL_AT": "restore-loaded"}, check=False
    )
    assert killed.returncode == -9
    target = open_engine(url)
    assert tables(target) == set()
    target.dispose()
    load(tmp_path / "a.zip", target, tmp_path)
    assert rows_of(target) == rows
    for engine in (source, target):
        engine.dispose()


def test_the_commands_move_an_installation(database, new_database, tmp_path):
    source, rows = filled(new_database(database))
    source_url = source.url.render_as_string(hide_password=False)
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")

    def run(url, *arguments):
        environment = {
            "FENGSHENG_DATABASE_URL": url,
            "FENGSHENG_CONFIG": str(tmp_path / "config.toml"),
        }
        return CliRunner().invoke(app, list(arguments), env=environment)

    path = str(tmp_path / "a.zip")
    saved = run(source_url, "backup", path, "--json")
    assert saved.exit_code == 0, saved.stderr
    assert json.loads(saved.stdout)["schema"] == newest_revision()
    other = new_database("sqlite" if database == "postgresql" else "postgresql", migrated=False)
    loaded = run(other, "restore", path)
    assert loaded.exit_code == 0, loaded.stderr
    target = open_engine(other)
    assert rows_of(target) == rows
    again = run(other, "restore", path)
    assert again.exit_code == 1
    target.dispose()
    source.dispose()
