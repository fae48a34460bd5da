"""Media enquiries: a log with deadlines, answered in approved words only."""

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from crisis import media
from listener.cli import app
from listener.config_file import load_config
from listener.errors import Conflict, NotAllowed
from listener.store import enquiries, incidents, statements
from listener.store.engine import read_session, unit_of_work
from tests.integration.test_response import CONFIG, NOW, Case

HOUR = timedelta(hours=1)


class Desk(Case):
    def do(self, use_case, *arguments, who="zhou", now=NOW, **values):
        with unit_of_work(self.engine) as session:
            return use_case(session, *arguments, actor=self.actor(who), now=now, **values)

    def asked(self, *, incident_id=1, deadline_at=NOW + 3 * HOUR, who="zhou", **values):
        given = {
            "outlet": "江城晚报",
            "person": "记者 甲",
            "channel": "电话",
            "question": "是否召回？",
            "received_at": NOW,
            "owner_key": "zhou",
        } | values
        return self.do(
            media.record_enquiry,
            incident_id=incident_id,
            deadline_at=deadline_at,
            who=who,
            **given,
        )

    def remind(self, now):
        with unit_of_work(self.engine) as session:
            media.remind_of_enquiries(session, self.desk, now)
        return [body["html"] for *_, body in self.messages("notice")]

    def stored(self, number=1):
        with unit_of_work(self.engine) as session:
            return enquiries.lock_enquiry(session, number)


