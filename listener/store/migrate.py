"""Bring a database to the schema this program needs, and refuse one that is newer."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Engine

from listener.errors import StoreError


def _alembic(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["engine"] = engine
    return config


def schema_revision(engine: Engine) -> str | None:
    """Return the revision a database is at; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str:
    """Return the revision this program needs."""
    script = ScriptDirectory(str(Path(__file__).parent / "migrations"))
    head = script.get_current_head()
    if head is None:
        raise StoreError("this installation carries no migrations; reinstall Fengsheng")
    return head


def upgrade(engine: Engine) -> None:
    """Run every missing migration; does nothing on a current database.

    Raises ``StoreError`` when the database was written by a newer program.
    """
    try:
        if schema_revision(engine) != newest_revision():
            command.upgrade(_alembic(engine), "head")
    except CommandError:
        raise StoreError(
            f"the database is at schema '{schema_revision(engine)}', which this version does not "
            "know; install the newer Fengsheng that wrote it"
        ) from None
