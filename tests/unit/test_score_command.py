"""``fengsheng score`` as a program: keys, errors in place, exit status, and what it imports."""

import json
import subprocess
import sys

from tests.conftest import ROOT


def run_score(data: bytes, *options: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "listener.cli", "score", *options],
        input=data,
        capture_output=True,
        check=False,
        timeout=120,
        cwd=ROOT,
    )


def test_every_line_gets_its_keys_and_bad_ones_their_error():
    done = run_score(
        '\ufeff质量很差，客服不理人\n\n{"text": "很满意", "id": 3, "label": "mine"}\n{"id": 4}\n'.encode()
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert lines[0].keys() == {
        "text", "negative", "neutral", "positive", "label", "evidence", "scorer",
    }  # fmt: skip
    assert lines[0]["label"] == "negative"
    assert all(word in "质量很差，客服不理人" for word, _ in lines[0]["evidence"])
    assert (lines[1]["id"], lines[1]["input_label"], lines[1]["label"]) == (3, "mine", "positive")
    assert lines[2] == {"line": 4, "error": lines[2]["error"]}
    assert b"line 4: " in done.stderr


def test_file_and_standard_input_give_the_same(tmp_path):
    data = "好用\n难用\n".encode()
    (tmp_path / "in.txt").write_bytes(data)
    assert run_score(b"", str(tmp_path / "in.txt")).stdout == run_score(data, "-").stdout


def test_unreadable_file_and_unknown_scorer_are_refused():
    done = run_score(b"", "no/such/file")
    assert done.returncode == 2
    assert b"no/such/file" in done.stderr
    done = run_score(b"", "--scorer", "guess")
    assert done.returncode == 2
    assert b"unknown scorer 'guess'" in done.stderr


def test_scoring_loads_nothing_it_does_not_use():
    code = (
        "import sys; from listener.cli import make_app; make_app('score');"
        "from listener.scoring.choose import open_scorer; open_scorer('fast');"
        "print(sorted({'scrapy', 'telegram', 'matplotlib', 'scipy', 'sqlalchemy', 'opencc',"
        " 'snownlp', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
