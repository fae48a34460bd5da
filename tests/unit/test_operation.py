"""Health, metrics, the service manager's line and the pages, without a service around them."""

import asyncio
import os
import re
import socket
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest
from prometheus_client.parser import text_string_to_metric_families

from listener.config import split_listen
from listener.config_file import load_config
from listener.errors import ConfigError, Temporary
from listener.loops import Loop
from listener.operation.board import LoopState, Memory, Snapshot
from listener.operation.health import LAG_LIMITS_S, health_page, problems, stuck_loops
from listener.operation.metrics import METRICS, metrics_page
from listener.operation.pages import MOST_HEAD_BYTES, Page, PageServer
from listener.operation.systemd import Notifier
from listener.store.operation import Census, Totals
from listener.store.records import SourceHealth
from tests.conftest import ROOT

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
DOCS = (ROOT / "docs" / "operation.md").read_text(encoding="utf-8")


def source(key="forum", **values):
    defaults = {
        "id": 1,
        "key": key,
        "name": "社区",
        "spider": "feed",
        "group_name": "forum",
        "interval_s": 60,
        "is_enabled": True,
        "next_due_at": NOW + timedelta(seconds=30),
        "last_attempt_at": NOW,
        "last_success_at": NOW,
        "last_failure_kind": None,
        "last_failure_detail": None,
        "failures_in_row": 0,
    }
    return SourceHealth(**(defaults | values))


def loop_state(**values):
    defaults = {
        "processed": 5,
        "failed": 1,
        "failures_in_row": 0,
        "lag_s": 0.0,
        "step_s": 0.0,
        "last_success_at": NOW,
    }
    return LoopState(**(defaults | values))


def census(**values):
    defaults = {
        "sources": (source(),),
        "mentions_waiting": 0,
        "oldest_waiting_at": None,
        "findings_waiting": 0,
        "updates_waiting": 0,
        "messages_pending": 0,
        "oldest_unsent_at": None,
        "incidents_open": {"urgent": 1},
    }
    return Census(**(defaults | values))


def snapshot(**values):
    defaults = {
        "at": NOW,
        "started_at": NOW - timedelta(hours=1),
        "database": "sqlite",
        "loops": {"crawl": loop_state(), "score-2": loop_state()},
        "census": census(),
        "totals": Totals(mentions={"done": 7}, messages={"sent": 2}),
        "database_error": None,
        "memory": Memory(parent_bytes=100, children_bytes=200),
        "lag_counts_ms": (98, 1, 0, 1),
        "lag_p99_ms": 1.0,
    }
    return Snapshot(**(defaults | values))


def test_a_service_that_does_its_work_is_healthy():
    is_well, page = health_page(snapshot())
    assert is_well
    assert page["status"] == "ok"
    assert page["loops"]["crawl"]["backlog"] == 0


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"loops": {"score-2": loop_state(lag_s=601)}}, "loop score-2"),
        ({"database_error": "OperationalError", "census": None}, "database: OperationalError"),
        ({"census": census(oldest_unsent_at=NOW - timedelta(seconds=301))}, "outbox"),
        ({"census": census(oldest_waiting_at=NOW - timedelta(seconds=601))}, "scoring"),
        ({"census": census(sources=(source(failures_in_row=1),))}, "sources: all 1"),
        (
            {"census": census(sources=(source(next_due_at=NOW - timedelta(hours=1)),))},
            "sources: all 1",
        ),
    ],
)
def test_what_is_wrong_is_named(changed, named):
    found = problems(snapshot(**changed))
    assert len(found) == 1
    assert found[0].startswith(named)
    assert health_page(snapshot(**changed))[0] is False


def test_one_failing_source_among_several_is_listed_and_no_emergency():
    seen = census(sources=(source(), source("mall", failures_in_row=3)))
    is_well, page = health_page(snapshot(census=seen))
    assert is_well
    assert page["sources"] == {"total": 2, "blind": ["mall"]}


