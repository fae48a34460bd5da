"""Run by Alembic inside ``listener.store.migrate``, which hands the engine over."""

from alembic import context
from sqlalchemy import Engine

from listener.store.tables import metadata

_SEARCH_TABLES = "mention_search"


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """Leave out SQLite's own search tables, which no model describes."""
    return not (kind == "table" and name is not None and name.startswith(_SEARCH_TABLES))


def run() -> None:
    """Run the migrations in one write transaction."""
    engine: Engine = context.config.attributes["engine"]
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            include_name=include_name,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
