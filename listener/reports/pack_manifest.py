"""What an evidence pack says of itself: each file with its size and SHA-256."""

from dataclasses import asdict, dataclass
from typing import Any

from listener.errors import StoreError

FORMAT = 1
MANIFEST = "manifest.json"
INDEX = "index.html"
DATA = "data"
CHARTS = "charts"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFile:
    """One file: ``rows`` are its lines where it is JSON Lines, else 0."""

    name: str
    size_bytes: int
    sha256: str
    rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PackManifest:
    """The manifest; ``time`` is the newest instant the pack knows of, not when it was written.

    So the same state gives the same bytes. When and by whom a pack was taken is in the audit
    trail, with the hash of the whole file.
    """

    format: int
    tool: str
    version: str
    incident: int
    time: str
    files: tuple[PackedFile, ...]

    def to_json(self) -> dict[str, Any]:
        """Return what stands in the file."""
        return asdict(self)

    @staticmethod
    def from_json(value: Any) -> "PackManifest":
        """Read what ``to_json`` gave. Raises ``StoreError`` for anything else."""
        try:
            if not isinstance(value["format"], int) or value["format"] > FORMAT:
                raise StoreError(
                    f"the pack has format {value['format']!r}, this version reads up to {FORMAT}; "
                    "use a newer Fengsheng"
                )
            files = tuple(_file(one) for one in value["files"])
            return PackManifest(**{**value, "files": files})
        except (KeyError, TypeError) as error:
            raise StoreError(f"the pack's manifest is damaged ({error})") from None


def _file(value: Any) -> PackedFile:
    kinds = {"name": str, "size_bytes": int, "sha256": str, "rows": int}
    if any(not isinstance(value[name], kind) for name, kind in kinds.items()):
        raise TypeError(f"{value!r:.120} is no file")
    return PackedFile(**value)
