"""From finding to decision on a real database, without processes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from crisis import approval, drafting, incidents, intake
from crisis.approval import Verdict
from crisis.drafting import draft_requested
from crisis.kinds import Outcome, Phase
from crisis.permissions import actor_by_key
from listener.app import build_desk
from listener.complaints import Severity
from listener.config import Secrets
from listener.config_file import ConfigFile, load_config
from listener.errors import Conflict, NotAllowed
from listener.store import findings, outbox, series, statements
from listener.store import incidents as incident_store
from listener.store.engine import read_session, unit_of_work
from listener.store.outbox import NotSent
from listener.store.tables import AuditEntry, Message
from tests.build import item, score_all, set_up, store

NOW = datetime(2026, 11, 22, 3, 2, tzinfo=UTC)
CONFIG = """
[[people]]
key = "lin"
name = "林岚"
roles = ["lead"]
[[people]]
key = "he"
name = "何靖"
roles = ["lead"]
[[people]]
key = "zhou"
name = "周宁"
roles = ["officer"]
[[people]]
key = "adm"
name = "管理员"
roles = ["admin"]
[[brands]]
key = "b"
name = "澜白"
[brands.query]
any = ["澜白"]
[brands.facts.contact]
value = "客服热线 400-000-0233"
[brands.facts.action_taken]
value = "我们已启动应急响应，技术团队正在排查"
[brands.facts.scope]
state = "unknown"
[brands.facts.data_safety]
state = "unknown"
"""


OUTAGE = ("更新固件后变砖了，开不了机", "升级完一直重启", "更新之后开不了机，客服没人理")


class Case:
    """One brand with a burst of complaints and an incident opened from it."""

    def __init__(self, engine, file: ConfigFile, texts=OUTAGE) -> None:
        self.engine = engine
        self.understanding = set_up(engine, NOW)
        self.desk = build_desk(file, self.understanding.brand_ids, Secrets())
        posts = [
            item(n, f"澜白{texts[n % 3]}，第{n}位", NOW - timedelta(minutes=n)) for n in range(12)
        ]
        store(engine, self.understanding, posts, NOW)
        score_all(engine, NOW)

    def find(self, *, severity="serious", number=1, now=NOW):
        with unit_of_work(self.engine) as session:
            finding_id = findings.insert_finding(
                session,
                {
                    "natural_key": f"crisis:{number}",
                    "brand_id": 1,
                    "series_id": series.ensure_series(session, 1),
                    "channel": findings.CRISIS,
                    "severity": severity,
                    "severity_reason": "crisis_on",
                    "started_at": NOW - timedelta(minutes=12),
                    "last_on_at": now,
                    "score": 5.0,
                    "observed": 12,
                    "expected": 0.3,
                    "judgement": {
                        "observed": 12,
                        "total": 14,
                        "expected": 0.9,
                        "expected_baseline": 0.3,
                        "usual_share": 0.15,
                        "window_buckets": 6,
                    },
                    "found_at": now,
                    "changed_at": now,
                },
            )
            return intake.handle_finding(
                session, self.desk, findings.finding(session, finding_id), now
            )

    def draft(self):
        with unit_of_work(self.engine) as session:
            draft_requested(session, self.desk, NOW)
        return self.revision()

    def revision(self):
        with read_session(self.engine) as session:
            statement = statements.list_statements(session)[0]
            if statement.current_revision_id is None:
                return None
            return statements.revision(session, statement.current_revision_id)

    def decide(self, who, revision, verdict=Verdict.APPROVE, **values):
        with unit_of_work(self.engine) as session:
            return approval.decide(
                session,
                self.desk,
                revision_id=revision.id,
                expected_hash=values.pop("expected_hash", revision.content_hash),
                verdict=verdict,
                actor=self.actor(who),
                now=NOW,
                **values,
            )

    def actor(self, key):
        return actor_by_key(self.desk.people, key, via="test")

    def messages(self, purpose):
        with read_session(self.engine) as session:
            rows = session.exec(select(Message).where(Message.purpose == purpose)).all()
            return [(row.target_id, row.state, row.not_sent_reason, row.body) for row in rows]


@pytest.fixture
def case(engine, tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return Case(engine, load_config(path))


def test_an_incident_brings_its_alert_its_facts_and_a_draft(case):
    incident_id = case.find()
    revision = case.draft()
    ((_, _, _, alert),) = case.messages("alert")
    assert "近 30 分钟负面 <b>12</b> 条，往常不足 1 条" in alert["html"]
    assert alert["chart"]["negatives"]
    assert revision.author == "system"
    assert "更新固件后出现" in revision.text
    assert "400-000-0233" in revision.text
    with read_session(case.engine) as session:
        facts = incident_store.facts(session, incident_id)
    assert facts["reported_problem"].source.startswith("用户反馈：12 位用户的 12 条相关帖文")
    assert facts["scope"].state == "unknown"


def test_nothing_in_the_statement_comes_from_nowhere(case):
    case.find()
    revision = case.draft()
    known = {f["value"] for f in revision.facts.values() if f["state"] == "known"}
    rest = revision.text
    for value in sorted(known, key=len, reverse=True):
        rest = rest.replace(value, "")
    assert not any(char.isdigit() for char in rest), rest


def test_a_second_finding_of_the_same_brand_joins_and_a_rise_in_severity_is_told(case):
    first = case.find()
    second = case.find(number=2, severity="urgent")
    assert first == second
    with read_session(case.engine) as session:
        incident = incident_store.incident(session, first)
        kinds = [event.kind for event in incident_store.timeline(session, first)]
    assert incident.severity == "urgent"
    assert kinds == ["opened", "joined", "severity_raised"]
    assert [target for target, *_ in case.messages("alert")] == [None, 1]


def test_severity_never_falls_by_itself(case):
    case.find(severity="urgent")
    incident_id = case.find(number=2, severity="serious")
    with read_session(case.engine) as session:
        assert incident_store.incident(session, incident_id).severity == "urgent"


def test_a_lead_approves_an_untouched_machine_draft_alone(case):
    case.find()
    revision = case.draft()
    case.decide("lin", revision)
    with read_session(case.engine) as session:
        assert statements.list_statements(session)[0].state == "approved"
        entries = [(e.actor, e.action) for e in session.exec(select(AuditEntry))]
    assert ("lin", "approve") in entries


def test_a_decision_is_applied_once(case):
    case.find()
    revision = case.draft()
    case.decide("lin", revision)
    for who in ("lin", "he"):
        with pytest.raises(Conflict) as refused:
            case.decide(who, revision)
        assert refused.value.code == "already_decided"


@pytest.mark.parametrize("who", ["zhou", "adm"])
def test_only_leads_decide_and_admins_do_not(case, who):
    case.find()
    revision = case.draft()
    with pytest.raises(NotAllowed) as refused:
        case.decide(who, revision)
    assert refused.value.code == "needs_role"


def test_an_edit_voids_the_text_and_its_author_may_not_approve_it(case):
    case.find()
    old = case.draft()
    with unit_of_work(case.engine) as session:
        new = drafting.edit_text(
            session, case.desk, old.id, text=old.text + "补充。", actor=case.actor("lin"), now=NOW
        )
    with pytest.raises(Conflict) as stale:
        case.decide("he", old)
    assert stale.value.code == "newer_text"
    with pytest.raises(NotAllowed) as own:
        case.decide("lin", new)
    assert own.value.code == "own_text"
    case.decide("he", new)


def test_an_edit_based_on_an_old_text_is_refused(case):
    case.find()
    old = case.draft()
    with unit_of_work(case.engine) as session:
        drafting.edit_text(session, case.desk, old.id, text="甲", actor=case.actor("lin"), now=NOW)
    with unit_of_work(case.engine) as session, pytest.raises(Conflict):
        drafting.edit_text(session, case.desk, old.id, text="乙", actor=case.actor("he"), now=NOW)


def test_a_decision_on_another_text_than_was_shown_is_refused(case):
    case.find()
    revision = case.draft()
    for shown in ("0" * 64, revision.content_hash[:7], ""):
        with pytest.raises(Conflict):
            case.decide("lin", revision, expected_hash=shown)


def test_a_rejection_needs_a_reason_and_ends_the_revision(case):
    case.find()
    revision = case.draft()
    with pytest.raises(Conflict):
        case.decide("lin", revision, Verdict.REJECT, comment="  ")
    case.decide("lin", revision, Verdict.REJECT, comment="缺少退款说明")
    with pytest.raises(Conflict):
        case.decide("he", revision)


def test_a_missing_fact_blocks_is_asked_for_once_and_a_reply_unblocks(case):
    brand = case.desk.brands[1]
    facts = {name: fact for name, fact in brand.facts.items() if name != "contact"}
    case.desk = replace(case.desk, brands={1: brand.model_copy(update={"facts": facts})})
    case.find()
    assert case.draft() is None
    ((_, _, _, question),) = case.messages("question")
    assert question["asks_reply"]
    with unit_of_work(case.engine) as session:
        drafting.write_draft(session, case.desk, 1, NOW)
    assert len(case.messages("question")) == 1
    with unit_of_work(case.engine) as session:
        drafting.state_fact(
            session,
            case.desk,
            1,
            name="contact",
            value="客服邮箱 help@example.com。",
            actor=case.actor("zhou"),
            now=NOW,
        )
    assert "请联系客服邮箱 help@example.com。" in case.revision().text


def test_a_contact_that_nobody_knows_still_blocks(case):
    case.find()
    case.draft()
    with unit_of_work(case.engine) as session:
        done = drafting.state_fact(
            session,
            case.desk,
            1,
            name="contact",
            value="不知道",
            actor=case.actor("zhou"),
            now=NOW,
        )
    assert done is None


def test_a_fact_stated_later_gives_a_new_machine_draft(case):
    case.find()
    case.draft()
    with unit_of_work(case.engine) as session:
        drafting.state_fact(
            session,
            case.desk,
            1,
            name="scope",
            value="使用 2.3.1 版本固件的 X3 用户",
            actor=case.actor("zhou"),
            now=NOW,
        )
    revision = case.revision()
    assert (revision.number, revision.author) == (2, "system")
    assert "已确认受影响的范围为使用 2.3.1 版本固件的 X3 用户" in revision.text


def test_a_text_that_a_person_edited_is_never_overwritten(case):
    case.find()
    old = case.draft()
    with unit_of_work(case.engine) as session:
        drafting.edit_text(
            session, case.desk, old.id, text="人工文本", actor=case.actor("lin"), now=NOW
        )
    with unit_of_work(case.engine) as session:
        drafting.state_fact(
            session, case.desk, 1, name="scope", value="X3", actor=case.actor("zhou"), now=NOW
        )
    assert case.revision().text == "人工文本"


def test_an_incident_is_claimed_by_one_person(case):
    incident_id = case.find()
    with unit_of_work(case.engine) as session:
        incidents.claim(session, case.desk, incident_id, actor=case.actor("zhou"), now=NOW)
    with unit_of_work(case.engine) as session, pytest.raises(Conflict) as refused:
        incidents.claim(session, case.desk, incident_id, actor=case.actor("lin"), now=NOW)
    assert refused.value.code == "already_claimed"


def test_muting_holds_back_repeats_with_a_reason_but_not_a_rise(case):
    incident_id = case.find()
    with unit_of_work(case.engine) as session:
        incidents.mute(session, case.desk, incident_id, actor=case.actor("zhou"), now=NOW)
    store(
        case.engine,
        case.understanding,
        [item(50, "澜白更新后死机了，太差了", NOW - timedelta(minutes=1))],
        NOW,
    )
    score_all(case.engine, NOW)
    case.find(number=2)
    edits = [m for m in case.messages("alert") if m[0] is not None]
    assert [(state, reason) for _, state, reason, _ in edits] == [("dropped", NotSent.SILENCED)]
    case.find(number=3, severity="urgent")
    edits = [m for m in case.messages("alert") if m[0] is not None]
    assert edits[-1][1] == outbox.PENDING


def test_a_closed_incident_takes_no_more_and_a_new_episode_opens_another(case):
    first = case.find()
    with unit_of_work(case.engine) as session:
        incidents.close(
            session,
            case.desk,
            first,
            actor=case.actor("lin"),
            reason="误报",
            outcome=Outcome.FALSE_ALARM,
            now=NOW,
        )
    with unit_of_work(case.engine) as session, pytest.raises(Conflict):
        incidents.claim(session, case.desk, first, actor=case.actor("zhou"), now=NOW)
    assert case.find(number=2) != first


def test_a_person_lowers_the_severity_with_a_reason_and_moves_the_phase(case):
    incident_id = case.find(severity="urgent")
    lead, officer = case.actor("lin"), case.actor("zhou")
    with unit_of_work(case.engine) as session:
        incidents.move_phase(
            session, case.desk, incident_id, actor=officer, phase=Phase.RECOVERING, now=NOW
        )
        incidents.note(session, incident_id, actor=officer, text="已联系三位用户", now=NOW)
    for who, reason, refusal in ((officer, "不严重", NotAllowed), (lead, " ", Conflict)):
        with unit_of_work(case.engine) as session, pytest.raises(refusal):
            incidents.set_severity(
                session,
                case.desk,
                incident_id,
                actor=who,
                severity=Severity.GENERAL,
                reason=reason,
                now=NOW,
            )
    with unit_of_work(case.engine) as session:
        incidents.set_severity(
            session,
            case.desk,
            incident_id,
            actor=lead,
            severity=Severity.GENERAL,
            reason="已核实为个别批次",
            now=NOW,
        )
    with read_session(case.engine) as session:
        incident = incident_store.incident(session, incident_id)
        last = incident_store.timeline(session, incident_id)[-1]
    assert (incident.severity, incident.phase) == ("general", "recovering")
    assert last.data == {"from": "urgent", "to": "general", "reason": "已核实为个别批次"}
    case.find(number=2, severity="serious", now=NOW)
    with read_session(case.engine) as session:
        assert incident_store.incident(session, incident_id).severity == "general"
    case.find(number=3, severity="serious", now=NOW + timedelta(minutes=5))
    with read_session(case.engine) as session:
        assert incident_store.incident(session, incident_id).severity == "serious"


def test_a_closed_incident_is_reopened_unless_a_newer_one_is_open(case):
    first = case.find()
    lead = case.actor("lin")

    def close(incident_id):
        with unit_of_work(case.engine) as session:
            incidents.close(
                session,
                case.desk,
                incident_id,
                actor=lead,
                reason="误报",
                outcome=Outcome.FALSE_ALARM,
                now=NOW,
            )

    def reopen():
        with unit_of_work(case.engine) as session:
            incidents.reopen(session, case.desk, first, actor=lead, reason="又出现", now=NOW)

    close(first)
    second = case.find(number=2)
    with pytest.raises(Conflict):
        reopen()
    close(second)
    reopen()
    with read_session(case.engine) as session:
        assert incident_store.incident(session, first).is_open


def test_hostile_text_is_nothing_but_text_in_the_alert(case):
    hostile = "澜白变砖了 <b>x</b> {{ 7*7 }} {% raw %} <a href='tg://user?id=1'>点</a> &amp;"
    store(
        case.engine,
        case.understanding,
        [item(90, hostile, NOW, url="javascript:alert(1)")],
        NOW,
    )
    score_all(case.engine, NOW)
    case.find()
    html = case.messages("alert")[0][3]["html"]
    assert "<b>x</b>" not in html
    assert "49" not in html


STORIES = {
    "C02": ("客服没人理，投诉三次了", "退款不到账", "一直不退款，客服打不通"),
    "C03": (
        "个人信息被泄露了，骚扰电话知道我的订单",
        "信息泄露，冒充客服的诈骗电话",
        "隐私泄露太可怕",
    ),
    "C05": ("拍了十天一直不发货", "物流不动，卡在中转站", "迟迟不发货，一直没发货"),
    "C06": ("先涨后降，虚假促销", "大数据杀熟，价格不一样", "优惠券用不了，先涨价再打折"),
    "C08": ("重复扣款，扣了两次", "付款一次扣两次，扣了两笔", "重复扣款还不退"),
}


@pytest.mark.parametrize("crisis", STORIES)
def test_each_crisis_type_states_what_posts_show_and_asks_for_the_rest(engine, tmp_path, crisis):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.replace("[brands.facts.action", "[brands.facts.unused_"), "utf-8")
    case = Case(engine, load_config(path), texts=STORIES[crisis])
    incident_id = case.find()
    assert case.draft() is None
    with read_session(engine) as session:
        assert incident_store.incident(session, incident_id).crisis_type == crisis
        facts = incident_store.facts(session, incident_id)
        (statement,) = statements.list_statements(session)
    template = case.desk.library.find(lang="zh-CN", crisis_type=crisis, kind="holding")
    known = {"product", "reported_problem", "first_seen_at", "next_update_at", "contact"}
    assert known <= set(facts)
    assert set(statement.missing) == set(template.required) - set(facts)
    assert len(case.messages("question")) == len(statement.missing)
    examples = case.desk.library.examples(template)
    for name in statement.missing:
        with unit_of_work(engine) as session:
            drafting.state_fact(
                session,
                case.desk,
                statement.id,
                name=name,
                value="正在核实" if name in template.may_be_unknown else examples[name],
                actor=case.actor("zhou"),
                now=NOW,
            )
    revision = case.revision()
    assert facts["reported_problem"].value in revision.text
    assert "澜白" in revision.text
    assert "  " not in revision.text


def test_what_was_done_in_an_outage_is_not_said_of_another_crisis(engine, tmp_path):
    path = tmp_path / "config.toml"
    only = '正在排查"\nonly = ["C04"]'
    path.write_text(CONFIG.replace('正在排查"', only), encoding="utf-8")
    case = Case(engine, load_config(path), texts=STORIES["C05"])
    case.find()
    case.draft()
    with read_session(engine) as session:
        assert "action_taken" in statements.list_statements(session)[0].missing


def test_another_kind_of_statement_is_asked_for_besides_the_first(case):
    incident_id = case.find()
    case.draft()
    with unit_of_work(case.engine) as session:
        incident = incident_store.incident(session, incident_id)
        asked = intake.request_draft(
            session, case.desk, incident, requested_by="zhou", now=NOW, kind="script"
        )
        drafting.write_draft(session, case.desk, asked, NOW)
        (script,) = [one for one in statements.list_statements(session) if one.kind == "script"]
        text = statements.revision(session, script.current_revision_id).text
    assert "【不要做】" in text
    assert "客服话术草稿" in case.messages("draft")[-1][3]["html"]
