"""The checks as a whole: labelled statements, the registry, facts, languages, the contract."""

import json

import pytest
from typer.testing import CliRunner

from crisis.lint import (
    Level,
    SheetFact,
    StatementToCheck,
    UnreadableStatement,
    lint_statement,
    read_statement,
    rules,
)
from listener.cli import app
from tests.conftest import ROOT
from tests.lint_score import score_file

OWN = ROOT / "tests" / "data" / "lint" / "statements.jsonl"
UNSEEN = ROOT / "tests" / "data" / "lint" / "unseen.jsonl"
THIRD = ROOT / "tests" / "data" / "lint" / "third.jsonl"
FOURTH = ROOT / "tests" / "data" / "lint" / "fourth.jsonl"
DRAFTED = ROOT / "tests" / "data" / "statements"
HOLDING = (
    "有顾客反映青岚电饭煲冒烟，让您受惊，非常抱歉。该款已于9月2日停售，请先停止使用。"
    "原因正在核实，9月3日18时前公布。电话400-000-7001。"
)


def codes(text, **known):
    return [one.rule for one in lint_statement(StatementToCheck(text=text, **known))]


def test_own_labelled_statements():
    score = score_file(OWN)
    print(score.table())
    precision, recall = score.of_level(Level.ERROR)
    assert precision >= 0.95, score.slips
    assert recall >= 0.95, score.slips


@pytest.mark.parametrize("part", ["unseen-a", "unseen-b"])
def test_statements_written_before_the_rules_had_seen_them(part):
    score = score_file(UNSEEN, part=part)
    print(score.table())
    precision, recall = score.of_level(Level.ERROR)
    assert precision >= 0.97, score.slips
    assert recall >= 0.95, score.slips
    precision, recall = score.of_level(Level.WARNING)
    assert precision >= 0.9, score.slips
    assert recall >= 0.85, score.slips


@pytest.mark.parametrize("part", ["third-a", "third-b", "third-c"])
def test_statements_of_an_author_who_had_not_seen_the_rules(part):
    score = score_file(THIRD, part=part)
    print(score.table())
    for level in (Level.ERROR, Level.WARNING):
        precision, recall = score.of_level(level)
        assert precision >= 0.95, score.slips
        assert recall >= 0.95, score.slips


@pytest.mark.parametrize("part", ["fourth-a", "fourth-b"])
def test_statements_read_after_the_judge_was_made(part):
    """Not all that was missed there has been put right; what was found stays found."""
    score = score_file(FOURTH, part=part)
    print(score.table())
    for level in (Level.ERROR, Level.WARNING):
        precision, recall = score.of_level(level)
        assert precision >= 0.9, score.slips
        assert recall >= 0.9, score.slips


@pytest.mark.shared
def test_development_statements(shared):
    score = score_file(shared / "eval" / "statements" / "dev.jsonl")
    print(score.table())
    precision, recall = score.of_level(Level.ERROR)
    assert precision >= 0.95, score.slips
    assert recall >= 0.95, score.slips


def test_the_drafted_statements_of_the_library_are_clean():
    slips = []
    for path in sorted(DRAFTED.rglob("*.txt")):
        lang, crisis = path.relative_to(DRAFTED).parts[:2]
        statement = StatementToCheck(
            text=path.read_text(encoding="utf-8"),
            lang=lang,
            crisis=crisis,
            kind=path.name.split(".")[0],
        )
        slips += [
            f"{lang}/{crisis}/{path.name}: {one.rule} {one.text}"
            for one in lint_statement(statement)
            if one.level == Level.ERROR
        ]
    assert slips == []


def test_a_complete_holding_statement_is_clean():
    found = lint_statement(
        StatementToCheck(text=HOLDING, channel="weibo", kind="holding", crisis="C01")
    )
    assert {one.level for one in found} <= {Level.ADVICE}


def test_every_rule_speaks_three_languages():
    for rule in rules().values():
        assert set(rule.messages) == set(rule.suggestions) == {"zh-CN", "zh-TW", "en"}, rule.code


def test_messages_come_in_the_language_asked_for():
    statement = StatementToCheck(text="我们会尽快处理。", kind="script", channel="script")
    found = lint_statement(statement, shown_in="en")
    assert "A promise without a time: 尽快处理" in [one.message for one in found]


def test_advice_names_the_law_and_never_blocks():
    found = [
        one
        for one in lint_statement(StatementToCheck(text="该批次已召回，涉及专利诉讼。"))
        if one.rule == "legal-review"
    ]
    assert "商标法；专利法；著作权法" in {one.law for one in found}
    assert {one.level for one in found} == {Level.ADVICE}


@pytest.mark.parametrize("text", ["顾客说：“这是个案吗？”我们正在核实。", "《最高级别保护法》"])
def test_quoted_words_are_not_the_companys_own(text):
    assert not {"belittling-phrase", "absolute-word"} & set(codes(text))


def test_questions_of_customers_are_not_the_companys_own():
    text = "问：是不是只有个别顾客遇到？\n答：还在统计，11月5日18时前公布。"
    assert "belittling-phrase" not in codes(text, kind="qa")


