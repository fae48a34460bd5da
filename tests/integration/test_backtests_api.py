"""A backtest over HTTP: the real server on loopback, the real child process, the real database."""

import asyncio
import http.client
import json
import threading
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr, ValidationError

from listener.app import notice_settings
from listener.backtest_report import BacktestRequest, backtest_report
from listener.config import Secrets
from listener.config_file import load_config
from listener.home import open_database
from listener.operation.backtests import MOST_BODY_BYTES, PATH, BacktestReplay, BacktestTaker
from listener.operation.pages import PageServer
from listener.store.engine import read_session
from tests.integration.test_backtest import CONFIG, heard

TOKEN = "a-token-of-twenty-four-characters"
RULE = {"name": "敏感词", "kind": "敏感词", "words": ["变砖"], "least": 3, "authors": 2}


@pytest.fixture
def office(tmp_path, clock):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(lang="zh-CN"), encoding="utf-8")
    engine = open_database(load_config(path), Secrets.model_construct())
    heard(engine, clock.now())
    yield path, engine
    engine.dispose()


@asynccontextmanager
async def opened(taker):
    server = PageServer({}, takers={PATH: taker})
    url = await server.start("127.0.0.1", 0)
    try:
        yield int(url.rpartition(":")[2])
    finally:
        await server.close()


