"""The labelled texts that the learned heads are made from."""

import hashlib
from pathlib import Path
from typing import NamedTuple

from listener.complaints.codes import ComplaintType, Severity
from listener.errors import ConfigError

CORPUS = Path(__file__).resolve().parents[1] / "data" / "corpus"
# Reviews and shop complaints are complaints of an unknown type; what praises or asks is none.
# They are many and easy, so each counts less than a text written for this.
COMPLAINING = (
    *("reviews_neg", "complaint_facts", "car_neg", "english_neg", "irony_neg"),
    *("negation", "contrast", "trad_tw", "canto_hk", "irony_more_neg", "irony_more_shopping"),
    *("irony_more_services", "irony_more_forum", "irony_more_classic", "irony_more_overseas"),
    "irony_more_grumble",
)
COMPLAINING_WEIGHT = 0.1
HARMLESS = ("pos", "neu")
# The other writers' texts are hard and indirect; most of what people write is plain. What names
# a problem without having one is easy again.
WEIGHTS = {"plain": 4.0, "neutral": 0.5}
HARMLESS_WEIGHT = 0.12


class Labelled(NamedTuple):
    """A text with its labels, the name of its file, and its weight where complaints are told.

    ``type`` is None for a complaint of unknown type, which teaches nothing else.
    """

    text: str
    type: ComplaintType | None
    severity: Severity
    weight: float
    source: str


def read_all() -> list[Labelled]:
    """Read everything that the shipped heads learn from."""
    return [*read_complaints(), *read_everyday()]


def read_complaints(folder: Path = CORPUS / "complaints") -> list[Labelled]:
    """Read every ``*.tsv`` in ``folder``. Raises ``ConfigError`` naming the first bad line."""
    rows = []
    for path in sorted(folder.glob("*.tsv")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                text, code, severity = line.split("\t")
                labels = ComplaintType(code), Severity(severity)
            except ValueError as error:
                raise ConfigError(
                    f"'{path}', line {number}: write text, type and severity ({error})"
                ) from None
            rows.append(Labelled(text, *labels, WEIGHTS.get(path.stem, 1.0), path.stem))
    if not rows:
        raise ConfigError(f"no labelled texts in '{folder}'")
    return rows


def read_everyday(folder: Path = CORPUS) -> list[Labelled]:
    """Read from the sentiment corpora what complains for certain and what certainly does not."""
    rows = []
    for path in sorted(folder.glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            text, label, _ = line.split("\t")
            if label in HARMLESS:
                none = ComplaintType.NONE, Severity.NONE
                rows.append(Labelled(text, *none, HARMLESS_WEIGHT, path.stem))
            elif path.stem in COMPLAINING:
                rows.append(Labelled(text, None, Severity.GENERAL, COMPLAINING_WEIGHT, path.stem))
    return rows


def digest(folder: Path = CORPUS) -> str:
    """Return the SHA-256 of all texts below ``folder``, names included."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*.tsv"), key=lambda found: found.relative_to(folder).parts):
        whole.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()
