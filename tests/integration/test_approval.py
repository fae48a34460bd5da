"""Approval chains, expiry, chasing, publication and promised updates on a real database."""

import copy
import os
import random
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from crisis import approval, drafting
from crisis.approval import Verdict
from crisis.followup import follow_statement, live_statements, remind_of_tasks
from crisis.policy import Audience, Recipient
from crisis.publication import record_publication
from listener.bot.handlers import UpdateHandler
from listener.callbacks import sign
from listener.clock import FakeClock
from listener.config_file import load_config
from listener.errors import Conflict, ListenerError, NotAllowed, Temporary
from listener.store import incidents as incident_store
from listener.store import statements, tasks, updates
from listener.store.engine import open_engine, read_session, unit_of_work
from listener.store.tables import AuditEntry, Decision, Message
from tests.integration.test_response import CONFIG, NOW, Case

TEAM = """
[[people]]
key = "lin"
name = "林岚"
roles = ["lead"]
[[people]]
key = "he"
name = "何靖"
roles = ["lead"]
[[people]]
key = "fa"
name = "方律"
roles = ["legal"]
[[people]]
key = "zong"
name = "钟总"
roles = ["executive"]
[[people]]
key = "dai"
name = "戴宁"
roles = ["officer"]
deputy_for = ["legal"]
[[people]]
key = "zhou"
name = "周宁"
roles = ["officer"]
[[people]]
key = "adm"
name = "管理员"
roles = ["admin"]
"""
PAIR = CONFIG[: CONFIG.index("[[brands]]")]
BRAND = CONFIG[CONFIG.index("[[brands]]") :]
HOUR = timedelta(hours=1)


class Room(Case):
    """A case whose statement waits for its chain."""

    severity = "urgent"

    def start(self):
        self.find(severity=self.severity)
        return self.draft()

    def press(self, who, revision, verdict=Verdict.APPROVE, *, at=NOW, **values):
        with unit_of_work(self.engine) as session:
            return approval.decide(
                session,
                self.desk,
                revision_id=revision.id,
                expected_hash=revision.content_hash,
                verdict=verdict,
                actor=self.actor(who),
                now=at,
                **values,
            )

    def edit(self, who, revision, text):
        with unit_of_work(self.engine) as session:
            return drafting.edit_text(
                session, self.desk, revision.id, text=text, actor=self.actor(who), now=NOW
            )

    def fact(self, name, value, at=NOW):
        with unit_of_work(self.engine) as session:
            drafting.state_fact(
                session,
                self.desk,
                1,
                name=name,
                value=value,
                actor=self.actor("zhou"),
                now=at,
            )

    def follow(self, at):
        with unit_of_work(self.engine) as session:
            for statement_id in live_statements(session):
                follow_statement(session, self.desk, statement_id, at)
            remind_of_tasks(session, self.desk, at)

    def publish(self, *, at=NOW, published_at=None, url="https://weibo.example/1", text=None):
        with unit_of_work(self.engine) as session:
            return record_publication(
                session,
                self.desk,
                1,
                channel="weibo",
                url=url,
                published_at=published_at or at,
                actor=self.actor("zhou"),
                now=at,
                text=text,
            )

    @property
    def statement(self):
        with read_session(self.engine) as session:
            return statements.statement(session, 1)

    def shown(self, revision):
        """What the draft's message says now."""
        bodies = [
            body
            for *_, body in self.messages("draft")
            if body["content_hash"] == revision.content_hash
        ]
        return bodies[-1]["html"]

    def notices(self):
        return [body["html"] for *_, body in self.messages("notice")]


@pytest.fixture
def make(engine, tmp_path):
    def room(people=TEAM):
        path = tmp_path / "config.toml"
        path.write_text(people + BRAND, encoding="utf-8")
        return Room(engine, load_config(path))

    return room


def test_an_urgent_chain_needs_all_three_and_shows_how_far_it_is(make):
    room = make()
    revision = room.start()
    assert "通过 0/3：传播负责人 … · 法务 … · 高管 …" in room.shown(revision)
    room.press("zong", revision)
    room.press("lin", revision)
    assert room.statement.state == statements.WAITING
    assert "通过 2/3：传播负责人 ✓ 林岚 · 法务 … · 高管 ✓ 钟总" in room.shown(revision)
    assert "等待法务：方律或戴宁" in room.shown(revision)
    room.press("fa", revision)
    assert room.statement.state == statements.APPROVED
    assert "通过 3/3" in room.shown(revision)


