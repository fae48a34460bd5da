"""The composition root: builds the service out of its parts and runs its loops.

Nothing else knows all the parts. Shutting down: stop intake, finish steps, close children.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import signal
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from pydantic import SecretStr
from sqlalchemy import Engine
from telegram import Bot

from crisis.aftermath import tell_aftermath
from crisis.clocks import follow_clocks
from crisis.countdown import first_statement_limits
from crisis.course import tell_course
from crisis.desk import Desk
from crisis.drafting import draft_requested
from crisis.followup import follow_statement, live_statements, remind_of_tasks
from crisis.intake import handle_finding, refresh_open_incidents
from crisis.media import remind_of_enquiries
from crisis.messages import Catalog
from crisis.policy import Audience, Recipient
from crisis.raising import raise_incidents
from crisis.rules import follow_rules
from listener.bot.handlers import UpdateHandler
from listener.bot.poller import Poller
from listener.campaigns import build_calendar
from listener.clock import Clock, SystemClock
from listener.config import DEMO_SITE, Config, Secrets, Source
from listener.config_file import ConfigFile
from listener.crawl.registry import check_parameters
from listener.crawl.runner import CrawlRunner
from listener.detect.settings import CrisisSettings
from listener.detect.volume import VolumeSettings
from listener.errors import ConfigError, ListenerError, Temporary
from listener.home import demo_anchor, home_of, open_database, scorer_of, transformer_of
from listener.libraries import playbook_library, statement_library
from listener.loops import LagMeter, Loop
from listener.notice import Noticer, NoticeSettings, lateness_allowance
from listener.notify import telegram as telegram_channel
from listener.notify import terminal
from listener.notify.channel import Channel
from listener.notify.delivery import Deliverer
from listener.notify.telegram import BotLine, TelegramChannel, open_bot
from listener.notify.terminal import TerminalChannel
from listener.operation.backtests import PATH as BACKTESTS
from listener.operation.backtests import BacktestReplay, BacktestTaker
from listener.operation.board import Board
from listener.operation.oversight import oversight
from listener.operation.systemd import Notifier
from listener.operation.tidy import Tidy
from listener.pipeline import Understanding, judge, save_judged, texts_of
from listener.privacy import installation_key
from listener.reports.chart_worker import ChartWorker
from listener.resources import bundled
from listener.rule_watch import RuleWatch
from listener.rules import compiled_rules
from listener.scoring.worker import ScoringWorker
from listener.store import brands, findings, mentions, series, sources
from listener.store.engine import read_session, transact, unit_of_work
from listener.store.presence import Presence, release_leases
from listener.store.records import MentionToScore
from listener.takeoff import TakeoffNoticer
from listener.watchlist import configured_brands, words_as_stored
from listener.workers import StderrTail, end_child, start_child

logger = logging.getLogger(__name__)

SCORE_BATCH = 32
SCORE_LEASE = timedelta(seconds=180)
CLOSE_WITHIN_S = 10.0
DRAIN_WITHIN_S = 4.0
# How often each loop is woken when nothing else wakes it, in seconds.
TICKS_S = {
    "crawl": 1.0,
    "score": 2.0,
    "notice": 5.0,
    "respond": 1.0,
    "deliver": 0.5,
    "poll": 1.0,
    "tidy": 86_400.0,
    "presence": 15.0,
    "follow": 15.0,
}
# While one batch is being stored, the scoring child already works on the next.
SCORE_LOOPS = ("score", "score-2")


def build_desk(file: ConfigFile, brand_ids: dict[str, int], secrets: Secrets) -> Desk:
    """Return what the response side works with."""
    config = file.config
    library = statement_library(file)
    words = library.definitions(config.language)
    return Desk(
        audience=_audience(config, secrets),
        brands={brand_ids[brand.key]: brand for brand in config.brands},
        people=config.people,
        catalog=Catalog(
            bundled("templates") / "messages", config.language, config.tz, facts=words
        ),
        library=library,
        playbooks=playbook_library(file),
        first_statement_within=first_statement_limits(config.clocks),
        lang=config.language,
        tz=config.tz,
        mute_for=timedelta(minutes=config.alerts.mute_minutes),
        refresh_every=timedelta(seconds=config.alerts.refresh_s),
        remind_every=timedelta(hours=config.alerts.remind_hours),
        calendar=build_calendar(config),
        chart_theme=config.alerts.chart_theme,
        approval_for=timedelta(hours=config.alerts.approval_hours),
    )


def uses_telegram(config: Config, secrets: Secrets) -> bool:
    """Say whether both a bot token and a chat are there."""
    return secrets.telegram_token is not None and config.telegram.chat_id != 0


def chat_audience(config: Config) -> Audience:
    """Return the team's chat as the place messages go to."""
    chat = Recipient(telegram_channel.CHANNEL, str(config.telegram.chat_id))
    return Audience(recipients=(chat,))


