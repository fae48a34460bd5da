"""``fengsheng import``: stored once, scored, counted; history that never alarms."""

import asyncio
import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from listener.clock import FakeClock
from listener.detect.settings import CrisisSettings
from listener.detect.volume import VolumeSettings
from listener.imports.columns import map_columns
from listener.imports.importer import Importer, ImportOrder
from listener.imports.rejects import RejectsFile
from listener.imports.tables import layout_of
from listener.notice import HISTORY_AGE, NoticeSettings, notice_series
from listener.scoring.worker import ScoringWorker
from listener.store import imports, series
from listener.store.engine import read_session, unit_of_work
from listener.store.tables import Finding, Source
from tests.build import item, score_all, set_up, store

TZ = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 3, 2, tzinfo=UTC)
CONFIG = """
[[people]]
key = "lin"
name = "林岚"
roles = ["lead"]
[[brands]]
key = "qinghe"
name = "青禾"
[brands.query]
any = ["青禾"]
not = ["青禾路"]
[import.tickets]
source = "crm"
name = "客服工单"
brand = "qinghe"
[import.tickets.map]
text = "问题"
"""
BODY = (
    "编号,内容,作者,时间\n"
    "1,青禾电饭煲用了三天就坏了，客服不理人,甲,2026-11-01 10:00:00\n"
    "2,青禾路今天堵车,乙,2026-11-01 10:05:00\n"
    "3,青禾煮饭很香,丙,某天\n"
    "1,青禾电饭煲用了三天就坏了，客服不理人,甲,2026-11-01 10:00:00\n"
    "4,青禾煮粥不错,丁,2026-11-02\n"
)