def test_one_press_counts_once_and_a_filled_role_takes_no_second(make):
    room = make()
    revision = room.start()
    room.press("lin", revision)
    for who, code in (("lin", "already_decided"), ("he", "seat_taken")):
        with pytest.raises(Conflict) as refused:
            room.press(who, revision)
        assert refused.value.code == code
    for who in ("zhou", "adm"):
        with pytest.raises(NotAllowed):
            room.press(who, revision)


def test_a_serious_text_with_a_legal_trigger_goes_to_legal_after_the_lead(make):
    room = make()
    room.severity = "serious"
    first = room.start()
    revision = room.edit("zhou", first, first.text + "每位用户将获得 200 元补偿。")
    assert "文中涉及金额、赔付，需要法务过目" in room.shown(revision)
    with pytest.raises(Conflict) as early:
        room.press("fa", revision)
    assert early.value.code == "not_yet"
    room.press("lin", revision)
    assert room.statement.state == statements.WAITING
    room.press("dai", revision)
    assert room.statement.state == statements.APPROVED
    assert "戴宁（代签）" in room.shown(revision)


def test_two_leads_countersign_and_the_missing_role_is_named(make):
    room = make(PAIR)
    revision = room.start()
    assert "无人担任高管，也没有其他人可以会签" in room.shown(revision)
    room.press("lin", revision)
    assert "无人担任法务：由 何靖 会签" in room.shown(revision)
    room.press("he", revision)
    assert room.statement.state == statements.APPROVED
    with read_session(room.engine) as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.action == "approve")).all()
    assert entries[-1].data["chain"]["left_out"] == ["executive"]


def test_an_edit_voids_every_approval_and_the_author_may_not_sign(make):
    room = make()
    old = room.start()
    room.press("lin", old)
    room.press("fa", old)
    new = room.edit("he", old, old.text + "补充。")
    assert "通过 0/3" in room.shown(new)
    with pytest.raises(NotAllowed) as own:
        room.press("he", new)
    assert own.value.code == "own_text"
    for who in ("lin", "fa", "zong"):
        room.press(who, new)
    assert room.statement.state == statements.APPROVED
    with read_session(room.engine) as session:
        reasons = [one.void_reason for one in statements.decisions(session, 1)]
    assert reasons == ["edited", "edited", None, None, None]


@pytest.mark.parametrize(
    ("verdict", "state"),
    [(Verdict.REJECT, statements.REJECTED), (Verdict.CHANGES, statements.CHANGES)],
)
def test_any_approver_ends_the_revision_even_after_signing(make, verdict, state):
    room = make()
    revision = room.start()
    room.press("lin", revision)
    room.press("fa", revision)
    with pytest.raises(Conflict):
        room.press("fa", revision, verdict, comment=" ")
    room.press("fa", revision, verdict, comment="缺少退款说明")
    assert room.statement.state == state
    assert "缺少退款说明" in room.shown(revision)
    with pytest.raises(Conflict):
        room.press("zong", revision)
    room.edit("zhou", revision, revision.text + "退款照办。")
    assert room.statement.state == statements.WAITING


def test_approvals_expire_and_are_given_anew(make):
    room = make()
    revision = room.start()
    room.press("lin", revision)
    room.press("fa", revision, at=NOW + HOUR)
    room.follow(NOW + 4 * HOUR)
    assert "通过 1/3" in room.shown(revision)
    assert any("林岚 的通过已满 4 小时" in one for one in room.notices())
    room.press("zong", revision, at=NOW + 4 * HOUR)
    assert room.statement.state == statements.WAITING
    room.press("lin", revision, at=NOW + 4 * HOUR)
    assert room.statement.state == statements.APPROVED
    room.follow(NOW + 5 * HOUR)
    assert room.statement.state == statements.WAITING, "fa's approval is four hours old now"


def test_an_expired_approval_does_not_count_even_before_anybody_looked(make):
    room = make()
    revision = room.start()
    room.press("lin", revision)
    room.press("fa", revision)
    room.press("zong", revision, at=NOW + 4 * HOUR)
    assert room.statement.state == statements.WAITING


def test_a_newer_fact_voids_what_was_approved_with_the_old_one(make):
    room = make()
    first = room.start()
    revision = room.edit("zhou", first, first.text + "补充。")
    room.press("lin", revision)
    room.fact("contact", "客服热线 400-000-0299")
    with read_session(room.engine) as session:
        assert [one.void_reason for one in statements.decisions(session, 1)] == ["stale_fact"]
    assert any("有了新的说法" in one for one in room.notices())
    assert "通过 0/3" in room.shown(revision)


