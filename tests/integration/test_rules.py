"""Rules on stored mentions: one finding per episode, one incident, told in words, and its end."""

from datetime import timedelta

import pytest
from sqlmodel import select

from crisis import intake
from crisis.course import tell_course
from crisis.rules import follow_rules
from listener.app import build_desk, notice_settings
from listener.config import Secrets
from listener.config_file import load_config
from listener.notice import Noticer
from listener.rule_watch import RuleWatch
from listener.rules import compiled_rules
from listener.store import findings, incidents
from listener.store.engine import read_session, unit_of_work
from listener.store.records import SeriesRecord
from listener.store.rule_hits import said_between
from listener.store.tables import Finding, Message, Source
from tests.build import item, score_all, set_up, store
from tests.integration.test_response import CONFIG, NOW

HOUR = timedelta(hours=1)
SOURCES = """
[[sources]]
key = "forum"
name = "社区"
spider = "feed"
group = "forum"
interval_s = 60
parameters = { url = "https://forum.example/feed" }
"""
SHARE = """
[[rules]]
name = "负面占比上升"
kind = "share"
least = 6
"""


class Team:
    """A team with rules that watches a quiet brand for a week."""

    def __init__(self, engine, tmp_path, rules):
        path = tmp_path / "config.toml"
        path.write_text(CONFIG + SOURCES + rules, encoding="utf-8")
        file = load_config(path)
        self.engine, self.understanding = engine, set_up(engine, NOW)
        with unit_of_work(engine) as session:
            session.exec(select(Source)).one().last_success_at = NOW
        self.settings = notice_settings(file.config)
        self.rules = compiled_rules(file)
        self.watch = RuleWatch(self.rules, self.settings)
        self.desk = build_desk(file, self.understanding.brand_ids, Secrets())
        self.say(190, lambda n: f"澜白第{n}次用着不错", NOW - HOUR, gap=HOUR, negative=0.1)

    def say(self, count, text, until, *, gap=timedelta(seconds=20), first=0, negative=0.9, **who):
        posts = [item(first + n, text(n), until - gap * n, **who) for n in range(count)]
        store(self.engine, self.understanding, posts, until, is_backfill=gap >= HOUR)
        score_all(self.engine, NOW, negative=negative)

    def complain(self, count=10, *, until=NOW, first=1000, **who):
        self.say(count, lambda n: f"澜白更新后变砖了，第{n}位", until, first=first, **who)

    def tick(self, now=NOW, *, channel=False):
        if channel:
            Noticer(self.settings).tick(self.engine, [1], now)
        self.watch.tick(self.engine, {1: "b"}, now)
        with read_session(self.engine) as session:
            waiting = findings.unhandled_findings(session, limit=20)
        for one in waiting:
            with unit_of_work(self.engine) as session:
                intake.handle_finding(session, self.desk, one, now)
        with unit_of_work(self.engine) as session:
            intake.refresh_open_incidents(session, self.desk, now)
            tell_course(session, self.desk, now)
            follow_rules(session, self.desk, now)

    def pass_time(self, start, hours):
        for minutes in range(5, int(hours * 60) + 1, 5):
            self.tick(start + timedelta(minutes=minutes))

    def found(self):
        with read_session(self.engine) as session:
            query = select(Finding).where(Finding.channel == "rule").order_by(Finding.id)
            return [findings.finding(session, one.id) for one in session.exec(query)]

    def said(self, purpose="notice"):
        with read_session(self.engine) as session:
            query = select(Message).where(Message.purpose == purpose).order_by(Message.id)
            return [one.body["html"] for one in session.exec(query)]

    def incidents(self):
        with read_session(self.engine) as session:
            return incidents.list_incidents(session)


@pytest.fixture
def team(engine, tmp_path):
    return lambda rules: Team(engine, tmp_path, rules)


def test_a_rule_that_pages_opens_one_incident_that_names_it(team):
    team = team(SHARE)
    team.tick()
    assert team.found() == []
    team.complain()
    for seconds in range(0, 60, 5):
        team.tick(NOW + timedelta(seconds=seconds))
    team.pass_time(NOW, 0.5)
    (found,) = team.found()
    (incident,) = team.incidents()
    assert found.incident_id == incident.id
    (alert, *_) = team.said("alert")
    assert "规则“负面占比上升”：1 小时内负面 10 条" in alert
    assert "往常不足 1 条" in alert
    assert incident.severity_reason == "rule"


