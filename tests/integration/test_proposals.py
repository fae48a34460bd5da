"""Proposals derived from corrections, tried out on what is stored, and accepted by an admin."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from typer.testing import CliRunner

from crisis import corrections as use_cases
from crisis.corrections import Ruling
from crisis.permissions import actor_by_key
from listener.app import build_desk
from listener.backtest import sweep_rules
from listener.cli import app
from listener.config import Secrets
from listener.config_file import load_config
from listener.detect.settings import CrisisSettings
from listener.home import open_database
from listener.proposals import rule_proposal
from listener.relearning import lessons, sentiment_proposal
from listener.scoring.adapt import LEAST_TRAIN, Labelled
from listener.scoring.fast import MODEL
from listener.scoring.model import load_model
from listener.store import findings, incidents
from listener.store.corrections import Aspect
from listener.store.engine import read_session, unit_of_work
from tests.build import item, score_all, set_up, store
from tests.integration.test_backtest import NORMAL, SETTINGS, heard

CONFIG = """\
# 配置说明
language = "zh-CN"    # 语言
[[people]]
key = "adm"
name = "管理员"
roles = ["admin"]
[[people]]
key = "zhou"
name = "周宁"
roles = ["officer"]
[[brands]]
key = "b"    # 主品牌
name = "澜白"
names = ["澜白"]    # 也是一个小区的名字
"""
OURS = (
    "洗地机吸力很大，拖得也干净",
    "机器人昨晚卡在沙发下面",
    "升级固件以后噪音变小了",
    "客服回复挺快，换了新的滤网",
    "基站异味有点重，得常洗",
    "电池续航比上一代长不少",
)
OTHERS = (
    "小区的物业费又涨了，业主群都炸了",
    "小区北门今天停电，物业说晚上恢复",
    "花园小区二手房三室两厅急售",
    "小区业主大会投票，车位分配有争议",
    "小区门口的快递柜被物业拆了",
    "小区电梯坏了三天，业主投诉没人管",
)


class Office:
    """An installation whose brand shares its name with a housing estate."""

    def __init__(self, folder):
        self.path = folder / "config.toml"
        self.path.write_text(CONFIG, encoding="utf-8")
        self.file = load_config(self.path)
        self.engine = open_database(self.file, Secrets())
        now = datetime.now(UTC)
        understanding = set_up(self.engine, now)
        self.ids = understanding.brand_ids
        texts = [f"澜白{OURS[n % 6]}，用了{n}天" for n in range(36)]
        texts += [f"澜白{OTHERS[n % 6]}（{n}）" for n in range(12)]
        posts = [item(n, text, now - timedelta(hours=n)) for n, text in enumerate(texts)]
        store(self.engine, understanding, posts, now)
        score_all(self.engine, now, negative=0.1)

    def run(self, *arguments, fails=False):
        line = ["proposals", "--config", str(self.path), *arguments]
        result = CliRunner().invoke(app, line)
        assert (result.exit_code != 0) is fails, result.output
        return result.output if fails else result.stdout

    def not_ours(self, ids):
        desk = build_desk(self.file, self.ids, Secrets())
        actor = actor_by_key(self.file.config.people, "zhou", via="test")
        ruling = Ruling(aspect=Aspect.BRAND, should_be="not_ours")
        with unit_of_work(self.engine) as session:
            use_cases.correct_mentions(
                session, desk, ids, ruling, brand_id=1, actor=actor, now=datetime.now(UTC)
            )


@pytest.fixture
def office(tmp_path):
    opened = Office(tmp_path)
    yield opened
    opened.engine.dispose()


def test_words_that_tell_another_thing_apart_are_proposed_and_written_on_request(office):
    assert "目前没有建议" in office.run()
    office.not_ours(range(37, 43))
    before = office.path.read_text(encoding="utf-8")
    listed = json.loads(office.run("--json"))
    one = next(each for each in listed if each["setting"] in ("traps", "exclude"))
    assert "小区" in one["after"]
    effect = one["effect"]
    assert (effect["labels"], effect["right_before"], effect["right_after"]) == (6, 0, 6)
    assert (effect["looked_at"], effect["gained"], effect["lost"]) == (48, 0, 12)
    shown = office.run()
    assert "判对的由 0 条变为 6 条" in shown
    assert "不再命中 12 条" in shown
    assert "北门" not in next(office.path.parent.rglob("proposals.json")).read_text("utf-8")
    assert office.path.read_text(encoding="utf-8") == before

    assert "configure" in office.run("accept", str(one["number"]), "--as", "zhou", fails=True)
    assert "no proposal 9" in office.run("accept", "9", "--as", "adm", fails=True)
    assert "重启服务后生效" in office.run("accept", str(one["number"]), "--as", "adm")
    after = office.path.read_text(encoding="utf-8")
    assert [line for line in before.splitlines() if line not in after] == []
    assert getattr(load_config(office.path).config.brands[0], one["setting"]) == tuple(
        one["after"]
    )
    kept = office.path.with_name("config.toml.bak").read_text(encoding="utf-8")
    assert kept == before
    again = office.run("accept", str(one["number"]), "--as", "adm", fails=True)
    assert "list the proposals again" in again
    assert not [one for one in json.loads(office.run("--json")) if one["kind"] == "words"]


def test_two_labels_may_be_chance(office):
    office.not_ours([37, 38])
    assert json.loads(office.run("--json")) == []


def test_labels_that_nothing_tells_apart_lead_to_no_proposal(office):
    office.not_ours(range(1, 7))
    assert [
        one for one in json.loads(office.run("--json")) if one["effect"]["right_after"] < 1
    ] == []


def alert(session, at, number, outcome):
    incident_id = incidents.insert_incident(
        session,
        {
            "brand_id": 1,
            "group_key": f"brand:1:{number}",
            "title": "t",
            "crisis_type": "C04",
            "phase": "closed",
            "severity": "serious",
            "severity_reason": "crisis_on",
            "is_unverified": False,
            "first_seen_at": at,
            "opened_at": at,
            "closed_at": at + timedelta(hours=2),
            "evidence": {},
            "refreshed_at": at,
        },
    )
    incidents.add_event(
        session, incident_id, at=at, kind="close", actor="lin", data={"outcome": outcome}
    )
    findings.insert_finding(
        session,
        {
            "natural_key": f"crisis:{number}",
            "brand_id": 1,
            "channel": findings.CRISIS,
            "severity": "serious",
            "severity_reason": "crisis_on",
            "started_at": at - timedelta(minutes=10),
            "last_on_at": at,
            "ended_at": at + timedelta(minutes=10),
            "score": 5.0,
            "observed": 9,
            "expected": 1.0,
            "judgement": {},
            "found_at": at,
            "changed_at": at,
            "incident_id": incident_id,
        },
    )


def proposed(engine, now):
    rules = sweep_rules([], CrisisSettings())
    with read_session(engine) as session:
        return rule_proposal(session, [1], NORMAL, rules, SETTINGS, days=30, now=now)


def burst(engine, now, day, size):
    understanding = set_up(engine, now)
    posts = [
        item(
            50_000 + n,
            f"澜白更新后变砖了，另一批第{n}位",
            now - timedelta(days=day, seconds=15 * n),
        )
        for n in range(size)
    ]
    store(engine, understanding, posts, now, is_backfill=True)
    score_all(engine, now)


def test_a_calmer_threshold_is_proposed_only_if_no_right_alert_is_lost(engine, clock):
    now = clock.now()
    heard(engine, now, burst_days=(5,))
    burst(engine, now, day=2, size=7)
    with unit_of_work(engine) as session:
        alert(session, now - timedelta(days=5), 1, "confirmed")
    assert proposed(engine, now) is None
    with unit_of_work(engine) as session:
        alert(session, now - timedelta(days=2), 2, "false_alarm")
    found = proposed(engine, now)
    assert (found.before.right, found.before.wrong) == (1, 1)
    assert (found.after.right, found.after.wrong) == (1, 0)
    assert found.on_score > NORMAL.settings.on_score


def test_few_sentiments_teach_nothing_and_say_how_many_are_missing(office):
    with read_session(office.engine) as session:
        found = lessons(session, [1])
    assert len(found.rows.texts) == 0
    assert found.missing == 60


def test_labels_that_contradict_the_scorer_in_one_word_are_learned(office):
    rng = np.random.default_rng(7)
    kinds = [(f"澜白这台绝绝子{n}号，{OURS[rng.integers(6)]}", 0) for n in range(60)]
    kinds += [(f"澜白这台稳得很{n}号，{OURS[rng.integers(6)]}", 2) for n in range(60)]
    texts, labels = zip(*kinds, strict=True)
    rows = Labelled(texts, np.array(labels), "0" * 64, 0)
    assert len(texts) >= LEAST_TRAIN
    with read_session(office.engine) as session:
        found = sentiment_proposal(
            session, load_model(MODEL), rows, since=datetime(2020, 1, 1, tzinfo=UTC)
        )
    assert found.is_trained
    assert found.report.after.accuracy > found.report.before.accuracy
    assert any("绝绝子" in word for word in found.worse)
    assert found.looked_at == 48