def test_who_has_not_decided_is_reminded_by_name_then_the_next_role_once(make):
    room = make()
    revision = room.start()
    room.press("lin", revision)
    room.press("zong", revision)
    for minutes in (5, 11, 12, 21, 25):
        room.follow(NOW + timedelta(minutes=minutes))
    chased = [one for one in room.notices() if "⏰" in one]
    assert len(chased) == 2
    assert "方律、戴宁 以法务身份审批" in chased[0]
    assert "提请 林岚、何靖 协调" in chased[1]


def test_the_emergency_path_is_for_a_lead_and_an_untouched_first_response(make):
    room = make()
    revision = room.start()
    with pytest.raises(NotAllowed):
        room.press("fa", revision, emergency=True, comment="来不及")
    with pytest.raises(Conflict):
        room.press("lin", revision, emergency=True)
    edited = room.edit("zhou", revision, revision.text + "补充。")
    with pytest.raises(NotAllowed) as refused:
        room.press("lin", edited, emergency=True, comment="来不及")
    assert refused.value.code == "not_emergency"


def test_an_emergency_is_recorded_and_owes_a_review(make):
    room = make()
    revision = room.start()
    room.press("lin", revision, emergency=True, comment="凌晨，法务与高管均联系不上")
    assert room.statement.state == statements.APPROVED
    assert "紧急放行" in room.shown(revision)
    with read_session(room.engine) as session:
        (task,) = tasks.open_tasks(session)
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "approve")).one()
    assert task.kind == "emergency_review"
    assert entry.data["emergency"]


def approve_all(room, revision, at=NOW):
    for who in ("lin", "fa", "zong"):
        room.press(who, revision, at=at)


def test_a_publication_is_compared_and_its_promise_is_owed(make):
    room = make()
    revision = room.start()
    approve_all(room, revision)
    published = room.publish(at=NOW + HOUR, text=revision.text.replace("抱歉", "遗憾"))
    assert published.is_approved
    assert [sign for sign, _ in published.differences] == ["-", "+"]
    assert room.statement.state == statements.PUBLISHED
    room.follow(NOW + 5 * HOUR)
    assert room.statement.state == statements.PUBLISHED, "what is out does not expire"
    assert published.next_update_at is not None
    assert [one for one in room.notices() if "下一次进展" in one and "已逾期" in one]
    with pytest.raises(Conflict):
        room.publish(at=NOW + HOUR)


def test_a_near_promise_is_told_before_and_after_once_and_kept_by_the_next_text(make):
    room = make()
    revision = room.start()
    approve_all(room, revision)
    due = room.publish(at=NOW).next_update_at
    for minutes in (-20, -10, -5, 1, 2):
        room.follow(due + timedelta(minutes=minutes))
    told = [one for one in room.notices() if "下一次进展" in one]
    assert len(told) == 2
    assert "请准备" in told[0]
    assert "逾期" in told[1]
    later = room.edit("zhou", revision, revision.text + "进展：已恢复。")
    approve_all(room, later, at=due)
    with unit_of_work(room.engine) as session:
        assert len(tasks.open_tasks(session)) == 1


def test_what_went_out_without_approval_is_recorded_as_such(make):
    room = make()
    revision = room.start()
    room.press("lin", revision)
    assert not room.publish(at=NOW).is_approved
    assert room.statement.state == statements.WAITING


def test_a_publication_in_time_that_is_recorded_late_still_counts(make):
    room = make()
    revision = room.start()
    approve_all(room, revision)
    room.follow(NOW + 5 * HOUR)
    assert room.statement.state == statements.WAITING
    assert room.publish(at=NOW + 5 * HOUR, published_at=NOW + HOUR).is_approved
    assert room.statement.state == statements.PUBLISHED


def test_a_risen_severity_asks_for_more_signatures(make):
    room = make()
    room.severity = "serious"
    revision = room.start()
    assert "通过 0/1" in room.shown(revision)
    room.find(severity="urgent", number=2)
    room.follow(NOW)
    assert "通过 0/3" in room.shown(revision)


# More by hand: FENGSHENG_PRESSES=10000 python -m pytest -s -k presses …
PRESSES, THREADS = int(os.environ.get("FENGSHENG_PRESSES", "600")), 4


