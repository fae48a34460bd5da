"""Each rule on sentences of its own: wordings it must find, near misses it must not."""

import re
import tomllib
from pathlib import Path

import pytest

from crisis.lint import StatementToCheck, lint_statement
from tests.conftest import ROOT

DATA = ROOT / "tests" / "data" / "lint"
FILES = sorted(DATA.glob("*.toml"))
TRADITIONAL = re.compile(
    "[們這來個為與對會說時將請顧絡網測驗檢產質開關門車業務體點權發現動過還無經處問題條聲導實電費後員單訂東買賣貼圖廣類態]"
)
LEAST_RECALL = 0.9


def lang_of(text: str) -> str:
    if not re.search("[\u4e00-\u9fff]", text):
        return "en"
    return "zh-TW" if TRADITIONAL.search(text) else "zh-CN"


def sentences(path: Path, key: str):
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    kind = table.get("kind", "full")
    for lang, part in [
        (None, table),
        ("zh-CN", table.get("zh-CN")),
        ("zh-TW", table.get("zh-TW")),
    ]:
        for text in (part or {}).get(key, []):
            if text not in table.get("clear_skip", []):
                yield StatementToCheck(
                    text=text, lang=lang or lang_of(text), kind=kind, channel="script"
                )


def fires(path: Path, statement: StatementToCheck) -> bool:
    return any(finding.rule == path.stem for finding in lint_statement(statement))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_wordings_are_found(path):
    statements = list(sentences(path, "hit"))
    missed = [one.text for one in statements if not fires(path, one)]
    print(f"{path.stem}: {len(statements) - len(missed)}/{len(statements)} found")
    assert len(statements) >= 25
    assert 1 - len(missed) / len(statements) >= LEAST_RECALL, missed


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_near_misses_are_left_alone(path):
    statements = list(sentences(path, "clear"))
    assert len(statements) >= 25
    assert [one.text for one in statements if fires(path, one)] == []


PARTS = tomllib.loads((DATA / "parts" / "parts.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("part", PARTS)
def test_parts_are_recognised_and_missed(part):
    table = PARTS[part]
    wrong = [
        text
        for key, missing in (("filled", False), ("absent", True))
        for text in table[key]
        if missing
        != any(
            finding.rule == f"missing-{part}"
            for finding in lint_statement(
                StatementToCheck(
                    text=text,
                    lang=lang_of(text),
                    kind=table["kind"],
                    crisis=table.get("crisis", ""),
                )
            )
        )
    ]
    assert wrong == []
