"""``fengsheng draft``: the contract people and scripts rely on."""

import json
import tomllib

import pytest
from typer.testing import CliRunner

from listener.cli import app
from tests.conftest import ROOT
from tests.statements import LIBRARY

HOLDING = LIBRARY.find(lang="zh-CN", crisis_type="C01", kind="holding")


@pytest.fixture(autouse=True)
def standing_in_the_checkout(monkeypatch):
    monkeypatch.chdir(ROOT)


def run(*args, stdin=None):
    return CliRunner().invoke(app, ["draft", *args], input=stdin)


def sheet(*, without=(), lang="zh-CN", crisis="C01", kind="holding", **changed):
    template = LIBRARY.find(lang=lang, crisis_type=crisis, kind=kind)
    blocks = []
    for name, value in LIBRARY.examples(template).items():
        if name in without:
            continue
        entry = {
            "state": "known",
            "value": value,
            "source": "质量部",
            "as_of": "2026-11-22T11:30:00+08:00",
        } | changed.get(name, {})
        lines = [f"{key} = {json.dumps(item, ensure_ascii=False)}" for key, item in entry.items()]
        blocks.append("\n".join([f"[facts.{name}]", *lines]))
    return "\n\n".join(blocks)


def draft(text, *args, crisis="C01"):
    return run("--crisis", crisis, "--facts", "-", *args, stdin=text)


def test_the_statement_and_nothing_else_is_printed():
    result = draft(sheet())
    assert result.exit_code == 0
    assert result.stdout.startswith("11月22日10时05分起，我们陆续收到反馈，禾朗破壁机 P5 出现")
    assert result.stdout.endswith("专线 400-000-1905（24 小时）。\n")


def test_an_empty_sheet_gives_the_required_facts_and_exit_2():
    result = draft("")
    assert result.exit_code == 2
    assert json.loads(result.stdout) == {"missing": list(HOLDING.required)}


def test_one_missing_fact_is_named_and_no_text_comes_out():
    result = draft(sheet(without=("contact",)))
    assert result.exit_code == 2
    assert json.loads(result.stdout) == {"missing": ["contact"]}


def test_a_channel_may_need_the_company_besides():
    result = draft(sheet(without=("company",)), "--channel", "website")
    assert json.loads(result.stdout) == {"missing": ["company"]}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"state": "stale"}, ["batch", "stale", "newest value"]),
        ({"source": ""}, ["batch", "no source", "vouches"]),
        ({"as_of": ""}, ["batch", "no as_of"]),
    ],
)
def test_a_stale_unsourced_or_undated_fact_is_refused_with_its_remedy(changed, words):
    result = draft(sheet(batch=changed))
    assert result.exit_code == 1
    assert result.stdout == ""
    for word in words:
        assert word in result.stderr


def test_a_promise_without_a_time_is_refused():
    result = draft(sheet(next_update_at={"value": "尽快"}))
    assert result.exit_code == 1
    assert "next_update_at" in result.stderr


def test_a_promise_for_a_time_that_is_past_is_remarked_upon():
    result = draft(sheet(next_update_at={"value": "2020-01-01T10:00:00"}))
    assert result.exit_code == 0
    assert "next_update_at" in result.stderr


def test_an_unknown_fact_is_said_to_be_checked():
    result = draft(sheet(batch={"state": "unknown", "value": ""}))
    assert "问题原因和涉及的批次正在核实" in result.stdout


def test_a_list_and_a_toml_time_are_read():
    text = sheet(action_taken={"value": ["我们已停售", "样品已送检"]}).replace(
        '"2026-11-22T15:30:00"', "2026-11-22T07:30:00Z"
    )
    result = draft(text)
    assert "我们已停售；样品已送检。" in result.stdout
    assert "11月22日15时30分前公布" in result.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[facts", "TOML"),
        ("[fact.product]\nvalue = 1", "[facts.NAME]"),
        ("[facts.product]\nvalu = 1", "valu"),
        ("[facts.product]\nstate = 'sure'", "sure"),
        ("[facts.product]\nstate = 'known'", "no value"),
        ("[facts.product]\nvalue = true", "bool"),
        ("[facts.product]\nvalue = 'x'\nas_of = 'gestern'", "as_of"),
        ("facts = 3", "[facts.NAME]"),
    ],
)
def test_a_sheet_that_cannot_be_understood_says_why(text, words):
    result = draft(text)
    assert result.exit_code == 1
    assert words in result.stderr


def test_a_fact_that_no_statement_knows_is_remarked_upon():
    result = draft(sheet() + "\n[facts.prodcut]\nvalue = 'x'\nsource = 'y'")
    assert result.exit_code == 0
    assert "prodcut" in result.stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--channel", "sms", "--kind", "holding"), "--kind sms"),
        (("--channel", "overseas", "--lang", "zh-CN"), "--lang en"),
        (("--channel", "douyin"), "does not fit holding of C01"),
        (("--kind", "correction"), "there is no correction for C01"),
        (("--lang", "fr"), "--lang"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(args, words):
    result = draft(sheet(), *args)
    assert result.exit_code == 1
    assert words in result.stderr


def test_overseas_is_english_unless_told_otherwise():
    result = draft(sheet(lang="en"), "--channel", "overseas")
    assert result.exit_code == 0
    assert "Please stop using the Halden B5 blender" in result.stdout


def test_the_skeleton_is_a_sheet_that_lacks_what_the_statement_needs():
    result = run("--crisis", "C01", "--needs", "--channel", "website")
    facts = tomllib.loads(result.stdout)["facts"]
    assert list(facts)[: len(HOLDING.required)] == list(HOLDING.required)
    answer = draft(result.stdout, "--channel", "website")
    assert json.loads(answer.stdout) == {"missing": [*HOLDING.required, "company"]}


def test_the_templates_are_listed():
    rows = json.loads(run("--list", "--json").stdout)
    assert {row["crisis"] for row in rows if row["lang"] == "zh-CN"} >= {
        f"C{number:02d}" for number in range(1, 13)
    }
    assert "holding" in run("--list", "--crisis", "C03").stdout


def test_nothing_is_done_without_a_crisis_or_facts():
    assert "--crisis" in run().stderr
    assert "--needs" in run("--crisis", "C01").stderr
