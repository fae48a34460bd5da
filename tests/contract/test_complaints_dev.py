"""How well the complaint classifier does on the development texts that live beside the checkout."""

import csv
import re
from pathlib import Path

import pytest

from listener.complaints import ComplaintJudgement, Severity, classify

SAMPLE = Path(__file__).parents[2].parent / "shared" / "eval" / "complaints"
COMPLAINT_F1_FLOOR = 0.96
TYPE_ACCURACY_FLOOR = 0.92
SEVERITY_F1_FLOOR = 0.93

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not (SAMPLE / "dev.csv").is_file(), reason=f"needs the development texts in {SAMPLE}"
    ),
]


def f1(true: list[bool], judged: list[bool]) -> float:
    """Return the harmonic mean of precision and recall."""
    both = sum(a and b for a, b in zip(true, judged, strict=True))
    return 2 * both / (sum(true) + sum(judged))


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with (SAMPLE / "dev.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def judged(rows: list[dict[str, str]]) -> list[ComplaintJudgement]:
    return [classify(row["text"]) for row in rows]


def second_types() -> dict[int, str]:
    """Return the type that is right too, by the number of the row (the header is 1)."""
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    paragraph = readme.partition("Lenient second type")[2].partition("\n- ")[0]
    return {int(row): code for row, code in re.findall(r"(\d+) `(\w+)`", paragraph)}


def test_is_complaint(rows: list[dict[str, str]], judged: list[ComplaintJudgement]) -> None:
    reached = f1([row["is_complaint"] == "1" for row in rows], [j.is_complaint for j in judged])
    print(f"is_complaint: F1 {reached:.3f}")
    assert reached >= COMPLAINT_F1_FLOOR


def test_main_type(rows: list[dict[str, str]], judged: list[ComplaintJudgement]) -> None:
    also = second_types()
    assert also
    right = [
        one.type in (row["complaint_type"], also.get(number))
        for number, (row, one) in enumerate(zip(rows, judged, strict=True), start=2)
        if row["is_complaint"] == "1"
    ]
    reached = sum(right) / len(right)
    print(f"main type: accuracy {reached:.3f}")
    assert reached >= TYPE_ACCURACY_FLOOR


def test_severity(rows: list[dict[str, str]], judged: list[ComplaintJudgement]) -> None:
    by_level = {
        level: f1(
            [row["severity"] == level for row in rows], [j.severity == level for j in judged]
        )
        for level in Severity
    }
    reached = sum(by_level.values()) / len(by_level)
    print(f"severity: macro-F1 {reached:.3f}", {k.value: round(v, 3) for k, v in by_level.items()})
    assert reached >= SEVERITY_F1_FLOOR