def send(port, body, *, method="POST", path=PATH, **headers):
    """Ask as any HTTP client would; return status, headers and the decoded answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    given = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        connection.request(method, path, raw, {n: v for n, v in given.items() if v is not None})
        answer = connection.getresponse()
        text = answer.read().decode()
        is_json = answer.headers["Content-Type"] == "application/json"
        return answer.status, answer.headers, json.loads(text) if is_json else text
    finally:
        connection.close()


def ask(taker, *requests):
    """Open the door, send each request, return the answers."""

    async def play():
        async with opened(taker) as port:
            return [await asyncio.to_thread(send, port, body, **more) for body, more in requests]

    return asyncio.run(play())


def dump(engine):
    connection = engine.raw_connection()
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def replay_of(office, clock):
    path, engine = office
    url = SecretStr(engine.url.render_as_string(hide_password=False))
    return BacktestReplay(config=str(path), database_url=url, clock=clock)


async def untouched(_request):
    raise AssertionError("nothing may be replayed")


def test_the_answer_is_what_the_function_and_the_command_say(office, clock):
    path, engine = office
    file = load_config(path)
    asked = [{"brand": "b", "sensitivity": "low"}, {"rules": [RULE], "days": 20}]
    before = dump(engine)
    answers = ask(
        BacktestTaker(SecretStr(TOKEN), replay_of(office, clock)),
        *((one, {}) for one in asked),
        ({"brand": "nobody"}, {}),
        ({"rules": [{**RULE, "brands": ["nobody"]}]}, {}),
        ({"group": "video"}, {}),
    )
    settings = notice_settings(file.config)
    for one, (status, headers, found) in zip(asked, answers, strict=False):
        with read_session(engine) as session:
            request = BacktestRequest.model_validate(one)
            said = backtest_report(session, file, settings, request, now=clock.now())
        assert status == 200, found
        assert headers["Cache-Control"] == "no-store"
        assert found == json.loads(json.dumps(said))
    assert [len(rule["alerts"]) for rule in answers[0][2][0]["rules"]] == [2, 2]
    assert len(answers[1][2][0]["alerts"]) == 2
    assert [status for status, _, _ in answers[2:]] == [422, 422, 422]
    assert "known brands: b" in answers[2][2]["error"]
    assert "nobody" in answers[3][2]["error"]
    assert "nothing was ever counted" in answers[4][2]["error"]
    assert dump(engine) == before


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        ({"Authorization": None}, 401, "FENGSHENG_API_TOKEN"),
        ({"Authorization": "Bearer another-token-of-some-length"}, 401, "FENGSHENG_API_TOKEN"),
        ({"Authorization": f"Basic {TOKEN}"}, 401, "FENGSHENG_API_TOKEN"),
        ({"Authorization": "Bearer ü"}, 401, "FENGSHENG_API_TOKEN"),
        ({"Content_Type": "text/plain"}, 415, "application/json"),
        ({"Host": "elsewhere.example"}, 421, "operation.host_names"),
        ({"method": "GET"}, 405, "POST"),
        ({"path": "/api/v1/backtest"}, 404, PATH),
    ],
)
def test_who_may_not_ask_is_told_why(more, status, said):
    ((given, _, answer),) = ask(BacktestTaker(SecretStr(TOKEN), untouched), ({}, more))
    assert given == status
    assert said in str(answer)


def test_without_a_token_the_door_is_shut():
    ((status, _, answer),) = ask(BacktestTaker(None, untouched), ({}, {}))
    assert (status, "set FENGSHENG_API_TOKEN" in answer["error"]) == (403, True)


@pytest.mark.parametrize(
    ("body", "status", "field", "remedy"),
    [
        (b"{", 400, "body", "Invalid JSON"),
        (b"[]", 422, "body", "object"),
        ({"days": 401}, 422, "days", "less than or equal to 400"),
        ({"sensitivity": "loud"}, 422, "sensitivity", "'high', 'normal', 'low' or 'all'"),
        ({"dayz": 3}, 422, "dayz", "known fields: brand, days"),
        ({"rules": [{**RULE, "kind": "loud"}]}, 422, "rules.0.kind", "'volume'"),
        ({"rules": [RULE] * 6}, 422, "rules", "at most 5"),
        ({"rule": "a", "rules": [RULE]}, 422, "body", "give one of them"),
        ({"group": "forum", "type": "other"}, 422, "body", "give one"),
        ({"rule": "a", "group": "forum"}, 422, "body", "leave out the rest"),
    ],
)
def test_a_request_that_cannot_work_is_refused_with_field_and_remedy(body, status, field, remedy):
    ((given, _, answer),) = ask(BacktestTaker(SecretStr(TOKEN), untouched), (body, {}))
    assert given == status
    assert answer["problems"][0]["field"] == field
    assert answer["problems"][0]["value"]
    assert remedy in answer["problems"][0]["remedy"]


def test_a_body_that_is_too_long_is_refused_and_the_refusal_read():
    body = b'{"brand": "' + b"x" * MOST_BODY_BYTES + b'"}'
    ((status, _, answer),) = ask(BacktestTaker(SecretStr(TOKEN), untouched), (body, {}))
    assert (status, answer) == (413, f"the body may have {MOST_BODY_BYTES} bytes at most\n")


def test_a_second_one_is_refused_while_one_runs_and_taken_afterwards():
    running, may_end = threading.Event(), asyncio.Event()

    async def replay(_request):
        running.set()
        await may_end.wait()
        return {"found": []}

    async def play():
        async with opened(BacktestTaker(SecretStr(TOKEN), replay)) as port:
            first = asyncio.create_task(asyncio.to_thread(send, port, {}))
            assert await asyncio.to_thread(running.wait, 30)
            second = await asyncio.to_thread(send, port, {})
            may_end.set()
            return await first, second, await asyncio.to_thread(send, port, {})

    first, second, third = asyncio.run(play())
    assert (first[0], second[0], third[0]) == (200, 429, 200)
    assert int(second[1]["Retry-After"]) > 0


def test_a_child_that_breaks_is_told_without_what_it_was_told(office, clock, caplog):
    path, _ = office
    url = SecretStr("postgresql+psycopg://u:PASSWORD-1234@127.0.0.1:1/none")
    taker = BacktestTaker(
        SecretStr(TOKEN), BacktestReplay(config=str(path), database_url=url, clock=clock)
    )
    ((status, _, answer),) = ask(taker, ({}, {}))
    assert status == 503
    assert "PASSWORD-1234" not in str(answer) + caplog.text


def test_the_request_model_refuses_by_itself_too():
    with pytest.raises(ValidationError, match="give one of them"):
        BacktestRequest.model_validate({"rule": "a", "rules": [RULE]})
