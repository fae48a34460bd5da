"""The spread of an incident in its alert: path between sources, repost tree, what is unknown."""

from datetime import UTC, datetime, timedelta

from sqlmodel import select

from crisis.announce import alert_body
from listener.store import sources
from listener.store.engine import unit_of_work
from listener.store.tables import Source
from tests.build import item, score_all, set_up, store
from tests.integration.test_takeoff import desk_of, open_incidents, respond

NOW = datetime(2026, 11, 22, 3, 2, tzinfo=UTC)
ANGRY = "澜白扫地机三天就坏了，客服没人理，退货也不给退"


def second_source(engine):
    with unit_of_work(engine) as session:
        settings = [
            sources.SourceSettings(
                key=key,
                name=name,
                spider="feed",
                group_name="forum",
                interval_s=60,
                is_enabled=True,
            )
            for key, name in (("forum", "社区"), ("social", "微博"))
        ]
        sources.sync_sources(session, settings, NOW)
        return session.exec(select(Source.id).where(Source.key == "social")).one()


def heard(engine, known, social):
    def post(number, minutes, text, **values):
        return item(number, text, NOW - timedelta(minutes=minutes), **values)

    loud = {"author_followers": 200_000, "likes": 900}
    store(engine, known, [post(1, 1, ANGRY, **loud)], NOW, source_id=social)
    reposts = [
        post(2, 3, f"转发微博，{ANGRY}", parent_id="post-3"),
        post(3, 5, "澜白客服太差了，投诉三次没人管，气死了"),
        post(4, 2, f"//@路人:{ANGRY}"),
    ]
    store(engine, known, reposts, NOW, source_id=1)
    score_all(engine, NOW)


def test_the_alert_names_the_path_and_what_is_not_known(engine, tmp_path):
    known = set_up(engine, NOW)
    heard(engine, known, second_source(engine))
    desk = desk_of(tmp_path, known)
    respond(engine, desk, 0)
    [incident] = open_incidents(engine)
    spread = incident.evidence["spread"]
    assert {step["platform"] for step in spread["path"]} == {"微博", "社区"}
    assert spread["amplifiers"][0]["followers"] == 200_000
    assert spread["amplifiers"][0]["interactions"] == 900
    assert "author" not in str(spread)
    html = alert_body(desk, incident, NOW)["html"]
    assert (
        "路径（已监听来源）：社区 10:57 → 微博 11:01｜转发链可见 1 条，深 1 层，最宽 1 条" in html
    )
    assert "已回落" not in html
