"""A team's own folder of templates: laid over the bundled one, previewed, checked, copied."""

import json

import pytest
from typer.testing import CliRunner

from crisis.library import StatementLibrary
from listener.cli import app
from tests.conftest import ROOT
from tests.statements import LIBRARY

NAME = "zh-CN/C05/holding"
WHERE = {"lang": "zh-CN", "crisis_type": "C05", "kind": "holding"}
PLAYBOOK = ROOT / "templates" / "playbooks" / "C05.toml"


@pytest.fixture
def team(tmp_path, monkeypatch):
    """A configuration with an empty folder of its own."""
    (tmp_path / "my").mkdir()
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    line = next(one for one in text.splitlines() if one.startswith("# templates_dir"))
    changed = text.replace(line, 'templates_dir = "my"')
    (tmp_path / "config.toml").write_text(changed, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "my" / "statements"


def run(*args, code=0):
    result = CliRunner().invoke(app, list(args))
    assert result.exit_code == code, result.output
    return result.output


def test_a_text_alone_replaces_the_text_and_is_named_by_its_hash(team):
    assert not json.loads(run("templates", "show", NAME, "--json"))["is_own"]
    ours = LIBRARY.source(LIBRARY.find(**WHERE))
    path = team / f"{NAME}.md.j2"
    path.parent.mkdir(parents=True)
    path.write_text(ours.replace("\n", "\n本店全体同事向您问好。\n", 1), encoding="utf-8")
    shown = json.loads(run("templates", "show", NAME, "--json"))
    assert "本店全体同事向您问好" in shown["text"]
    assert shown["is_own"]
    edition, digest = shown["edition"].split("+")
    assert edition == f"{NAME}.md.j2@1"
    assert len(digest) == 8
    path.unlink()
    assert "本店全体同事" not in run("templates", "show", NAME)


def test_copy_brings_text_and_table_and_the_copy_is_the_same(team):
    before = run("templates", "show", NAME)
    run("templates", "copy", NAME)
    run("templates", "copy", "zh-CN/C05/full")
    assert run("templates", "show", NAME) == before
    assert "2 templates checked, 0 problems" in run("templates", "check")
    own = StatementLibrary(ROOT / "templates" / "statements", team)
    assert own.find(**WHERE).channels == LIBRARY.find(**WHERE).channels
    assert own.find(**WHERE).is_own
    again = run("templates", "copy", NAME, code=1)
    assert "your own already" in again


def test_a_table_and_a_fact_of_the_teams_own_are_used(team):
    run("templates", "copy", NAME)
    folder = team / "zh-CN"
    meta = folder / "C05" / "_meta.toml"
    table = meta.read_text(encoding="utf-8").replace("required = [", 'required = ["store",', 1)
    meta.write_text(table, encoding="utf-8")
    problem = run("templates", "check", code=1)
    assert "there is no fact 'store'" in problem
    facts = '[store]\nform = "text"\nlabel = "门店"\nquestion = "哪家门店？"\nexample = "河西店"\n'
    (folder / "_facts.toml").write_text(facts, encoding="utf-8")
    text = folder / "C05" / "holding.md.j2"
    text.write_text(
        text.read_text(encoding="utf-8") + "\n涉及门店：{{ store.value }}。\n", encoding="utf-8"
    )
    assert "涉及门店：河西店。" in run("templates", "show", NAME)
    needed = run("draft", "--crisis", "C05", "--needs")
    assert "[facts.store]" in needed
    assert "哪家门店？" in needed


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ("{{ product.value.upper() }}", "holding.md.j2"),
        ("{% include 'x' %}", "holding.md.j2"),
        ("本次问题系个别消费者使用不当所致。", "blame-consumer"),
        ("{{ nobody.value }}", "nobody"),
    ],
)
def test_check_names_what_is_wrong_and_loses_nothing(team, added, said):
    run("templates", "copy", NAME)
    path = team / f"{NAME}.md.j2"
    text = path.read_text(encoding="utf-8") + f"\n{added}\n"
    path.write_text(text, encoding="utf-8")
    assert said in run("templates", "check", code=1)
    assert path.read_text(encoding="utf-8") == text


def test_a_misspelt_file_is_named(team):
    (team / "zh-CN" / "C05").mkdir(parents=True)
    (team / "zh-CN" / "C05" / "Holding.j2").write_text("……", encoding="utf-8")
    assert "zh-CN/C05/Holding.j2: never read" in run("templates", "check", code=1)


def test_an_own_playbook_stands_in_place_of_the_bundled_one(team):
    own = team.parent / "playbooks"
    own.mkdir()
    text = PLAYBOOK.read_text(encoding="utf-8")
    line = next(one for one in text.splitlines() if one.startswith("version"))
    (own / "C05.toml").write_text(text.replace(line, "version = 71"), encoding="utf-8")
    assert json.loads(run("playbooks", "C05", "--json"))["version"] == 71
    assert json.loads(run("playbooks", "C06", "--json"))["version"] != 71


def test_names_and_folders_that_are_not_there_are_refused(team):
    assert "write it as zh-CN/C01/holding" in run("templates", "show", "holding", code=1)
    assert "there is no template" in run("templates", "show", "en/C12/nothing", code=1)
    team.parent.rmdir()
    said = run("templates", code=1)
    assert "templates_dir 'my' is not a folder" in said
    assert "config.toml:" in said
