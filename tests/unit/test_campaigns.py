"""Campaigns, festivals and days off: when they are on, and what they change in detection."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from listener.app import notice_settings
from listener.campaigns import NO_CALENDAR, build_calendar, chinese_rest_days
from listener.cli import make_app
from listener.config_file import load_config
from listener.detect.crisis import CrisisDetector, StateMismatch
from listener.detect.seasons import NO_REST_DAYS, RestDays, minute_of
from listener.detect.settings import CrisisSettings
from listener.detect.types import Bucket
from listener.detect.volume import VolumeDetector, VolumeSettings
from listener.errors import ConfigError
from listener.reports.chart import render_chart

SHANGHAI = ZoneInfo("Asia/Shanghai")
BRANDS = """
[[brands]]
key = "a"
name = "澜白"
names = ["澜白"]
[[brands]]
key = "b"
name = "青砚"
names = ["青砚"]
"""


def config(tmp_path, campaigns="", first=""):
    path = tmp_path / "config.toml"
    path.write_text(f"{first}\n{BRANDS}\n{campaigns}", encoding="utf-8")
    return load_config(path).config


def campaign(**values):
    return "\n".join(["[[campaigns]]", *(f"{key} = {value}" for key, value in values.items())])


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def names(calendar, at, brand="a"):
    return [one.name for one in calendar.at(brand, local(at))]


def test_a_plain_date_is_a_whole_local_day(tmp_path):
    text = campaign(name='"周年庆"', start="2026-08-03", end="2026-08-04", brands='["a"]')
    calendar = build_calendar(config(tmp_path, text))
    assert names(calendar, "2026-08-03T00:00") == names(calendar, "2026-08-04T23:59") == ["周年庆"]
    assert names(calendar, "2026-08-05T00:00") == names(calendar, "2026-08-02T23:59") == []
    assert names(calendar, "2026-08-03T12:00", "b") == []
    assert calendar.allowance("a", local("2026-08-03T12:00")) == 3.0
    assert calendar.allowance("b", local("2026-08-03T12:00")) == 1.0


def test_minutes_count_when_they_are_given(tmp_path):
    text = campaign(name='"直播"', start="2026-08-03T20:00:00", end="2026-08-03T22:00:00")
    calendar = build_calendar(config(tmp_path, text))
    assert names(calendar, "2026-08-03T20:00") == ["直播"]
    assert names(calendar, "2026-08-03T22:00") == []


def test_a_yearly_campaign_comes_again_and_may_cross_the_new_year(tmp_path):
    text = campaign(name='"年终"', start="2024-12-28", end="2025-01-03", repeats_yearly="true")
    calendar = build_calendar(config(tmp_path, text, '[detection]\ncalendar = "none"'))
    assert names(calendar, "2027-01-02T12:00") == names(calendar, "2026-12-30T12:00") == ["年终"]
    assert names(calendar, "2027-02-02T12:00") == []


def test_leap_day_campaigns_come_every_year(tmp_path):
    text = campaign(name='"闰日"', start="2024-02-29", end="2024-02-29", repeats_yearly="true")
    calendar = build_calendar(config(tmp_path, text))
    assert "闰日" in names(calendar, "2026-02-28T12:00")


@pytest.mark.parametrize(
    ("at", "name"),
    [
        ("2026-11-11T20:00", "双11"),
        ("2026-06-18T00:00", "618"),
        ("2027-03-15T20:00", "3·15 晚会"),
        ("2030-02-04T12:00", "春节"),
        ("2025-10-06T12:00", "中秋节"),
        ("2026-12-12T12:00", "双12"),
    ],
)
def test_festivals_are_known(tmp_path, at, name):
    assert name in names(build_calendar(config(tmp_path)), at)


def test_the_calendar_can_be_turned_off(tmp_path):
    calendar = build_calendar(config(tmp_path, first='[detection]\ncalendar = "none"'))
    assert names(calendar, "2026-11-11T20:00") == []
    assert calendar.rest is NO_REST_DAYS
    assert NO_CALENDAR.allowance("a", local("2026-11-11T20:00")) == 1.0


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"start": "2026-08-04", "end": "2026-08-03"}, "ends before it starts"),
        ({"start": "2026-08-04T10:00:00", "end": "2026-08-04T10:00:00"}, "ends before it starts"),
        ({"start": "2026-08-04", "end": "2026-08-05", "brands": '["c"]'}, "no brand 'c'"),
        ({"start": "2026-08-04", "end": "2026-08-05", "volume_factor": "0.5"}, "volume_factor"),
        (
            {"start": "2026-08-04", "end": "2027-08-05", "repeats_yearly": "true"},
            "repeats yearly",
        ),
    ],
)
def test_an_impossible_campaign_is_refused_with_its_line(tmp_path, values, problem):
    with pytest.raises(ConfigError, match=r"config\.toml:1\d: .*" + problem):
        config(tmp_path, campaign(name='"周年庆"', **values))


def test_days_off_are_those_that_were_published():
    rest = chinese_rest_days()
    assert rest.is_rest_day(date(2026, 10, 7))
    assert not rest.is_rest_day(date(2026, 10, 8))
    assert not rest.is_rest_day(date(2026, 10, 10))  # a Saturday of work
    assert rest.is_rest_day(date(2026, 10, 11))
    assert not rest.is_rest_day(date(2027, 10, 1))  # not published yet
    assert all(day.weekday() >= 5 for day in rest.work)
    assert not rest.off & rest.work


def test_a_day_off_has_the_season_of_a_weekend_and_a_working_saturday_of_a_weekday():
    rest = chinese_rest_days()
    day = 24 * 60
    assert minute_of(local("2026-10-01T10:05"), rest) == 5 * day + 605  # Thursday, rest follows
    assert minute_of(local("2026-10-07T10:05"), rest) == 6 * day + 605  # Wednesday, work follows
    assert minute_of(local("2026-10-10T10:05"), rest) == 4 * day + 605  # Saturday of work
    assert minute_of(local("2026-10-13T10:05"), rest) == 1 * day + 605
    assert minute_of(local("2026-10-01T10:05"), NO_REST_DAYS) == 3 * day + 605


@pytest.mark.parametrize(
    ("kind", "settings"), [(CrisisDetector, CrisisSettings()), (VolumeDetector, VolumeSettings())]
)
def test_a_state_learned_with_another_calendar_is_refused(kind, settings):
    rest = RestDays(off=frozenset({date(2026, 10, 1)}))
    state = kind(settings, SHANGHAI, rest).dump()
    kind(settings, SHANGHAI, rest).load(state)
    for other in (NO_REST_DAYS, RestDays(off=frozenset({date(2026, 10, 2)}))):
        with pytest.raises(StateMismatch):
            kind(settings, SHANGHAI, other).load(state)
    plain = kind(settings, SHANGHAI).dump()
    assert plain["fingerprint"] == f"{settings.fingerprint()} Asia/Shanghai"


def test_a_campaign_that_does_not_come_true_does_not_dull_the_volume_channel():
    start = datetime(2026, 8, 3, tzinfo=UTC)
    calm = VolumeDetector(VolumeSettings(), SHANGHAI)
    wide = VolumeDetector(VolumeSettings(), SHANGHAI)
    for number in range(3 * 288):
        bucket = Bucket(start + number * timedelta(minutes=5), 4 + number % 3, 0)
        calm.step(bucket)
        wide.step(bucket, allowance=3.0 if number > 288 else 1.0)
    burst = Bucket(start + 3 * 288 * timedelta(minutes=5), 400, 0)
    assert calm.step(burst).is_told
    assert wide.step(burst).is_told


def test_the_command_lists_what_comes(tmp_path):
    text = campaign(name='"周年庆"', start="2020-01-01", end="2090-01-01", brands='["a"]')
    config(tmp_path, text)
    path = str(tmp_path / "config.toml")
    shown = CliRunner().invoke(make_app("campaigns"), ["campaigns", "--config", path])
    assert "周年庆" in shown.stdout
    as_json = CliRunner().invoke(make_app("campaigns"), ["campaigns", "-c", path, "--json"])
    assert '"is_on": true' in as_json.stdout


def test_a_chart_shows_the_campaign(tmp_path):
    starts = [
        (datetime(2026, 11, 10, 14, tzinfo=UTC) + i * timedelta(minutes=5)) for i in range(72)
    ]
    spec = {
        "starts": [one.isoformat() for one in starts],
        "negatives": [1] * 72,
        "others": [2] * 72,
        "expected": [1.0] * 72,
        "episode_at": starts[60].isoformat(),
        "until": starts[-1].isoformat(),
        "title": "FS-1 澜白",
        "lang": "zh-CN",
        "timezone": "Asia/Shanghai",
    }
    occasion = {
        "name": "双11",
        "start": "2026-11-10T16:00:00+00:00",
        "end": "2026-11-11T16:00:00+00:00",
    }
    render_chart(spec, tmp_path / "plain.png")
    render_chart(spec | {"occasions": [occasion]}, tmp_path / "marked.png")
    assert (tmp_path / "plain.png").read_bytes() != (tmp_path / "marked.png").read_bytes()


@pytest.mark.parametrize("score", ["2", "-1", "31"])
def test_a_threshold_that_cannot_work_is_refused_with_its_line(tmp_path, score):
    with pytest.raises(ConfigError, match=r"config\.toml:2: .*on_score.*above 2"):
        config(tmp_path, first=f"[detection]\non_score = {score}")


def test_an_own_threshold_replaces_the_preset(tmp_path):
    found = notice_settings(config(tmp_path, first="[detection]\non_score = 7.0"))
    assert (found.crisis.on_score, found.crisis.on_at_once_score) == (7.0, 8.0)
    assert found.parts == CrisisSettings.for_sensitivity("low")
    assert found.calendar.rest.off
