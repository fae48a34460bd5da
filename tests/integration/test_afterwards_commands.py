"""Publication, watching and measuring from the terminal."""

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from crisis.drafting import draft_requested
from listener.cli import app
from listener.config import Secrets
from listener.config_file import load_config
from listener.home import open_database
from listener.store.engine import unit_of_work
from tests.integration.test_response import CONFIG, NOW, Case


@pytest.fixture
def office(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text('data_dir = "data"\n' + CONFIG, encoding="utf-8")

    def run(group, *arguments, code=0):
        result = CliRunner().invoke(app, [group, "--config", str(config), *arguments])
        assert result.exit_code == code, result.output
        return result.output

    run("incidents")
    engine = open_database(load_config(config), Secrets())
    made = Case(engine, load_config(config))
    made.find()
    with unit_of_work(engine) as session:
        draft_requested(session, made.desk, NOW)
    engine.dispose()
    return run, config


def test_comments_under_a_publication_become_a_source(office):
    run, config = office
    long_ago = (NOW - timedelta(days=400)).isoformat()
    told = run(
        *("statements", "published", "1", "--as", "zhou", "--channel", "weibo"),
        *("--at", long_ago, "--url", "https://weibo.com/1/abc"),
    )
    assert "盲区" in told
    assert load_config(config).config.sources == ()
    page = ("--url", "https://site.example/1", "--comments", "li.comment", "--at", long_ago)
    base = ("statements", "published", "1", "--as", "zhou", "--channel", "website")
    done = json.loads(run(*base, *page, "--watch", "--json"))
    assert done["watch"]["source"] == "own-statement-2"
    (source,) = load_config(config).config.sources
    assert (source.group, source.brand, source.enabled) == ("own_statement", "b", True)

    shown = run("statements", "show", "1")
    assert "r1: 发布后 1 小时只有 0 条提及" in shown
    assert "发布后 24 小时" in run("incidents", "show", "1")
    rows = json.loads(run("incidents", "show", "1", "--json"))["aftermath"]
    assert [(row["revision"], row["hours"]) for row in rows] == [(1, 1), (1, 4), (1, 24)]
    assert rows[0]["overall"]["verdict"] == "too_few"
