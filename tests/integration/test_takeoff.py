"""Counters of known posts seen again: stored sparingly, judged, alarmed once, erased."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from crisis.announce import alert_body
from crisis.intake import handle_finding, refresh_open_incidents
from listener.app import build_desk
from listener.config import Secrets
from listener.config_file import load_config
from listener.items import Precision
from listener.store import engagement, findings, outbox, retention
from listener.store import incidents as incident_store
from listener.store.engine import read_session, unit_of_work
from listener.store.tables import Engagement, Finding, Message, Source
from listener.store.thinning import thin_engagement
from listener.takeoff import TakeoffNoticer
from tests.build import item, score_all, set_up, store
from tests.integration.test_response import CONFIG

NOW = datetime(2026, 11, 22, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ANGRY = "澜白扫地机三天就坏了，客服没人理，退货也不给退"


@pytest.fixture
def known(engine):
    return set_up(engine, NOW)


def see(engine, known, minute, likes, *, text=ANGRY, number=1, posted=0, **values):
    posted_at = NOW + posted * MINUTE
    post = item(number, text, posted_at, likes=likes, **values)
    store(engine, known, [post], NOW + minute * MINUTE)


def rows(engine):
    with read_session(engine) as session:
        found = session.exec(select(Engagement).order_by(Engagement.observed_at)).all()
        return [(one.observed_at, one.seen_until, one.likes) for one in found]


def surge(engine, known, *, negative=0.9, **values):
    for minute, likes in ((5, 40), (60, 120), (65, 130), (120, 2_300)):
        see(engine, known, minute, likes, **values)
    score_all(engine, NOW + 120 * MINUTE, negative=negative)


def tick(engine, minute, noticer=None):
    (noticer or TakeoffNoticer()).tick(engine, [1], NOW + minute * MINUTE)


def told(engine):
    with read_session(engine) as session:
        query = select(Finding).where(Finding.channel == findings.TAKEOFF)
        return list(session.exec(query.order_by(Finding.id)))


def desk_of(tmp_path, known):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return build_desk(load_config(path), known.brand_ids, Secrets())


def respond(engine, desk, minute):
    now = NOW + minute * MINUTE
    with unit_of_work(engine) as session:
        for finding in findings.unhandled_findings(session, limit=20):
            handle_finding(session, desk, finding, now)
        refresh_open_incidents(session, desk, now)


def open_incidents(engine):
    with read_session(engine) as session:
        return incident_store.open_incidents(session)


def test_a_known_post_seen_again_leaves_a_row_only_when_a_counter_changed(engine, known):
    for minute, likes in ((0, 5), (10, 5), (20, 5), (30, 80), (31, 80)):
        see(engine, known, minute, likes)
    at = [NOW + minute * MINUTE for minute in (0, 20, 30)]
    assert rows(engine) == [(at[0], at[1], 5), (at[2], at[2], 80)]


def test_small_changes_of_an_old_post_are_written_rarely_and_large_ones_always(engine, known):
    for minute, likes in ((0, 500), (5, 503), (10, 506), (15, 900), (700, 901)):
        see(engine, known, minute, likes, posted=-2_880)
    assert [likes for _, _, likes in rows(engine)] == [500, 900, 901]


def test_nothing_is_followed_without_a_counter_a_brand_or_after_a_month(engine, known):
    see(engine, known, 0, None)
    see(engine, known, 0, 50, text="别家的东西", number=2)
    see(engine, known, 0, 50, number=3, posted=-60 * 24 * 60)
    see(engine, known, 90, 900, number=3, posted=-60 * 24 * 60)
    assert [likes for _, _, likes in rows(engine)] == [50]


def test_a_pass_that_is_repeated_after_a_crash_writes_nothing_twice(engine, known):
    for minute, likes in ((0, 5), (30, 80), (30, 80), (0, 5)):
        see(engine, known, minute, likes)
    assert len(rows(engine)) == 2


def test_an_imported_file_is_not_followed(engine, known):
    with unit_of_work(engine) as session:
        session.exec(select(Source)).one().spider = "import"
    surge(engine, known)
    assert rows(engine) == []


def test_counters_are_thinned_with_age_and_go_with_their_mention(engine, known):
    for minute in range(0, 1_500, 100):
        see(engine, known, minute, 10 + 60 * minute)
    before = len(rows(engine))
    after, gone = None, 0
    for _ in range(20):
        with unit_of_work(engine) as session:
            walk = thin_engagement(session, before=NOW + timedelta(days=9), after=after, limit=4)
        after, gone = walk.after, gone + walk.forgotten
        if after is None:
            break
    kept = rows(engine)
    assert after is None
    assert len(kept) == before - gone <= 7
    assert (kept[0][2], kept[-1][2]) == (10, 10 + 60 * 1_400)
    score_all(engine, NOW)
    with unit_of_work(engine) as session:
        walk = retention.forget_mentions(
            session, before=NOW + timedelta(days=400), keep=frozenset(), after=0, limit=10
        )
    assert (walk.deleted, rows(engine)) == (1, [])


def test_an_angry_post_that_takes_off_opens_one_incident_and_says_how(engine, known, tmp_path):
    surge(engine, known)
    noticer = TakeoffNoticer()
    for minute in (121, 122, 130):
        tick(engine, minute, noticer)
    [found] = told(engine)
    assert (found.severity, found.severity_reason) == ("serious", "taking_off")
    desk = desk_of(tmp_path, known)
    respond(engine, desk, 122)
    [incident] = open_incidents(engine)
    assert incident.is_unverified
    html = alert_body(desk, incident, NOW + 122 * MINUTE)["html"]
    for words in ("点赞 120→2,300", "翻一番", "同龄帖子", "未核实", "来源不提供转发、评论"):
        assert words in html
    with read_session(engine) as session:
        assert len(session.exec(select(Message).where(Message.purpose == "alert")).all()) == 1


def test_it_grows_on_in_the_same_incident_and_a_copy_says_nothing_new(engine, known, tmp_path):
    surge(engine, known)
    desk, noticer = desk_of(tmp_path, known), TakeoffNoticer()
    tick(engine, 121, noticer)
    respond(engine, desk, 121)
    see(engine, known, 130, 15_000)
    surge(engine, known, number=2)
    tick(engine, 131, noticer)
    respond(engine, desk, 140)
    [found] = told(engine)
    [incident] = open_incidents(engine)
    assert incident.severity == found.severity == "urgent"
    assert incident.evidence["takeoff"]["interactions"] == 15_000


def test_a_restart_finds_the_same_to_the_byte(engine, known):
    surge(engine, known)
    tick(engine, 121)
    first = [one.model_dump() for one in told(engine)]
    for minute in (122, 123):
        tick(engine, minute)
    assert [one.model_dump() for one in told(engine)] == first


def test_a_friendly_post_is_a_notice_and_no_incident(engine, known, tmp_path):
    surge(engine, known, text="澜白扫地机真好用，全家都喜欢", negative=0.05)
    tick(engine, 121)
    [found] = told(engine)
    assert found.severity == "general"
    respond(engine, desk_of(tmp_path, known), 122)
    assert open_incidents(engine) == []
    with read_session(engine) as session:
        [notice] = session.exec(select(Message).where(Message.purpose == "notice"))
        assert "正在起飞" in outbox.message_body(session, notice.id)["html"]


def test_a_post_that_waits_for_its_score_is_judged_afterwards(engine, known):
    for minute, likes in ((5, 40), (60, 120), (120, 2_300)):
        see(engine, known, minute, likes)
    noticer = TakeoffNoticer()
    tick(engine, 121, noticer)
    assert told(engine) == []
    score_all(engine, NOW + 121 * MINUTE)
    tick(engine, 122, noticer)
    assert len(told(engine)) == 1


def test_yesterdays_growth_is_no_news_and_what_is_unseen_ends(engine, known):
    surge(engine, known)
    tick(engine, 120 + 7 * 60)
    assert told(engine) == []
    tick(engine, 121)
    tick(engine, 121 + 7 * 60)
    [found] = told(engine)
    assert found.ended_at == NOW + 120 * MINUTE


def test_a_time_of_posting_that_is_only_rough_is_not_relied_on(engine, known):
    see(engine, known, 5, 40, posted_precision=Precision.HOUR)
    with read_session(engine) as session:
        found = engagement.recently_seen(session, since=NOW, least=1)
    assert [one.posted_at for one in found] == [None]
