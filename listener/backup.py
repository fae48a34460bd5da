"""Backups: every row of every table in one .zip, the same for both databases.

A member ``tables/NAME.jsonl`` holds one row per line as a JSON array; ``manifest.json``, written
last, names schema, columns, row counts and a SHA-256 per member. A backup is taken from one
consistent view while the service runs; a restore checks the whole file before it touches anything
and is one transaction.
"""

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from sqlalchemy import Connection, Engine

from listener import __version__
from listener.errors import StoreError
from listener.failpoints import reach
from listener.privacy import KEY_BYTES
from listener.store import dump
from listener.store.engine import read_session, schema_change
from listener.store.migrate import check_current, revision_of, revisions, upgrade_within

FORMAT = 1
MANIFEST = "manifest.json"
MOST_MANIFEST_BYTES = 4_000_000
CHUNK_BYTES = 1 << 20
REPORT_EVERY = 2000

# Called with what is being done, how far it is, and of how much.
Advance = Callable[[str, int, int], None]


def _silent(what: str, done: int, total: int) -> None:
    del what, done, total


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One table, or one key, in the file."""

    name: str
    sha256: str
    rows: int = 0
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup says of itself."""

    format: int
    version: str
    schema: str
    created_at: str
    engine: str
    tables: tuple[Member, ...]
    keys: tuple[Member, ...] = ()

    @property
    def total_rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables)

    def to_json(self) -> dict[str, Any]:
        """Return what stands in the file."""
        return asdict(self)

    @staticmethod
    def from_json(value: Any) -> "Manifest":
        """Read what ``to_json`` gave. Raises ``StoreError`` for anything else."""
        try:
            if value["format"] > FORMAT:
                raise StoreError(
                    f"the backup was written by Fengsheng {value['version']}; "
                    "install that version or a newer one"
                )
            parts = {
                name: tuple(
                    Member(**{**one, "columns": tuple(one["columns"])}) for one in value[name]
                )
                for name in ("tables", "keys")
            }
            return Manifest(**{**value, **parts})
        except (KeyError, TypeError) as error:
            raise StoreError(f"the backup's manifest is damaged ({error}); use another") from None


def write_backup(
    engine: Engine, path: Path, *, keys: Path | None, now: datetime, advance: Advance = _silent
) -> Manifest:
    """Write all data to ``path`` and return the manifest; nobody else may read the file.

    ``keys`` is the folder of the installation's secret keys, None to leave them out. Memory use
    does not grow with the data. Raises ``StoreError`` when ``path`` exists or cannot be written.
    """
    check_current(engine)
    if path.exists():
        raise StoreError(f"'{path}' exists already; name another file, or move that one away")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with ExitStack() as stack:
            stack.callback(part.unlink, missing_ok=True)
            descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w+b") as file:
                manifest = _write(engine, file, keys=keys, now=now, advance=advance)
                file.flush()
                os.fsync(file.fileno())
            reach("backup-written")
            part.rename(path)
            _sync_folder(path.parent)
    except OSError as error:
        raise StoreError(
            f"cannot write '{path}' ({error.strerror}); choose another place"
        ) from None
    return manifest


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(
    engine: Engine, file: IO[bytes], *, keys: Path | None, now: datetime, advance: Advance
) -> Manifest:
    archive = stack = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, allowZip64=True)
    with stack, read_session(engine) as session:
        connection = session.connection()
        dump.prepare_long_read(connection)
        tables = [
            _write_table(archive, connection, table, advance)
            for table in dump.data_tables(connection)
        ]
        manifest = Manifest(
            format=FORMAT,
            version=__version__,
            schema=revision_of(connection) or "",
            created_at=now.isoformat(),
            engine=engine.dialect.name,
            tables=tuple(tables),
            keys=tuple(_write_keys(archive, keys)),
        )
        text = json.dumps(manifest.to_json(), ensure_ascii=False, indent=1)
        archive.writestr(MANIFEST, text)
    return manifest


def _write_table(
    archive: zipfile.ZipFile, connection: Connection, table: dump.DataTable, advance: Advance
) -> Member:
    total = dump.count_rows(connection, table)
    digest = hashlib.sha256()
    rows = 0
    with archive.open(f"tables/{table.name}.jsonl", "w", force_zip64=True) as member:
        for rows, row in enumerate(dump.read_rows(connection, table), 1):
            line = _line(row)
            digest.update(line)
            member.write(line)
            if rows % REPORT_EVERY == 0:
                advance(table.name, rows, total)
    advance(table.name, rows, total)
    return Member(
        name=table.name, sha256=digest.hexdigest(), rows=rows, columns=tuple(table.columns)
    )


def _line(row: list[Any]) -> bytes:
    try:
        return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    except UnicodeEncodeError:  # a lone surrogate inside a JSON column
        return json.dumps(row, separators=(",", ":")).encode() + b"\n"


def _write_keys(archive: zipfile.ZipFile, folder: Path | None) -> Iterator[Member]:
    for path in sorted(folder.glob("*.key")) if folder is not None else ():
        content = path.read_bytes()
        archive.writestr(f"keys/{path.name}", content)
        yield Member(name=path.stem, sha256=hashlib.sha256(content).hexdigest())


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError) as error:
        raise StoreError(
            f"the backup '{path}' is damaged or not complete ({error}); nothing was changed"
        ) from None
    except OSError as error:
        raise StoreError(f"cannot read '{path}' ({error.strerror})") from None


