"""The real service as a process: its pages, its log, its end."""

import json
import signal
import socket
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.fakes.service import TOKEN, ServiceProcess
from tests.fakes.site import FakeSite, SitePost
from tests.fakes.telegram import FakeTelegram

pytestmark = pytest.mark.slow

CHAT = -1009876543210
AUTHOR = "林间一只鹿"
TEXT = "澜白净水器漏水了，客厅地板全泡坏"
CONFIG = """
log_level = "INFO"
{more}

[operation]
listen = "127.0.0.1:{port}"
stop_within_s = {stop_within_s}

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

[[brands]]
key = "b"
name = "澜白"
[brands.query]
any = ["澜白"]

[[sources]]
key = "forum"
name = "社区"
spider = "feed"
interval_s = 10
parameters = {{ url = "{site}/feed.xml?key=FEED-KEY-1234", kind = "post" }}

[[sources]]
key = "gone-quiet"
name = "没人回答"
spider = "feed"
interval_s = 10
parameters = {{ url = "{site}/nothing.xml?key=FEED-KEY-1234", kind = "post" }}
"""


@pytest.fixture
def telegram():
    with FakeTelegram(token=TOKEN, chats=[CHAT]) as server:
        yield server


@pytest.fixture
def site():
    with FakeSite() as server:
        now = datetime.now(UTC)
        server.publish(
            *(SitePost(n, f"{TEXT}{n}", now - timedelta(hours=n), AUTHOR) for n in range(1, 6))
        )
        yield server


@pytest.fixture
def make(tmp_path, telegram, site):
    made = []

    def build(*, more="", port=0, stop_within_s=20) -> ServiceProcess:
        config = CONFIG.format(
            telegram=telegram.url,
            chat=CHAT,
            site=site.url,
            more=more,
            port=port,
            stop_within_s=stop_within_s,
        )
        made.append(ServiceProcess(tmp_path, config))
        return made[-1]

    yield build
    for process in made:
        process.kill()


def logged(service: ServiceProcess) -> list[dict]:
    file = service.home / "fengsheng.log"
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.endswith("}")]


def address(service: ServiceProcess) -> str:
    def found():
        return [line["url"] for line in logged(service) if line["message"] == "health pages open"]

    service.wait_until(lambda: bool(found()), 90, "health pages")
    return found()[-1]


