"""Opinion after a publication: measured, written down and told once."""

import re
from datetime import timedelta

import pytest
from sqlmodel import select

from crisis import incidents as use_cases
from crisis.aftermath import MEASURED, SETTLE, tell_aftermath
from crisis.publication import record_publication
from listener.config_file import load_config
from listener.store import incidents, statements
from listener.store.engine import read_session, unit_of_work
from listener.store.tables import Message
from tests.build import item, score_all, store
from tests.integration.test_response import CONFIG, NOW, Case

HOUR = timedelta(hours=1)
EMPTY = ("澜白的回应毫无诚意", "看了澜白这份声明，毫无诚意可言", "毫无诚意！澜白到底赔不赔")


@pytest.fixture
def case(engine, tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    made = Case(engine, load_config(path))
    say(made, range(100, 130), ("澜白很好用",), NOW - HOUR, negative=0.1)
    made.find()
    made.draft()
    return made


def say(case, numbers, texts, since, *, negative=0.9):
    posts = [
        item(n, f"{texts[n % len(texts)]}，第{n}次", since + timedelta(minutes=n % 50))
        for n in numbers
    ]
    store(case.engine, case.understanding, posts, since + HOUR)
    score_all(case.engine, since + HOUR, negative=negative)


def publish(case, *, at=NOW, url="https://weibo.example/1"):
    with unit_of_work(case.engine) as session:
        record_publication(
            session,
            case.desk,
            1,
            channel="weibo",
            url=url,
            published_at=at,
            actor=case.actor("zhou"),
            now=at,
        )


def tell(case, now):
    with unit_of_work(case.engine) as session:
        return tell_aftermath(session, case.desk, now)


def notices(case):
    return [body["html"] for *_, body in case.messages("notice")]


def events(case):
    with read_session(case.engine) as session:
        return [one.data for one in incidents.timeline(session, 1) if one.kind == MEASURED]


def test_a_statement_after_which_it_got_worse_is_said_plainly_and_once(case):
    publish(case)
    say(case, range(200, 245), EMPTY, NOW + timedelta(minutes=8))
    assert tell(case, NOW + HOUR) == 0, "the last posts are still being collected"
    later = NOW + HOUR + SETTLE
    assert [tell(case, later), tell(case, later), tell(case, later + HOUR)] == [1, 0, 0]
    (text,) = notices(case)
    assert text.startswith("⚠️ FS-1 r1｜发布后 1 小时，负面占比由 ")
    assert re.search(r"由 23% 升至 [56]\d%，情况变差。", text)
    assert "毫无诚意" in text, "what is new in it"
    assert "不说明因果" in text
    (data,) = events(case)
    after = data["overall"]["after"]
    assert after["mentions"] == 45
    assert after["negatives"] > 22, "most of them complain"
    assert data["hours"] == 1
    with read_session(case.engine) as session:
        sent = session.exec(select(Message).where(Message.purpose == "notice")).one()
        alert = session.exec(select(Message).where(Message.purpose == "alert")).first()
        assert sent.reply_to_id == alert.id, "it stands in the incident's thread"


def test_four_hours_are_written_down_and_a_day_is_told(case):
    publish(case)
    tell(case, NOW + 5 * HOUR)
    tell(case, NOW + 25 * HOUR)
    assert [one["hours"] for one in events(case)] == [1, 4, 24]
    assert [text.split("｜")[1][:9] for text in notices(case)] == [
        "发布后 1 小时只",
        "发布后 24 小时",
    ]
    assert "太少，无法判断" in notices(case)[0]


def test_what_is_recorded_late_is_written_down_and_not_told(case):
    publish(case, at=NOW)
    tell(case, NOW + 26 * HOUR)
    assert [one["hours"] for one in events(case)] == [1, 4, 24]
    assert len(notices(case)) == 1


def test_several_places_of_one_text_are_measured_once_from_the_first(case):
    publish(case)
    publish(case, at=NOW + timedelta(minutes=20), url="https://site.example/1")
    with read_session(case.engine) as session:
        (only,) = statements.first_publications(session, incident_id=1)
    assert only.published_at == NOW
    tell(case, NOW + 2 * HOUR)
    assert len(events(case)) == 1


def test_a_muted_brand_keeps_the_figures_and_holds_the_notice(case):
    publish(case)
    with unit_of_work(case.engine) as session:
        use_cases.mute(session, case.desk, 1, actor=case.actor("lin"), now=NOW + HOUR)
    tell(case, NOW + HOUR + SETTLE)
    assert len(events(case)) == 1
    ((_, state, reason, _),) = case.messages("notice")
    assert (state, reason) == ("dropped", "silenced")
