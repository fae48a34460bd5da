"""The command forecast on a stored history, and the outlook in an alert."""

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from crisis.announce import alert_body
from listener.cli import make_app
from listener.clock import SystemClock
from listener.config_file import load_config
from listener.forecasting import outlook_record
from listener.home import DATABASE
from listener.store import findings, series
from listener.store import incidents as incident_store
from listener.store.engine import open_engine, read_session, sqlite_url, unit_of_work
from listener.store.migrate import upgrade
from listener.store.rows import bucket_start
from listener.store.tables import Bucket
from tests.build import set_up
from tests.integration.test_response import CONFIG, NOW, Case

DAY = timedelta(days=1)


def fill(engine, days: int, now) -> None:
    with unit_of_work(engine) as session:
        series_id = series.ensure_series(session, 1)
        start = bucket_start(now.replace(minute=0) - days * DAY)
        for hour in range(days * 24):
            count = (6 if 9 <= (hour + 8) % 24 <= 22 else 1) + hour * 7_919 % 5
            session.add(
                Bucket(
                    series_id=series_id,
                    start_at=start + hour * timedelta(hours=1),
                    mentions=count,
                    negatives=count // 3,
                    raw_mentions=count,
                    raw_negatives=0,
                )
            )


def run(tmp_path, days, *arguments):
    path = tmp_path / "config.toml"
    path.write_text(f'data_dir = "{tmp_path}"\n{CONFIG}', encoding="utf-8")
    (tmp_path / "live").mkdir()
    engine = open_engine(sqlite_url(tmp_path / "live" / DATABASE))
    upgrade(engine)
    now = SystemClock().now()
    set_up(engine, now)
    fill(engine, days, now)
    engine.dispose()
    return CliRunner().invoke(make_app(), ["forecast", "-c", str(path), *arguments])


def test_it_says_peaks_and_the_error_on_this_brands_own_past(tmp_path):
    done = run(tmp_path, 30)
    assert done.exit_code == 0, done.output
    for words in ("提及高峰", "上周同一时间", "80% 区间"):
        assert words in done.output


def test_as_json_every_hour_has_its_band(tmp_path):
    [found] = json.loads(run(tmp_path, 30, "--json", "--brand", "b").stdout)
    assert len(found["mentions"]["hours"]) == 48
    assert found["mentions"]["hours"][0].keys() == {"start", "middle", "low", "high"}
    assert found["outlook"] == {"hits": 0, "tried": 0}


def test_with_too_little_history_it_refuses_and_says_so(tmp_path):
    assert "不足两周" in run(tmp_path, 9).output


def test_an_unknown_brand_is_named(tmp_path):
    done = run(tmp_path, 1, "--brand", "nobody")
    assert done.exit_code == 2
    assert "nobody" in done.output


@pytest.fixture
def case(engine, tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return Case(engine, load_config(path))


def test_an_alert_says_where_the_next_hour_goes_and_how_often_that_was_right(case):
    case.find()
    with read_session(case.engine) as session:
        [incident] = incident_store.open_incidents(session)
    assert incident.evidence["outlook"]["tried"] == 0
    html = alert_body(case.desk, incident, NOW)["html"]
    assert "走势：未来 1 小时可能" in html
    assert "模拟危机上命中约 59%" in html


def test_a_past_crisis_becomes_the_brands_own_record(case):
    case.find()
    with unit_of_work(case.engine) as session:
        findings.change_finding(session, 1, {"ended_at": NOW + timedelta(hours=1)})
    with read_session(case.engine) as session:
        assert outlook_record(session, 1, NOW) == []
        assert outlook_record(session, 1, NOW + DAY) != []