class Folder:
    """An installation in a folder, worked on with the real command."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "config.toml").write_text(CONFIG, encoding="utf-8")

    def run(self, *arguments: str, fail_at: str = "") -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.path), "LANG": "C.UTF-8"}
        environment |= {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        if fail_at:
            environment["FENGSHENG_FAIL_AT"] = fail_at
        return subprocess.run(
            [sys.executable, "-m", "listener.cli", *arguments],
            cwd=self.path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def json(self, *arguments: str) -> dict:
        done = self.run("import", *arguments, "--json")
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)

    def query(self, sql: str) -> list[tuple]:
        connection = sqlite3.connect(self.path / "var" / "live" / "fengsheng.db")
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def file(self, body: str, name: str = "export.csv") -> str:
        (self.path / name).write_text(body, encoding="utf-8")
        return name


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def test_dry_run_shows_everything_and_writes_nothing(folder):
    name = folder.file(BODY)
    before = sorted(path.name for path in folder.path.iterdir())
    done = folder.run("import", name, "--dry-run")
    assert done.returncode == 1
    for part in (
        "utf-8",
        "逗号",
        "正文←内容",
        "共 5 行：将新增 3，已有或重复 1，拒绝 1",
        "青禾 3；未命中 1",
        "2026-11-01 10:00 至 2026-11-02",
        "第 4 行｜时间｜某天",
        "1 行没有精确到分钟",
    ):
        assert part in done.stdout, done.stdout
    assert sorted(path.name for path in folder.path.iterdir()) == before


def test_import_stores_scores_counts_and_lists_refusals(folder):
    name = folder.file(BODY)
    done = folder.run("import", name, "--source", "crm")
    assert done.returncode == 1, done.stderr
    assert "服务没有运行，由本命令完成 2 条" in done.stdout
    assert folder.query("SELECT key, spider, is_enabled FROM source") == [("crm", "import", 0)]
    rows = folder.query("SELECT external_id, stage, is_backfill FROM mention ORDER BY external_id")
    assert rows == [("1", "done", 1), ("2", "unmatched", 1), ("4", "done", 1)]
    assert folder.query(
        "SELECT sum(raw_mentions), sum(raw_negatives) FROM bucket WHERE series_id = 1"
    ) == [(1, 1)]
    with (folder.path / f"{name}.rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        (refused,) = csv.DictReader(file)
    assert refused == {
        "行号": "4",
        "第几条": "3",
        "列": "时间",
        "值": "某天",
        "原因": "认不出这个时间；例如写成 2026-11-20 14:33:21",
    }
    again = folder.json(name, "--source", "crm")
    assert (again["rows"], again["new"], again["known"], again["rejected"]) == (5, 0, 4, 1)
    assert folder.query("SELECT count(*) FROM mention") == [(3,)]


def test_profile_and_brand_are_taken_from_the_configuration(folder):
    name = folder.file("问题,提交时间\n插上电就跳闸,2026-11-03 08:00\n")
    values = folder.json(name, "--profile", "tickets")
    assert (values["source"], values["mapping"]["text"], values["rejected"]) == ("crm", "问题", 0)
    assert values["matched"] == {"qinghe": 1}


def test_key_of_a_crawled_source_is_refused(folder):
    config = folder.path / "config.toml"
    extra = '[[sources]]\nkey = "forum"\nname = "社区"\nspider = "feed"\nparameters = { url = "https://a.example/f" }\n'
    config.write_text(CONFIG + extra, encoding="utf-8")
    done = folder.run("import", folder.file(BODY), "--source", "forum")
    assert done.returncode == 1
    assert "forum 是正在采集的来源" in done.stderr


def test_killed_in_the_middle_it_goes_on_where_it_was(folder):
    lines = [
        f"{n},青禾第{n}次煮饭夹生，客服不理,用户{n},2026-11-{1 + n % 20:02d} 10:{n % 60:02d}:00"
        for n in range(1, 1301)
    ]
    lines[700] = "701,,没有正文,2026-11-01 10:00:00"
    name = folder.file("编号,内容,作者,时间\n" + "\n".join(lines) + "\n", "big.csv")
    killed = folder.run("import", name, fail_at="import-batch-stored:2")
    assert killed.returncode == -signal.SIGKILL
    assert folder.query("SELECT count(*) FROM mention") == [(999,)]
    values = folder.json(name)
    assert values["resumed_after"] == 1000
    assert (values["rows"], values["new"], values["known"], values["rejected"]) == (
        1300,
        1299,
        0,
        1,
    )
    assert folder.query("SELECT count(*), count(DISTINCT external_id) FROM mention") == [
        (1299, 1299)
    ]
    assert folder.query("SELECT count(*) FROM score") == [(1299,)]
    assert folder.query("SELECT sum(raw_mentions) FROM bucket WHERE series_id = 1") == [(1299,)]
    assert (
        Path(values["rejected_file"]).exists() or (folder.path / values["rejected_file"]).exists()
    )


# History never alarms

SETTINGS = NoticeSettings(
    crisis=CrisisSettings.for_sensitivity("normal"),
    parts=CrisisSettings.for_sensitivity("low"),
    volume=VolumeSettings(),
    tz=TZ,
    history=timedelta(days=35),
    lateness=timedelta(hours=6),
)


@pytest.fixture
def understanding(engine):
    found = set_up(engine, NOW)
    with unit_of_work(engine) as session:
        session.exec(select(Source)).one().last_success_at = NOW
    posts = [item(n, f"澜白第{n}次用着不错", NOW - timedelta(hours=n)) for n in range(1, 200)]
    store(engine, found, posts, NOW, is_backfill=True)
    score_all(engine, NOW)
    return found


async def import_posts(engine, understanding, path: Path, posts: list[tuple[datetime, str]]):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["内容", "作者", "时间"])
        writer.writerows(
            (text, f"网友{n}", at.astimezone(TZ).strftime("%Y-%m-%d %H:%M:%S"))
            for n, (at, text) in enumerate(posts)
        )
    layout = layout_of(path)
    order = ImportOrder(
        path=path, layout=layout, mapping=map_columns(layout.columns), zone=TZ,
        source_key="old", source_name="旧数据", group="own",
    )  # fmt: skip
    scorer = ScoringWorker("fast")
    try:
        importer = Importer(
            engine=engine, clock=FakeClock(NOW), scorer=scorer, understanding=understanding
        )
        with RejectsFile(path.with_suffix(".rejected.csv")) as rejects:
            return await importer.run(order, rejects)
    finally:
        await scorer.close()


def crisis(until: datetime, count: int) -> list[tuple[datetime, str]]:
    return [
        (until - timedelta(minutes=n), f"澜白更新后变砖了，漏电起火伤到人，第{n}位")
        for n in range(count)
    ]


def notice(engine, now=NOW):
    with unit_of_work(engine) as session:
        one = next(one for one in series.all_series(session) if one.is_overall)
        return notice_series(session, one, SETTINGS, now)


def found(engine):
    with read_session(engine) as session:
        return session.exec(select(Finding)).all()


@pytest.mark.parametrize(
    ("hours_ago", "watched_before"), [(0, True), (1, True), (1, False), (24 * 30, True)]
)
def test_an_imported_crisis_raises_nothing(
    engine, understanding, tmp_path, hours_ago, watched_before
):
    if watched_before:
        notice(engine)
    posts = crisis(NOW - timedelta(hours=hours_ago), 150)
    result = asyncio.run(import_posts(engine, understanding, tmp_path / "f.csv", posts))
    assert result.account.new == 150
    for step in (0, 7, 40, 95, 600, 1500, 2870, 4000, 4700):
        notice(engine, NOW + timedelta(minutes=step))
    assert found(engine) == []
    with read_session(engine) as session:
        newest = imports.newest_import_at(session)
    assert newest is not None
    assert newest + HISTORY_AGE < NOW + timedelta(hours=80)


def test_a_live_crisis_beside_an_import_still_alarms(engine, understanding, tmp_path):
    notice(engine)
    asyncio.run(import_posts(engine, understanding, tmp_path / "f.csv", crisis(NOW, 60)))
    live = [
        item(5000 + n, f"澜白更新后变砖了，现场第{n}位", NOW - timedelta(seconds=20 * n))
        for n in range(20)
    ]
    store(engine, understanding, live, NOW)
    score_all(engine, NOW)
    one = notice(engine)
    assert one is not None
    assert one.observed == 20


def test_without_the_import_the_same_complaints_alarm(engine, understanding):
    live = [
        item(5000 + n, f"澜白又收到坏件，客服不理，第{n}位", NOW - timedelta(minutes=2 * n))
        for n in range(12)
    ]
    store(engine, understanding, live, NOW)
    score_all(engine, NOW)
    assert notice(engine) is not None


def test_imported_history_is_the_baseline_of_what_is_heard_later(engine, understanding, tmp_path):
    # Twenty complaints around this hour are what every day looks like, says the import.
    usual = [
        (NOW - timedelta(days=day, minutes=2 * n), f"澜白第{day}天收到坏件，客服不理，单号{n}")
        for day in range(3, 33)
        for n in range(20)
    ]
    live = [
        item(5000 + n, f"澜白又收到坏件，客服不理，第{n}位", NOW - timedelta(minutes=2 * n))
        for n in range(12)
    ]
    asyncio.run(import_posts(engine, understanding, tmp_path / "f.csv", usual))
    store(engine, understanding, live, NOW)
    score_all(engine, NOW)
    notice(engine)
    assert found(engine) == []
