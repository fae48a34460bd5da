"""Bring a database to the schema this program needs, and refuse one that is newer.

On PostgreSQL one advisory lock lets only one machine migrate at a time; on SQLite the write lock
does. A migration is one transaction: it happens as a whole or not at all.
"""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, text

from listener.errors import StoreError
from listener.store.engine import curable_errors, schema_change
from listener.store.tables import metadata

HEAD = "head"
_FOLDER = str(Path(__file__).parent / "migrations")
# Any number, as long as it never changes: the advisory lock that migrations hold.
_LOCK = 7_317_202_601
# Search needs what no model can describe: SQLite's own tables, an index over an expression.
_UNMODELLED = {"table": "mention_search", "index": "ix_mention_search"}


def schema_revision(engine: Engine) -> str | None:
    """Return the revision a database is at; None for an empty one."""
    with curable_errors(), engine.connect() as connection:
        return revision_of(connection)


def revision_of(connection: Connection) -> str | None:
    """Do the same as ``schema_revision`` inside the caller's transaction."""
    return MigrationContext.configure(connection).get_current_revision()


def revisions() -> list[str]:
    """Return every revision this program knows, oldest first."""
    return [script.revision for script in ScriptDirectory(_FOLDER).walk_revisions()][::-1]


def newest_revision() -> str:
    """Return the revision this program needs."""
    known = revisions()
    if not known:
        raise StoreError("this installation carries no migrations; reinstall Fengsheng")
    return known[-1]


def upgrade(engine: Engine, revision: str = HEAD) -> None:
    """Run every missing migration; does nothing on a current database.

    Raises ``StoreError`` when the database was written by a newer program.
    """
    if schema_revision(engine) == (newest_revision() if revision == HEAD else revision):
        return
    with schema_change(engine) as connection:
        upgrade_within(connection, revision)


def upgrade_within(connection: Connection, revision: str = HEAD) -> None:
    """Do the same as ``upgrade`` inside the caller's transaction."""
    if connection.dialect.name == "postgresql":
        # Building an index on a large table takes as long as it takes.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    config = Config()
    config.set_main_option("script_location", _FOLDER.replace("%", "%%"))
    config.attributes["connection"] = connection
    current = revision_of(connection)
    _refuse_newer(current)
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise StoreError(
            f"the database is at schema '{current}' and cannot become '{revision}': {error}"
        ) from None


def check_current(engine: Engine) -> None:
    """Refuse a database that is not at the schema this program needs.

    Raises ``StoreError`` naming both schemas and what to do.
    """
    current = schema_revision(engine)
    _refuse_newer(current)
    if current != newest_revision():
        raise StoreError(
            f"the database is at schema '{current or 'none'}' and this version needs "
            f"'{newest_revision()}'; make a backup, then run: fengsheng migrate"
        )


def _refuse_newer(current: str | None) -> None:
    if current is not None and current not in revisions():
        raise StoreError(
            f"the database is at schema '{current}', which this version does not "
            "know; install the newer Fengsheng that wrote it"
        )


def is_modelled(name: str | None, kind: str, _parents: object) -> bool:
    """Say whether the models are meant to describe this part of the schema."""
    prefix = _UNMODELLED.get(kind)
    return prefix is None or name is None or not name.startswith(prefix)


def schema_differences(engine: Engine) -> list[Any]:
    """Return what the tables in code and the schema of a migrated database do not share."""
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_name": is_modelled, "compare_type": True}
        )
        return list(compare_metadata(context, metadata))
