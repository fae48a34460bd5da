"""The steps after the answers: find the feeds, write, test, listen for the first time, show.

Each step is timed and tells what it did; a step that fails says what to do and ends nothing.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from listener.app import open_service, sync_database
from listener.backlog import BacklogScorer
from listener.clock import Clock
from listener.config import Config, CrawlSettings, Role, Secrets, TelegramSettings
from listener.config_file import ConfigFile, load_config
from listener.crawl.dry import dry_pass
from listener.errors import ListenerError
from listener.home import home_of, is_service_running, open_database, service_lock
from listener.items import FailureKind
from listener.notify.chats import check_chat
from listener.setup.answers import Answers, answers_path
from listener.setup.links import app_store_source, feed_source, probe, remedy_of
from listener.setup.review import outlook_lines, review_lines, review_values
from listener.setup.writing import brand_key, write_config
from listener.store import mentions
from listener.store.engine import read_session

GREETING = "风声已连接：之后的预警和声明草稿会发到这里。"


@dataclass(slots=True)
class StepReport:
    """How one step went. ``lines`` are for people (zh-CN), ``data`` for programs."""

    name: str
    is_ok: bool = True
    seconds: float = 0.0
    lines: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)

    def fail(self, line: str) -> None:
        """Note that something did not work, and what to do."""
        self.is_ok = False
        self.lines.append(line)

    def values(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return asdict(self) | {"seconds": round(self.seconds, 2)}


@dataclass(slots=True)
class Setup:
    """One run: the answers, where the configuration goes, and what was reported so far."""

    path: Path
    answers: Answers
    secrets: Secrets
    clock: Clock
    program: str
    show: Callable[[StepReport], None]
    reports: list[StepReport] = field(default_factory=list)

    def run_step(
        self, name: str, step: Callable[[StepReport], Coroutine[Any, Any, None]]
    ) -> StepReport:
        """Run one step; what is raised on purpose becomes its failure."""
        report = StepReport(name)
        began_s = self.clock.monotonic_s()
        try:
            asyncio.run(step(report))
        except ListenerError as error:
            for line in str(error).splitlines():
                report.fail(line)
        report.seconds = self.clock.monotonic_s() - began_s
        self.reports.append(report)
        self.show(report)
        return report

    def run(self) -> bool:
        """Run every step in order; return whether a configuration stands."""
        self.run_step("links", self.find_links)
        if not self.run_step("config", self.write).is_ok:
            return False
        for name, step in (
            ("sources", self.test_sources),
            ("chat", self.test_chat),
            ("backfill", self.backfill),
            ("review", self.review),
            ("outlook", self.outlook),
            ("missing", self.tell_missing),
        ):
            self.run_step(name, step)
        answers_path(self.path).unlink(missing_ok=True)
        return True

    @property
    def file(self) -> ConfigFile:
        """The configuration as written."""
        return load_config(self.path)

    async def find_links(self, report: StepReport) -> None:
        """Turn pasted addresses into sources."""
        crawl = CrawlSettings.model_validate(
            {"allow_networks": self.answers.allow_networks, "delay_s": 0.2}
        )
        sources = list(self.answers.sources)
        apps = {
            link: app_store_source(link, brand_key(self.answers)) for link in self.answers.links
        }
        others = [link for link, app in apps.items() if app is None]
        probed = await probe(others, crawl, now=self.clock.now())
        for link, app in apps.items():
            said = "App Store 应用评论"
            source = app
            if source is None:
                feed, said = probed[link].feed, probed[link].said
                if feed is None:
                    report.fail(f"{link}：{said}")
                    continue
                source = feed_source(feed, [one.key for one in sources])
            if any(one.parameters == source.parameters for one in sources):
                report.lines.append(f"{link}：已经在列")
                continue
            sources.append(source)
            report.lines.append(f"{link}：{said} → 来源 {source.key}")
        self.answers.sources = sources
        report.data = {"sources": [one.key for one in sources]}
        if not sources:
            report.fail(
                "还没有来源；之后可以在 config.toml 里加 [[sources]]，或用 fengsheng import"
            )

    async def write(self, report: StepReport) -> None:
        """Write the configuration, keeping what was there."""
        kept = write_config(self.path, self.answers)
        report.lines.append(f"配置已写入 {self.path}")
        if kept is not None:
            report.lines.append(f"原来的文件保存在 {kept}")
        report.data = {"path": str(self.path), "kept": str(kept) if kept else None}

    async def test_sources(self, report: StepReport) -> None:
        """Visit each source's first page without storing anything."""
        config = self.file.config
        report.data = {"sources": {}}
        for one in await dry_pass(config.sources, config.crawl, now=self.clock.now()):
            report.data["sources"][one.source] = {
                "items": len(one.items), "failure": one.failure
            }  # fmt: skip
            if one.failure in (None, FailureKind.EMPTY):
                report.lines.append(f"{one.source}：可以采集，第一页 {len(one.items)} 条")
            else:
                report.fail(f"{one.source}：{remedy_of(one)}")

    async def test_chat(self, report: StepReport) -> None:
        """Ask the chat's name; say hello there if the person agreed."""
        settings: TelegramSettings = self.file.config.telegram
        if self.secrets.telegram_token is None or not settings.chat_id:
            report.lines.append("没有设置 Telegram，预警会显示在终端")
            return
        text = GREETING if self.answers.send_test else ""
        bot, chat = await check_chat(settings, self.secrets, text=text)
        sent = "，已发送测试消息" if text else ""
        report.lines.append(f"机器人 {bot} 可以到达群“{chat}”{sent}")
        report.data = {"bot": bot, "chat": chat, "test_sent": bool(text)}

    async def backfill(self, report: StepReport) -> None:
        """Crawl every source once into the live database and score what it gave."""
        file = self.file
        home = home_of(file)
        if is_service_running(home):
            report.lines.append("风声服务正在运行：它会在一分钟内自己采集；改了配置请重启服务")
            return
        keys = [source.key for source in file.config.sources if source.enabled]
        with service_lock(home):
            service = open_service(file, self.secrets, write=lambda _: None, program=self.program)
            async with service as opened:
                opened.make_loops()
                passes = await opened.crawler.run_now(keys) if keys else []
                backlog = BacklogScorer(opened.engine, opened.clock, opened.scorer)
                try:
                    await backlog.score_all()
                finally:
                    await opened.scorer.close()
                    await opened.crawler.close()
                with read_session(opened.engine) as session:
                    total = mentions.count_mentions(session)
        for one in passes:
            said = f"：{one.detail}" if one.failure not in (None, FailureKind.EMPTY) else ""
            report.lines.append(f"{one.source}：回溯 {one.items} 条，新增 {one.new}{said}")
        report.lines.append(f"已评分 {backlog.scored} 条；库中共 {total} 条")
        report.data = {"mentions": total, "scored": backlog.scored}

    async def review(self, report: StepReport) -> None:
        """Show samples of what matched and what did not, and the first counts."""
        engine, ids = self._database()
        try:
            with read_session(engine) as session:
                report.data = review_values(session, self.file.config, ids)
        finally:
            engine.dispose()
        report.lines += review_lines(report.data)

    async def outlook(self, report: StepReport) -> None:
        """Say how far the baseline is and which sensitivity its history suggests."""
        engine, ids = self._database()
        try:
            with read_session(engine) as session:
                config = self.file.config
                report.lines += outlook_lines(session, config, ids, now=self.clock.now())
        finally:
            engine.dispose()

    async def tell_missing(self, report: StepReport) -> None:
        """Say what is still missing for a team that can rely on this."""
        report.lines += missing_lines(self.file.config, self.secrets)
        report.lines.append(f"下一步：{self.program} run（服务），{self.program} doctor（检查）")

    def _database(self) -> tuple[Engine, dict[str, int]]:
        file = self.file
        engine = open_database(file, self.secrets)
        return engine, sync_database(engine, file.config, self.clock.now())


