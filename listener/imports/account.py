"""The exact account of an import: every row of the file is new, known or refused, and counted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Self

from listener.store.records import NewMention


@dataclass(slots=True)
class Account:
    """Running totals. ``rows = new + known + rejected`` always holds.

    ``matched`` counts accepted rows by brand key. ``untimed`` rows have no time, or only a date,
    so that no bucket can hold them: they are stored and searched but teach no baseline.
    """

    rows: int = 0
    new: int = 0
    known: int = 0
    rejected: int = 0
    unmatched: int = 0
    untimed: int = 0
    matched: Counter[str] = field(default_factory=Counter)
    oldest_at: datetime | None = None
    newest_at: datetime | None = None

    def add(
        self, prepared: Sequence[NewMention], *, new: int, brand_keys: Mapping[int, str]
    ) -> None:
        """Count accepted rows, ``new`` of which were not known before."""
        self.rows += len(prepared)
        self.new += new
        self.known += len(prepared) - new
        for mention in prepared:
            self.unmatched += not mention.matches
            self.untimed += mention.event_at is None
            self.matched.update(brand_keys[match.brand_id] for match in mention.matches)
            self._stretch(mention.posted_at)

    def reject(self) -> None:
        """Count a refused row."""
        self.rows += 1
        self.rejected += 1

    def _stretch(self, at: datetime | None) -> None:
        if at is not None:
            self.oldest_at = min(at, self.oldest_at or at)
            self.newest_at = max(at, self.newest_at or at)

    def dump(self) -> dict[str, Any]:
        """Return the totals as JSON values."""
        values = asdict(self) | {"matched": dict(self.matched)}
        for name in ("oldest_at", "newest_at"):
            at = getattr(self, name)
            values[name] = at.isoformat() if at else None
        return values

    @classmethod
    def load(cls, values: Mapping[str, Any]) -> Self:
        """Return the totals that ``dump`` wrote."""
        known = {one.name: values[one.name] for one in fields(cls) if one.name in values}
        known["matched"] = Counter(known.get("matched", {}))
        for name in ("oldest_at", "newest_at"):
            known[name] = datetime.fromisoformat(known[name]) if known.get(name) else None
        return cls(**known)
