"""``fengsheng classify`` as a program: keys, positions, errors in place, exit status."""

import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT


def run_classify(data: bytes, *options: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "listener.cli", "classify", *options],
        input=data,
        capture_output=True,
        check=False,
        timeout=120,
        cwd=ROOT,
    )


@pytest.fixture(scope="module")
def lines() -> list[dict[str, object]]:
    rows = [
        "客服骂人，还不给退款，我要去12315投诉",
        json.dumps({"text": "今天天气不错", "id": 3, "type": "mine"}, ensure_ascii=False),
        json.dumps({"id": 4}),
        json.dumps({"text": "𠮷野家送來的　湯灑了一半", "title": "外送客訴"}, ensure_ascii=False),
        json.dumps({"text": "买", "rating": "five"}, ensure_ascii=False),
    ]
    done = run_classify("\n\n".join(rows).encode())
    assert done.returncode == 1
    assert b"line 5: " in done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_line_gets_its_keys_and_bad_ones_their_error(lines: list[dict[str, object]]):
    assert lines[0].keys() == {
        "text", "is_complaint", "type", "secondary", "severity", "confidence", "reasons",
    }  # fmt: skip
    assert lines[0]["is_complaint"] is True
    assert (lines[0]["type"], lines[0]["severity"]) == ("refund_return", "serious")
    assert lines[2] == {"line": 5, "error": lines[2]["error"]}
    assert lines[4] == {"line": 9, "error": lines[4]["error"]}


def test_no_complaint_has_neither_type_nor_severity(lines: list[dict[str, object]]):
    assert (lines[1]["id"], lines[1]["input_type"]) == (3, "mine")
    assert lines[1]["is_complaint"] is False
    assert (lines[1]["type"], lines[1]["severity"]) == ("none", "none")
    assert lines[1]["reasons"] == []


@pytest.mark.parametrize("index", [0, 3])
def test_reasons_stand_where_they_say(lines: list[dict[str, object]], index: int):
    text, reasons = lines[index]["text"], lines[index]["reasons"]
    assert isinstance(text, str)
    assert isinstance(reasons, list)
    assert reasons
    for reason in reasons:
        assert text[reason["start"] : reason["end"]] == reason["text"]


def test_classifying_loads_nothing_it_does_not_use():
    code = (
        "import sys; from listener.cli import make_app; make_app('classify');"
        "from listener.complaints import classify; classify('质量很差');"
        "print(sorted({'scrapy', 'telegram', 'matplotlib', 'scipy', 'sqlalchemy', 'snownlp'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


def test_language_tells_the_currency_of_a_bare_sum():
    rows = [
        json.dumps(
            {"text": "花了1500塊買的鞋，穿三天就開膠，做工很差", "lang": lang}, ensure_ascii=False
        )
        for lang in ("zh-CN", "zh-TW")
    ]
    done = run_classify("\n".join(rows).encode())
    rules = [
        {reason["rule"] for reason in json.loads(line)["reasons"]}
        for line in done.stdout.splitlines()
    ]
    assert "S1" in rules[0]
    assert "S1" not in rules[1]
