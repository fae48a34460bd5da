"""How often the machine was right, on a brand's own labels. Reads; changes nothing.

People correct what strikes them as wrong, so the labels are no fair sample: shares come out lower
than they are, and nothing here may be quoted as the accuracy over all mentions.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

from sqlmodel import Session

from listener.store import corrections
from listener.store.corrections import Aspect
from listener.store.records import CorrectionRecord, LabelledAlert

# With fewer labels a percentage would only look like knowledge.
LEAST_LABELS = 10
_Z95 = 1.959963984540054
LABELS = ("negative", "neutral", "positive")


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many; the share and its interval only from ``LEAST_LABELS`` on."""

    right: int
    total: int

    @property
    def missing(self) -> int:
        """How many labels are missing before a share may be told."""
        return max(0, LEAST_LABELS - self.total)

    @property
    def value(self) -> float | None:
        """The share between 0 and 1, or None while labels are missing."""
        return None if self.missing else self.right / self.total

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval, or None while labels are missing."""
        return None if self.missing else wilson(self.right, self.total)


def share_json(share: Share) -> dict[str, Any]:
    """Return a share with its counts; ``share`` and ``interval`` are null below ten labels."""
    return {
        "right": share.right,
        "labels": share.total,
        "share": share.value,
        "interval": share.interval,
        "missing": share.missing,
    }


def wilson(right: int, total: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share (Wilson 1927); ``total`` is at least 1."""
    share, z2 = right / total, _Z95 * _Z95
    middle = share + z2 / (2 * total)
    reach = _Z95 * sqrt(share * (1 - share) / total + z2 / (4 * total * total))
    scale = 1 + z2 / total
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


@dataclass(frozen=True, slots=True)
class Part:
    """What one version did: shares by name, and for sentiment what was called what, how often.

    ``confusion`` counts (what the machine said, what a person said).
    """

    version: str
    labels: int
    shares: dict[str, Share]
    confusion: dict[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Card:
    """The accuracy card of a brand: by subject, one part per version, newest labels last."""

    brand: str
    match: tuple[Part, ...]
    sentiment: tuple[Part, ...]
    complaint: tuple[Part, ...]
    alerts: Part


def accuracy_card(session: Session, *, brand_id: int, brand: str) -> Card:
    """Return how often the machine was right about what people have labelled."""
    labels = corrections.standing_labels(session, brand_id=brand_id)
    of: dict[str, list[CorrectionRecord]] = defaultdict(list)
    for label in labels:
        of[label.aspect].append(label)
    complaint = [*of[Aspect.TYPE], *of[Aspect.SEVERITY]]
    return Card(
        brand=brand,
        match=_by_version(of[Aspect.BRAND], "query", _match),
        sentiment=_by_version(of[Aspect.SENTIMENT], "scorer", _sentiment),
        complaint=_by_version(complaint, "classifier", _complaint),
        alerts=alert_part(corrections.labelled_alerts(session, brand_id)),
    )


def _by_version(
    labels: Sequence[CorrectionRecord],
    version: str,
    judge: Callable[[str, Sequence[CorrectionRecord]], Part],
) -> tuple[Part, ...]:
    groups: dict[str, list[CorrectionRecord]] = defaultdict(list)
    for label in labels:
        groups[str(label.machine.get(version, "?"))].append(label)
    return tuple(judge(name, group) for name, group in groups.items())


def _match(version: str, labels: Sequence[CorrectionRecord]) -> Part:
    pairs = [(bool(one.machine["matched"]), one.should_be == corrections.OURS) for one in labels]
    return Part(version, len(labels), _precision_and_recall(pairs))


def _precision_and_recall(pairs: Iterable[tuple[bool, bool]]) -> dict[str, Share]:
    """Return both shares of (what the machine said, what is so)."""
    counts = Counter(pairs)
    both = counts[True, True]
    return {
        "precision": Share(both, both + counts[True, False]),
        "recall": Share(both, both + counts[False, True]),
    }


def _sentiment(version: str, labels: Sequence[CorrectionRecord]) -> Part:
    confusion = Counter((str(one.machine["label"]), one.should_be) for one in labels)
    right = sum(confusion[name, name] for name in LABELS)
    negatives = [
        (one.machine["label"] == "negative", one.should_be == "negative") for one in labels
    ]
    shares = {"accuracy": Share(right, len(labels))} | {
        f"negative_{name}": share for name, share in _precision_and_recall(negatives).items()
    }
    return Part(version, len(labels), shares, dict(confusion))


def _complaint(version: str, labels: Sequence[CorrectionRecord]) -> Part:
    types = [one for one in labels if one.aspect == Aspect.TYPE]
    pairs = [
        (bool(one.machine["is_complaint"]), one.should_be != corrections.NONE) for one in types
    ]
    typed = [
        one for one in types if one.machine["is_complaint"] and one.should_be != corrections.NONE
    ]
    severities = [one for one in labels if one.aspect == Aspect.SEVERITY]
    shares = {
        f"complaint_{name}": share for name, share in _precision_and_recall(pairs).items()
    } | {
        "type": Share(sum(one.machine["type"] == one.should_be for one in typed), len(typed)),
        "severity": Share(
            sum(one.machine["severity"] == one.should_be for one in severities), len(severities)
        ),
    }
    return Part(version, len(labels), shares)


def alert_part(labelled: Sequence[LabelledAlert]) -> Part:
    """Return how many of the alerts that people judged were right; each incident counts once."""
    verdicts = {one.incident_id: one.is_right for one in labelled}
    share = Share(sum(verdicts.values()), len(verdicts))
    return Part("", len(verdicts), {"precision": share})