class ReadBackup:
    """A backup opened for reading; use it as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _damage_named(path):
            self._archive = zipfile.ZipFile(path)
        try:
            self.manifest = self._read_manifest()
        except BaseException:
            self._archive.close()
            raise

    def _read_manifest(self) -> Manifest:
        with _damage_named(self.path):
            info = self._archive.getinfo(MANIFEST)
            if info.file_size > MOST_MANIFEST_BYTES:
                raise ValueError("its manifest is too long")
            manifest = Manifest.from_json(json.loads(self._archive.read(info)))
        if manifest.schema not in revisions():
            raise StoreError(
                f"the backup '{self.path}' has schema '{manifest.schema}', which this version "
                f"does not know; install Fengsheng {manifest.version} or newer"
            )
        return manifest

    def __enter__(self) -> "ReadBackup":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._archive.close()

    def verify(self, advance: Advance = _silent) -> None:
        """Read the whole file once. Raises ``StoreError`` when a byte is not what was written."""
        with _damage_named(self.path):
            for number, table in enumerate(self.manifest.tables, 1):
                lines, digest = self._measure(f"tables/{table.name}.jsonl")
                if (lines, digest) != (table.rows, table.sha256):
                    raise ValueError(f"table {table.name} is not what was written")
                advance("verify", number, len(self.manifest.tables))
            self.keys()

    def _measure(self, name: str) -> tuple[int, str]:
        digest, lines = hashlib.sha256(), 0
        with self._archive.open(name) as member:
            while chunk := member.read(CHUNK_BYTES):
                digest.update(chunk)
                lines += chunk.count(b"\n")
        return lines, digest.hexdigest()

    def rows(self, table: Member) -> Iterator[list[Any]]:
        """Yield the rows of one table."""
        with _damage_named(self.path), self._archive.open(f"tables/{table.name}.jsonl") as member:
            for line in member:
                yield json.loads(line)

    def keys(self) -> dict[str, bytes]:
        """Return the keys in the backup by file name."""
        found = {}
        with _damage_named(self.path):
            for key in self.manifest.keys:
                content = self._archive.read(f"keys/{key.name}.key")
                is_whole = hashlib.sha256(content).hexdigest() == key.sha256
                if not is_whole or len(content) != KEY_BYTES or "/" in key.name:
                    raise ValueError(f"key {key.name} is not what was written")
                found[f"{key.name}.key"] = content
        return found


def restore_backup(
    source: ReadBackup,
    engine: Engine,
    *,
    keys: Path,
    replace: bool,
    advance: Advance = _silent,
) -> None:
    """Load a backup in one transaction and bring it to the newest schema.

    ``keys`` is the folder that keys in the backup go to. Unless ``replace``, the database has to
    be empty and no key may differ. Raises ``StoreError`` and leaves everything as it was.
    """
    source.verify(advance)
    wanted = _keys_to_write(source, keys, replace=replace)
    with ExitStack() as stack:
        with schema_change(engine) as connection:
            _make_room(connection, replace=replace)
            upgrade_within(connection, source.manifest.schema)
            _load(source, connection, advance)
            upgrade_within(connection)
            staged = [_stage_key(stack, keys, name, key) for name, key in wanted.items()]
            reach("restore-loaded")
        for part, path in staged:
            part.replace(path)
    with engine.begin() as connection:
        dump.refresh_statistics(connection)


def _make_room(connection: Connection, *, replace: bool) -> None:
    if dump.others_connected(connection):
        raise StoreError("another Fengsheng is connected to this database; stop it first")
    if dump.holds_rows(connection) and not replace:
        raise StoreError(
            "the database is not empty; restore into an empty one, or delete what it holds "
            "with --replace"
        )
    dump.drop_tables(connection)


def _load(source: ReadBackup, connection: Connection, advance: Advance) -> None:
    members = {member.name: member for member in source.manifest.tables}
    tables = dump.data_tables(connection)
    here = {table.name: tuple(table.columns) for table in tables}
    if here != {name: member.columns for name, member in members.items()}:
        raise StoreError(
            f"the tables in '{source.path}' are not those of schema '{source.manifest.schema}'; "
            "use another backup"
        )
    for table in tables:
        member = members[table.name]
        advance(table.name, 0, member.rows)
        done = dump.write_rows(connection, table, source.rows(member))
        advance(table.name, done, member.rows)
    dump.reset_sequences(connection)


def _keys_to_write(source: ReadBackup, folder: Path, *, replace: bool) -> dict[str, bytes]:
    wanted = {}
    for name, key in source.keys().items():
        path = folder / name
        if path.exists() and path.read_bytes() == key:
            continue
        if path.exists() and not replace:
            raise StoreError(
                f"the key '{path}' differs from the one in the backup; move it away, or overwrite "
                "it with --replace"
            )
        wanted[name] = key
    return wanted


def _stage_key(stack: ExitStack, folder: Path, name: str, key: bytes) -> tuple[Path, Path]:
    """Write a key beside its place: it moves there only when the data is in."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = folder / f"{name}.part"
    part.unlink(missing_ok=True)
    stack.callback(part.unlink, missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return part, folder / name
