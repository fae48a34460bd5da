"""What a rule would have raised: that it says what the service did, beside what is in force."""

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from crisis.kinds import Outcome
from crisis.labels import label_alerts, precision_of
from listener.app import notice_settings
from listener.cli import make_app
from listener.clock import SystemClock
from listener.config import Secrets
from listener.config_file import load_config
from listener.home import open_database
from listener.rule_backtest import run_rule_backtest, suggested
from listener.rule_past import past_alerts
from listener.rules import compiled_rules
from listener.store import incidents
from listener.store.engine import read_session, unit_of_work
from listener.store.tables import SourceGap
from tests.build import item, score_all, set_up, store
from tests.integration.test_backtest import heard
from tests.integration.test_response import NOW
from tests.integration.test_rules import CONFIG, SHARE, SOURCES, Team

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def rules_of(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG + SOURCES + text, encoding="utf-8")
    file = load_config(path)
    return compiled_rules(file), notice_settings(file.config)


def replay(engine, tmp_path, text, now, **values):
    (rule,), settings = rules_of(tmp_path, text)
    with read_session(engine) as session:
        return run_rule_backtest(session, rule, 1, "b", settings, days=30, now=now, **values)


def label(engine, at, outcome, *, hours=5.0, group="g"):
    with unit_of_work(engine) as session:
        incident_id = incidents.insert_incident(
            session,
            {
                "brand_id": 1,
                "group_key": group,
                "title": "t",
                "crisis_type": "C04",
                "phase": "closed",
                "severity": "serious",
                "severity_reason": "crisis_on",
                "is_unverified": False,
                "first_seen_at": at,
                "opened_at": at,
                "closed_at": at + timedelta(hours=hours),
                "evidence": {},
                "refreshed_at": at,
            },
        )
        incidents.add_event(
            session, incident_id, at=at, kind="close", actor="lin", data={"outcome": outcome}
        )


def test_a_backtest_says_what_the_service_did(engine, tmp_path):
    team = Team(engine, tmp_path, SHARE)
    team.complain()
    team.pass_time(NOW - timedelta(minutes=5), 3)
    later = NOW + 3 * HOUR
    (found,) = team.found()
    with read_session(engine) as session:
        result = run_rule_backtest(
            session, team.rules[0], 1, "b", team.settings, days=30, now=later
        )
    (alert,) = result.outcomes[0].alerts
    assert (alert.start - timedelta(minutes=5), alert.end) == (found.started_at, found.ended_at)
    assert alert.peak.figures.negatives == found.observed


def test_every_burst_is_found_and_a_stricter_rule_finds_fewer(engine, clock, tmp_path):
    heard(engine, clock.now(), burst_days=(2, 5))
    found = replay(engine, tmp_path, SHARE, clock.now(), is_sweep=True)
    assert len(found.outcomes[0].alerts) == 2
    counts = [len(one.alerts) for one in found.outcomes[1:]]
    assert counts == sorted(counts, reverse=True)
    strict = replay(engine, tmp_path, SHARE.replace("6", "16"), clock.now())
    assert strict.outcomes[0].alerts == ()


def test_the_sweep_suggests_the_most_sensitive_with_one_false_alarm_a_week(
    engine, clock, tmp_path
):
    heard(engine, clock.now(), burst_days=(2, 4, 6, 8))
    found = replay(engine, tmp_path, SHARE, clock.now(), is_sweep=True)
    every = [len(one.alerts) for one in found.outcomes]
    assert suggested(found, every) is None
    assert suggested(found, [0] * len(every)) == found.outcomes[1]


def test_without_history_nothing_is_judged(engine, clock, tmp_path):
    heard(engine, clock.now(), days=1, burst_days=())
    assert replay(engine, tmp_path, SHARE, clock.now()).since is None


def test_an_influencer_rule_is_swept_over_followers(engine, clock, tmp_path):
    understanding = heard_quietly(engine, clock.now())
    loud = [
        item(
            9_000 + n,
            f"澜白吸尘器第{n}次坏了，客服一直不管，太差了",
            clock.now() - n * DAY,
            author_followers=n * 100_000,
        )
        for n in range(1, 6)
    ]
    store(engine, understanding, loud, clock.now(), is_backfill=True)
    score_all(engine, clock.now())
    rule = '[[rules]]\nname = "大V"\nkind = "influencer"\nfollowers = 300000\n'
    found = replay(engine, tmp_path, rule, clock.now(), is_sweep=True)
    assert len(found.outcomes[0].alerts) == 3
    by_followers = {one.spec.followers: len(one.alerts) for one in found.outcomes[1:]}
    assert (by_followers[10_000], by_followers[200_000], by_followers[1_000_000]) == (5, 4, 0)


def heard_quietly(engine, now):
    understanding = set_up(engine, now)
    posts = [item(n, f"澜白第{n}次不错", now - timedelta(hours=5 * n)) for n in range(60)]
    store(engine, understanding, posts, now, is_backfill=True)
    score_all(engine, now, negative=0.1)
    return understanding


