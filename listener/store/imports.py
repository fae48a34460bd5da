"""Places to import files to, and how far each import has come.

Such a source is never visited. Its state holds one checkpoint for each unfinished file, written
in the transaction that stores the rows it counts.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from listener.errors import ConfigError
from listener.store.engine import insert_new
from listener.store.records import ImportSource
from listener.store.rows import IMPORT
from listener.store.tables import Source

NEWEST = "newest_at"
FILES = "files"
# Nothing is ever due: an import happens when somebody types it.
_NEVER = timedelta(days=36_500)
_KEPT_CHECKPOINTS = 20


def import_source(session: Session, key: str) -> ImportSource | None:
    """Return the import source of that key; None if there is none yet.

    Raises ``ConfigError`` when the key belongs to a source that is crawled.
    """
    row = session.exec(select(Source).where(Source.key == key)).one_or_none()
    if row is None:
        return None
    if row.spider != IMPORT:
        raise ConfigError(
            f"--source {key} 是正在采集的来源（{row.spider}）；"
            f"请给导入另取一个名字，例如 {key}-import"
        )
    return ImportSource(id=row.id or 0, key=row.key, name=row.name, state=dict(row.state))


def ensure_import_source(
    session: Session, *, key: str, name: str, group: str, now: datetime
) -> ImportSource:
    """Return the import source of that key, making it when it is new."""
    found = import_source(session, key)
    if found is not None:
        return found
    values: dict[str, Any] = {
        "key": key,
        "name": name,
        "spider": IMPORT,
        "group_name": group,
        "interval_s": 86_400,
        "is_enabled": False,
        "next_due_at": now + _NEVER,
        "state": {},
        "failures_in_row": 0,
        "last_success_at": None,
    }
    source_id = insert_new(session, Source, values)
    if source_id is None:
        raise ConfigError(f"来源 '{key}' 刚刚被另一个进程建立；请再运行一次")
    return ImportSource(id=source_id, key=key, name=name, state={})


def save_checkpoint(
    session: Session,
    source_id: int,
    *,
    file_id: str,
    checkpoint: dict[str, Any] | None,
    newest_at: datetime | None,
    now: datetime,
) -> None:
    """Note how far the import of a file is, None when it is finished, and the newest event."""
    source = session.exec(select(Source).where(Source.id == source_id).with_for_update()).one()
    state = dict(source.state)
    files = {name: one for name, one in state.get(FILES, {}).items() if name != file_id}
    if checkpoint is not None:
        files[file_id] = checkpoint
    state[FILES] = dict(list(files.items())[-_KEPT_CHECKPOINTS:])
    known = state.get(NEWEST)
    if newest_at is not None and (known is None or datetime.fromisoformat(known) < newest_at):
        state[NEWEST] = newest_at.isoformat()
    source.state = state
    source.last_success_at = now
    session.flush()


def newest_import_at(session: Session) -> datetime | None:
    """Return the newest event time that any import has brought."""
    states = session.exec(select(Source.state).where(Source.spider == IMPORT))
    times = [datetime.fromisoformat(state[NEWEST]) for state in states if state.get(NEWEST)]
    return max(times, default=None)