def read(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def scored(service: ServiceProcess) -> bool:
    return service.query("SELECT count(*) FROM score") == [(5,)]


def test_the_pages_tell_how_the_service_fares_and_nothing_secret(make):
    service = make()
    service.start()
    url = address(service)
    service.wait_until(lambda: scored(service), 120, "scores")
    service.wait_until(
        lambda: service.query("SELECT count(*) FROM source WHERE failures_in_row > 0") == [(1,)],
        60,
        "a failing source",
    )

    def shows_all() -> bool:
        page = json.loads(read(f"{url}/healthz")[1])
        return page["sources"]["blind"] == ["gone-quiet"] and page["status"] == "ok"

    service.wait_until(shows_all, 30, "a fresh page")
    status, text = read(f"{url}/metrics")
    assert status == 200
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["fengsheng_sources", "ok"] == 1
    assert samples["fengsheng_sources", "failing"] == 1
    assert samples["fengsheng_healthy",] == 1
    assert samples["fengsheng_resident_memory_bytes", "service"] > 10_000_000
    assert samples["fengsheng_loop_processed_total", "crawl"] >= 2
    assert read(f"{url}/")[0] == 404
    assert service.stop(40) == 0

    told = "\n".join([text, (service.home / "fengsheng.log").read_text("utf-8"), service.tail()])
    for hidden in (TOKEN, "FEED-KEY-1234", AUTHOR, "漏水"):
        assert hidden not in told
    assert logged(service)[-1]["message"] == "service stopped"


def test_a_database_that_is_gone_is_named(make):
    service = make()
    service.start()
    url = address(service)
    service.wait_until(lambda: scored(service), 120, "scores")
    connection = sqlite3.connect(service.home / "fengsheng.db", timeout=30)
    connection.execute("ALTER TABLE source RENAME TO source_away")
    connection.commit()
    connection.close()
    service.wait_until(lambda: read(f"{url}/healthz")[0] == 503, 60, "503")
    page = json.loads(read(f"{url}/healthz")[1])
    assert page["database"]["ok"] is False
    assert any(problem.startswith("database: ") for problem in page["problems"])


def test_the_running_service_answers_a_backtest_and_shows_its_token_to_nobody(make):
    token = "api-token-that-nobody-may-see"
    service = make()
    service.start(environment={"FENGSHENG_API_TOKEN": token})
    url = address(service)
    asked = urllib.request.Request(
        f"{url}/api/v1/backtests",
        data=b'{"brand": "b"}',
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=120) as answer:
        (found,) = json.loads(answer.read())
    assert (found["brand"], found["since"]) == ("b", None)
    assert service.stop(40) == 0
    told = (service.home / "fengsheng.log").read_text("utf-8") + service.tail()
    assert token not in told
    assert "backtest answered" in told


def test_a_taken_port_does_not_keep_the_service_from_listening(make):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        service = make(port=taken.getsockname()[1])
        service.start()
        service.wait_until(lambda: scored(service), 120, "scores")
    assert any("operation.listen" in line for line in service.output)
    assert service.stop(40) == 0


def test_json_logs_are_one_event_per_line_on_standard_error(make):
    service = make(more='log_format = "json"')
    service.start()
    address(service)
    assert service.stop(40) == 0
    events = [json.loads(line) for line in service.output if line.startswith("{")]
    assert "service stopped" in [event["message"] for event in events]


def test_a_stop_that_takes_too_long_is_forced_and_says_what_was_left(make):
    service = make(stop_within_s=2)
    service.start()
    address(service)
    service.wait_until(lambda: scored(service), 120, "scores")
    # A lock that another program does not let go of: no step can end.
    connection = sqlite3.connect(service.home / "fengsheng.db", timeout=60)
    connection.isolation_level = None
    connection.execute("BEGIN IMMEDIATE")
    try:
        assert service.stop(60) == 1
    finally:
        connection.rollback()
        connection.close()
    last = logged(service)[-1]
    assert last["message"] == "stopped too late"
    assert "loop" in last["left"] or "stopping" in last["left"]
    service.start()  # and nothing is lost or locked
    address(service)


def test_a_second_signal_ends_at_once(make):
    service = make()
    service.start()
    address(service)
    service.wait_until(lambda: scored(service), 120, "scores")
    connection = sqlite3.connect(service.home / "fengsheng.db", timeout=60)
    connection.isolation_level = None
    connection.execute("BEGIN IMMEDIATE")
    try:
        service.signal(signal.SIGTERM)
        # Two signals that arrive together are one to the kernel.
        service.wait_until(
            lambda: "stopping" in [line["message"] for line in logged(service)], 10, "stopping"
        )
        assert service.stop(60) == 128 + signal.SIGTERM
    finally:
        connection.rollback()
        connection.close()


def test_a_service_manager_is_told_of_start_life_and_end(make, tmp_path):
    told: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(0.2)
        done = threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    told.extend(manager.recv(1_000).decode().splitlines())
                except TimeoutError:
                    continue

        listening = threading.Thread(target=listen)
        listening.start()
        try:
            service = make()
            service.start(
                environment={"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}
            )
            service.wait_until(lambda: told.count("WATCHDOG=1") > 3, 90, "signs of life")
            assert service.stop(40) == 0
        finally:
            deadline = time.monotonic() + 10
            pause = threading.Event()
            while "STOPPING=1" not in told and time.monotonic() < deadline:
                pause.wait(0.05)
            done.set()
            listening.join(10)
    assert "READY=1" in told
    assert told.index("READY=1") < told.index("STOPPING=1")


def test_health_command_asks_the_service(make):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    service = make(port=port)
    code, said = service.command("health")
    assert code == 1
    assert "no answer" in said
    service.start()
    address(service)
    service.wait_until(lambda: service.command("health")[0] == 0, 60, "health")