def _audience(config: Config, secrets: Secrets) -> Audience:
    if uses_telegram(config, secrets):
        return chat_audience(config)
    return Audience(recipients=(Recipient(terminal.CHANNEL, "local"),))


def build_understanding(file: ConfigFile, brand_ids: dict[str, int], home: Path) -> Understanding:
    """Compile the brands. Raises ``ConfigError`` naming a term that cannot be understood."""
    return Understanding(
        brands=configured_brands(file),
        brand_ids=brand_ids,
        pseudonym_key=installation_key(home / "keys", "pseudonym"),
        keep_author_names=file.config.privacy.keep_author_names,
        bound={one.key: one.brand for one in file.config.sources if one.brand is not None},
    )


def crisis_settings(config: Config) -> CrisisSettings:
    """Return the rule for a brand as a whole: the preset, or the user's own threshold."""
    preset = CrisisSettings.for_sensitivity(config.detection.sensitivity)
    own = config.detection.on_score
    return preset.at_score(own) if own else preset


def notice_settings(config: Config) -> NoticeSettings:
    """Return what noticing needs to know of the configuration."""
    return NoticeSettings(
        crisis=crisis_settings(config),
        parts=CrisisSettings.for_sensitivity("low"),
        volume=VolumeSettings(),
        tz=config.tz,
        history=timedelta(days=config.detection.history_days),
        lateness=lateness_allowance([s.interval_s for s in config.sources if s.enabled]),
        calendar=build_calendar(config),
        brands={
            brand.key: CrisisSettings.for_sensitivity(brand.sensitivity)
            for brand in config.brands
            if brand.sensitivity is not None
        },
        groups={
            group: CrisisSettings.for_sensitivity(chosen)
            for group, chosen in config.detection.groups.items()
        },
    )


def check_sources(file: ConfigFile) -> None:
    """Check every source against its spider. Raises ``ConfigError`` with the line."""
    problems = []
    for index, source in enumerate(file.config.sources):
        try:
            problem = check_parameters(source.spider, source.parameters)
        except ConfigError as error:
            problem = str(error)
        if problem:
            where = file.where("sources", index, "parameters")
            problems.append(f"{where}: source '{source.key}': {problem}")
    if problems:
        raise ConfigError("\n".join(problems))


def sync_database(engine: Engine, config: Config, now: datetime) -> dict[str, int]:
    """Write the configured brands and sources; return the id of each brand."""
    with unit_of_work(engine) as session:
        ids = brands.sync_brands(
            session,
            [(brand.key, brand.name, words_as_stored(brand)) for brand in config.brands],
        )
        sources.sync_sources(
            session,
            [
                sources.SourceSettings(
                    key=source.key,
                    name=source.name,
                    spider=source.spider,
                    group_name=source.group,
                    kind=source.kind,
                    interval_s=source.interval_s,
                    is_enabled=source.enabled,
                    # The bundled site has another address at every start, and is the same place.
                    fingerprint="" if config.demo.enabled else _fingerprint(source),
                )
                for source in config.sources
            ],
            now,
        )
        for brand in config.brands:
            series.ensure_series(session, ids[brand.key])
    return ids


