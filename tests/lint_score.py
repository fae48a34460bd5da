"""How well the statement checks do on labelled statements: matches, precision, recall."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crisis.lint import Finding, Level, lint_statement, read_statement, rules


@dataclass
class Score:
    """Right, wrong and missed findings by rule."""

    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    slips: list[str] = field(default_factory=list)

    def figures(self, codes: Iterable[str]) -> tuple[float, float]:
        """Return precision and recall over some rules; 1 where there is nothing to count."""
        names = list(codes)
        right = sum(self.right[name] for name in names)
        found = right + sum(self.wrong[name] for name in names)
        wanted = right + sum(self.missed[name] for name in names)
        return right / found if found else 1.0, right / wanted if wanted else 1.0

    def of_level(self, level: Level) -> tuple[float, float]:
        """Return precision and recall over the rules of a level."""
        return self.figures(code for code, rule in rules().items() if rule.level == level)

    def table(self) -> str:
        """Return a line for each rule that occurred."""
        lines = [f"{'rule':22} right wrong missed precision recall"]
        for code in sorted({*self.right, *self.wrong, *self.missed}):
            precision, recall = self.figures([code])
            lines.append(
                f"{code:22} {self.right[code]:5} {self.wrong[code]:5} {self.missed[code]:6}"
                f" {precision:9.2f} {recall:6.2f}"
            )
        return "\n".join(lines)


def score_file(path: Path, *, part: str = "") -> Score:
    """Lint each labelled statement of a JSONL file (or one part of it) and count."""
    score = Score()
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if part and row.get("part") != part:
            continue
        findings = lint_statement(read_statement(row))
        _count(score, row, [one for one in findings if one.level != Level.ADVICE])
    return score


def _count(score: Score, row: dict[str, Any], findings: list[Finding]) -> None:
    expected = list(row["expect"])
    for finding in findings:
        match = next((one for one in expected if _is_right(finding, one)), None)
        if match is None:
            score.wrong[finding.rule] += 1
            score.slips.append(f"{row['id']} wrong {finding.rule}: {finding.text}")
        else:
            expected.remove(match)
            score.right[finding.rule] += 1
    for one in expected:
        score.missed[one["rule"]] += 1
        score.slips.append(f"{row['id']} missed {one['rule']}")


def _is_right(finding: Finding, wanted: dict[str, Any]) -> bool:
    if finding.rule != wanted["rule"]:
        return False
    whole = wanted["start"] == wanted["end"] == 0
    return whole or (finding.start < wanted["end"] and wanted["start"] < finding.end)