def missing_lines(config: Config, secrets: Secrets) -> list[str]:
    """Return what a team still lacks, most important first (zh-CN)."""
    lines = []
    if secrets.telegram_token is None or not config.telegram.chat_id:
        lines.append(
            "没有聊天群：预警只在终端；设置 FENGSHENG_TELEGRAM_TOKEN_FILE 和 telegram.chat_id"
        )
    elif not any(person.telegram_id for person in config.people):
        lines.append("还没有人登记 telegram_id：没有人能按按钮；请填入 [[people]]")
    approvers = [person for person in config.people if Role.LEAD in person.roles]
    if not approvers:
        lines.append('没有审批人：请给一个人 roles = ["lead"]')
    elif len(approvers) < 2:
        lines.append("只有一位审批人：本人改过的声明需要另一位 lead 通过，请再加一位")
    enabled = [source for source in config.sources if source.enabled]
    if len({source.group for source in enabled}) < 2:
        lines.append("只有一类来源：一处沉默就听不到；请再加新闻、社区、评论中的另一类")
    if enabled and not any(source.brand is None for source in enabled):
        lines.append("没有平常安静的外部来源：都是自有渠道，别处的议论听不到")
    if config.brands and not (config.brands[0].traps or config.brands[0].exclude):
        lines.append("没有排除词：如果品牌名也是常用词或人名，请补充 brands.traps 或 context")
    if config.brands and "contact" not in config.brands[0].facts:
        lines.append("没有联系方式：首次回应草稿会在群里询问；可写入 [brands.facts.contact]")
    return [f"还缺：{line}" for line in lines] or ["没有明显的缺项"]
