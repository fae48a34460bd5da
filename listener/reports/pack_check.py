"""Checks an evidence pack against its manifest, and refuses zips that try to trick the reader.

Nothing is extracted and no more is read of a file than the manifest says it holds. An intact pack
says that nothing changed since its manifest was written; that the manifest is ours, only the hash
of the whole file in the audit trail says.
"""

import hashlib
import json
import stat
import zipfile
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

from listener.errors import StoreError
from listener.reports.pack_manifest import MANIFEST, PackManifest

CHUNK_BYTES = 1 << 20
MOST_FILES = 20_000
MOST_MANIFEST_BYTES = 16_000_000
MOST_BYTES = 64 << 30
# Deflate cannot pack tighter than about 1,030 to 1; whatever claims to is not what it says.
MOST_RATIO = 1_100
_ENCRYPTED = 0x1
_LOCAL_HEADER_BYTES = 30
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Fault(StrEnum):
    """What can be wrong with a file of a pack."""

    MISSING = "missing"
    EXTRA = "extra"
    SIZE = "size"
    HASH = "hash"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One file that is not what the manifest says."""

    fault: Fault
    name: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A pack as found: ``sha256`` is of the whole file, ``differences`` empty if it is intact."""

    manifest: PackManifest
    sha256: str
    differences: tuple[Difference, ...]


def check_pack(path: Path) -> Checked:
    """Compare a pack with its manifest. Raises ``StoreError`` for a zip with tricks."""
    try:
        with path.open("rb") as file:
            digest = hashlib.sha256()
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
            file.seek(0)
            with zipfile.ZipFile(file) as archive:
                manifest, found = _open(archive)
                differences = _compare(archive, manifest, found)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise StoreError(f"'{path}' is no readable zip ({error})") from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise StoreError(f"the manifest of '{path}' is no JSON") from None
    except OSError as error:
        raise StoreError(f"cannot read '{path}' ({error.strerror})") from None
    return Checked(manifest=manifest, sha256=digest.hexdigest(), differences=tuple(differences))


def _open(archive: zipfile.ZipFile) -> tuple[PackManifest, dict[str, zipfile.ZipInfo]]:
    entries = archive.infolist()
    if len(entries) > MOST_FILES:
        raise StoreError(f"the zip holds {len(entries)} files; a pack has at most {MOST_FILES}")
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        _refuse_tricks(entry)
        if entry.filename in found:
            raise StoreError(f"the zip names '{entry.filename}' twice: which one would be read?")
        found[entry.filename] = entry
    _refuse_overlaps(entries)
    total = sum(entry.file_size for entry in entries)
    if total > MOST_BYTES:
        raise StoreError(f"the zip would unpack to {total} bytes; at most {MOST_BYTES} are read")
    if MANIFEST not in found:
        raise StoreError(f"the zip has no {MANIFEST}: it is no evidence pack")
    entry = found.pop(MANIFEST)
    if entry.file_size > MOST_MANIFEST_BYTES:
        raise StoreError(f"the manifest has {entry.file_size} bytes; it is no evidence pack")
    return PackManifest.from_json(json.loads(archive.read(entry).decode("utf-8"))), found


def _refuse_tricks(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename
    path = PurePosixPath(name)
    is_plain = (
        name == str(path)
        and not path.is_absolute()
        and not {"..", "."} & set(path.parts)
        and name.isascii()
        and name.isprintable()
        and not set(name) & set('\\:*?"<>|')
    )
    if not is_plain:
        raise StoreError(f"the zip holds a file named {name!r:.120}, which no pack has")
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        raise StoreError(f"'{name}' is not a plain file")
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
        raise StoreError(f"'{name}' is encrypted or packed in a way that no pack is")
    if entry.file_size > MOST_RATIO * entry.compress_size + CHUNK_BYTES:
        raise StoreError(
            f"'{name}' claims to unpack {entry.compress_size} bytes to {entry.file_size}"
        )


def _refuse_overlaps(entries: list[zipfile.ZipInfo]) -> None:
    """Refuse files that share bytes: so a small zip unpacks to an endless one."""
    end = 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset < end:
            raise StoreError(f"'{entry.filename}' overlaps another file in the zip")
        end = entry.header_offset + _LOCAL_HEADER_BYTES + entry.compress_size


def _compare(
    archive: zipfile.ZipFile, manifest: PackManifest, found: dict[str, zipfile.ZipInfo]
) -> list[Difference]:
    listed: dict[str, Any] = {}
    for one in manifest.files:
        if one.name in listed:
            raise StoreError(f"the manifest names '{one.name}' twice")
        listed[one.name] = one
    differences = [
        Difference(fault=Fault.EXTRA, name=name, detail="not in the manifest")
        for name in sorted(found.keys() - listed.keys())
    ]
    for name, one in sorted(listed.items()):
        entry = found.get(name)
        if entry is None:
            lost = Difference(fault=Fault.MISSING, name=name, detail="in the manifest only")
            differences.append(lost)
        elif entry.file_size != one.size_bytes:
            said = f"{entry.file_size} bytes instead of {one.size_bytes}"
            differences.append(Difference(fault=Fault.SIZE, name=name, detail=said))
        elif (problem := _read(archive, entry, one.sha256)) is not None:
            differences.append(problem)
    return differences


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, expected: str) -> Difference | None:
    digest, left = hashlib.sha256(), entry.file_size
    try:
        with archive.open(entry) as member:
            while chunk := member.read(CHUNK_BYTES):
                digest.update(chunk)
                left -= len(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        return Difference(fault=Fault.DAMAGED, name=entry.filename, detail=str(error))
    if left != 0:
        said = f"{-left} bytes more than it says"
        return Difference(fault=Fault.DAMAGED, name=entry.filename, detail=said)
    if digest.hexdigest() == expected:
        return None
    said = f"sha256 {digest.hexdigest()} instead of {expected}"
    return Difference(fault=Fault.HASH, name=entry.filename, detail=said)
