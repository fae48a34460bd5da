"""What ``fengsheng doctor`` asks of a database: version, encoding, privileges, room."""

from dataclasses import dataclass

from sqlalchemy import Engine, text

from listener.store.engine import curable_errors

OLDEST_POSTGRESQL = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseHealth:
    """What was found out; PostgreSQL only but for ``kind`` and ``version``."""

    kind: str
    version: str
    major: int
    encoding: str = "UTF8"
    may_write: bool = True
    may_create: bool = True
    connections: int = 0


def examine_database(engine: Engine) -> DatabaseHealth:
    """Connect and ask. Raises ``Temporary`` when the database cannot be reached."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            version = str(connection.execute(text("SELECT sqlite_version()")).scalar_one())
        major = int(version.partition(".")[0])
        return DatabaseHealth(kind="sqlite", version=version, major=major)
    query = text(
        "SELECT current_setting('server_version'), "
        "current_setting('server_version_num')::int / 10000, "
        "pg_encoding_to_char(encoding), "
        "current_setting('transaction_read_only') = 'off', "
        "has_schema_privilege(current_schema(), 'CREATE'), "
        "current_setting('max_connections')::int - current_setting("
        "'superuser_reserved_connections')::int "
        "FROM pg_database WHERE datname = current_database()"
    )
    with curable_errors(), engine.connect() as connection:
        row = connection.execute(query).one()
    return DatabaseHealth(
        kind="postgresql",
        version=str(row[0]).split()[0],
        major=int(row[1]),
        encoding=str(row[2]),
        may_write=bool(row[3]),
        may_create=bool(row[4]),
        connections=int(row[5]),
    )