def _fingerprint(source: Source) -> str:
    """Return what stands for a source's parameters, which may hold a key, without showing them."""
    written = json.dumps(source.parameters, sort_keys=True).encode()
    return hashlib.sha256(written).hexdigest()[:16]


@asynccontextmanager
async def demo_site(config: Config, anchor: datetime) -> AsyncIterator[str]:
    """Run the bundled site in a child process and give its address."""
    process = await start_child(
        "listener.demo.site",
        "--port",
        str(config.demo.port),
        "--anchor",
        anchor.isoformat(),
        "--seed",
        str(config.demo.seed),
    )
    stderr = StderrTail(process, "demo site")
    try:
        if process.stdout is None:
            raise RuntimeError("a child without pipes")
        async with asyncio.timeout(30):
            line = await process.stdout.readline()
        if not line:
            raise Temporary(f"the bundled site did not start: {await stderr.text()}")
        yield str(json.loads(line)["url"])
    finally:
        await end_child(process)


def with_demo_site(config: Config, url: str) -> Config:
    """Put the bundled site's address where the sources name it."""
    return config.model_copy(
        update={
            "sources": tuple(
                source.model_copy(
                    update={
                        "parameters": {
                            name: value.replace(DEMO_SITE, url)
                            for name, value in source.parameters.items()
                        }
                    }
                )
                for source in config.sources
            )
        }
    )


