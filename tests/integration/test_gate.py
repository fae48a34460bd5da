"""The lint before every signature: what it holds up, who may let it pass, what stays on record."""

from dataclasses import replace

import pytest
from sqlmodel import select

from crisis.approval import Verdict
from crisis.gate import LINT_OVERRIDE, gate_of
from crisis.override import override_lint
from crisis.policy import Audience, Recipient
from listener.bot.handlers import UpdateHandler
from listener.callbacks import sign
from listener.clock import FakeClock
from listener.errors import Conflict, NotAllowed
from listener.store import incidents as incident_store
from listener.store import statements
from listener.store.engine import read_session, unit_of_work
from listener.store.tables import AuditEntry, Message
from tests.integration.test_approval import (
    CHAT,
    CHATTING,
    HOUR,
    NOW,
    chat_update,
    make,  # noqa: F401
)

BAD = "目前只有极个别用户遇到，属于正常现象。"


def override(room, who, revision, reason="原话引自公告，法务已看过"):
    with unit_of_work(room.engine) as session:
        override_lint(
            session,
            room.desk,
            revision_id=revision.id,
            expected_hash=revision.content_hash,
            reason=reason,
            actor=room.actor(who),
            now=NOW,
        )


def buttons(room, revision):
    bodies = [
        body
        for *_, body in room.messages("draft")
        if body["content_hash"] == revision.content_hash
    ]
    return [button["action"] for row in bodies[-1]["buttons"] for button in row]


@pytest.fixture
def room(make):  # noqa: F811
    return make()


def test_a_text_with_errors_cannot_be_signed_and_says_what_is_wrong(room):
    first = room.start()
    revision = room.edit("zhou", first, first.text + BAD)
    shown = room.shown(revision)
    assert "⛔" in shown
    assert "极个别" in shown
    assert "还不能审批" in shown
    assert buttons(room, revision) == ["edit", "reject", "changes", "override"]
    with pytest.raises(Conflict) as refused:
        room.press("lin", revision)
    assert refused.value.code == "lint_errors"
    assert "belittling-phrase" in str(refused.value)
    assert room.statement.state == statements.WAITING


def test_the_emergency_path_and_reminders_wait_for_the_lint(room):
    first = room.start()
    before = len(room.notices())
    revision = room.edit("zhou", first, first.text + BAD)
    room.follow(NOW + HOUR)
    assert len(room.notices()) == before
    with pytest.raises(Conflict):
        room.press("lin", revision, emergency=True, comment="来不及")


def test_a_lead_lets_exactly_this_text_pass_and_the_reason_stays(room):
    first = room.start()
    revision = room.edit("zhou", first, first.text + BAD)
    override(room, "he", revision)
    shown = room.shown(revision)
    assert "何靖" in shown
    assert "原话引自公告，法务已看过" in shown
    assert "approve" in buttons(room, revision)
    room.press("lin", revision)
    with read_session(room.engine) as session:
        events = incident_store.timeline(session, 1)
        kept = [one for one in events if one.kind == LINT_OVERRIDE]
        audited = session.exec(select(AuditEntry).where(AuditEntry.action == "override")).all()
    assert [one.data["reason"] for one in kept] == ["原话引自公告，法务已看过"]
    assert kept[0].data["rules"] == ["belittling-phrase"]
    assert len(audited) == 1
    later = room.edit("zhou", revision, revision.text + "以上。")
    with pytest.raises(Conflict):
        room.press("lin", later)


def test_only_a_lead_overrides_with_a_reason_and_only_what_is_held_up(room):
    first = room.start()
    with pytest.raises(Conflict) as nothing:
        override(room, "lin", first)
    assert nothing.value.code == "nothing_to_override"
    revision = room.edit("zhou", first, first.text + BAD)
    for who in ("zhou", "fa", "zong", "adm"):
        with pytest.raises(NotAllowed):
            override(room, who, revision)
    with pytest.raises(Conflict):
        override(room, "lin", revision, reason="  ")
    with pytest.raises(Conflict):
        override(room, "lin", first)