def test_a_script_is_measured_by_its_longest_turn():
    turn = "【說明】\n" + "我們會逐筆核對。" * 12
    assert "length-over" not in codes("\n\n".join([turn] * 4), channel="script", lang="zh-TW")
    assert "length-over" in codes(turn * 2, channel="script", lang="zh-TW")


def test_one_phrase_is_one_finding():
    found = codes("绝不会再发生此类问题。", kind="qa")
    assert found.count("over-promise") == 1
    assert "unproven-denial" not in found


def test_facts_are_compared_with_the_sheet():
    facts = {
        "batch": SheetFact(state="known", value="QL2608"),
        "injured": SheetFact(state="stale", value="2人"),
        "cause": SheetFact(state="unknown"),
    }
    found = codes("批次QL2680，两名顾客受伤，原因是密封圈老化。", facts=facts)
    assert {"fact-mismatch", "stale-fact", "unknown-asserted"} <= set(found)


def test_a_rising_count_with_a_later_stamp_is_no_contradiction():
    earlier = ["截至9月3日12时，收到反馈3例。"]
    assert "contradiction" not in codes("截至9月5日12时，收到反馈8例。", earlier=earlier)
    assert "contradiction" in codes("截至9月5日12时，收到反馈2例。", earlier=earlier)


def test_variants_must_give_the_same_day():
    text = "款项将于11月9日前退回。"
    assert "contradiction" in codes(text, variants=["Refunds arrive by 7 November."])
    assert "contradiction" not in codes(text, variants=["Refunds arrive by 9 November."])


def test_the_ladder_is_not_lowered():
    earlier = ["这是我们的错，诚恳道歉。"]
    assert "ladder-lowered" in codes("我们按规定办理，对此表示关切。", earlier=earlier)
    assert "ladder-lowered" not in codes("再次道歉，退款已到账。", earlier=earlier)


def test_the_official_hotline_is_no_personal_data():
    facts = {"hotline": SheetFact(state="known", value="13800001111")}
    assert "personal-data" in codes("请找她，13800001111。")
    assert "personal-data" not in codes("请找她，13800001111。", facts=facts)


@pytest.mark.parametrize(
    "data",
    [
        {"text": 3},
        {"text": "x", "lang": "fr"},
        {"text": "x", "facts": [1]},
        {"text": "x", "facts": {"a": 1}},
        {"text": "x", "facts": {"a": {"state": "perhaps"}}},
        {"text": "x", "earlier": [1]},
        {"text": "x", "variants": 3},
    ],
)
def test_unreadable_input_is_named(data):
    with pytest.raises(UnreadableStatement, match=r"text|lang|fact|earlier|variants"):
        read_statement(data)


def test_command_prints_a_line_for_each_finding(tmp_path):
    file = tmp_path / "s.txt"
    file.write_text("\ufeff我们会尽快处理。", encoding="utf-8")
    options = ["--channel", "weibo", "--lang", "zh-CN", "--kind", "holding", "--crisis", "C01"]
    result = CliRunner().invoke(app, ["lint", str(file), *options])
    assert result.exit_code == 1
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    keys = {"rule", "level", "start", "end", "text", "message", "suggestion", "law"}
    assert all(set(line) == keys for line in lines)
    undated = next(line for line in lines if line["rule"] == "undated-promise")
    assert (undated["start"], undated["end"], undated["text"]) == (0, 7, "我们会尽快处理")


def test_command_reads_a_fact_sheet(tmp_path):
    sheet = tmp_path / "facts.toml"
    sheet.write_text('[facts.batch]\nstate = "known"\nvalue = "QL2608"\n', encoding="utf-8")
    result = CliRunner().invoke(
        app, ["lint", "-", "--kind", "qa", "--facts", str(sheet)], input="批次QL2680已停售。"
    )
    assert '"fact-mismatch"' in result.stdout


def test_jsonl_answers_each_line_and_copies_its_keys():
    clean = {"id": "a", "text": HOLDING, "channel": "weibo", "kind": "holding", "crisis": "C01"}
    lines = [json.dumps(clean), '{"id": "b", "text": "x", "kind": "poem"}', "只是个案。"]
    result = CliRunner().invoke(app, ["lint", "--jsonl"], input="\n".join(lines))
    assert result.exit_code == 1
    first, second, third = [
        json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")
    ]
    assert first["id"] == "a"
    assert {one["level"] for one in first["findings"]} <= {"advice"}
    assert second["line"] == 2
    assert "belittling-phrase" in [one["rule"] for one in third["findings"]]


def test_jsonl_of_clean_statements_exits_with_zero():
    line = json.dumps({"id": "a", "text": HOLDING, "kind": "holding", "crisis": "C01"})
    assert CliRunner().invoke(app, ["lint", "--jsonl"], input=line).exit_code == 0


@pytest.mark.parametrize(
    "options", [["nowhere.txt"], ["--jsonl", "nowhere.jsonl"], ["-", "--kind", "poem"]]
)
def test_what_cannot_be_read_exits_with_two(options):
    assert CliRunner().invoke(app, ["lint", *options], input="x").exit_code == 2


def test_an_empty_value_of_the_sheet_is_nowhere():
    facts = {"batch": SheetFact(state="stale", value=" \u200b")}
    assert "stale-fact" not in codes("批次QL2608已停售。", facts=facts)
