import io
import json

import pytest
from typer.testing import CliRunner

from listener.cli import app
from listener.commands.filters import run_filter
from listener.commands.matching import matching
from listener.errors import ConfigError
from listener.matching.matcher import compile_queries
from listener.watchlist import find_brand, pick_brand, read_brand_file
from tests.unit.test_config import GOOD, load

BRANDS = """
[[brand]]
name = "青禾"
names = ["青禾"]
context = ["奶粉"]
traps = ["青禾苗"]
[[brand]]
name = "乙"
query = "乙 NOT 甲乙"
"""


def answers(query, *lines):
    out, errors = io.BytesIO(), io.StringIO()
    matcher = compile_queries([query]) if query else None
    data = "\n".join(
        line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines
    )
    status = run_filter(io.BytesIO(data.encode()), out, matching(matcher), errors=errors)
    return status, [json.loads(line) for line in out.getvalue().splitlines()]


def test_every_line_gets_match_and_hits_and_keeps_its_keys():
    status, found = answers(
        "霁物", "霽物漏水", {"text": "别的", "title": "霁物", "id": 7, "match": "x"}
    )
    assert status == 0
    assert found[0] == {
        "text": "霽物漏水",
        "match": True,
        "hits": [{"term": "霁物", "start": 0, "end": 2, "field": "text"}],
    }
    assert found[1]["hits"] == [{"term": "霁物", "start": 0, "end": 2, "field": "title"}]
    assert (found[1]["id"], found[1]["input_match"]) == (7, "x")


def test_a_query_of_the_line_overrides_and_a_bad_one_spoils_only_its_line():
    status, found = answers(
        "霁物",
        {"text": "漏水", "query": "漏水"},
        {"text": "漏水", "query": "霁物，漏水"},
        {"text": "霁物", "query": None},
    )
    assert status == 1
    assert [one.get("match") for one in found] == [True, None, True]
    assert found[1]["line"] == 2
    assert "column 3" in found[1]["error"]


def test_without_any_query_a_line_is_an_error():
    status, found = answers(None, "霁物", {"text": "霁物", "query": "霁物"})
    assert (status, found[1]["match"]) == (1, True)
    assert "no query" in found[0]["error"]


def run(tmp_path, *arguments, lines="青禾奶粉\n青禾\n"):
    path = tmp_path / "lines.txt"
    path.write_text(lines, encoding="utf-8")
    return CliRunner().invoke(app, ["match", str(path), *arguments])


def test_the_command_takes_a_brand_of_a_file_or_of_the_configuration(tmp_path):
    path = tmp_path / "brands.toml"
    path.write_text(BRANDS, encoding="utf-8")
    result = run(tmp_path, "--brand", "青禾", "--brand-file", str(path))
    assert result.exit_code == 0
    assert [json.loads(line)["match"] for line in result.stdout.splitlines()] == [True, False]
    config = tmp_path / "config.toml"
    config.write_text(GOOD.replace('any = ["品牌"]', 'any = ["青禾"]'), encoding="utf-8")
    result = run(tmp_path, "--brand", "b", "--config", str(config))
    assert [json.loads(line)["match"] for line in result.stdout.splitlines()] == [True, True]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--query", "青禾,奶粉"], "--query: column 3"),
        (["--query", "青禾", "--brand", "青禾"], "cannot be used together"),
        (["--brand-file", "x.toml"], "needs --brand"),
        (["--brand", "青禾", "--brand-file", "absent.toml"], "cannot read"),
        (["--query", "/a/"], "switched off"),
    ],
)
def test_what_cannot_be_used_is_refused_with_status_2(tmp_path, arguments, message):
    result = run(tmp_path, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BRANDS.replace("traps", "trap"), "unknown key"),
        (BRANDS.replace('name = "青禾"', ""), "missing"),
        ("brand = 3", "brand"),
        ("[[brand", "not valid TOML"),
    ],
)
def test_a_bad_brand_file_is_refused(tmp_path, text, message):
    path = tmp_path / "brands.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_brand_file(path)


def test_an_unknown_brand_is_refused_with_the_known_ones(tmp_path):
    path = tmp_path / "brands.toml"
    path.write_text(BRANDS, encoding="utf-8")
    with pytest.raises(ConfigError, match="青禾, 乙"):
        pick_brand(path, read_brand_file(path), "丙")
    with pytest.raises(ConfigError, match="known brands: b"):
        find_brand(load(tmp_path, GOOD), "c")


def test_words_of_the_configuration_reach_the_matcher(tmp_path):
    words = """
names = ["品牌"]
aliases = ["@品牌"]
people = ["某人"]
context = ["店"]
events = ["召回"]
regions = ["杭州"]
query = "品牌 NOT 加盟"
products = ["品牌一号", {name = "二号", terms = ["2号"]}]
"""
    text = GOOD.replace('[brands.query]\nany = ["品牌"]\n', words)
    found = find_brand(load(tmp_path, text).changed(), "b")
    assert (found.query, found.products, found.noted) == (
        "品牌 NOT 加盟",
        ["品牌一号"],
        ["召回", "杭州"],
    )
    assert found.labels == [("品牌一号", ("品牌一号",)), ("二号", ("2号",))]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "nothing to find it by"),
        ('[brands.query]\nexpression = "甲"\nany = ["乙"]\n', "remove one of them"),
    ],
)
def test_a_brand_needs_words_and_one_form_of_query(tmp_path, query, message):
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, GOOD.replace('[brands.query]\nany = ["品牌"]\n', query))