def test_the_end_of_an_incident_that_a_rule_opened_is_told_once(team):
    team = team(SHARE)
    team.complain()
    team.tick()
    team.pass_time(NOW, 3)
    assert team.found()[0].ended_at is not None
    assert [text.split("：")[0] for text in team.said()] == ["✅ 已回落"]


def test_a_rule_and_the_crisis_channel_are_one_incident_whichever_fires_first(team):
    team = team(SHARE)
    team.complain(5)
    team.complain(6, first=2000, until=NOW + timedelta(minutes=1))
    team.tick(NOW + timedelta(minutes=1))
    team.complain(15, first=3000, until=NOW + timedelta(minutes=4))
    team.tick(NOW + timedelta(minutes=4), channel=True)
    assert len(team.incidents()) == 1
    assert team.incidents()[0].evidence["judgement"].get("rule") is None
    team.tick(NOW + timedelta(minutes=11))
    *_, alert = team.said("alert")
    assert "规则“负面占比上升”" in alert


def test_a_rule_joins_the_crisis_channels_incident_without_taking_its_figures(team):
    team = team(SHARE)
    team.complain(25)
    Noticer(team.settings).tick(team.engine, [1], NOW)
    team.tick()
    (incident,) = team.incidents()
    assert "rule" not in incident.evidence["judgement"]
    assert incident.evidence["rules"][0]["name"] == "负面占比上升"


def test_a_trial_remembers_and_tells_nobody(team):
    team = team(SHARE + 'mode = "trial"')
    team.complain()
    team.tick()
    team.pass_time(NOW, 3)
    assert len(team.found()) == 1
    assert team.incidents() == []
    assert team.said() == []


def test_a_rule_that_is_off_does_nothing(team):
    team = team(SHARE + 'mode = "off"')
    team.complain()
    team.tick()
    assert team.found() == []


def test_a_notice_is_one_line_with_reminders_and_an_end(team):
    team = team('[[rules]]\nname = "声量"\nkind = "volume"\nremind_hours = 1\nleast = 20')
    for part in range(9):
        team.say(
            8,
            lambda n: f"澜白抽奖啦，我是{n}号",
            NOW + timedelta(minutes=15 * part),
            first=1000 + 100 * part,
            negative=0.1,
        )
        team.tick(NOW + timedelta(minutes=15 * part))
    team.pass_time(NOW + 2 * HOUR, 3)
    first, *reminders, last = team.said()
    assert first.startswith("📏 规则“声量”｜澜白：1 小时内提及")
    assert [text[:1] for text in reminders] == ["⏳", "⏳"]
    assert last.startswith("✅ 规则“声量”已恢复")
    assert team.incidents() == []


def test_sensitive_words_count_authors_and_repeats_once(team):
    rule = '[[rules]]\nname = "召回"\nkind = "words"\nwords = ["起火"]\nleast = 2\nauthors = 2'
    team = team(rule)
    team.say(4, lambda n: "澜白充电时起火了太吓人", NOW, first=5000, author_id="same")
    team.tick()
    assert team.found() == []
    team.say(1, lambda n: "我家澜白也起火了", NOW, first=6000)
    team.tick(NOW + timedelta(minutes=5))
    (found,) = team.found()
    assert found.judgement["rule"]["figures"]["hits"] == 2
    assert "含“起火”的负面 2 条，来自 2 个作者" in team.said("alert")[0]


def test_an_influencer_is_heard_at_the_followers_the_rule_names(team):
    team = team('[[rules]]\nname = "大V"\nkind = "大V发声"\nfollowers = 50000\ntell = "notice"')
    team.complain(1, author_followers=49_000)
    team.tick()
    assert team.found() == []
    team.complain(1, first=2000, author_followers=51_000)
    team.tick(NOW + timedelta(seconds=5))
    assert team.said()[0].endswith("1 小时内粉丝 ≥ 5 万 的作者发负面 1 条")


