"""Run by Alembic inside ``listener.store.migrate``, which hands over an open transaction."""

from alembic import context
from sqlalchemy import Connection

from listener.store.migrate import is_modelled
from listener.store.tables import metadata


def run() -> None:
    """Run the migrations in the transaction that the caller commits."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        include_name=is_modelled,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
