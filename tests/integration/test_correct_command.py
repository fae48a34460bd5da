"""``correct``, ``corrections`` and ``rescore`` from the terminal."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from listener.cli import app
from listener.config import Secrets
from listener.config_file import load_config
from listener.home import open_database
from tests.build import item, score_all, set_up, store
from tests.integration.test_response import CONFIG, Case


class Terminal:
    """A stored brand, and commands run on it."""

    def __init__(self, folder, *, is_filled=True):
        self.config = folder / "config.toml"
        self.config.write_text(CONFIG, encoding="utf-8")
        self.file = load_config(self.config)
        self.engine = open_database(self.file, Secrets())
        if is_filled:
            self.fill()

    def fill(self):
        now = datetime.now(UTC)
        understanding = set_up(self.engine, now)
        at = now - timedelta(minutes=20)
        posts = [item(n, f"澜白开不了机，第{n}台", at) for n in range(3)]
        copies = [
            item(10 + n, "澜白更新后变砖了，根本开不了机，客服也没人理", at) for n in range(2)
        ]
        store(self.engine, understanding, posts + copies, now)
        score_all(self.engine, now)

    def run(self, *arguments, fails=False):
        config = ["--config", str(self.config)]
        first, *rest = arguments
        is_group = first == "incidents"
        line = [first, *config, *rest] if is_group else [first, *rest, *config]
        result = CliRunner().invoke(app, line)
        assert (result.exit_code != 0) is fails, result.output
        return result.output


@pytest.fixture
def terminal(tmp_path):
    running = Terminal(tmp_path)
    yield running
    running.engine.dispose()


def listed(terminal):
    return json.loads(terminal.run("corrections", "--json"))


def test_mentions_are_corrected_listed_and_taken_back(terminal):
    said = terminal.run("correct", "1", "2", "--sentiment", "neutral", "--as", "zhou")
    assert "已记录 2 条更正（自第 1 号起）" in said
    assert "没有变化" in terminal.run("correct", "1", "--sentiment", "neutral", "--as", "lin")
    assert [(one["mention_id"], one["by"]) for one in listed(terminal)] == [
        (2, "zhou"),
        (1, "zhou"),
    ]
    assert "已撤回" in terminal.run("correct", "undo", "1", "--as", "lin")
    assert listed(terminal)[0]["undoes_id"] == 1
    table = terminal.run("corrections")
    assert "undoes 1" in table
    assert "sentiment" in table


def test_a_whole_story_and_two_aspects_are_corrected_at_once(terminal):
    terminal.run("correct", "4", "--not-ours", "--copies", "--as", "zhou")
    assert {one["mention_id"] for one in listed(terminal)} == {4, 5}
    terminal.run("correct", "1", "--type", "payment", "--severity", "serious", "--as", "zhou")
    assert [one["should_be"] for one in listed(terminal)[:2]] == ["serious", "payment"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("1",), "say what is right"),
        (("eins", "--not-ours"), "give the numbers"),
        (("99", "--not-ours"), "no mention 99"),
        (("1", "--not-ours", "--brand", "nope"), "no brand 'nope'"),
        (("alert", "7", "--false-alarm", "--why", "x"), "no incident 7"),
        (("alert", "7", "--false-alarm"), "say why"),
        (("undo", "5"), "no correction 5"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_remedy(terminal, arguments, said):
    assert said in terminal.run("correct", *arguments, "--as", "zhou", fails=True)
    assert listed(terminal) == []


def test_an_alert_is_called_false_and_closed_when_asked_to(tmp_path):
    terminal = Terminal(tmp_path, is_filled=False)
    try:
        incident = str(Case(terminal.engine, terminal.file).find())
        assert "变砖" in terminal.run("correct", "alert", incident, "--as", "zhou")
        said = ("correct", "alert", f"FS-{incident}", "--false-alarm", "--why", "测试账号刷屏")
        assert "未关闭" in terminal.run(*said, "--as", "zhou")
        assert "said already" in terminal.run(*said, "--as", "zhou", fails=True)
        terminal.run("correct", "undo", "1", "--as", "zhou")
        assert "needs one of the roles lead" in terminal.run(
            *said, "--close", "--as", "zhou", fails=True
        )
        terminal.run("correct", "undo", "3", "--as", "zhou")
        assert "已以误报关闭" in terminal.run(*said, "--close", "--as", "lin")
        shown = json.loads(terminal.run("incidents", "show", incident, "--json"))
    finally:
        terminal.engine.dispose()
    assert shown["incident"]["phase"] == "closed"
    data = shown["timeline"][-1]["data"]
    assert (data["reason"], data["outcome"]) == ("测试账号刷屏", "false_alarm")


def test_history_is_rescored_by_the_configured_scorer_and_then_is_current(terminal):
    waiting = json.loads(terminal.run("rescore", "--dry-run", "--json"))
    assert waiting["outdated"] == 5
    assert json.loads(terminal.run("rescore", "--json"))["judged"] == 5
    assert "0 mentions judged anew" in terminal.run("rescore")
    assert "0 mentions to judge" in terminal.run("rescore", "--version", "test@1", "--dry-run")
    assert "no brand 'nope'" in terminal.run("rescore", "--brand", "nope", fails=True)


def test_the_card_shows_no_percentage_before_ten_labels_and_says_that_it_is_biased(terminal):
    terminal.run("correct", "1", "--sentiment", "neutral", "--as", "zhou")
    terminal.run("correct", "4", "5", "--not-ours", "--as", "zhou")
    (card,) = json.loads(terminal.run("accuracy", "--json"))
    (sentiment,) = card["sentiment"]
    assert sentiment["version"] == "test@1"
    assert sentiment["confusion"]["negative"] == {"negative": 0, "neutral": 1, "positive": 0}
    assert sentiment["accuracy"] == {
        "right": 0,
        "labels": 1,
        "share": None,
        "interval": None,
        "missing": 9,
    }
    (match,) = card["match"]
    assert match["precision"]["labels"] == 2
    assert "biased" in card["sample"]
    shown = terminal.run("accuracy", "--brand", "b")
    assert "还差 9 条" in shown
    assert "%" not in shown.replace("95%", "")
    assert "偏低" in shown


def test_from_ten_labels_on_the_share_comes_with_its_interval(tmp_path):
    terminal = Terminal(tmp_path, is_filled=False)
    try:
        Case(terminal.engine, terminal.file)
    finally:
        terminal.engine.dispose()
    ids = [str(number) for number in range(1, 11)]
    terminal.run("correct", *ids[:4], "--not-ours", "--as", "zhou")
    terminal.run("correct", *ids[4:], "--ours", "--as", "zhou")
    terminal.run("correct", *ids, "--type", "payment", "--brand", "b", "--as", "zhou")
    (card,) = json.loads(terminal.run("accuracy", "--json"))
    precision = card["match"][0]["precision"]
    assert (precision["right"], precision["labels"], precision["share"]) == (6, 10, 0.6)
    assert precision["interval"] == pytest.approx([0.3127, 0.8318], abs=1e-4)
    assert card["complaint"][0]["complaint_precision"]["share"] == 1.0
    assert card["complaint"][0]["type"]["right"] == 0
    assert "60%（6/10，95% 区间 31%–83%）" in terminal.run("accuracy")