def test_labels_come_from_the_outcomes_of_closed_incidents(engine, clock):
    heard_quietly(engine, clock.now())
    at = clock.now() - 10 * DAY
    label(engine, at, Outcome.FALSE_ALARM, group="x")
    label(engine, at + 3 * DAY, Outcome.CONFIRMED, group="y")
    alerts = [
        (at - HOUR, at),
        (at + 3 * DAY, at + 3 * DAY + HOUR),
        (at + 5 * DAY, at + 5 * DAY + HOUR),
        (at - 9 * HOUR, at - 8 * HOUR),
    ]
    with read_session(engine) as session:
        labels = label_alerts(session, 1, alerts, until=clock.now())
    assert labels == [Outcome.FALSE_ALARM, Outcome.CONFIRMED, None, None]
    found = precision_of(labels)
    assert (found.value, found.possibly_false) == (0.5, 3)
    assert precision_of([None]).value is None


def test_rules_about_sources_and_waiting_work_are_replayed_on_what_is_on_record(
    engine, clock, tmp_path
):
    heard_quietly(engine, clock.now())
    at = clock.now() - 5 * DAY
    with unit_of_work(engine) as session:
        for hours in (1, 5):
            gap = SourceGap(
                source_id=1, started_at=at, ended_at=at + hours * HOUR, reason="server_error"
            )
            session.add(gap)
    label(engine, at, Outcome.CONFIRMED)
    text = '[[rules]]\nname = "断"\nkind = "source"\n[[rules]]\nname = "久"\nkind = "waiting"'
    rules, _ = rules_of(tmp_path, text)
    span = {"since": clock.now() - 30 * DAY, "until": clock.now()}
    with read_session(engine) as session:
        silent, waiting = (past_alerts(session, one, {1: "b"}, **span) for one in rules)
    assert [(one.start, one.what) for one in silent] == [(at + 2 * HOUR, "社区")]
    assert waiting == []  # somebody closed it at once


@pytest.fixture
def office(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG + SOURCES + SHARE, encoding="utf-8")
    database = open_database(load_config(path), Secrets.model_construct())
    now = SystemClock().now()
    heard(database, now, burst_days=(2, 5))
    label(database, now - 5 * DAY, Outcome.FALSE_ALARM)
    label(database, now - 2 * DAY, Outcome.CONFIRMED, group="other")
    database.dispose()
    return path


def command(path, *options, code=0):
    result = CliRunner().invoke(
        make_app("backtest"), ["backtest", "--config", str(path), *options]
    )
    assert result.exit_code == code, result.output
    return result.output


def test_the_command_shows_a_rule_beside_the_crisis_channel_with_precision(office):
    shown = command(office, "b", "--rule", "负面占比上升")
    assert "规则“负面占比上升”：最近" in shown
    assert "会预警 2 次" in shown
    assert "过去 1 小时负面 ≥ 6 条" in shown
    assert "当时的结论：误报" in shown
    assert "属实 1 次，误报 1 次（准确率 50%）；未标注 0 次" in shown
    assert "对照：内置危机检测（现行灵敏度）会预警 2 次" in shown


def test_a_rule_from_a_file_stands_beside_the_one_of_its_name(office, tmp_path):
    new = tmp_path / "new.toml"
    new.write_text(SHARE.replace("least = 6", "least = 100"), encoding="utf-8")
    (found,) = json.loads(command(office, "--rule", str(new), "--json"))
    assert (found["alerts"], found["beside"]["what"]) == ([], "replaced")
    assert len(found["beside"]["alerts"]) == 2


def test_the_sweep_of_a_rule_prints_its_steps_and_a_suggestion(office):
    shown = command(office, "--rule", "负面占比上升", "--sweep")
    assert "rise_points = 15（现值）" in shown
    assert "建议：rise_points = 5" in shown
    (found,) = json.loads(command(office, "--rule", "负面占比上升", "--sweep", "--json"))
    assert found["suggested"] == 5


def test_an_unknown_rule_is_refused_with_the_known_ones(office):
    assert "known rules: 负面占比上升" in command(office, "--rule", "占比", code=2)
    assert "leave the rest" in command(office, "--rule", "占比", "--group", "forum", code=2)


@pytest.mark.parametrize("as_json", [True, False])
def test_the_rules_are_listed_in_words_with_their_state(office, as_json):
    options = ["--json"] if as_json else []
    result = CliRunner().invoke(make_app("rules"), ["rules", "--config", str(office), *options])
    assert result.exit_code == 0, result.output
    assert "负面占比上升" in result.output
    if as_json:
        (rule,) = json.loads(result.output)
        assert "过去 1 小时负面 ≥ 6 条" in rule["says"]
        assert (rule["times_fired"], rule["is_firing"], rule["tells"]) == (0, False, "page")
