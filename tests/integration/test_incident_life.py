"""The crisis room: playbook, checklist, decisions, clocks, roles, stakeholders."""

import shutil
from dataclasses import replace
from datetime import timedelta

import pytest

from crisis import checklist, clocks, contacts, drafting, incidents, publication, room
from crisis.contacts import RoomRole, Told
from crisis.countdown import alert_lines, in_step
from crisis.kinds import CrisisType, Outcome, Phase
from crisis.playbooks import PlaybookLibrary
from listener.complaints import Severity
from listener.config_file import load_config
from listener.errors import Conflict, NotAllowed
from listener.store import clocks as clock_store
from listener.store import incidents as incident_store
from listener.store import playbooks, statements
from listener.store import room as room_store
from listener.store.engine import read_session, unit_of_work
from tests.conftest import ROOT
from tests.integration.test_response import CONFIG, NOW, Case

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
FIRST_POST = NOW - 12 * MINUTE


@pytest.fixture
def case(engine, tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return Case(engine, load_config(path))


def do(case, action, *args, **values):
    """Run a use-case that takes the desk, in a transaction of its own."""
    with unit_of_work(case.engine) as session:
        return action(session, case.desk, *args, **({"now": NOW} | values))


def act(case, action, *args, **values):
    """Run a use-case that needs no desk."""
    with unit_of_work(case.engine) as session:
        return action(session, *args, **({"now": NOW} | values))


def read(case, query, *args, **values):
    with read_session(case.engine) as session:
        return query(session, *args, **values)


def events(case, incident_id, kind):
    found = read(case, incident_store.timeline, incident_id)
    return [event for event in found if event.kind == kind]


def clock_of(case, incident_id, code="first_statement"):
    found = read(case, clock_store.clocks, incident_id)
    return next((one for one in found if one.code == code), None)


def notices(case):
    return [body["html"] for _, _, _, body in case.messages("notice")]


def follow(case, now):
    do(case, clocks.follow_clocks, now=now)


def test_an_incident_keeps_the_playbook_it_was_opened_with(case, tmp_path):
    folder = tmp_path / "playbooks"
    shutil.copytree(ROOT / "templates" / "playbooks", folder)
    case.desk = replace(case.desk, playbooks=PlaybookLibrary(folder))
    incident_id = case.find()
    before = read(case, playbooks.snapshot, incident_id)
    assert (before.crisis_type, before.version) == ("C04", 1)
    assert {one.code for one in read(case, room_store.stakeholders, incident_id)} >= {
        "staff",
        "users",
        "enterprise",
    }
    path = folder / "C04.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("version = 1", "version = 2", 1))
    assert read(case, playbooks.snapshot, incident_id) == before
    lead = case.actor("lin")
    do(
        case,
        room.change_type,
        incident_id,
        actor=lead,
        crisis_type=CrisisType.TECH_OUTAGE,
        reason="预案已更新",
    )
    old, new = read(case, playbooks.snapshots, incident_id)
    assert (old.version, old.superseded_at, new.version) == (1, NOW, 2)


def test_a_person_corrects_the_crisis_type_and_the_old_playbook_stays_on_record(case):
    incident_id = case.find()
    officer = case.actor("zhou")
    do(case, checklist.check, incident_id, "keep_evidence", actor=officer)
    change = {"actor": officer, "crisis_type": CrisisType.DATA_PRIVACY, "reason": "样本在售"}
    do(case, room.change_type, incident_id, **change)
    incident = read(case, incident_store.incident, incident_id)
    assert (incident.crisis_type, incident.title.endswith("数据与隐私")) == ("C03", True)
    assert [one.crisis_type for one in read(case, playbooks.snapshots, incident_id)] == [
        "C04",
        "C03",
    ]
    (event,) = events(case, incident_id, "type")
    assert (event.data["from"], event.data["to"]) == ("C04", "C03")
    assert list(read(case, playbooks.marks, incident_id)) == ["keep_evidence"]
    with pytest.raises(Conflict):
        do(case, room.change_type, incident_id, **change)


def retype(case, incident_id, crisis_type):
    change = {"actor": case.actor("zhou"), "crisis_type": crisis_type, "reason": "看过样本"}
    do(case, room.change_type, incident_id, **change)


def test_an_untouched_draft_is_written_anew_for_the_type_and_its_signature_is_void(case):
    incident_id = case.find()
    case.draft()
    (one,) = read(case, statements.list_statements, incident_id=incident_id)
    before = case.revision()
    retype(case, incident_id, CrisisType.LOGISTICS)
    (one,) = read(case, statements.list_statements, incident_id=incident_id)
    assert (one.crisis_type, one.state) == ("C05", "blocked")
    assert "new_eta" in one.missing
    with pytest.raises(Conflict):
        case.decide("lin", before)
    (event,) = events(case, incident_id, "redrafted")
    assert (event.data["from"], event.data["to"]) == ("C04", "C05")
    assert not any("请人工核对" in text for text in notices(case))


def test_a_text_that_a_person_changed_keeps_its_type_and_is_named(case):
    incident_id = case.find()
    case.draft()
    (one,) = read(case, statements.list_statements, incident_id=incident_id)
    actor = case.actor("zhou")
    do(case, drafting.edit_text, one.id, text="我们正在核实。", actor=actor)
    retype(case, incident_id, CrisisType.LOGISTICS)
    (kept,) = read(case, statements.list_statements, incident_id=incident_id)
    assert (kept.crisis_type, kept.current_revision_id) == ("C04", read_last(case, one.id))
    assert any(f"首次回应草稿（#{one.id}）" in text for text in notices(case))


def read_last(case, statement_id):
    return read(case, statements.revisions, statement_id)[-1].id


def test_a_broken_playbook_keeps_no_alert_back(case, tmp_path):
    case.desk = replace(case.desk, playbooks=PlaybookLibrary(tmp_path))
    incident_id = case.find()
    assert len(case.messages("alert")) == 1
    (event,) = events(case, incident_id, "playbook_rejected")
    assert "C04.toml cannot be read" in event.data["text"]
    assert clock_of(case, incident_id) is not None


def test_items_are_checked_once_undone_and_named(case):
    incident_id = case.find()
    officer = case.actor("zhou")
    assert do(case, checklist.check, incident_id, "status_page", actor=officer)
    assert not do(case, checklist.check, incident_id, "status_page", actor=officer)
    assert do(case, checklist.check, incident_id, "status_page", actor=officer, undo=True)
    assert do(case, checklist.check, incident_id, "status_page", actor=officer)
    assert len(events(case, incident_id, "check")) == 3
    with pytest.raises(Conflict) as unknown:
        do(case, checklist.check, incident_id, "status", actor=officer)
    assert "status_page" in str(unknown.value)
    with pytest.raises(NotAllowed):
        do(case, checklist.check, incident_id, "status_page", actor=case.actor("adm"))


def test_a_phase_change_names_what_is_open_and_holds_nothing_up(case):
    incident_id = case.find()
    officer = case.actor("zhou")
    do(case, checklist.check, incident_id, "keep_evidence", actor=officer)
    left = do(case, incidents.move_phase, incident_id, actor=officer, phase=Phase.VERIFYING)
    assert {one.phase for one in left} == {"alerted"}
    assert "keep_evidence" not in {one.id for one in left}
    (event,) = events(case, incident_id, "phase")
    assert event.data["open_items"] == [one.id for one in left]


def test_closing_needs_its_open_items_acknowledged_unless_it_was_no_crisis(case):
    incident_id = case.find()
    values = {"actor": case.actor("lin"), "reason": "已解决"}
    with pytest.raises(Conflict) as refused:
        do(case, incidents.close, incident_id, **values)
    assert refused.value.code == "open_items"
    assert "review_meeting" in str(refused.value)
    do(case, incidents.close, incident_id, **values, open_items_known=True)
    (event,) = events(case, incident_id, "close")
    assert "review_meeting" in event.data["open_items"]
    second = case.find(number=2)
    do(case, incidents.close, second, **values, outcome=Outcome.NOT_OUR_BRAND)


def test_a_decision_is_logged_with_its_grounds(case):
    incident_id = case.find()
    values = {"actor": case.actor("lin"), "text": "先停推送 2.3.1"}
    act(case, checklist.log_decision, incident_id, **values, why="变砖率 3 %")
    with pytest.raises(Conflict):
        act(case, checklist.log_decision, incident_id, **values, why=" ")
    (event,) = events(case, incident_id, "decision")
    assert event.data == {"text": "先停推送 2.3.1", "why": "变砖率 3 %"}


def test_the_first_statement_clock_follows_the_severity(case):
    incident_id = case.find(severity="serious")
    assert clock_of(case, incident_id).due_at == FIRST_POST + 4 * HOUR
    case.find(number=2, severity="urgent")
    assert clock_of(case, incident_id).due_at == FIRST_POST + HOUR
    do(
        case,
        incidents.set_severity,
        incident_id,
        actor=case.actor("lin"),
        severity=Severity.GENERAL,
        reason="已核实影响小",
    )
    assert clock_of(case, incident_id).due_at == FIRST_POST + 24 * HOUR


def test_the_alert_shows_what_is_left_in_steps(case):
    incident_id = case.find(severity="urgent")
    ((_, _, _, alert),) = case.messages("alert")
    assert "距首次回应还有 45 分钟（11:50 前）" in alert["html"]
    follow(case, NOW + MINUTE)
    assert len(case.messages("alert")) == 1
    follow(case, NOW + 10 * MINUTE)
    assert "还有 35 分钟" in case.messages("alert")[-1][3]["html"]
    with read_session(case.engine) as session:
        incident = incident_store.incident(session, incident_id)
        late = alert_lines(session, case.desk, incident, NOW + 3 * HOUR)
    assert late == ["首次回应已超时（应于 11:50 前）"]


@pytest.mark.parametrize(
    ("left", "shown"), [(185, 180), (119, 115), (7, 5), (5, 5), (4, 4), (1, 1)]
)
def test_what_is_left_is_rounded_down(left, shown):
    assert in_step(left * MINUTE) == shown * MINUTE


def test_people_are_reminded_once_before_and_once_after(case):
    incident_id = case.find(severity="urgent")
    do(case, incidents.claim, incident_id, actor=case.actor("zhou"))
    for minutes in (10, 34, 35, 40, 49, 60):
        follow(case, NOW + minutes * MINUTE)
    near, gone = notices(case)
    assert near.startswith("⏱ FS-1：距首次回应还有 14 分钟")
    assert near.endswith("请周宁抓紧。")
    assert "首次回应已超时 1 分钟" in gone
    assert "请周宁、林岚、何靖立即处理或接手" in gone


def test_an_incident_nobody_owns_reminds_the_leads(case):
    case.find(severity="urgent")
    follow(case, NOW + 40 * MINUTE)
    (near,) = notices(case)
    assert "请林岚、何靖抓紧" in near


def publish(case, minutes, url):
    return do(
        case,
        publication.record_publication,
        1,
        channel="weibo",
        url=url,
        published_at=NOW + minutes * MINUTE,
        actor=case.actor("zhou"),
        now=NOW + 3 * HOUR,
    )


def test_the_first_recorded_publication_meets_the_clock(case):
    incident_id = case.find(severity="urgent")
    revision = case.draft()
    case.decide("lin", revision)
    publish(case, 90, "https://weibo.example/late")
    met = clock_of(case, incident_id)
    assert (met.met_at, met.is_breached(NOW + 3 * HOUR)) == (NOW + 90 * MINUTE, True)
    publish(case, 20, "https://weibo.example/first")
    met = clock_of(case, incident_id)
    assert (met.met_at, met.met_by) == (NOW + 20 * MINUTE, "zhou")
    assert not met.is_breached(NOW + 3 * HOUR)
    assert "first_statement" in read(case, playbooks.marks, incident_id)
    follow(case, NOW + 4 * HOUR)
    assert not any("首次回应" in one for one in notices(case))


def test_a_legal_clock_runs_only_when_a_person_confirms_the_trigger(case):
    incident_id = case.find()
    follow(case, NOW + HOUR)
    assert clock_of(case, incident_id, "cyber_4h") is None
    values = {"actor": case.actor("lin"), "reason": "法务判定为较大"}
    with pytest.raises(NotAllowed):
        do(case, clocks.start, incident_id, "cyber_4h", **values | {"actor": case.actor("zhou")})
    with pytest.raises(Conflict) as unknown:
        do(case, clocks.start, incident_id, "cyber_9h", **values)
    assert "cyber_4h" in str(unknown.value)
    started = do(case, clocks.start, incident_id, "cyber_4h", **values, since=NOW - HOUR)
    assert started.due_at == NOW + 3 * HOUR
    with pytest.raises(Conflict):
        do(case, clocks.start, incident_id, "cyber_4h", **values)
    assert "属地省级网信部门" in notices(case)[-1]
    alert = case.messages("alert")[-1][3]["html"]
    assert "距网络安全事件报告（其他网络运营者，4 小时）还有 3 小时" in alert
    met = do(case, clocks.meet, incident_id, "cyber_4h", actor=case.actor("lin"), how="回执 07")
    assert (met.met_how, met.is_breached(NOW)) == ("回执 07", False)
    assert [event.data["did"] for event in events(case, incident_id, "clock")] == [
        "start",
        "meet",
    ]


def test_a_clock_started_in_error_is_cancelled_and_may_start_again(case):
    incident_id = case.find()
    values = {"actor": case.actor("lin"), "reason": "误判"}
    # A law that is not in the playbook of this type may apply all the same.
    do(case, clocks.start, incident_id, "gdpr_72h", **values)
    do(case, clocks.cancel, incident_id, "gdpr_72h", **values)
    assert clock_of(case, incident_id, "gdpr_72h") is None
    do(case, clocks.start, incident_id, "gdpr_72h", **values)
    with pytest.raises(Conflict):
        do(case, clocks.cancel, incident_id, "first_statement", **values)


def test_roles_are_given_and_the_spokesperson_is_one(case):
    incident_id = case.find()
    lead = case.actor("lin")

    def give(role, person):
        return do(case, contacts.give_role, incident_id, role=role, person=person, actor=lead)

    assert give(RoomRole.OWNER, "zhou")
    assert not give(RoomRole.OWNER, "zhou")
    assert give(RoomRole.DEPUTY, "he")
    assert give(RoomRole.SPOKESPERSON, "lin")
    assert give(RoomRole.SPOKESPERSON, "he")
    held = [(one.role, one.person_key) for one in read(case, room_store.roles, incident_id)]
    assert held == [("deputy", "he"), ("spokesperson", "he")]
    assert read(case, incident_store.incident, incident_id).owner_key == "zhou"
    with pytest.raises(Conflict):
        give(RoomRole.DEPUTY, "nobody")
    ended = {"role": RoomRole.DEPUTY, "person": "he", "actor": lead}
    assert act(case, contacts.end_role, incident_id, **ended)
    assert not act(case, contacts.end_role, incident_id, **ended)


def test_stakeholders_go_from_not_informed_to_acknowledged(case):
    incident_id = case.find()
    officer = case.actor("zhou")

    def tell(code, state, **values):
        return act(
            case,
            contacts.tell_stakeholder,
            incident_id,
            code,
            state=state,
            actor=officer,
            **values,
        )

    assert tell("enterprise", Told.INFORMED, message="电话告知范围与预计时间")
    assert not tell("enterprise", Told.INFORMED)
    assert tell("enterprise", Told.ACKNOWLEDGED)
    one = next(
        each
        for each in read(case, room_store.stakeholders, incident_id)
        if each.code == "enterprise"
    )
    assert contacts.told_state(one) is Told.ACKNOWLEDGED
    assert (one.informed_by, one.message) == ("zhou", "电话告知范围与预计时间")
    with pytest.raises(Conflict) as unknown:
        tell("nobody", Told.INFORMED)
    assert "enterprise" in str(unknown.value)
    added = {"code": "city_press", "name": "城市晚报", "channel": "phone", "due_at": NOW + HOUR}
    act(case, contacts.add_stakeholder, incident_id, **added, actor=officer)
    assert tell("city_press", Told.INFORMED)
    with pytest.raises(Conflict):
        act(case, contacts.add_stakeholder, incident_id, **added, actor=officer)


def test_the_alert_has_no_empty_lines_and_fits_the_first_screen(case):
    case.find(severity="urgent")
    ((_, _, _, alert),) = case.messages("alert")
    lines = alert["html"].splitlines()
    assert all(line.strip() for line in lines)
    assert len(lines) <= 12
