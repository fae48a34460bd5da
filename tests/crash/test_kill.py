"""Power cuts: whatever moment the service dies at, nothing is lost and nothing happens twice."""

import os
import random
from datetime import UTC, datetime, timedelta

import pytest

from tests.fakes.forking import ForkServer
from tests.fakes.service import TOKEN, ServiceProcess
from tests.fakes.site import FakeSite, SitePost
from tests.fakes.telegram import FakeTelegram

pytestmark = pytest.mark.slow

CHAT = -1009876543210
LEAD_ID = 100000001
CONFIG = """
[telegram]
base_url = "{telegram}/bot"
chat_id = {chat}
poll_timeout_s = 2

[crawl]
delay_s = 0.05
allow_networks = ["127.0.0.0/8"]

[[people]]
key = "lin"
name = "林岚"
roles = ["lead"]
telegram_id = 100000001

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

[[sources]]
key = "forum"
name = "社区"
spider = "feed"
interval_s = 10
parameters = {{ url = "{site}/feed.xml", kind = "post" }}
"""
FAIL_POINTS = [
    "mentions-inserted",
    "mentions-stored",
    "pass-finishing",
    "scores-saved",
    "series-noticed",
    "incident-opened",
    "revision-added",
    "message-claimed",
    "message-accepted",
]
# On each database, in parts that test processes share; more by hand: FENGSHENG_KILLS=100.
KILLS, PARTS = int(os.environ.get("FENGSHENG_KILLS", "30")), 2
LONGEST_LIFE_S = 3.5
CHAT_FAIL_POINTS = ["updates-stored", "decision-recorded", "update-handled"]
COMPLAINTS = (
    "澜白洗地机更新固件后变砖了，开不了机",
    "澜白升级完一直重启，客服没人理",
    "澜白更新后连不上网，充电座红灯",
    "澜白推送更新之后开不了机，要求给说法",
)


def history(now: datetime) -> list[SitePost]:
    """Three quiet days, then a burst that began minutes ago."""
    quiet = [
        SitePost(
            n,
            f"澜白用了{n}天，拖地挺干净，第{n}次记录",
            now - timedelta(minutes=40 + 30 * n),
            f"老用户{n}",
        )
        for n in range(140)
    ]
    burst = [
        SitePost(
            1000 + n, f"{COMPLAINTS[n % 4]}，第{n}位", now - timedelta(seconds=25 * n), f"车主{n}"
        )
        for n in range(24)
    ]
    return quiet + burst


@pytest.fixture
def telegram():
    with FakeTelegram(token=TOKEN, chats=[CHAT]) as server:
        yield server


@pytest.fixture
def site():
    with FakeSite() as server:
        server.publish(*history(datetime.now(UTC)))
        yield server


@pytest.fixture(scope="session")
def forks():
    server = ForkServer()
    yield server
    server.close()


@pytest.fixture
def service(tmp_path, telegram, site, database, new_database, forks):
    config = CONFIG.format(telegram=telegram.url, chat=CHAT, site=site.url)
    url = new_database(database) if database == "postgresql" else ""
    process = ServiceProcess(tmp_path, config, database_url=url, forks=forks)
    yield process
    process.kill()


def waiting_draft(telegram: FakeTelegram, timeout_s: float):
    return telegram.wait_for_message(lambda m: "通过" in m.buttons, timeout_s=timeout_s)


def is_decided(service: ServiceProcess) -> bool:
    return service.query("SELECT count(*) FROM decision") == [(1,)]


def everything_sent(service: ServiceProcess) -> bool:
    return service.query("SELECT count(*) FROM message WHERE state = 'pending'") == [(0,)]


def check_invariants(service: ServiceProcess, telegram: FakeTelegram, posts: int) -> None:
    """The promises that must hold after any number of crashes."""
    assert service.query("SELECT count(*), count(DISTINCT external_id) FROM mention") == [
        (posts, posts)
    ], "no mention lost, none stored twice"
    assert service.query(
        "SELECT count(*) FROM mention m LEFT JOIN score s ON s.mention_id = m.id WHERE s.mention_id IS NULL"
    ) == [(0,)], "no mention left unscored"
    assert service.query("SELECT sum(raw_mentions) FROM bucket WHERE series_id = 1") == [
        (posts,)
    ], "none counted twice"
    assert service.query("SELECT count(*) FROM incident") == [(1,)], "exactly one incident"
    assert service.query(
        "SELECT count(*) FROM finding WHERE channel = 'crisis' AND series_id = 1"
    ) == [(1,)]
    assert service.query("SELECT verdict, person_key FROM decision") == [("approve", "lin")]
    assert service.query("SELECT count(*) FROM audit_entry WHERE action = 'approve'") == [(1,)]
    assert service.query(
        "SELECT count(*) FROM message WHERE state = 'dropped' AND not_sent_reason != 'superseded'"
    ) == [(0,)], "no message lost"
    originals = service.query("SELECT count(*) FROM message WHERE target_id IS NULL")[0][0]
    assert len(telegram.messages(CHAT)) >= originals, "everything decided was sent"
    assert service.query("SELECT count(*) FROM chat_update WHERE handled_at IS NULL") == [(0,)]


def test_killed_at_every_named_point_nothing_is_lost_or_doubled(service, telegram, site):
    lead = telegram.person(LEAD_ID, "林岚")
    posts = len(history(datetime.now(UTC)))
    for point in FAIL_POINTS:
        service.start(fail_at=point)
        service.wait_killed(60)
    service.start()
    draft = waiting_draft(telegram, 60)
    service.kill()
    lead.press(draft, "通过")
    for point in CHAT_FAIL_POINTS:
        service.start(fail_at=point)
        service.wait_killed(60)
    service.start()
    service.wait_until(lambda: is_decided(service), 60, "decision")
    telegram.wait_for_edit(draft, "✅", timeout_s=60)
    service.wait_until(lambda: everything_sent(service), 60, "empty outbox")
    check_invariants(service, telegram, posts)
    assert service.stop() == 0


@pytest.mark.parametrize("seed", [20261122 + part for part in range(PARTS)])
def test_killed_at_random_moments_nothing_is_lost_or_doubled(service, telegram, site, seed):
    print(f"seed {seed}")
    chance = random.Random(seed)
    lead = telegram.person(LEAD_ID, "林岚")
    posts = len(history(datetime.now(UTC)))
    pressed = False
    for number in range(KILLS // PARTS):
        service.start()
        # Moments, not conditions, are what is tested here: the cut comes after a random time.
        life_s = chance.uniform(0.1, LONGEST_LIFE_S)
        try:
            service.wait_until(lambda: False, life_s, "random moment")
        except AssertionError:
            assert service.is_running, f"seed {seed}, kill {number}: {service.tail()}"
        service.kill()
        drafts = [m for m in telegram.messages(CHAT) if "通过" in m.buttons]
        if drafts and not pressed:
            lead.press(drafts[-1], "通过")
            pressed = True
    service.start()
    if not pressed:
        lead.press(waiting_draft(telegram, 90), "通过")
    service.wait_until(lambda: is_decided(service), 90, "decision")
    service.wait_until(lambda: everything_sent(service), 60, "empty outbox")
    check_invariants(service, telegram, posts)
    assert service.stop() == 0
