import json

import pytest
from typer.testing import CliRunner

from listener.cli import app
from listener.commands.common import open_office
from listener.config import WritingHelp
from listener.config_file import load_config
from listener.errors import ConfigError
from listener.store import audit, statements
from listener.store.engine import read_session
from listener.writing_help import HelpFailed, Tone, WritingService
from tests.fakes.completions import FakeCompletions
from tests.integration.test_response import CONFIG, Case


def service(url: str, *, key: str | None = None, timeout_s: float = 5) -> WritingService:
    return WritingService(WritingHelp(endpoint=url, model="local", timeout_s=timeout_s), key)


def test_the_service_gets_instructions_and_the_locked_text_only():
    with FakeCompletions(lambda text: f"新：{text}", key="sk-secret") as fake:
        answer = service(fake.url, key="sk-secret").rephrase("⟦F1⟧", lang="zh-CN", tone=Tone.PLAIN)
        assert answer == "新：⟦F1⟧"
        (request,) = fake.requests
        assert [one["role"] for one in request["messages"]] == ["system", "user"]
        assert request["messages"][1]["content"] == "⟦F1⟧"


@pytest.mark.parametrize(
    ("status", "raw", "why"),
    [
        (500, b"{}", "HTTP 500"),
        (302, b"", "HTTP 302"),
        (200, b"<html>", "no JSON"),
        (200, b"[]", "no text"),
        (200, b'{"choices": [{"message": {"content": null}}]}', "no text"),
        (200, b'{"choices": [{"message": {"content": "  "}}]}', "no text"),
        (200, b"x" * 300_000, "too long"),
    ],
)
def test_a_useless_answer_is_said_and_changes_nothing(status, raw, why):
    with FakeCompletions() as fake:
        fake.status, fake.raw = status, raw
        with pytest.raises(HelpFailed, match=why):
            service(fake.url).rephrase("⟦F1⟧", lang="zh-CN", tone=Tone.PLAIN)


def test_a_wrong_key_a_silent_and_an_absent_service_are_said_without_the_key():
    with FakeCompletions(key="sk-right") as fake:
        with pytest.raises(HelpFailed, match="HTTP 400") as wrong:
            service(fake.url, key="sk-wrong").rephrase("a", lang="en", tone=Tone.PLAIN)
        assert "sk-wrong" not in str(wrong.value)
        fake.holds = True
        with pytest.raises(HelpFailed, match="no answer within"):
            service(fake.url, key="sk-right", timeout_s=1).rephrase(
                "a", lang="en", tone=Tone.PLAIN
            )
    with pytest.raises(HelpFailed, match="cannot be reached"):
        service(fake.url).rephrase("a", lang="en", tone=Tone.PLAIN)
    with pytest.raises(ConfigError, match="writing help is off"):
        service("").rephrase("a", lang="en", tone=Tone.PLAIN)


@pytest.mark.parametrize(
    "address", ["http://8.8.8.8/v1", "ftp://127.0.0.1", "https://u:p@a.example"]
)
def test_addresses_that_would_show_the_key_are_refused(address):
    with pytest.raises(ValueError, match=r"must be an address|plain http"):
        WritingHelp(endpoint=address, model="m")


def test_a_draft_is_rephrased_shown_and_only_stored_when_accepted(tmp_path):
    def politer(text: str) -> str:
        return text.replace("我们", "澜白团队", 1) if "我们" in text else text

    with FakeCompletions(politer) as fake:
        config = tmp_path / "config.toml"
        settings = f'[writing_help]\nendpoint = "{fake.url}"\nmodel = "local"\n'
        config.write_text(CONFIG + settings, encoding="utf-8")
        office = open_office(config)
        case = Case(office.engine, load_config(config))
        case.find()
        before = case.draft()
        assert before is not None

        def run(*arguments, code=0):
            result = CliRunner().invoke(app, [*arguments, "--config", str(config)])
            assert result.exit_code == code, result.output
            return result.stdout

        told = json.loads(run("rephrase", f"r{before.id}", "--as", "zhou", "--json"))
        assert told["revision"] is None
        assert told["changes"]
        assert case.revision().id == before.id, "nothing is stored without --accept"
        for fact in before.facts.values():
            if fact["value"]:
                assert all(fact["value"] not in str(one) for one in fake.requests)

        told = json.loads(run("rephrase", f"r{before.id}", "--as", "zhou", "--accept", "--json"))
        assert case.revision().id == told["revision"]
        assert case.revision().author == "zhou", "so somebody else approves it"
        with read_session(office.engine) as session:
            assert statements.statement(session, 1).state == statements.WAITING
            entry = next(
                one for one in audit.audit_entries(session) if one["action"] == "rephrase"
            )
        assert entry["data"]["service"] == "127.0.0.1"

        fake.reply = lambda text: text + "预计明天恢复。"
        worse = CliRunner().invoke(
            app, ["rephrase", "1", "--as", "zhou", "--accept", "--config", str(config)]
        )
        fake.reply = lambda text: text.replace("⟦F1⟧", "")
        lost = CliRunner().invoke(app, ["rephrase", "1", "--as", "zhou", "--config", str(config)])
        assert lost.exit_code == 1
        assert worse.exit_code == 1, worse.output
        assert case.revision().id == told["revision"]