@pytest.fixture
def desk(engine, tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    made = Desk(engine, load_config(path))
    made.find()
    made.draft()
    return made


def test_an_answer_needs_a_text_that_is_approved_now(desk):
    desk.asked()
    revision = desk.revision()
    with pytest.raises(Conflict, match=r"r1 is not approved now; there is no approved text yet"):
        desk.do(media.answer, 1, revision_id=revision.id, text=None)
    desk.decide("lin", revision)
    with pytest.raises(Conflict, match=r"is not approved now"):
        desk.do(media.answer, 1, revision_id=revision.id, text=None, now=NOW + 5 * HOUR)
    said = desk.do(media.answer, 1, revision_id=revision.id, text=None)
    assert said == revision.text
    found = desk.stored()
    assert (found.state, found.answered_by, found.answered_at) == ("answered", "zhou", NOW)
    assert (found.revision_id, found.content_hash) == (revision.id, revision.content_hash)
    with pytest.raises(Conflict, match="answered already"):
        desk.do(media.answer, 1, revision_id=revision.id, text=None)


def test_a_part_of_the_text_will_do_and_other_words_will_not(desk):
    desk.asked()
    revision = desk.revision()
    desk.decide("lin", revision)
    part = next(line for line in revision.text.splitlines() if "400-000-0233" in line)
    for own in (part + "我们绝对没有责任。", "不予置评", "  "):
        with pytest.raises(Conflict, match=r"does not stand in r1"):
            desk.do(media.answer, 1, revision_id=revision.id, text=own)
    assert desk.do(media.answer, 1, revision_id=revision.id, text=f" {part}\n") == part.strip()


def test_texts_of_another_kind_or_incident_are_refused_with_those_that_exist(desk):
    desk.asked()
    revision = desk.revision()
    desk.decide("lin", revision)
    with unit_of_work(desk.engine) as session:
        statements.change_statement(session, 1, {"kind": "script"})
    with pytest.raises(Conflict, match="not for the media; there is no approved text"):
        desk.do(media.answer, 1, revision_id=revision.id, text=None)
    with unit_of_work(desk.engine) as session:
        statements.change_statement(session, 1, {"kind": "qa"})
        values = {"group_key": "other", "title": "乙", "opened_at": NOW, "refreshed_at": NOW}
        one = incidents.incident(session, 1)
        same = ("brand_id", "crisis_type", "phase", "severity", "severity_reason")
        values |= {name: getattr(one, name) for name in same}
        values |= {"is_unverified": True, "first_seen_at": NOW, "evidence": one.evidence}
        other = incidents.insert_incident(session, values)
    desk.asked(incident_id=other)
    with pytest.raises(Conflict, match="belongs to another incident, FS-1"):
        desk.do(media.answer, 2, revision_id=revision.id, text=None)
    desk.asked(incident_id=None)
    with pytest.raises(Conflict, match=r"does not stand in r1"):
        desk.do(media.answer, 3, revision_id=revision.id, text="随便说说")
    desk.do(media.answer, 3, revision_id=revision.id, text=None)
    with read_session(desk.engine) as session:
        (only,) = media.approved_texts(session, 1, NOW)
    assert only.kind == "qa"


def test_the_chat_is_reminded_once_before_and_once_after_the_deadline(desk):
    desk.asked()
    assert desk.remind(NOW) == []
    near = NOW + 2 * HOUR + timedelta(minutes=1)
    assert desk.remind(near) == desk.remind(near)
    (first,) = desk.remind(near)
    assert first == "⏰ FS-1 媒体问询 1（江城晚报）须在 11-22 14:02 前答复，负责人：周宁。"
    late = NOW + 3 * HOUR
    assert len(desk.remind(late)) == len(desk.remind(late + HOUR)) == 2
    assert "现已逾期" in desk.remind(late)[1]


def test_a_settled_or_open_ended_question_reminds_nobody(desk):
    desk.asked(deadline_at=None)
    desk.asked()
    desk.do(media.close, 2, reason="撤回采访")
    assert desk.remind(NOW + 9 * HOUR) == []
    with pytest.raises(Conflict):
        desk.do(media.close, 2, reason="again")
    with pytest.raises(Conflict):
        desk.do(media.close, 1, reason=" ")


def test_the_log_is_kept_by_officers_and_leads_and_stands_in_the_timeline(desk):
    with pytest.raises(NotAllowed):
        desk.asked(who="adm")
    with pytest.raises(Conflict):
        desk.asked(question=" ")
    with pytest.raises(Conflict):
        desk.asked(received_at=NOW + HOUR)
    with pytest.raises(Conflict):
        desk.asked(incident_id=77)
    desk.asked()
    desk.do(media.assign, desk.desk, 1, owner_key="lin")
    assert desk.stored().owner_key == "lin"
    with pytest.raises(NotAllowed):
        desk.do(media.assign, desk.desk, 1, owner_key="nobody")
    with read_session(desk.engine) as session:
        kinds = [one.data.get("what") for one in incidents.timeline(session, 1)]
    assert kinds[-2:] == ["asked", "assigned"]


def test_names_of_journalists_go_when_their_time_is_over(desk):
    desk.asked()
    desk.asked()
    desk.do(media.close, 2, reason="撤回")
    with unit_of_work(desk.engine) as session:
        forget = enquiries.forget_askers
        assert forget(session, before=NOW, limit=10) == 0
        assert forget(session, before=NOW + HOUR, limit=10) == 1
        assert forget(session, before=NOW + HOUR, limit=10) == 0
    assert (desk.stored(1).person, desk.stored(2).person) == ("记者 甲", "")


def test_the_log_from_the_terminal(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text('data_dir = "data"\n' + CONFIG, encoding="utf-8")

    def run(*arguments, code=0):
        result = CliRunner().invoke(app, ["media", "--config", str(config), *arguments])
        assert result.exit_code == code, result.output
        return result.output

    asked = ("--outlet", "江城晚报", "--question", "是否召回？", "--as", "zhou")
    run("add", *asked, "--deadline", "2020-01-01T10:00", "--owner", "lin")
    run("add", *asked, "--deadline", "soon", code=1)
    listed = run("list")
    assert "OVERDUE" in listed
    assert "林岚" in listed
    run("assign", "1", "zhou", "--as", "lin")
    assert "there is no revision 7" in run("answer", "1", "--from", "r7", "--as", "lin", code=1)
    run("answer", "1", "--from", "latest", "--as", "lin", code=1)
    run("close", "1", "--because", "撤回", "--as", "lin")
    assert "No media enquiries." in run("list")
    (only,) = json.loads(run("list", "--all", "--json"))
    assert (only["state"], only["owner_key"], only["incident_id"]) == ("closed", "zhou", None)
