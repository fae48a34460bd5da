"""Make the learned part anew: ``python -m listener.complaints.training``.

Ridge regression onto the labels in its dual form (Saunders, Gammerman and Vovk, 1998), which for
a thousand texts is one small linear system. Nothing is random. Needs the extra ``train``.
"""

import sys
from pathlib import Path

import numpy as np

from listener.complaints.codes import ComplaintType, Severity
from listener.complaints.learned import MODEL, TYPES, LearnedModel, save
from listener.errors import ConfigError
from listener.scoring.chartable import make_tables
from listener.scoring.fit import count_grams, inverse_frequency, weigh

CORPUS = Path(__file__).resolve().parents[1] / "data" / "corpus" / "complaints"
RIDGE = 0.2


def read_labelled(folder: Path = CORPUS) -> list[tuple[str, ComplaintType, Severity]]:
    """Read every ``*.tsv`` in ``folder``. Raises ``ConfigError`` naming the first bad line."""
    rows = []
    for path in sorted(folder.glob("*.tsv")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                text, code, severity = line.split("\t")
                rows.append((text, ComplaintType(code), Severity(severity)))
            except ValueError as error:
                raise ConfigError(
                    f"'{path}', line {number}: write text, type and severity ({error})"
                ) from None
    if not rows:
        raise ConfigError(f"no labelled texts in '{folder}'")
    return rows


def build(rows: list[tuple[str, ComplaintType, Severity]]) -> LearnedModel:
    """Fit the model to labelled texts."""
    tables = make_tables()
    counts = count_grams([text for text, _, _ in rows], tables)
    idf = inverse_frequency(counts)
    features = weigh(counts, idf * idf)
    target = np.array([[float(code == one) - 1 / 13 for one in TYPES] for _, code, _ in rows])
    gram = (features @ features.T).toarray()
    dual = np.linalg.solve(gram + RIDGE * np.eye(len(rows)), target)
    kept = np.unique(features.indices).astype(np.int64)
    weights = np.asarray(features[:, kept].T @ dual, dtype=np.float32)
    return LearnedModel(kept, weights, idf[kept], float(idf.max()), tables)


if __name__ == "__main__":
    save(MODEL, build(read_labelled()))
    sys.stdout.write(f"wrote {MODEL}\n")