def test_only_a_running_step_counts_as_stuck():
    assert stuck_loops({"poll": loop_state(lag_s=9_999, failures_in_row=40)}) == []
    assert stuck_loops({"poll": loop_state(step_s=LAG_LIMITS_S["poll"] + 1)}) == ["poll"]


def families(**values):
    text = metrics_page(snapshot(**values)).decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def test_every_metric_is_listed_and_every_listed_metric_is_there():
    text = metrics_page(snapshot()).decode()
    assert set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)) == set(METRICS)


@pytest.mark.parametrize("name", list(METRICS))
def test_every_metric_is_documented(name):
    assert f"`{name}`" in DOCS


@pytest.mark.parametrize("loop", list(LAG_LIMITS_S))
def test_every_limit_is_documented(loop):
    assert f"| `{loop}` | {LAG_LIMITS_S[loop]:.0f} s |" in DOCS


def test_labels_hold_codes_only():
    seen = census(sources=(source("secret-campaign", name="绝密", failures_in_row=1),))
    text = metrics_page(snapshot(census=seen)).decode()
    assert "secret-campaign" not in text
    assert "绝密" not in text
    labels = {
        name
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        for name in sample.labels
    }
    assert labels == {
        *("version", "python", "database", "loop", "state", "stage", "severity", "le"),
        "processes",
    }


def test_figures_come_from_the_snapshot():
    found = families(census=census(sources=(source(), source("b", failures_in_row=1))))
    by_state = {s.labels["state"]: s.value for s in found["fengsheng_sources"].samples}
    assert (by_state["ok"], by_state["failing"], by_state["stopped"]) == (1, 1, 0)
    open_ = {s.labels["severity"]: s.value for s in found["fengsheng_incidents_open"].samples}
    assert open_ == {"general": 0, "serious": 0, "urgent": 1}
    lag = {s.labels.get("le"): s.value for s in found["fengsheng_event_loop_lag_seconds"].samples}
    assert (lag["0.001"], lag["0.005"], lag["+Inf"]) == (99, 100, 100)


def test_without_a_database_no_old_figures_are_shown():
    found = families(census=None, totals=None, database_error="TimeoutError")
    assert found["fengsheng_database_up"].samples[0].value == 0
    assert found["fengsheng_healthy"].samples[0].value == 0
    assert not found.keys() & {"fengsheng_sources", "fengsheng_mentions_waiting"}


def test_lag_counts_from_the_asking_until_a_step_succeeds(clock):
    outcomes = [Temporary("later", retry_after_s=0.001), None]

    async def play():
        async def step():
            clock.advance(timedelta(seconds=2))
            assert loop.step_s == 2
            seen.append(loop.lag_s)
            if error := outcomes.pop(0):
                raise error
            loop.stop()
            return 0

        loop = Loop("x", step, clock=clock)
        seen: list[float] = []
        loop.wake()
        clock.advance(timedelta(seconds=3))
        async with asyncio.timeout(10):
            await loop.run()
        return loop, seen

    loop, seen = asyncio.run(play())
    assert seen == [5, 7]
    assert (loop.lag_s, loop.step_s) == (0, 0)
    assert (loop.health.failed, loop.health.failures_in_row) == (1, 0)


@pytest.mark.parametrize("name", ["\0fengsheng-test-notify", "path"])
def test_the_service_manager_is_told(name, tmp_path):
    address = str(tmp_path / "notify") if name == "path" else f"{name}-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(5)
        notifier = Notifier(
            {"NOTIFY_SOCKET": address.replace("\0", "@"), "WATCHDOG_USEC": "30000000"}
        )
        assert notifier.send("READY=1", "STATUS=listening")
        assert manager.recv(100) == b"READY=1\nSTATUS=listening"
    assert notifier.watchdog_every_s == 15


def test_without_a_service_manager_nothing_happens():
    assert not Notifier({}).send("READY=1")
    assert Notifier({"WATCHDOG_USEC": "30000000"}).watchdog_every_s is None
    assert not Notifier({"NOTIFY_SOCKET": "/nonexistent/notify"}).send("READY=1")