@dataclass(slots=True)
class Service:
    """The running parts."""

    file: ConfigFile
    config: Config
    engine: Engine
    clock: Clock
    home: Path
    desk: Desk
    owner: str
    crawler: CrawlRunner
    scorer: ScoringWorker
    charts: ChartWorker
    deliverer: Deliverer
    poller: Poller | None
    noticer: Noticer
    rules: RuleWatch
    lag: LagMeter
    tidy: Tidy
    started_at: datetime
    takeoffs: TakeoffNoticer = field(default_factory=TakeoffNoticer)
    presence: Presence | None = None
    api_token: SecretStr | None = None
    loops: dict[str, Loop] = field(default_factory=dict)
    stopping: str | None = None

    def make_loops(self) -> None:
        """Make the loops; each wakes the one that works on what it has produced."""
        steps = {
            "crawl": self._crawl,
            **dict.fromkeys(SCORE_LOOPS, self._score),
            "notice": self._notice,
            "respond": self._respond,
            "follow": self._follow,
            "deliver": self.deliverer.deliver_due,
            "tidy": self.tidy.step,
        }
        if self.poller is not None:
            steps["poll"] = self._poll
        if self.presence is not None:
            steps["presence"] = self._keep_presence
        self.loops = {name: Loop(name, step, clock=self.clock) for name, step in steps.items()}

    def wake(self, *names: str) -> None:
        """Wake loops, where they run."""
        for name in names:
            if name in self.loops:
                self.loops[name].wake()

    async def _crawl(self) -> int:
        return await self.crawler.start_due()

    async def _score(self) -> int:
        batch = await asyncio.to_thread(self._claim_to_score)
        if not batch:
            return 0
        sentiments = await self.scorer.score(texts_of(batch))

        def save() -> None:
            scores = judge(batch, sentiments)
            transact(
                self.engine, lambda session: save_judged(session, scores, now=self.clock.now())
            )

        await asyncio.to_thread(save)
        self.loops["notice"].wake()
        return len(batch)

    def _claim_to_score(self) -> list[MentionToScore]:
        with unit_of_work(self.engine) as session:
            return mentions.claim_to_score(
                session,
                owner=self.owner,
                now=self.clock.now(),
                lease=SCORE_LEASE,
                limit=SCORE_BATCH,
            )

    async def _notice(self) -> int:
        await asyncio.to_thread(self._notice_all)
        self.loops["respond"].wake()
        return 0  # judging again at once would find the same

    def _notice_all(self) -> None:
        self.noticer.tick(self.engine, self.desk.brands.keys(), self.clock.now())
        self.takeoffs.tick(self.engine, self.desk.brands.keys(), self.clock.now())
        brands = {id_: brand.key for id_, brand in self.desk.brands.items()}
        self.rules.tick(self.engine, brands, self.clock.now())

    async def _respond(self) -> int:
        done = await asyncio.to_thread(self._respond_all)
        if done:
            self.loops["deliver"].wake()
        return done

    def _respond_all(self) -> int:
        done = 0
        with read_session(self.engine) as session:
            waiting = [one.id for one in findings.unhandled_findings(session, limit=20)]
        for finding_id in waiting:
            with unit_of_work(self.engine) as session:
                finding = findings.lock_finding(session, finding_id)
                if finding.handled_at is None and finding.brand_id in self.desk.brands:
                    handle_finding(session, self.desk, finding, self.clock.now())
                    done += 1
        with unit_of_work(self.engine) as session:
            done += draft_requested(session, self.desk, self.clock.now())
        with unit_of_work(self.engine) as session:
            done += refresh_open_incidents(session, self.desk, self.clock.now())
        with unit_of_work(self.engine) as session:
            done += tell_course(session, self.desk, self.clock.now())
        with unit_of_work(self.engine) as session:
            done += follow_rules(session, self.desk, self.clock.now())
        return done

    async def _follow(self) -> int:
        await asyncio.to_thread(self._follow_all)
        self.wake("deliver")
        return 0  # following again at once would say nothing new

    def _follow_all(self) -> None:
        with read_session(self.engine) as session:
            live = live_statements(session)
        for statement_id in live:
            with unit_of_work(self.engine) as session:
                follow_statement(session, self.desk, statement_id, self.clock.now())
        with unit_of_work(self.engine) as session:
            remind_of_tasks(session, self.desk, self.clock.now())
        with unit_of_work(self.engine) as session:
            raise_incidents(session, self.desk, self.clock.now())
        with unit_of_work(self.engine) as session:
            follow_clocks(session, self.desk, self.clock.now())
        with unit_of_work(self.engine) as session:
            remind_of_enquiries(session, self.desk, self.clock.now())
        with unit_of_work(self.engine) as session:
            tell_aftermath(session, self.desk, self.clock.now())

    async def _poll(self) -> int:
        if self.poller is None:
            return 0
        await self.poller.poll()
        self.loops["deliver"].wake()
        return 1  # poll again at once: the long poll is the pause

    async def _keep_presence(self) -> int:
        if self.presence is not None:
            await asyncio.to_thread(self.presence.keep)
        return 0

    async def run(self, stop: asyncio.Event) -> None:
        """Run every loop until ``stop`` is set, then shut down in order."""
        self.make_loops()
        scheduler = AsyncIOScheduler(
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        for name, loop in self.loops.items():
            scheduler.add_job(
                loop.tick, "interval", seconds=TICKS_S[name.partition("-")[0]], id=name
            )
        scheduler.start()
        tasks = [asyncio.create_task(loop.run(), name=name) for name, loop in self.loops.items()]
        lag = asyncio.create_task(self.lag.run(), name="loop lag")
        warm = asyncio.create_task(self._warm_up(), name="warm up")
        try:
            for loop in self.loops.values():
                loop.wake()
            async with self._oversight() as stopping:
                await stop.wait()
                stopping()
                scheduler.pause()
                await self._drain(tasks)
        finally:
            scheduler.shutdown(wait=False)
            await self._close(tasks, [lag, warm])

    def _oversight(self) -> AbstractAsyncContextManager[Callable[[], None]]:
        board = Board(
            engine=self.engine,
            clock=self.clock,
            loops=self.loops,
            lag=self.lag,
            started_at=self.started_at,
        )
        replay = BacktestReplay(
            config=str(self.file.path.resolve()),
            database_url=SecretStr(self.engine.url.render_as_string(hide_password=False)),
            clock=self.clock,
        )
        takers = {BACKTESTS: BacktestTaker(self.api_token, replay)}
        return oversight(self.config.operation, board, self.loops, Notifier(), takers)

    def unfinished(self) -> list[str]:
        """Return what still runs, for whoever wonders why stopping takes so long."""
        steps = [(name, loop.step_s) for name, loop in self.loops.items() if loop.step_s]
        passes = self.crawler.passes_running
        return [
            *(f"loop {name}: a step since {step_s:.0f} s" for name, step_s in steps),
            *([f"crawl: {passes} passes"] if passes else []),
            *([f"stopping: {self.stopping}"] if self.stopping else []),
        ]

    async def _warm_up(self) -> None:
        with contextlib.suppress(Temporary):
            await self.scorer.warm_up()
            await self.charts.warm_up()

    async def _drain(self, tasks: list[asyncio.Task[None]]) -> None:
        """Stop intake, let running steps finish, then send what they have decided.

        Nothing is lost by what does not finish: it stands in the database as due.
        """
        self.stopping = "crawls end"
        await self.crawler.close()
        self.stopping = "running steps end"
        for loop in self.loops.values():
            loop.stop()
        for task in tasks:
            if task.get_name() == "poll":
                task.cancel()  # a long poll may wait half a minute; nothing is lost by dropping it
        _, late = await asyncio.wait(tasks, timeout=CLOSE_WITHIN_S)
        if late:
            names = sorted(task.get_name() for task in late)
            logger.warning("steps cut short", extra={"loops": names})
            return
        self.stopping = "what is due is sent"
        with contextlib.suppress(TimeoutError, ListenerError):
            async with asyncio.timeout(DRAIN_WITHIN_S):
                while await self.deliverer.deliver_due():
                    pass

    async def _close(
        self, tasks: list[asyncio.Task[None]], helpers: Iterable[asyncio.Task[None]]
    ) -> None:
        """End what is left of the tasks, and the children."""
        self.stopping = "children end"
        await self.crawler.close()
        for task in (*tasks, *helpers):
            task.cancel()
        await asyncio.gather(*tasks, *helpers, return_exceptions=True)
        await self.scorer.close()
        await self.charts.close()
        logger.info(
            "service stopped",
            extra={name: loop.health.processed for name, loop in self.loops.items()},
        )


@asynccontextmanager
async def open_service(
    file: ConfigFile,
    secrets: Secrets,
    *,
    write: Callable[[str], None],
    program: str,
    new_demo: bool = False,
    clock: Clock | None = None,
) -> AsyncIterator[Service]:
    """Build the service on a migrated database, with the bundled site if the demo is on."""
    clock = clock or SystemClock()
    started_at = clock.now()
    check_sources(file)
    rules = compiled_rules(file)
    home = home_of(file)
    async with contextlib.AsyncExitStack() as stack:
        config = file.config
        endpoints: tuple[str, ...] = ()
        if config.demo.enabled:
            anchor = demo_anchor(home, started_at, anew=new_demo)
            url = await stack.enter_async_context(demo_site(config, anchor))
            config, endpoints = with_demo_site(config, url), (urlsplit(url).netloc,)
        engine = await asyncio.to_thread(open_database, file, secrets)
        stack.callback(engine.dispose)
        brand_ids = await asyncio.to_thread(sync_database, engine, config, started_at)
        owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        presence = Presence(engine, owner) if engine.dialect.name == "postgresql" else None
        if presence is not None:
            stack.callback(presence.close)
        await asyncio.to_thread(_take_over, engine, presence)
        desk = build_desk(file, brand_ids, secrets)
        line = _open_bot(config, secrets)
        if line is not None:
            stack.push_async_callback(line.close)
        bot = line.bot if line else None
        charts = ChartWorker()
        service = Service(
            file=file,
            config=config,
            engine=engine,
            clock=clock,
            home=home,
            desk=desk,
            owner=owner,
            crawler=CrawlRunner(
                engine=engine,
                clock=clock,
                config=config,
                understanding=build_understanding(file, brand_ids, home),
                owner=owner,
                endpoints=endpoints,
                on_stored=lambda: service.wake(*SCORE_LOOPS),
            ),
            scorer=ScoringWorker(scorer_of(file), *transformer_of(file)),
            charts=charts,
            deliverer=Deliverer(
                engine=engine,
                clock=clock,
                channels=_channels(config, home, bot, write=write, program=program),
                charts=charts,
                chart_folder=home / "charts",
                owner=owner,
            ),
            poller=_poller(config, home, bot, engine=engine, clock=clock, desk=desk),
            noticer=Noticer(notice_settings(config)),
            rules=RuleWatch(rules, notice_settings(config)),
            lag=LagMeter(clock),
            tidy=Tidy(engine=engine, clock=clock, config=config, chart_folder=home / "charts"),
            started_at=started_at,
            presence=presence,
            api_token=secrets.api_token,
        )
        yield service


def _take_over(engine: Engine, presence: Presence | None) -> None:
    """Take back what a crashed service had claimed."""
    if presence is not None:
        presence.keep()
        return
    with unit_of_work(engine) as session:
        release_leases(session)  # on SQLite there is no other service


def _open_bot(config: Config, secrets: Secrets) -> BotLine | None:
    if not uses_telegram(config, secrets) or secrets.telegram_token is None:
        return None
    proxy = secrets.telegram_proxy
    return open_bot(
        secrets.telegram_token.get_secret_value(),
        base_url=config.telegram.base_url,
        proxy=proxy.get_secret_value() if proxy else None,
        poll_timeout_s=config.telegram.poll_timeout_s,
    )


def _channels(
    config: Config,
    home: Path,
    bot: Bot | None,
    *,
    write: Callable[[str], None],
    program: str,
) -> dict[str, Channel]:
    if bot is not None:
        key = installation_key(home / "keys", "callback")
        return {
            telegram_channel.CHANNEL: TelegramChannel(
                bot, key=key, topic_id=config.telegram.topic_id
            )
        }
    lead = next((p.key for p in config.people if "lead" in p.roles), "KEY")

    def hint(subject_type: str, subject_id: int) -> str:
        commands = {
            "incident": f"{program} incidents claim {subject_id} --as {lead}",
            "revision": f"{program} approve r{subject_id} --as {lead}",
            "question": f"{program} statements answer {subject_id} --as {lead} --text …",
        }
        return f"→ {commands[subject_type]}" if subject_type in commands else ""

    return {terminal.CHANNEL: TerminalChannel(write, hint=hint)}


def _poller(
    config: Config,
    home: Path,
    bot: Bot | None,
    *,
    engine: Engine,
    clock: Clock,
    desk: Desk,
) -> Poller | None:
    if bot is None:
        return None
    handler = UpdateHandler(
        engine=engine,
        clock=clock,
        desk=desk,
        chat_id=config.telegram.chat_id,
        callback_key=installation_key(home / "keys", "callback"),
    )
    return Poller(
        engine=engine,
        clock=clock,
        bot=bot,
        handler=handler,
        poll_timeout_s=config.telegram.poll_timeout_s,
    )


def stop_on_signals(stop: asyncio.Event, *, on_first: Callable[[], None] = lambda: None) -> None:
    """Stop in order on SIGINT and SIGTERM; a second signal ends at once."""
    loop = asyncio.get_running_loop()

    def ask(number: signal.Signals) -> None:
        if stop.is_set():
            os._exit(128 + number)
        logger.info("stopping", extra={"signal": number.name})
        on_first()
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ask, number)