def test_a_text_with_errors_can_still_be_sent_back(room):
    first = room.start()
    revision = room.edit("zhou", first, first.text + BAD)
    room.press("fa", revision, Verdict.CHANGES, comment="去掉“极个别”")
    assert room.statement.state == statements.CHANGES


def test_warnings_are_shown_and_hold_nothing_up(room):
    first = room.start()
    revision = room.edit("zhou", first, first.text + "补偿方案会尽快给出。")
    assert "⚠️" in room.shown(revision)
    room.press("lin", revision)


def test_in_the_chat_a_lead_is_asked_why_and_others_are_refused(make):  # noqa: F811
    room = make(CHATTING)
    room.desk = replace(room.desk, audience=Audience(recipients=(Recipient("telegram", CHAT),)))
    first = room.start()
    revision = room.edit("zhou", first, first.text + BAD)
    key = b"k" * 32
    handler = UpdateHandler(
        engine=room.engine,
        clock=FakeClock(NOW),
        desk=room.desk,
        chat_id=int(CHAT),
        callback_key=key,
    )

    def press(number, action):
        data = sign(key, CHAT, action, revision.id, revision.content_hash)
        values = {"kind": "press", "query_id": "q", "has_photo": False, "data": data}
        return chat_update(room, handler, number, **values)

    refused = press(1, "approve")
    assert refused.is_alert
    assert "⛔" in refused.text
    press(2, "override")
    with unit_of_work(room.engine) as session:
        asked = session.exec(select(Message).where(Message.purpose == "question")).one()
        asked.remote_id, asked.state = "900", "sent"
    chat_update(room, handler, 3, kind="text", reply_to=900, text="引用的是用户原话")
    assert "引用的是用户原话" in room.shown(revision)
    assert press(4, "approve").is_alert is False


def add_sibling(room, text, *, kind, channel, state):
    """Store another statement of the same incident in a given state."""
    with unit_of_work(room.engine) as session:
        first = statements.statement(session, 1)
        number = statements.request_statement(
            session,
            {
                "incident_id": first.incident_id,
                "kind": kind,
                "channel": channel,
                "lang": first.lang,
                "crisis_type": first.crisis_type,
                "state": state,
                "requested_at": NOW,
                "requested_by": "zhou",
                "missing": [],
            },
        )
        revision = statements.add_revision(
            session,
            number,
            text=text,
            content_hash="0" * 64,
            author="zhou",
            created_at=NOW,
            facts={},
            template="",
        )
        statements.change_statement(session, number, {"current_revision_id": revision.id})


def rules_at_the_gate(room, revision):
    with read_session(room.engine) as session:
        gate = gate_of(session, room.desk, statements.statement(session, 1), revision)
    return {one.rule for one in gate.errors}


@pytest.mark.parametrize(
    ("state", "is_compared"),
    [(statements.APPROVED, True), (statements.PUBLISHED, True), (statements.WAITING, False)],
)
def test_forms_for_other_channels_that_are_settled_must_agree(room, state, is_compared):
    first = room.start()
    add_sibling(
        room, "退款将于9月20日前到账。", kind=room.statement.kind, channel="website", state=state
    )
    revision = room.edit("zhou", first, first.text + "退款将于9月25日前到账。")
    assert ("contradiction" in rules_at_the_gate(room, revision)) is is_compared


@pytest.mark.parametrize(
    ("state", "is_compared"), [(statements.PUBLISHED, True), (statements.APPROVED, False)]
)
def test_what_was_published_before_is_not_taken_back(room, state, is_compared):
    first = room.start()
    add_sibling(
        room,
        "这次升级是我们没有做好，诚恳道歉，损失由我们承担。",
        kind="apology",
        channel="wechat",
        state=state,
    )
    revision = room.edit("zhou", first, "关于升级后无法开机，我们按照行业惯例处理，对此表示遗憾。")
    assert ("ladder-lowered" in rules_at_the_gate(room, revision)) is is_compared
