"""The crisis room from the terminal."""

import json

import pytest
from sqlmodel import delete, select
from typer.testing import CliRunner

from listener.cli import make_app
from listener.config_file import load_config
from listener.store.engine import open_engine, read_session, unit_of_work
from listener.store.tables import Message
from tests.integration.test_merging import FIRE, handle, say
from tests.integration.test_response import CONFIG, NOW, Case


@pytest.fixture
def office(new_database, tmp_path):
    """A database with an outage and a fire, and the configuration that names it."""
    url = new_database("sqlite")
    path = tmp_path / "config.toml"
    # Brands and sources are those of the test's own database.
    path.write_text(f'[database]\nurl = "{url}"\n{CONFIG}', encoding="utf-8")
    engine = open_engine(url)
    case = Case(engine, load_config(path))
    case.find()
    say(case, 100, FIRE)
    handle(case)
    engine.dispose()
    return path


def run(office, *words, code=0):
    found = CliRunner().invoke(
        make_app("incidents"), ["incidents", "--config", str(office), *words]
    )
    assert found.exit_code == code, found.output
    return found.output


def test_the_room_is_worked_in_and_shown(office):
    by = ("--as", "lin")
    assert "已记录" in run(office, "check", "1", "keep_evidence", *by)
    assert "nothing changed" in run(office, "check", "1", "keep_evidence", *by)
    run(office, "decide", "1", "先停推送", *by, "--why", "变砖率 3 %")
    run(office, "role", "1", "deputy", "he", *by)
    run(office, "stakeholder", "1", "users", "informed", *by, "--message", "横幅已挂")
    started = run(office, "clock", "1", "start", "cyber_4h", *by, "--because", "判定为较大")
    assert "网络安全事件报告" in started
    assert "☐ status_page" in run(office, "phase", "1", "responding", *by)
    shown = run(office, "show", "1")
    assert "…" not in shown.split("clock")[0].split("fact  ")[-1], "facts are shown whole"
    for words in ("☑ keep_evidence", "先停推送 (变砖率 3 %)", "副手", "已告知", "首次回应"):
        assert words in shown
    told = json.loads(run(office, "show", "1", "--json"))
    assert told["playbook"]["crisis_type"] == "C04"
    assert {one["code"] for one in told["clocks"]} == {"first_statement", "cyber_4h"}
    assert "已取消" not in run(
        office, "clock", "1", "cancel", "cyber_4h", *by, "--because", "误判"
    )
    assert "C03" in run(office, "type", "1", "C03", *by, "--because", "有样本在售")
    refused = run(office, "close", "1", *by, "--because", "结束", code=1)
    assert "--open-items-known" in refused
    run(office, "close", "1", *by, "--because", "结束", "--open-items-known")


def test_claims_links_merges_and_splits(office):
    by = ("--as", "lin")
    added = run(office, "rumour", "1", "add", *by, "--text", "电池会炸", "--source", "微博")
    assert added.strip() == "claim 1"
    run(office, "rumour", "1", "false", *by, "--source", "检测报告 07 号")
    fact = ("--fact", "true_fact", "--text", "该型号通过过充测试")
    run(office, "rumour", "1", "fact", *by, *fact)
    assert "不实" in run(office, "show", "1")
    run(office, "link", "1", "2", *by)
    assert "FS-2 → FS-1" in run(office, "merge", "2", "1", *by, "--because", "同一件事")
    assert "merged (from)" in run(office, "show", "1")
    run(office, "reopen", "2", *by, "--because", "两件事")
    table = run(office, "stories", "1")
    story = next(line.split()[0] for line in table.splitlines() if "冒烟起火" in line)
    words = ("--stories", story, *by, "--because", "另一件事")
    assert run(office, "split", "1", *words).strip() == "FS-3"
    told = run(office, "show", "1")
    for what in ("  merge  ", "merge undone", "split"):
        assert what in told, what
    wrong = run(office, "split", "1", "--stories", "x", *by, "--because", "另一件事", code=1)
    assert "write numbers" in wrong
    assert "write NAME=INCIDENT" in run(
        office, "merge", "2", "1", *by, "--because", "b", "--keep", "scope", code=1
    )


@pytest.mark.parametrize(
    ("went_to", "channel"), [("telegram", "telegram"), ("terminal", "terminal")]
)
def test_a_command_addresses_what_the_service_speaks_to(office, monkeypatch, went_to, channel):
    monkeypatch.delenv("FENGSHENG_TELEGRAM_TOKEN", raising=False)
    config = office.read_text("utf-8")
    office.write_text(f"{config}\n[telegram]\nchat_id = -1001\n", encoding="utf-8")
    address = {"telegram": "-1001", "terminal": "local"}[went_to]
    engine = open_engine(load_config(office).config.database.url)
    with unit_of_work(engine) as session:
        session.exec(delete(Message))
        session.add(
            Message(
                channel=went_to,
                recipient=address,
                purpose="alert",
                subject_type="incident",
                subject_id=1,
                dedupe_key="alert:1",
                body={"html": "", "buttons": [], "chart": None, "asks_reply": False},
                state="sent",
                attempts=1,
                created_at=NOW,
                due_at=NOW,
                sent_at=NOW,
                remote={},
            )
        )
    run(office, "claim", "1", "--as", "zhou")
    with read_session(engine) as session:
        put = session.exec(select(Message).where(Message.dedupe_key != "alert:1")).all()
        assert [(one.channel, one.recipient) for one in put] == [(channel, address)]
    engine.dispose()
