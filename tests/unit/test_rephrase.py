import re

import pytest

from crisis.lint.statement import SheetFact, StatementToCheck
from crisis.rephrase import check_base, judge, lock, unlock
from listener.errors import Conflict

TEXT = """澜白关于部分用户无法登录的说明

11月22日10:20起，部分用户无法登录澜白应用。我们已在第一时间组织技术人员排查，目前原因正在核实。
用户在此期间产生的损失，可拨打400-820-0000登记。我们将于今日18:00前再次说明进展。
给您带来不便，我们深表歉意。

澜白科技
2026年11月22日"""
FACTS = ["11月22日10:20", "部分用户无法登录", "400-820-0000"]


def marks(text):
    return re.findall(r"⟦F\d+⟧", text)


def test_no_fact_leaves_and_all_come_back():
    locked = lock(TEXT, FACTS, lang="zh-CN")
    for fact in (*FACTS, "18:00", "2026", "澜白科技", "澜白关于"):
        assert fact not in locked.text, fact
    assert "深表歉意" in locked.text
    assert unlock(locked.text, locked, lang="zh-CN") == TEXT


def test_marks_may_move_and_words_may_change():
    locked = lock(TEXT, FACTS, lang="zh-CN")
    answer = locked.text.replace(
        "给您带来不便，我们深表歉意。", "对于给您带来的不便，我们诚恳致歉。"
    )
    assert "诚恳致歉" in unlock(answer, locked, lang="zh-CN")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: text.replace(marks(text)[1], "", 1), "lost the fact"),
        (lambda text: text + marks(text)[1], "repeated the fact"),
        (lambda text: text + "⟦F99⟧", "invented the fact"),
        (lambda text: text.replace("⟦F2⟧", "⟦F２⟧", 1), "lost the fact"),
        (lambda text: text + "预计影响300人。", "adds the figure '3'"),
        (lambda text: text + "预计三小时后恢复。", "adds the count '三小时'"),
        (lambda text: text + "预计明天恢复。", "adds the statement '预计'"),
        (lambda text: text.replace("我们深表", "我们承诺赔偿并深表"), "adds the statement '承诺'"),
        (lambda text: text + "详见HELP。", "adds Latin letters"),
        (lambda text: text + "我们会做得更好。" * 20, "something was left out or added"),
        (lambda text: "".join(marks(text)), "something was left out or added"),
        (lambda text: text + "⟦", "came back changed"),
    ],
)
def test_an_answer_that_touches_a_fact_is_refused(change, why):
    locked = lock(TEXT, FACTS, lang="zh-CN")
    with pytest.raises(Conflict, match=re.escape(why)):
        unlock(change(locked.text), locked, lang="zh-CN")


def test_english_keeps_words_and_locks_figures():
    text = "At 10:20 some users could not log in. We are sorry. Write to help@lanbai.example."
    locked = lock(text, ["some users could not log in"], lang="en")
    assert "We are sorry" in locked.text
    assert "10:20" not in locked.text
    assert "lanbai" not in locked.text
    assert unlock(locked.text, locked, lang="en") == text


@pytest.mark.parametrize(
    ("text", "why"),
    [("标题\n落款", "nothing but facts"), ("有⟦的。", "take them out"), ("长" * 7000, "at most")],
)
def test_what_cannot_be_rephrased_is_said(text, why):
    with pytest.raises(Conflict, match=why):
        lock(text, [], lang="zh-CN")


def checked(text):
    facts = {"phone": SheetFact(state="known", value="400-820-0000", source="客服部")}
    return StatementToCheck(text=text, channel="website", kind="holding", facts=facts)


def test_a_draft_with_errors_is_mended_first():
    with pytest.raises(Conflict, match="mend them before rephrasing"):
        check_base(checked("我们的产品绝对安全，都是消费者使用不当造成的。"))


def test_a_wording_that_breaks_a_rule_is_refused():
    worse = TEXT.replace("给您带来不便", "虽然只是极少数别有用心的人炒作，给您带来不便")
    with pytest.raises(Conflict, match="refused: the rephrased text breaks"):
        judge(checked(TEXT), checked(worse))
