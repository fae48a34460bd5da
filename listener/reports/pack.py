"""Writes the evidence pack of an incident: a zip that a lawyer, a platform or a court can check.

The same state of the database gives the same bytes. Everything is read from one consistent view
and streamed, so memory does not grow with the posts; nothing secret is in what it reads.
"""

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Engine
from sqlmodel import Session

from crisis.desk import Desk
from crisis.evidence import CHART_SPAN
from listener import __version__
from listener.errors import StoreError
from listener.reports.chart import render_chart
from listener.reports.pack_index import MOST_POSTS, IndexPage
from listener.reports.pack_manifest import (
    CHARTS,
    DATA,
    FORMAT,
    INDEX,
    MANIFEST,
    PackedFile,
    PackManifest,
)
from listener.store import casefile, dump, incidents, statements
from listener.store.engine import read_session
from listener.store.records import IncidentRecord

CHUNK_BYTES = 1 << 20
_UNIX = 3
_MODE = 0o100644
# What a zip can name: from 1980, in steps of two seconds.
_EARLIEST = (1980, 1, 1, 0, 0, 0)

Pieces = Iterable[bytes]
Member = Callable[[], Pieces]
Rows = Callable[[], Generator[casefile.Row, None, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A pack that was written: its manifest, and the hash of the whole file."""

    manifest: PackManifest
    sha256: str
    size_bytes: int
    posts: int


def write_pack(engine: Engine, desk: Desk, incident_id: int, path: Path) -> Packed:
    """Write the evidence pack of an incident to ``path``; nobody else may read the file.

    Raises ``Conflict`` when there is no such incident, ``StoreError`` when ``path`` exists or
    cannot be written.
    """
    if path.exists():
        raise StoreError(f"'{path}' exists already; name another file, or move that one away")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with ExitStack() as stack:
            stack.callback(part.unlink, missing_ok=True)
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fspack-")))
            descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w+b") as file:
                with read_session(engine) as session:
                    dump.prepare_long_read(session.connection())
                    manifest, posts = _write(session, desk, incident_id, file, folder)
                file.flush()
                os.fsync(file.fileno())
                digest, size = _hash_of(file)
            part.rename(path)
    except OSError as error:
        raise StoreError(
            f"cannot write '{path}' ({error.strerror}); choose another place"
        ) from None
    return Packed(manifest=manifest, sha256=digest, size_bytes=size, posts=posts)


def _hash_of(file: IO[bytes]) -> tuple[str, int]:
    file.seek(0)
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def _write(
    session: Session, desk: Desk, incident_id: int, file: IO[bytes], folder: Path
) -> tuple[PackManifest, int]:
    incident = incidents.incident(session, incident_id)
    scope = scope_of(session, incident)
    posts, negatives, collected_at = casefile.posts_summary(session, scope)
    instants = (casefile.newest_instant(session, incident_id), collected_at)
    time = max([incident.opened_at, incident.refreshed_at, *(one for one in instants if one)])
    page = IndexPage(
        incident=incident,
        brand=casefile.brand_words(session, incident.brand_id),
        scope=scope,
        posts=posts,
        negatives=negatives,
        time=time,
    )
    members = _members(session, desk, page, folder)
    moment = incident.opened_at.astimezone(UTC).timetuple()[:6]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        packed = [
            _add(archive, name, members[name](), moment)
            for name in sorted(members)
            if name < MANIFEST
        ]
        manifest = PackManifest(
            format=FORMAT,
            tool="fengsheng",
            version=__version__,
            incident=incident_id,
            time=time.astimezone(UTC).isoformat(),
            files=tuple(packed),
        )
        _add(archive, MANIFEST, [_document(manifest.to_json())], moment)
    return manifest, posts


def scope_of(session: Session, incident: IncidentRecord) -> casefile.Scope:
    """Return which posts belong to the incident: from six hours before it began until it closed.

    An incident that is open has no end yet. Posts that it quotes belong to it wherever they lie.
    """
    first = casefile.first_found_at(session, incident.id) or incident.first_seen_at
    named = set(casefile.named_mentions(session, incident.id)) | set(_quoted(incident.evidence))
    return casefile.Scope(
        brand_id=incident.brand_id,
        since=min(first, incident.first_seen_at) - CHART_SPAN,
        until=incident.closed_at,
        also=frozenset(named),
    )


def _quoted(value: Any) -> Iterator[int]:
    """Yield the number of every post that the evidence names."""
    if isinstance(value, dict):
        if isinstance(value.get("mention_id"), int):
            yield value["mention_id"]
        for inner in value.values():
            yield from _quoted(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _quoted(inner)


def _members(session: Session, desk: Desk, page: IndexPage, folder: Path) -> dict[str, Member]:
    """Return every file but the manifest by name: a function that gives its bytes in pieces."""
    incident, scope = page.incident, page.scope
    lines: dict[str, Rows] = {
        "posts": partial(casefile.read_posts, session, scope),
        "buckets": partial(casefile.read_buckets, session, scope),
        "silent_sources": partial(casefile.read_gaps, session, scope),
    }
    for held in casefile.HELD:
        lines[held.name] = partial(casefile.read_held, session, held, incident.id)
    found: dict[str, Member] = {
        f"{DATA}/{name}.jsonl": partial(_json_lines, read) for name, read in lines.items()
    }
    found[f"{DATA}/alert.json"] = partial(_alert, page)
    for statement in statements.statements_of(session, incident.id):
        for revision in statements.revisions(session, statement):
            # The bytes a decision is bound to: this file's SHA-256 is the revision's hash.
            found[f"{DATA}/texts/r{revision.id}.txt"] = partial(_text, session, revision.id)
    chart = _draw(desk, incident, folder)
    if chart is not None:
        found[f"{CHARTS}/alert.png"] = partial(_file, chart)
        found[f"{CHARTS}/alert.json"] = partial(_alert_chart, incident)
    first = partial(_first_posts, lines["posts"])
    found[INDEX] = partial(page.render, session, desk, chart, first)
    return found


def _text(session: Session, revision_id: int) -> Pieces:
    yield statements.revision(session, revision_id).text.encode("utf-8")


def _first_posts(read: Rows) -> list[casefile.Row]:
    """Return the first posts of the scope: what the index shows of them."""
    with closing(read()) as rows:
        return list(islice(rows, MOST_POSTS))


def _alert(page: IndexPage) -> Pieces:
    """Give the figures of the alert with the words they were searched by and their time."""
    evidence = {key: value for key, value in page.incident.evidence.items() if key != "chart"}
    yield _document(
        {
            "brand": page.brand,
            "computed_at": evidence.get("computed_at"),
            "posts_from": page.scope.since.astimezone(UTC).isoformat(),
            "posts_until": page.scope.until and page.scope.until.astimezone(UTC).isoformat(),
            "evidence": evidence,
        }
    )


def _alert_chart(incident: IncidentRecord) -> Pieces:
    yield _document(incident.evidence["chart"])


def _draw(desk: Desk, incident: IncidentRecord, folder: Path) -> Path | None:
    chart = incident.evidence.get("chart")
    if chart is None:
        return None
    path = folder / "alert.png"
    occasions = incident.evidence.get("occasions", [])
    title = f"FS-{incident.id} {incident.title}"
    shown = {"occasions": occasions, "title": title, "lang": desk.lang, "timezone": str(desk.tz)}
    render_chart({**chart, **shown}, path)
    return path


def _file(path: Path) -> Pieces:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _json_lines(read: Rows) -> Pieces:
    for row in read():
        yield _encoded(row, separators=(",", ":")) + b"\n"


def _document(value: Any) -> bytes:
    return _encoded(value, indent=1) + b"\n"


def _encoded(value: Any, **options: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, **options).encode()
    except UnicodeEncodeError:  # a lone surrogate inside a JSON column
        return json.dumps(value, sort_keys=True, **options).encode()


def _add(
    archive: zipfile.ZipFile, name: str, pieces: Pieces, moment: tuple[int, ...]
) -> PackedFile:
    entry = zipfile.ZipInfo(name, max(_EARLIEST, moment))  # type: ignore[arg-type]  # six numbers
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system, entry.external_attr = _UNIX, _MODE << 16
    digest, size, rows = hashlib.sha256(), 0, 0
    with archive.open(entry, "w", force_zip64=True) as member:
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            rows += 1
            member.write(piece)
    is_lines = name.endswith(".jsonl")
    return PackedFile(
        name=name, size_bytes=size, sha256=digest.hexdigest(), rows=rows if is_lines else 0
    )
