"""A site that does everything wrong, crawled for real: named failures, bounded cost, no leaks."""

import asyncio
import contextlib
import logging
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from listener.clock import FakeClock
from listener.config import Config
from listener.crawl.runner import CrawlRunner
from listener.logs import JsonFormatter, LineFormatter
from listener.store import sources
from listener.store.engine import open_engine, read_session, sqlite_url, unit_of_work
from listener.store.migrate import upgrade
from listener.store.tables import Mention, Source
from tests.build import set_up
from tests.fakes.hostile_behaviours import OK, robots, spellings, tricks
from tests.fakes.hostile_site import HostileSite, honest_feed, says

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
HOSTS = 8
MAX_BODY_BYTES = 300_000
# A child is about 150 MB when it starts; a bomb would add 200 MB at the very least.


class World:
    """Every trick crawled once in production's way, and what came of it."""

    def __init__(self, folder, victim):
        self.engine = open_engine(sqlite_url(folder / "hostile.db"))
        upgrade(self.engine)
        self.clock = FakeClock(NOW)
        self.victim = victim
        self.tricks = tricks(NOW, victim)
        self.robots = robots(victim)
        self.lines = []
        self.sites = []
        self.addresses = {}

    def open_sites(self, stack):
        self.sites = [stack.enter_context(HostileSite()) for _ in range(HOSTS)]
        for number, name in enumerate(self.tricks):
            site = self.sites[number % HOSTS]
            site.behaviours |= {f"/{key}": trick.serve for key, trick in self.tricks.items()}
            self.addresses[name] = f"{site.url}/{name}"
        for name, one in self.robots.items():
            site = stack.enter_context(HostileSite())
            site.behaviours |= {"/robots.txt": one.serve, "/feed": says(honest_feed(NOW))}
            self.sites.append(site)
            self.addresses[f"robots-{name}"] = f"{site.url}/feed"
        for number in range(3):
            site = self.sites[number]
            site.behaviours["/honest"] = says(honest_feed(NOW))
            self.addresses[f"honest-{number}"] = f"{site.url}/honest"

    def crawl(self):
        understanding = set_up(self.engine, NOW)
        config = Config.model_validate(
            {
                "crawl": {
                    "delay_s": 0.01,
                    "timeout_s": 3,
                    "deadline_s": 90,
                    "max_body_bytes": MAX_BODY_BYTES,
                },
                "sources": [
                    {
                        "key": name,
                        "name": name,
                        "spider": "feed",
                        "interval_s": 60,
                        "parameters": {"url": url},
                    }
                    for name, url in self.addresses.items()
                ],
            }
        )
        with unit_of_work(self.engine) as session:
            settings = [
                sources.SourceSettings(
                    key=one.key,
                    name=one.name,
                    spider=one.spider,
                    group_name=one.group,
                    interval_s=one.interval_s,
                    is_enabled=True,
                )
                for one in config.sources
            ]
            sources.sync_sources(session, settings, NOW)
        runner = CrawlRunner(
            engine=self.engine,
            clock=self.clock,
            config=config,
            understanding=understanding,
            owner="test",
            endpoints=[site.host for site in self.sites],
        )
        reports = asyncio.run(runner.run_now(list(self.addresses)))
        self.reports = {report.source: report for report in reports}

    def source(self, key):
        with read_session(self.engine) as session:
            return session.exec(select(Source).where(Source.key == key)).one()

    def texts(self, key):
        with read_session(self.engine) as session:
            query = select(Mention).join(Source).where(Source.key == key)
            return [f"{one.title or ''} {one.text}" for one in session.exec(query)]


class Kept(logging.Handler):
    """Formats each record as production does."""

    def __init__(self, lines):
        super().__init__()
        self.lines = lines

    def emit(self, record):
        self.lines.append(JsonFormatter().format(record))
        self.lines.append(LineFormatter().format(record))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with contextlib.ExitStack() as stack:
        victim = stack.enter_context(HostileSite())
        for address in ("127.0.0.2", "::1"):
            with contextlib.suppress(OSError):
                stack.enter_context(HostileSite(address=address, port=victim.port))
        one = World(tmp_path_factory.mktemp("hostile"), victim)
        one.open_sites(stack)
        handler = Kept(one.lines)
        logging.getLogger("listener").addHandler(handler)
        logging.getLogger("listener").setLevel(logging.DEBUG)
        try:
            one.crawl()
        finally:
            logging.getLogger("listener").removeHandler(handler)
            logging.getLogger("listener").setLevel(logging.NOTSET)
        yield one
        one.engine.dispose()


PROBE = HostileSite()
TRICKS = tricks(NOW, PROBE)
ROBOTS = robots(PROBE)


@pytest.mark.parametrize("name", TRICKS)
def test_each_trick_is_named_as_what_it_is(world, name):
    report = world.reports[name]
    assert (report.failure or OK) in TRICKS[name].kinds, report


@pytest.mark.parametrize("name", ROBOTS)
def test_robots_txt_is_read_as_rfc_9309_has_it(world, name):
    report = world.reports[f"robots-{name}"]
    assert (report.failure or OK) in ROBOTS[name].kinds, report
    if report.failure == "blocked":
        assert "robots.txt" in report.detail
        site = next(s for s in world.sites if world.addresses[f"robots-{name}"].startswith(s.url))
        assert {path for path, _ in site.asked} == {"/robots.txt"}


def test_nothing_was_fetched_from_a_private_address(world):
    assert (world.victim.connected, world.victim.asked) == (0, [])


def test_honest_sources_beside_hostile_ones_are_collected(world):
    for number in range(3):
        report = world.reports[f"honest-{number}"]
        assert (report.failure, report.items) == (None, 3)


def test_every_source_has_its_report_and_is_free_again(world):
    assert set(world.reports) == set(world.addresses)
    assert all(world.source(key).lease_owner is None for key in world.addresses)


def test_bodies_were_cut_where_the_limit_says(world):
    assert "exceeded" in world.reports["gzip-bomb"].detail
    assert "larger than" in world.reports["huge-length"].detail


@pytest.mark.parametrize("name", [name for name, one in TRICKS.items() if one.after_s])
def test_the_wait_a_source_asks_for_is_kept_within_reason(world, name):
    assert world.source(name).next_due_at == NOW + timedelta(seconds=TRICKS[name].after_s)


def test_no_cookie_is_kept_and_no_referrer_sent(world):
    asked = [headers for site in world.sites for _, headers in site.asked]
    assert not any("Cookie" in headers or "Referer" in headers for headers in asked)
    assert not any("X-Injected" in headers for headers in asked)


def test_entities_are_never_opened(world):
    for name in ("entity-file", "entity-http", "billion-laughs", "quadratic"):
        assert all("root:" not in text and len(text) < 21_000 for text in world.texts(name))


def test_a_lying_charset_is_seen_through(world):
    assert world.texts("lying-charset") == ["澜白门封漏热 澜白门封漏热"]


def test_every_spelling_of_a_private_address_was_tried(world):
    tried = [path for site in world.sites for path, _ in site.asked]
    assert all(f"/to-{number}" in tried for number in range(len(spellings(1))))


def test_what_is_logged_stays_on_its_line_and_moves_no_cursor(world):
    assert any("source visited" in line for line in world.lines)
    assert all(line.isprintable() for line in world.lines)
