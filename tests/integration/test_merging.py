"""Merging, splitting, linking; claims; facts that change; what raises an incident."""

from datetime import timedelta

import pytest

from crisis import (
    approval,
    claims,
    clocks,
    drafting,
    incidents,
    intake,
    merging,
    raising,
    splitting,
)
from crisis.announce import current_alert
from crisis.claims import ClaimState
from crisis.kinds import Kind
from crisis.topstories import top_stories
from listener.complaints import Severity
from listener.config_file import load_config
from listener.errors import Conflict, NotAllowed
from listener.store import claims as claim_store
from listener.store import clocks as clock_store
from listener.store import findings, links, statements, tasks
from listener.store import incidents as incident_store
from listener.store.engine import unit_of_work
from tests.build import item, score_all, store
from tests.integration.test_incident_life import act, do, events, notices, read
from tests.integration.test_response import CONFIG, NOW, Case

MINUTE = timedelta(minutes=1)
FIRE = "澜白洗地机充电时冒烟起火，孩子手被烫伤送了医院"


@pytest.fixture
def case(engine, tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return Case(engine, load_config(path))


def say(case, number, text, *, minutes=1, now=NOW, **values):
    store(
        case.engine,
        case.understanding,
        [item(number, text, NOW - minutes * MINUTE, **values)],
        now,
    )
    score_all(case.engine, now)


def handle(case, now=NOW):
    """Handle every finding that waits; return the incidents they went to."""
    with unit_of_work(case.engine) as session:
        waiting = findings.unhandled_findings(session, limit=20)
        return [intake.handle_finding(session, case.desk, one, now) for one in waiting]


@pytest.fixture
def two(case):
    """The outage, and beside it an urgent report of fire: (fire, outage)."""
    outage = case.find()
    say(case, 100, FIRE)
    (fire,) = handle(case)
    assert fire != outage
    with unit_of_work(case.engine) as session:
        drafting.draft_requested(session, case.desk, NOW)
    return fire, outage


def state(case, incident_id, name, value, who="zhou"):
    do(
        case,
        drafting.state_incident_fact,
        incident_id,
        name=name,
        value=value,
        actor=case.actor(who),
    )


def merge(case, gone, into, **values):
    defaults = {"actor": case.actor("lin"), "reason": "同一次事件"}
    return do(case, merging.merge, gone, into, **(defaults | values))


def test_a_merge_moves_everything_closes_one_and_is_told_in_both(case, two):
    fire, outage = two
    before = read(case, links.held_ids, "findings", fire)
    with unit_of_work(case.engine) as session:
        tasks.add_task(
            session,
            kind="next_update",
            incident_id=fire,
            statement_id=None,
            dedupe_key="t",
            due_at=NOW,
            now=NOW,
        )
    done = merge(case, fire, outage)
    assert done.moved["findings"] == before
    assert len(done.moved["tasks"]) == 1
    gone = read(case, incident_store.incident, fire)
    kept = read(case, incident_store.incident, outage)
    assert (gone.is_open, gone.phase, kept.is_open) == (False, "closed", True)
    assert kept.severity == "urgent"
    assert kept.first_seen_at == min(gone.first_seen_at, kept.first_seen_at)
    assert events(case, fire, "merge")
    assert events(case, outage, "merge")
    assert any(f"FS-{fire} 已并入 FS-{outage}" in one for one in notices(case))
    assert merge(case, fire, outage).moved == done.moved
    assert len(events(case, outage, "merge")) == 1


def test_the_survivors_alert_shows_what_was_merged_and_no_longer_when_taken_back(case, two):
    fire, outage = two

    def alert():
        incident = read(case, incident_store.incident, outage)
        return read(case, current_alert, case.desk, incident, NOW)["html"]

    assert "孩子手被烫伤" not in alert()
    merge(case, fire, outage)
    assert f"含并入的 FS-{fire}" in alert()
    assert "孩子手被烫伤" in alert()
    assert "澜白" in alert()
    do(case, incidents.reopen, fire, actor=case.actor("lin"), reason="另有其事")
    assert "孩子手被烫伤" not in alert()
    assert "含并入的" not in alert()


def test_later_signals_of_a_merged_episode_go_to_the_survivor(case, two):
    fire, outage = two
    merge(case, fire, outage)
    say(case, 101, "澜白吸尘器充电爆炸起火，我手上烧伤了", minutes=2)
    assert handle(case) == [outage]


def test_a_survivor_that_was_merged_itself_passes_signals_on(case, two):
    fire, outage = two
    merge(case, outage, fire)
    assert case.find(number=7) == fire


def test_contradicting_facts_have_to_be_chosen_and_none_is_lost(case, two):
    fire, outage = two
    state(case, fire, "scope", "仅限一台样机")
    state(case, outage, "scope", "2.3.1 版本固件的用户")
    with pytest.raises(Conflict) as refused:
        merge(case, fire, outage)
    assert refused.value.code == "facts_conflict"
    assert "仅限一台样机" in str(refused.value)
    assert "2.3.1 版本固件的用户" in str(refused.value)
    assert read(case, incident_store.incident, fire).is_open
    with pytest.raises(Conflict):
        merge(case, fire, outage, keep={"colour": fire})
    merge(case, fire, outage, keep={"scope": fire})
    facts = read(case, incident_store.facts, outage)
    assert (facts["scope"].value, facts["scope"].stated_by) == ("仅限一台样机", "zhou")
    (event,) = events(case, outage, "merge")
    assert event.data["facts_not_taken"]["scope"] == "2.3.1 版本固件的用户"


def test_statements_keep_their_texts_and_approvals_where_facts_agree(case, two):
    fire, outage = two
    texts = read(case, statements.list_statements, incident_id=outage)
    revision = read(case, statements.revision, texts[0].current_revision_id)
    case.decide("lin", revision)
    done = merge(case, outage, fire)
    # Both have a first response for the same channel: the approved one stays as it is.
    assert done.stays == [texts[0].id]
    kept = read(case, statements.statement, texts[0].id)
    held = read(case, statements.holding_decisions, revision.id)
    assert (kept.incident_id, kept.state) == (outage, "approved")
    assert [one.content_hash for one in held] == [revision.content_hash]


def test_a_moved_text_that_says_the_other_value_loses_its_approval(case, two):
    fire, outage = two
    with unit_of_work(case.engine) as session:
        incident = incident_store.incident(session, outage)
        full = intake.request_draft(
            session, case.desk, incident, requested_by="zhou", now=NOW, kind=Kind.INTERNAL
        )
    if full is None:
        pytest.skip("this crisis type has no internal notice")
    for name in (*read(case, missing, case, full), "scope"):
        state(case, outage, name, f"{name}的说法")
    state(case, fire, "scope", "另一种说法")
    revision = read(case, current, full)
    case.decide("lin", revision)
    merge(case, outage, fire, keep={"scope": fire})
    moved = read(case, statements.statement, full)
    assert moved.incident_id == fire
    assert read(case, drafting.stale_facts, moved)
    assert read(case, statements.holding_decisions, revision.id) == []


def missing(session, case, statement_id):
    drafted = statements.statement(session, statement_id)
    template = case.desk.library.find(
        lang=drafted.lang, crisis_type=drafted.crisis_type, kind=drafted.kind
    )
    known = incident_store.facts(session, drafted.incident_id)
    return drafting.missing_facts(template, known)


def current(session, statement_id):
    revision_id = statements.statement(session, statement_id).current_revision_id
    return statements.revision(session, revision_id)


def test_clocks_of_the_merged_incident_go_on_in_the_survivor(case, two):
    fire, outage = two
    lead = case.actor("lin")
    do(case, clocks.start, fire, "recall_report", actor=lead, reason="可能造成人身伤害")
    merge(case, fire, outage)
    codes = {one.code for one in read(case, clock_store.clocks, outage)}
    assert codes == {"first_statement", "recall_report"}


def test_reopening_takes_a_merge_back(case, two):
    fire, outage = two
    moved = merge(case, fire, outage).moved
    do(case, incidents.reopen, fire, actor=case.actor("lin"), reason="其实是两件事")
    assert read(case, links.held_ids, "findings", fire) == moved["findings"]
    assert read(case, incident_store.incident, fire).is_open
    assert read(case, links.merge_of, fire) is None
    merge(case, fire, outage)
    assert read(case, links.merge_of, fire).to_id == outage


def test_a_merge_is_for_leads_and_for_one_brand(case, two):
    fire, outage = two
    with pytest.raises(NotAllowed):
        merge(case, fire, outage, actor=case.actor("zhou"))
    for wrong in ((fire, fire), (fire, 99)):
        with pytest.raises(Conflict):
            merge(case, *wrong)
    with pytest.raises(Conflict):
        merge(case, fire, outage, reason=" ")


def split(case, incident_id, stories, **values):
    defaults = {"actor": case.actor("lin"), "reason": "是另一件事"}
    return do(case, splitting.split, incident_id, stories, **(defaults | values))


def test_a_split_opens_an_incident_of_its_own_and_its_later_texts_follow(case):
    outage = case.find()
    say(case, 100, FIRE, minutes=3)
    say(case, 101, "澜白吸尘器充电爆炸起火，我手上烧伤了", minutes=2)
    with unit_of_work(case.engine) as session:
        for one in findings.unhandled_findings(session, limit=20):
            values = {"incident_id": outage, "handled_at": NOW}
            findings.change_finding(session, one.id, values)
        incident = incident_store.incident(session, outage)
        said = splitting.stories_said(session, incident, NOW)
    fires = [story for story, texts in said.items() if "起火" in texts[0].text]
    apart = split(case, outage, fires)
    assert split(case, outage, fires) == apart
    new = read(case, incident_store.incident, apart)
    assert (new.crisis_type, new.severity, new.evidence["negatives"]) == ("C01", "urgent", 2)
    alert = next(m[3]["html"] for m in case.messages("alert") if f"FS-{apart}" in m[3]["html"])
    assert f"由 FS-{outage} 拆出：2 位用户的 2 条相关帖文" in alert
    assert "已回落" not in alert
    assert "路径" not in alert
    asked = read(case, top_stories, new, NOW)
    assert {one.text[:4] for one in asked} == {"澜白洗地", "澜白吸尘"}
    assert len(read(case, links.held_ids, "findings", apart)) == 3
    assert events(case, outage, "merge")[0].data["to"] == apart
    # The same words from somebody else belong to the story, and so to the new incident.
    with unit_of_work(case.engine) as session:
        first = findings.finding(session, read(case, links.held_ids, "findings", apart)[0])
        again = findings.insert_finding(
            session,
            {
                **{
                    name: getattr(first, name)
                    for name in (
                        *("brand_id", "mention_id", "severity", "severity_reason"),
                        *("started_at", "last_on_at", "ended_at", "score", "observed"),
                        *("expected", "judgement", "found_at", "changed_at"),
                    )
                },
                "natural_key": "again",
                "channel": findings.IMMEDIATE,
            },
        )
        found = findings.finding(session, again)
        assert intake.handle_finding(session, case.desk, found, NOW) == apart
    merge(case, apart, outage)
    with pytest.raises(Conflict):
        split(case, outage, [999_999])


def test_what_was_split_off_does_not_draw_the_rest_of_its_kind(case):
    outage = case.find()
    with unit_of_work(case.engine) as session:
        incident = incident_store.incident(session, outage)
        story = next(iter(splitting.stories_said(session, incident, NOW)))
    apart = split(case, outage, [story])
    assert case.find(number=2) == outage
    do(
        case,
        incidents.close,
        outage,
        actor=case.actor("lin"),
        reason="已恢复",
        open_items_known=True,
    )
    assert case.find(number=3) not in (outage, apart)


def test_a_link_is_made_and_ended_once(case, two):
    fire, outage = two
    officer = case.actor("zhou")
    assert act(case, merging.link, outage, fire, actor=officer)
    assert not act(case, merging.link, fire, outage, actor=officer)
    assert [one.kind for one in read(case, links.links, fire)] == ["related"]
    assert act(case, merging.link, fire, outage, actor=officer, undo=True)
    assert not act(case, merging.link, fire, outage, actor=officer, undo=True)
    assert read(case, links.links, outage) == []


def rumour(case, incident_id, text="电池会在充电时爆炸"):
    return act(
        case,
        claims.raise_claim,
        incident_id,
        text=text,
        source="微博 @某用户",
        actor=case.actor("zhou"),
    )


def judge(case, claim_id, verdict, basis="第三方检测报告 07 号", who="lin"):
    return act(
        case,
        claims.judge_claim,
        claim_id,
        state=verdict,
        basis=basis,
        actor=case.actor(who),
    )


def test_a_claim_is_judged_with_a_basis_and_only_then_made_a_fact(case):
    incident_id = case.find()
    claim_id = rumour(case, incident_id)
    assert rumour(case, incident_id) == claim_id
    made = {
        "name": "true_fact",
        "value": "该型号电池通过针刺与过充测试",
        "actor": case.actor("zhou"),
    }
    with pytest.raises(Conflict):
        do(case, claims.make_fact, claim_id, **made)
    with pytest.raises(NotAllowed):
        judge(case, claim_id, ClaimState.FALSE, who="zhou")
    with pytest.raises(Conflict):
        judge(case, claim_id, ClaimState.FALSE, basis=" ")
    assert judge(case, claim_id, ClaimState.FALSE)
    assert not judge(case, claim_id, ClaimState.FALSE)
    assert "true_fact" not in read(case, incident_store.facts, incident_id)
    with pytest.raises(Conflict):
        do(case, claims.make_fact, claim_id, **made | {"value": "电池会在充电时爆炸是真的"})
    with pytest.raises(Conflict):
        do(case, claims.make_fact, claim_id, **made | {"name": "colour"})
    claim = do(case, claims.make_fact, claim_id, **made)
    fact = read(case, incident_store.facts, incident_id)["true_fact"]
    assert fact.value == "该型号电池通过针刺与过充测试"
    assert fact.source == "第三方检测报告 07 号 (周宁)"
    assert claim.fact_name == "true_fact"
    assert [event.kind for event in read(case, incident_store.timeline, incident_id)][-3:] == [
        "raise_claim",
        "judge_claim",
        "fact",
    ]


def test_a_claim_never_reaches_a_draft_by_itself(case):
    incident_id = case.find()
    rumour(case, incident_id, text="独一无二的传言甲乙丙")
    revision = case.draft()
    assert "独一无二的传言甲乙丙" not in revision.text
    (kept,) = read(case, claim_store.claims, incident_id)
    assert kept.state == "unverified"


def test_a_changed_fact_makes_every_statement_that_used_it_stale(case):
    incident_id = case.find()
    case.draft()
    with unit_of_work(case.engine) as session:
        incident = incident_store.incident(session, incident_id)
        second = intake.request_draft(
            session, case.desk, incident, requested_by="zhou", now=NOW, kind=Kind.FULL
        )
    for _ in range(2):
        for name in read(case, missing, case, second):
            state(case, incident_id, name, f"{name}说法")
        with unit_of_work(case.engine) as session:
            drafting.write_draft(session, case.desk, second, NOW)
    both = read(case, statements.list_statements, incident_id=incident_id)
    before = [read(case, current, one.id) for one in both]
    for revision in before:
        case.decide("lin", revision)
    state(case, incident_id, "contact", "客服热线 400-000-0999")
    for old in before:
        assert read(case, statements.holding_decisions, old.id) == []
        new = read(case, current, old.statement_id)
        assert "400-000-0999" in new.text


def test_a_text_people_wrote_is_stale_and_says_so_and_a_published_one_is_told(case):
    incident_id = case.find()
    old = case.draft()
    with unit_of_work(case.engine) as session:
        new = drafting.edit_text(
            session, case.desk, old.id, text=old.text + "补。", actor=case.actor("zhou"), now=NOW
        )
    case.decide("lin", new)
    state(case, incident_id, "contact", "客服热线 400-000-0999")
    statement = read(case, statements.statement, old.statement_id)
    assert read(case, drafting.stale_facts, statement) == ["contact"]
    assert statement.state == "waiting"
    with unit_of_work(case.engine) as session:
        statements.change_statement(session, statement.id, {"state": statements.PUBLISHED})
    state(case, incident_id, "contact", "客服热线 400-000-0888")
    assert any("已发布的声明里" in one and "发更正" in one for one in notices(case))


def raise_all(case, now=NOW):
    return do(case, raising.raise_incidents, now=now)


def test_two_people_with_an_emergency_make_the_incident_urgent(case):
    incident_id = case.find()
    assert raise_all(case) == 0
    say(case, 100, FIRE, minutes=3)
    assert raise_all(case) == 0
    say(case, 101, "澜白吸尘器充电爆炸起火，我手上烧伤了", minutes=2)
    assert raise_all(case) == 1
    assert raise_all(case) == 0
    incident = read(case, incident_store.incident, incident_id)
    assert (incident.severity, incident.severity_reason) == ("urgent", "urgent_authors")
    (event,) = events(case, incident_id, "severity_raised")
    assert event.data["figure"] == 2
    assert any("升级为紧急：多位用户各自反映紧急情形" in one for one in notices(case))
    (clock,) = read(case, clock_store.clocks, incident_id)
    assert clock.due_at == incident.first_seen_at + timedelta(hours=1)


def test_what_a_person_has_weighed_does_not_raise_it_again(case):
    incident_id = case.find()
    say(case, 100, FIRE, minutes=3)
    say(case, 101, "澜白吸尘器充电爆炸起火，我手上烧伤了", minutes=2)
    raise_all(case)
    do(
        case,
        incidents.set_severity,
        incident_id,
        actor=case.actor("lin"),
        severity=Severity.SERIOUS,
        reason="两条均为旧闻截图",
        now=NOW + MINUTE,
    )
    assert raise_all(case, NOW + 2 * MINUTE) == 0
    later = NOW + 3 * MINUTE
    say(case, 102, "澜白净水器漏电，老人触电住院了", minutes=0, now=later)
    assert raise_all(case, later) == 0
    say(case, 103, "澜白电风扇起火爆炸，邻居烫伤送医", minutes=0, now=later)
    assert raise_all(case, later) == 1


def test_approval_follows_the_risen_severity(case):
    case.find()
    revision = case.draft()
    case.decide("lin", revision)
    with pytest.raises(Conflict):
        case.decide("he", revision, approval.Verdict.APPROVE)