def test_the_watchdog_of_another_process_is_not_ours():
    environ = {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "5", "WATCHDOG_PID": "1"}
    assert Notifier(environ).watchdog_every_s is None


@pytest.mark.parametrize(
    "text", ["8711", "localhost:8711", "127.0.0.1:x", "::1:8711", "1.2.3.4:99999"]
)
def test_a_bad_listen_address_is_refused(text):
    with pytest.raises(ValueError, match=r"write|IP"):
        split_listen(text)


@pytest.mark.parametrize(
    ("listen", "remote", "is_allowed"),
    [
        ("127.0.0.1:8711", "false", True),
        ("[::1]:0", "false", True),
        ("", "false", True),
        ("0.0.0.0:8711", "false", False),
        ("192.168.1.2:8711", "false", False),
        ("0.0.0.0:8711", "true", True),
    ],
)
def test_other_machines_need_allow_remote(tmp_path, listen, remote, is_allowed):
    file = tmp_path / "config.toml"
    file.write_text(f'[operation]\nlisten = "{listen}"\nallow_remote = {remote}\n', "utf-8")
    if is_allowed:
        assert load_config(file).config.operation.listen == listen
    else:
        with pytest.raises(ConfigError, match=r"config.toml:2: .*allow_remote = true"):
            load_config(file)


def exchange(*requests: bytes, within_s: float = 5.0) -> list[bytes]:
    """Send requests to a real server on loopback, one connection each."""

    async def page():
        return Page(status=HTTPStatus.OK, body=b"fine\n")

    async def broken():
        raise RuntimeError("no")

    async def play():
        server = PageServer(
            {"/healthz": page, "/broken": broken},
            host_names=["monitor.example"],
            request_within_s=within_s,
        )
        url = await server.start("127.0.0.1", 0)
        answers = []
        try:
            for request in requests:
                port = int(url.rpartition(":")[2])
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(request)
                async with asyncio.timeout(10):
                    answers.append(await reader.read())
                writer.close()
                await writer.wait_closed()
        finally:
            await server.close()
        return answers

    return asyncio.run(play())


def get(path="/healthz", host="127.0.0.1", method="GET", more=""):
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n".encode()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (get(), 200),
        (get("/healthz?x=1"), 200),
        (get(host="localhost:8711"), 200),
        (get(host="[::1]:8711"), 200),
        (get(host="Monitor.Example:8711"), 200),
        (get(host="evil.example"), 421),
        (get(host="127.0.0.1.evil.example"), 421),
        (get(host=""), 421),
        (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
        (get(more="Host: localhost\r\n"), 400),
        (get(method="POST"), 405),
        (get(method="POST", host="evil.example"), 421),
        (get("/"), 404),
        (get("/../etc/passwd"), 404),
        (get("/broken"), 500),
        (get(more="Content-Length: 5\r\n"), 400),
        (get(more="Transfer-Encoding: chunked\r\n"), 400),
        (get(more="no colon\r\n"), 400),
        (get(more=" folded: x\r\n"), 400),
        (b"\x16\x03\x01\x02\r\n\r\n", 400),
        (b"GET /healthz\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nX: " + b"a" * (MOST_HEAD_BYTES + 100), 431),
    ],
)
def test_only_plain_reading_requests_to_our_own_names_are_answered(request_, status):
    (answer,) = exchange(request_)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"Connection: close" in answer
    assert b"no-store" in answer


def test_head_has_the_length_and_no_body():
    (answer,) = exchange(get(method="HEAD"))
    assert b"Content-Length: 5" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_a_request_that_never_ends_is_cut_off():
    (answer,) = exchange(b"GET /healthz HTTP/1.1\r\nHost: loc", within_s=0.05)
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_failed_page_says_nothing_of_the_reason():
    (answer,) = exchange(get("/broken"))
    assert b"RuntimeError" not in answer