@pytest.mark.slow
def test_no_press_is_lost_applied_twice_or_applied_to_a_text_not_shown(make):
    """Many presses at once over edits, expiries and restarts."""
    room = make()
    room.start()
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    presses = PRESSES
    outcomes, lock = [], threading.Lock()
    started = datetime.now(UTC)

    def work(number):
        draw = random.Random(seed + number)
        mine = []
        own = copy.copy(room)
        own.engine = open_engine(address(room))
        for count in range(presses // THREADS):
            at = NOW + timedelta(seconds=count * 20)
            mine.append(one_press(own, draw, at))
            if draw.random() < 0.02:
                disturb(own, draw, at)
        own.engine.dispose()
        with lock:
            outcomes.extend(mine)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{len(outcomes)} presses in {(datetime.now(UTC) - started).total_seconds():.1f} s")
    assert len(outcomes) == presses // THREADS * THREADS
    with read_session(room.engine) as session:
        rows = session.exec(select(Decision)).all()
        texts = {one.id: one for one in statements.revisions(session, 1)}
        timeline = incident_store.timeline(session, 1)
    applied = {outcome[0]: outcome for outcome in outcomes if outcome[0] is not None}
    assert len(applied) == len(rows), "every press that was confirmed is on record, once"
    for row in rows:
        _, who, shown = applied[row.id]
        assert (row.person_key, row.content_hash) == (who, shown)
        assert texts[row.revision_id].content_hash == shown
        assert texts[row.revision_id].author != who
    held = [(row.revision_id, row.role) for row in rows if row.voided_at is None]
    assert len(held) == len(set(held))
    for event in timeline:
        if event.kind == "approve" and event.data["is_complete"]:
            steps = event.data["chain"]["steps"]
            assert len({step["person"] for step in steps}) == 3


def address(room):
    return room.engine.url.render_as_string(hide_password=False)


def one_press(room, draw, at):
    """Press on the text that stands now, or on an older one; return what came of it."""
    who = draw.choice(["lin", "he", "fa", "dai", "zong"])
    while True:
        try:
            with read_session(room.engine) as session:
                known = statements.revisions(session, 1)
            revision = known[-1] if draw.random() < 0.8 else draw.choice(known)
            return room.press(who, revision, at=at), who, revision.content_hash
        except Temporary:
            continue
        except ListenerError:
            return None, who, ""


def disturb(room, draw, at):
    """Edit, expire or start again with new connections."""
    what = draw.choice(["edit", "follow", "restart"])
    try:
        if what == "edit":
            with read_session(room.engine) as session:
                newest = statements.revisions(session, 1)[-1]
            room.edit(
                draw.choice(["lin", "he", "zhou"]), newest, f"第 {draw.random()} 版，请以此为准。"
            )
        elif what == "follow":
            room.follow(at)
        else:
            room.engine.dispose()
            room.engine = open_engine(address(room))
    except ListenerError:
        return


CHAT = "-100"
CHATTING = TEAM.replace('key = "lin"', 'key = "lin"\ntelegram_id = 7')


def chat_update(room, handler, number, **payload):
    """Store one update from the lead and handle it, as the poller does."""
    whole = {"from_id": 7, "chat_id": int(CHAT), "message_id": 500 + number, **payload}
    with unit_of_work(room.engine) as session:
        updates.store_updates(session, [(number, whole)], NOW)
    with read_session(room.engine) as session:
        (waiting,) = updates.waiting_updates(session)
    return handler.handle(waiting)


def test_an_emergency_in_the_chat_has_to_be_confirmed_in_words(make):
    room = make(CHATTING)
    room.desk = replace(room.desk, audience=Audience(recipients=(Recipient("telegram", CHAT),)))
    revision = room.start()
    key = b"k" * 32
    handler = UpdateHandler(
        engine=room.engine,
        clock=FakeClock(NOW),
        desk=room.desk,
        chat_id=int(CHAT),
        callback_key=key,
    )
    pressed = sign(key, CHAT, "emergency", revision.id, revision.content_hash)
    press = {"kind": "press", "query_id": "q", "has_photo": False, "data": pressed}
    chat_update(room, handler, 1, **press)
    with unit_of_work(room.engine) as session:
        asked = session.exec(select(Message).where(Message.purpose == "question")).one()
        asked.remote_id, asked.state = "900", "sent"
    reply = {"kind": "text", "reply_to": 900}
    chat_update(room, handler, 2, **reply, text="好的")
    assert room.statement.state == statements.WAITING
    assert any("没有确认" in one for one in room.notices())
    chat_update(room, handler, 3, **reply, text="确认，凌晨联系不上法务")
    assert room.statement.state == statements.APPROVED
    with read_session(room.engine) as session:
        (decision,) = statements.decisions(session, 1)
    assert (decision.standing, decision.comment) == ("emergency", "凌晨联系不上法务")
