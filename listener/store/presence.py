"""Which services of a shared PostgreSQL are alive, so that nobody waits for a dead one's leases.

A service holds an advisory lock named after it on a connection of its own; the server lets go of
it when the process or its machine dies. SQLite has one service only and needs none of this.
"""

from sqlalchemy import Connection, Engine, func, select, union
from sqlmodel import Session, col

from listener.store import mentions, outbox, sources
from listener.store.engine import curable_errors, unit_of_work
from listener.store.rows import select_columns
from listener.store.tables import Mention, Message, Source


def _lock_key(owner: str) -> object:
    return func.hashtextextended(owner, 0)


class Presence:
    """Shows that ``owner`` is alive, and takes back what dead services had claimed."""

    def __init__(self, engine: Engine, owner: str) -> None:
        self._engine = engine
        self._owner = owner
        self._connection: Connection | None = None
        self._suspects: set[str] = set()

    def keep(self) -> None:
        """Show presence, again if the connection broke; free the leases of the dead.

        On the first call a service without presence is dead. Later on it has to be missing twice
        in a row, because after a restart of the server everybody has to come back first. Raises
        ``Temporary`` when the database cannot be reached.
        """
        is_first = self._connection is None and not self._suspects
        self._announce()
        with unit_of_work(self._engine) as session:
            absent = {one for one in _lease_owners(session) if self._is_absent(session, one)}
            for owner in absent if is_first else absent & self._suspects:
                release_leases(session, owner)
        self._suspects = absent

    def _announce(self) -> None:
        with curable_errors():
            try:
                if self._connection is not None:
                    self._connection.execute(select(1))
                    return
            except Exception:
                self.close()
                raise
            opened = self._engine.connect()
            self._connection = opened.execution_options(isolation_level="AUTOCOMMIT")
            self._connection.execute(select(func.pg_advisory_lock(_lock_key(self._owner))))

    def _is_absent(self, session: Session, owner: str) -> bool:
        if owner == self._owner:
            return False
        lock = select(func.pg_try_advisory_xact_lock(_lock_key(owner)))
        return bool(session.execute(lock).scalar_one())

    def close(self) -> None:
        """Stop showing presence."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


def _lease_owners(session: Session) -> set[str]:
    query = union(
        select_columns(Source.lease_owner).where(col(Source.lease_owner).is_not(None)),
        select_columns(Mention.lease_owner).where(
            Mention.stage == mentions.TO_SCORE, col(Mention.lease_until).is_not(None)
        ),
        select_columns(Message.lease_owner).where(
            Message.state == outbox.PENDING, col(Message.lease_owner).is_not(None)
        ),
    )
    return {str(row[0]) for row in session.execute(query)}


def release_leases(session: Session, owner: str | None = None) -> None:
    """Free the leases of ``owner``; of everybody, where no other process works, without one."""
    sources.release_leases(session, owner)
    mentions.release_leases(session, owner)
    outbox.release_leases(session, owner)
