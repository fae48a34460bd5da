"""What a backtest says of stored history, and that it says what the service did."""

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from listener.app import notice_settings
from listener.backtest import (
    Rule,
    calmest_needed,
    find_series,
    merged,
    run_backtest,
    sweep_rules,
)
from listener.cli import make_app
from listener.clock import SystemClock
from listener.config import Config, Secrets
from listener.config_file import load_config
from listener.detect.episodes import Episode
from listener.detect.settings import CrisisSettings
from listener.home import open_database
from listener.store.engine import read_session
from tests.build import item, score_all, set_up, store
from tests.unit.test_detect_severity import CALM

CONFIG = """
language = "{lang}"
[[brands]]
key = "b"
name = "澜白"
names = ["澜白"]
"""
SETTINGS = notice_settings(Config())
NORMAL = Rule("normal", CrisisSettings())


def heard(engine, now, *, days=14, burst_days=(2, 5)):
    understanding = set_up(engine, now)
    posts = [
        item(n, f"澜白第{n}次用着不错", now - timedelta(hours=4 * n, minutes=7))
        for n in range(6 * days)
    ]
    store(engine, understanding, posts, now, is_backfill=True)
    score_all(engine, now, negative=0.1)
    bursts = [
        item(
            10_000 + 100 * day + n,
            f"澜白更新后变砖了，第{day}批第{n}位",
            now - timedelta(days=day, seconds=15 * n),
        )
        for day in burst_days
        for n in range(15)
    ]
    store(engine, understanding, bursts, now, is_backfill=True)
    score_all(engine, now)


def run(engine, now, rules=(NORMAL,), **parts):
    with read_session(engine) as session:
        one = find_series(session, 1, **parts)
        return run_backtest(
            session, one, rules, SETTINGS, days=30, now=now, advance=lambda _: None
        )


def test_every_burst_is_found_with_its_figures(engine, clock):
    heard(engine, clock.now())
    (outcome,) = run(engine, clock.now()).outcomes
    assert [one.start.date() for one in outcome.alerts] == [
        (clock.now() - timedelta(days=days, minutes=6)).date() for days in (5, 2)
    ]
    assert outcome.alerts[0].peak.observed == 15
    assert outcome.alerts[0].end is not None


def test_a_part_is_replayed_by_itself(engine, clock):
    heard(engine, clock.now())
    (outcome,) = run(engine, clock.now(), source_group="forum").outcomes
    assert len(outcome.alerts) == 2


def test_the_first_days_of_a_history_only_teach(engine, clock):
    heard(engine, clock.now(), days=4, burst_days=(2,))
    result = run(engine, clock.now())
    assert result.outcomes[0].alerts == ()
    assert 0.7 < result.days < 1.1
    assert calmest_needed(result) is None


def test_without_history_nothing_is_judged(engine, clock):
    heard(engine, clock.now(), days=1, burst_days=())
    assert run(engine, clock.now()).since is None


def test_a_sweep_suggests_the_most_sensitive_rule_that_stays_calm(engine, clock):
    heard(engine, clock.now(), burst_days=(2,))
    rules = sweep_rules([NORMAL], CrisisSettings())
    scores = [rule.settings.on_score for rule in rules]
    assert scores == sorted(scores)
    assert calmest_needed(run(engine, clock.now(), rules)).rule.name == "3"


def test_a_sweep_of_a_restless_history_suggests_a_calmer_rule_or_none(engine, clock):
    heard(engine, clock.now(), burst_days=(2, 4, 6, 8))
    rules = sweep_rules([NORMAL], CrisisSettings())
    found = calmest_needed(run(engine, clock.now(), rules))
    assert found is None or found.rule.settings.on_score > 6


def test_episodes_with_little_time_between_are_one(clock):
    def episode(start, end, score):
        peak = CALM._replace(score=score, is_on=True)
        at = clock.now()
        return Episode(
            at + timedelta(minutes=start), at + timedelta(minutes=end), score, peak, peak
        )

    joined = merged([episode(0, 40, 5.0), episode(60, 90, 7.0), episode(200, 240, 6.0)])
    assert [(one.peak_score, one.end - one.start) for one in joined] == [
        (7.0, timedelta(minutes=90)),
        (6.0, timedelta(minutes=40)),
    ]


@pytest.fixture
def office(tmp_path):
    def make(lang="zh-CN", **history):
        path = tmp_path / "config.toml"
        path.write_text(CONFIG.format(lang=lang), encoding="utf-8")
        engine = open_database(load_config(path), Secrets.model_construct())
        heard(engine, SystemClock().now(), **history)
        engine.dispose()
        return path

    return make


def command(path, *options):
    result = CliRunner().invoke(
        make_app("backtest"), ["backtest", "--config", str(path), *options]
    )
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(
    ("lang", "said"),
    [("zh-CN", "会预警 2 次"), ("zh-TW", "會預警 2 次"), ("en", "alerted 2 times")],
)
def test_the_command_answers_in_the_readers_language(office, lang, said):
    shown = command(office(lang), "b", "--sensitivity", "low")
    assert shown.count(said) == 2
    assert "变砖" in shown


def test_the_command_prints_json(office):
    (found,) = json.loads(command(office(), "--json"))
    (rule,) = found["rules"]
    assert len(rule["alerts"]) == 2
    assert len(rule["alerts"][0]["quotes"]) == 2
    assert rule["alerts"][0]["types"]


@pytest.mark.slow
def test_the_sweep_prints_a_setting(office):
    path = office(burst_days=(2, 3, 4, 5, 6, 7, 8))
    (found,) = json.loads(command(path, "--json", "--sweep"))
    assert len(found["rules"]) == 16
    assert "每周" in command(path, "--sweep")