def test_one_type_and_one_group_are_counted_by_themselves(team):
    rules = (
        '[[rules]]\nname = "型"\nkind = "share"\ntypes = ["tech_support"]\nleast = 5\n'
        '[[rules]]\nname = "群"\nkind = "volume"\ngroups = ["forum"]\nleast = 8\n'
    )
    team = team(rules)
    team.complain()
    team.tick()
    by_name = {one.judgement["rule"]["name"]: one.judgement for one in team.found()}
    assert by_name["群"]["source_group"] == "forum"
    with read_session(team.engine) as session:
        said = said_between(
            session,
            brand_id=1,
            since=NOW - HOUR,
            until=NOW + HOUR,
            limit=100,
            types=["tech_support"],
        )
    assert by_name["型"]["rule"]["figures"]["negatives"] == len(said) >= 5


def test_a_rule_that_was_removed_lets_go_of_what_it_found(team):
    team = team(SHARE)
    team.complain()
    team.tick()
    RuleWatch((), team.settings).tick(team.engine, {1: "b"}, NOW + HOUR)
    assert team.found()[0].ended_at == NOW + HOUR


def test_a_source_that_fails_is_told_and_its_return_too(team):
    team = team('[[rules]]\nname = "断"\nkind = "来源中断"\nwindow_minutes = 60')
    team.complain(1, until=NOW + 90 * timedelta(minutes=1))
    team.tick(NOW + HOUR - timedelta(minutes=5))
    assert team.said() == []
    team.tick(NOW + HOUR)
    team.tick(NOW + HOUR + timedelta(minutes=5))
    assert team.said() == ["📏 规则“断”｜澜白：来源“社区”采集不到（逾期未更新），已 1 小时"]
    with unit_of_work(team.engine) as session:
        session.exec(select(Source)).one().last_success_at = NOW + 2 * HOUR
    team.tick(NOW + 2 * HOUR)
    assert team.said()[1].startswith("✅ 规则“断”已恢复")
    team.tick(NOW + 2 * HOUR + timedelta(minutes=5))
    assert len(team.said()) == 2


def test_a_source_that_answers_and_gives_nothing_is_told_by_what_is_usual(team):
    team = team('[[rules]]\nname = "静"\nkind = "source"\nwindow_minutes = 240\nleast = 3')
    later = NOW + 6 * HOUR
    with unit_of_work(team.engine) as session:
        session.exec(select(Source)).one().last_success_at = later
    team.tick(later)
    assert team.said() == ["📏 规则“静”｜澜白：来源“社区”近 4 小时一条也没有，平时约 4 条"]


def test_an_incident_nobody_claims_is_told_until_somebody_does(team):
    team = team(SHARE + '[[rules]]\nname = "久"\nkind = "waiting"\nwindow_minutes = 60')
    team.complain()
    team.tick()
    team.tick(NOW + HOUR)
    said = [text for text in team.said() if "规则“久”" in text]
    assert len(said) == 1
    assert "FS-1" in said[0]
    assert "已 1 小时无人认领" in said[0]
    with unit_of_work(team.engine) as session:
        incidents.take_ownership(session, 1, owner_key="lin", expected=None)
    team.tick(NOW + HOUR + timedelta(minutes=5))
    assert [one.ended_at is None for one in team.found() if one.series_id is None] == [False]


def test_sensitivities_of_brands_and_groups_go_before_the_general_one(tmp_path):
    path = tmp_path / "config.toml"
    text = CONFIG.replace('name = "澜白"', 'name = "澜白"\nsensitivity = "较多"') + SOURCES
    path.write_text(text + "[detection.groups]\nforum = 'normal'\n", encoding="utf-8")
    settings = notice_settings(load_config(path).config)

    def on_score(**values):
        base = {"id": 1, "brand_id": 1, "brand_key": "b", "topic": "all", "source_group": "all"}
        return settings.rule_for(SeriesRecord(**(base | values))).on_score

    assert on_score() == 3.7
    assert on_score(brand_key="c") == 4.5
    assert on_score(source_group="forum") == 4.5
    assert on_score(source_group="news") == 5.5
