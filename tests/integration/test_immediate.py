"""Single texts that alarm by their speaker: influencers, regulators, media, hot lists."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from crisis.announce import alert_body
from listener.immediate import names_risk
from listener.store.engine import read_session, unit_of_work
from listener.store.tables import Finding, Message, Source
from tests.build import item, score_all, set_up, store
from tests.integration.test_takeoff import desk_of, open_incidents, respond

NOW = datetime(2026, 11, 22, 3, 2, tzinfo=UTC)
ANGRY = "澜白扫地机三天就坏了，客服没人理，退货也不给退"
SOBER = "市场监管局公布抽查结果：澜白净化器一批次不合格，已责令整改"


@pytest.fixture
def known(engine):
    return set_up(engine, NOW)


def hear(engine, known, text=ANGRY, *, kind="people", negative=0.9, number=1, **values):
    with unit_of_work(engine) as session:
        session.exec(select(Source)).one().kind = kind
    posted_at = values.pop("posted_at", NOW - timedelta(minutes=2))
    store(engine, known, [item(number, text, posted_at, **values)], NOW)
    score_all(engine, NOW, negative=negative)


def found(engine):
    with read_session(engine) as session:
        rows = session.exec(select(Finding).order_by(Finding.id)).all()
        return [(one.severity, one.severity_reason) for one in rows]


@pytest.mark.parametrize(
    ("followers", "expected"),
    [
        (99_999, []),
        (100_000, [("serious", "influencer")]),
        (1_000_000, [("urgent", "influencer")]),
    ],
)
def test_a_negative_text_counts_by_the_reach_of_its_author(engine, known, followers, expected):
    hear(engine, known, author_followers=followers)
    assert found(engine) == expected


def test_a_friendly_influencer_alarms_nobody(engine, known):
    hear(engine, known, "澜白扫地机真好用", negative=0.05, author_followers=5_000_000)
    assert found(engine) == []


@pytest.mark.parametrize("kind", ["regulator", "media", "hotlist"])
def test_sober_words_of_harm_alarm_where_authority_speaks(engine, known, kind):
    hear(engine, known, SOBER, kind=kind, negative=0.1)
    assert found(engine) == [("urgent", kind)]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("people", []), ("media", []), ("hotlist", [("general", "hotlist")])],
)
def test_a_friendly_text_is_a_notice_at_most(engine, known, tmp_path, kind, expected):
    hear(engine, known, "澜白发布新款扫地机", kind=kind, negative=0.1)
    assert found(engine) == expected
    respond(engine, desk_of(tmp_path, known), 0)
    assert open_incidents(engine) == []


def test_one_story_alarms_once_and_again_only_when_it_is_worse(engine, known, tmp_path):
    for number, followers in ((1, 150_000), (2, 400_000), (3, 2_000_000), (4, 3_000_000)):
        hear(engine, known, number=number, author_followers=followers)
    assert found(engine) == [("serious", "influencer"), ("urgent", "influencer")]
    desk = desk_of(tmp_path, known)
    respond(engine, desk, 0)
    [incident] = open_incidents(engine)
    assert incident.severity == "urgent"
    with read_session(engine) as session:
        alerts = session.exec(select(Message).where(Message.purpose == "alert")).all()
    assert len([one for one in alerts if one.target_id is None]) == 1


def test_the_alert_says_who_speaks_and_that_nobody_has_verified_it(engine, known, tmp_path):
    hear(engine, known, author_followers=380_000, author_name="测评老王", author_verified=True)
    desk = desk_of(tmp_path, known)
    respond(engine, desk, 0)
    [incident] = open_incidents(engine)
    html = alert_body(desk, incident, NOW)["html"]
    assert "大V发声：测评老王（38万粉），未核实" in html


def test_old_texts_and_imported_files_alarm_nobody(engine, known):
    hear(engine, known, author_followers=500_000, posted_at=NOW - timedelta(hours=7))
    assert found(engine) == []
    with unit_of_work(engine) as session:
        session.exec(select(Source)).one().spider = "import"
    hear(engine, known, ANGRY + "！", number=2, author_followers=500_000)
    assert found(engine) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("澜白净化器抽检不合格", True),
        ("瀾白遭主管機關裁罰、產品下架", True),
        ("澜白抽检结果公布，未发现不合格", False),
        ("Lanbai recalls 3,000 vacuum cleaners", True),
        ("澜白发布年度新品", False),
    ],
)
def test_words_of_harm_are_found_unless_denied(text, expected):
    assert names_risk(text) is expected
