"""What is told after the alert: reminders while a rise goes on, and its end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from crisis import incidents, intake
from crisis.course import tell_course
from listener.campaigns import Calendar
from listener.config import Campaign
from listener.config_file import load_config
from listener.store import findings
from listener.store import incidents as incident_store
from listener.store.engine import read_session, unit_of_work
from tests.integration.test_response import CONFIG, NOW, Case

HOUR = timedelta(hours=1)


@pytest.fixture
def case(engine, tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return Case(engine, load_config(path))


def tell(case, now):
    with unit_of_work(case.engine) as session:
        return tell_course(session, case.desk, now)


def change(case, ended_at, *, finding_id=1):
    with unit_of_work(case.engine) as session:
        values = {"ended_at": ended_at, "changed_at": ended_at or NOW}
        findings.change_finding(session, finding_id, values)


def notices(case):
    return [(state, body["html"]) for _, state, _, body in case.messages("notice")]


def test_the_end_is_told_once_with_peak_and_length_and_the_alert_says_so(case):
    incident_id = case.find()
    change(case, NOW + HOUR)
    later = NOW + HOUR + timedelta(minutes=2)
    assert [tell(case, later), tell(case, later), tell(case, later + HOUR)] == [1, 0, 0]
    ((state, text),) = notices(case)
    assert state == "pending"
    assert "已回落：FS-1" in text
    assert "峰值30 分钟负面 12 条，历时 1 小时 12 分钟" in text
    with unit_of_work(case.engine) as session:
        intake.refresh_open_incidents(session, case.desk, later)
    *_, (target, _, _, alert) = case.messages("alert")
    assert target is not None
    assert "已回落（12:02）" in alert["html"]
    with read_session(case.engine) as session:
        kinds = [event.kind for event in incident_store.timeline(session, incident_id)]
    assert kinds.count("recovered") == 1


def test_a_rise_that_flares_up_again_is_not_told_to_be_over_twice(case):
    case.find()
    change(case, NOW + HOUR)
    tell(case, NOW + HOUR)
    change(case, None)
    assert tell(case, NOW + HOUR + timedelta(minutes=20)) == 0
    change(case, NOW + 2 * HOUR)
    assert tell(case, NOW + 2 * HOUR) == 0


def test_another_rise_has_its_own_end(case):
    case.find()
    change(case, NOW + HOUR)
    tell(case, NOW + HOUR)
    case.find(number=2, now=NOW + 2 * HOUR)
    assert tell(case, NOW + 2 * HOUR) == 0
    change(case, NOW + 3 * HOUR, finding_id=2)
    assert tell(case, NOW + 3 * HOUR) == 1


def test_nothing_is_told_while_a_part_is_still_rising(case):
    case.find()
    case.find(number=2)
    change(case, NOW + HOUR)
    assert tell(case, NOW + HOUR) == 0


def test_what_fell_back_long_ago_is_no_news(case):
    case.find()
    change(case, NOW + HOUR)
    assert tell(case, NOW + 9 * HOUR) == 0


def test_a_reminder_comes_at_most_every_few_hours(case):
    case.find()
    minutes = range(0, 9 * 60, 10)
    told = [m for m in minutes if tell(case, NOW + timedelta(minutes=m))]
    assert told == [240, 480]
    assert ["⏳ 持续：FS-1" in text for _, text in notices(case)] == [True, True]
    assert "已 4 小时 12 分钟" in notices(case)[0][1]


def test_reminders_can_be_turned_off(case):
    case.desk = replace(case.desk, remind_every=timedelta(0))
    case.find()
    assert tell(case, NOW + 30 * HOUR) == 0


def test_a_mute_holds_notices_back_by_name(case):
    incident_id = case.find()
    with unit_of_work(case.engine) as session:
        incidents.mute(session, case.desk, incident_id, actor=case.actor("lin"), now=NOW + HOUR)
    change(case, NOW + HOUR)
    tell(case, NOW + HOUR)
    ((_, state, reason, _),) = case.messages("notice")
    assert (state, reason) == ("dropped", "silenced")


def test_a_closed_incident_is_not_spoken_of(case):
    incident_id = case.find()
    with unit_of_work(case.engine) as session:
        incidents.close(
            session,
            case.desk,
            incident_id,
            actor=case.actor("lin"),
            reason="已解决",
            open_items_known=True,
            now=NOW,
        )
    change(case, NOW + HOUR)
    assert tell(case, NOW + HOUR) == 0


def test_an_alert_names_the_campaign_that_is_on(case):
    one = Campaign(name="周年庆", start=NOW.date(), end=NOW.date())
    calendar = Calendar((one,), (), tz=case.desk.tz, lang="zh-CN")
    case.desk = replace(case.desk, calendar=calendar)
    case.find()
    ((_, _, _, alert),) = case.messages("alert")
    assert "｜正值周年庆" in alert["html"]
    assert alert["chart"]["occasions"][0]["name"] == "周年庆"
