"""Real Scrapy child processes against a real site on loopback."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest

from listener.config import Config
from listener.crawl.runner import CrawlRunner
from listener.store import mentions, sources
from listener.store.engine import read_session, unit_of_work
from listener.workers import child_environment
from tests.build import set_up
from tests.conftest import DATABASES
from tests.fakes.site import Answer, FakeSite, SitePost

NOW = datetime(2026, 11, 22, 3, 2, tzinfo=UTC)


@pytest.fixture
def database():
    """Crawling is the same on both; two tests below show that what it stores is."""
    return "sqlite"


@pytest.fixture
def site():
    with FakeSite() as server:
        server.publish(
            *(SitePost(n, f"澜白第{n}条", NOW - timedelta(minutes=n), "某人") for n in range(5))
        )
        yield server


class Crawl:
    """One source crawled on demand."""

    def __init__(self, engine, clock, url, *, endpoints=(), networks=(), **crawl):
        self.engine = engine
        understanding = set_up(engine, clock.now())
        config = Config.model_validate(
            {
                "crawl": {"delay_s": 0.01, "allow_networks": list(networks), **crawl},
                "sources": [
                    {
                        "key": "forum",
                        "name": "社区",
                        "spider": "feed",
                        "parameters": {"url": url, "kind": "post"},
                    }
                ],
            }
        )
        self.runner = CrawlRunner(
            engine=engine,
            clock=clock,
            config=config,
            understanding=understanding,
            owner="test",
            endpoints=endpoints,
        )

    def run(self):
        (report,) = asyncio.run(self.runner.run_now(["forum"]))
        return report

    def count(self):
        with read_session(self.engine) as session:
            return mentions.count_mentions(session)

    def health(self):
        with read_session(self.engine) as session:
            return sources.source_health(session)[0]


@pytest.fixture
def crawl(engine, clock, site):
    def make(path="/feed.xml", **settings):
        settings.setdefault("endpoints", [site.host])
        return Crawl(engine, clock, site.url + path, **settings)

    return make


@pytest.mark.parametrize("database", DATABASES)
def test_a_feed_is_stored_once_and_the_next_pass_asks_conditionally(crawl, site):
    site.routes["/feed.xml"] = lambda handler: (
        Answer(status=304)
        if handler.headers.get("If-None-Match") == '"1"'
        else Answer(site.feed(), headers={"ETag": '"1"'})
    )
    one = crawl()
    first, second = one.run(), one.run()
    assert (first.items, first.new, first.failure) == (5, 5, None)
    assert (second.items, second.failure) == (0, None)
    assert one.count() == 5


def test_only_what_is_new_is_stored_and_the_user_agent_is_honest(crawl, site):
    one = crawl()
    one.run()
    site.publish(SitePost(99, "澜白又一条", NOW, "某人"))
    assert one.run().new == 1
    agents = {headers["User-Agent"] for _, headers in site.requests}
    assert all(agent.startswith("Fengsheng/") and "+http" in agent for agent in agents)
    assert not any("Cookie" in headers or "Referer" in headers for _, headers in site.requests)


def test_robots_txt_is_obeyed(crawl, site):
    rules = b"User-agent: *\nDisallow: /feed\n"
    site.routes["/robots.txt"] = lambda _: Answer(rules, content_type="text/plain")
    one = crawl()
    report = one.run()
    assert report.failure == "blocked"
    assert "robots" in report.detail
    assert [path for path, _ in site.requests] == ["/robots.txt"]


@pytest.mark.parametrize(("status", "failure"), [(500, "blocked"), (503, "blocked"), (404, None)])
def test_robots_txt_with_5xx_means_stop_and_with_4xx_no_rules(crawl, site, status, failure):
    site.routes["/robots.txt"] = lambda _: Answer(b"", status, "text/plain")
    assert crawl().run().failure == failure


def test_private_addresses_are_refused_unless_allowed(crawl, site):
    refused = crawl(endpoints=[])
    assert refused.run().failure == "blocked"
    assert site.requests == []


def test_networks_that_the_configuration_allows_are_reached(crawl):
    assert crawl(endpoints=[], networks=["127.0.0.0/8"]).run().new == 5


def test_a_redirect_to_a_private_address_is_refused(crawl, site):
    elsewhere = FakeSite()
    with elsewhere:
        elsewhere.publish(SitePost(1, "澜白", NOW, "x"))
        target = f"{elsewhere.url}/feed.xml"
        site.routes["/feed.xml"] = lambda _: Answer(status=302, headers={"Location": target})
        report = crawl().run()
    assert report.failure == "blocked"
    assert elsewhere.requests == []


def test_other_schemes_are_refused(engine, clock):
    report = Crawl(engine, clock, "file:///etc/passwd").run()
    assert report.failure in ("blocked", "server_error")
    assert report.items == 0


def test_a_body_that_is_too_large_is_dropped(crawl, site):
    site.routes["/feed.xml"] = lambda _: Answer(b"<rss>" + b" " * 400_000 + b"</rss>")
    report = crawl(max_body_bytes=100_000).run()
    assert report.failure in ("bad_payload", "server_error")


def test_an_html_page_is_named_as_what_it_is(crawl, site):
    page = b"<!doctype html><html><link rel='alternate' type='application/rss+xml' href='/real.xml'></html>"
    site.routes["/feed.xml"] = lambda _: Answer(page, content_type="text/html")
    report = crawl().run()
    assert report.failure == "bad_payload"
    assert "/real.xml" in report.detail


@pytest.mark.parametrize("database", DATABASES)
def test_a_source_that_hangs_is_cut_at_the_deadline_and_opens_a_gap(crawl, site, clock):
    crawl().run()
    one = crawl(deadline_s=8, timeout_s=60)
    released = threading.Event()
    site.routes["/feed.xml"] = lambda _: released.wait(30) and None
    clock.advance(timedelta(minutes=10))
    report = one.run()
    released.set()
    assert report.failure == "server_error"
    assert one.health().failures_in_row == 1
    with unit_of_work(one.engine) as session:
        assert len(sources.unrecovered_gaps(session, since=NOW)) == 1


def test_pages_are_followed_back_until_something_known(crawl, site):
    def page(number):
        start, end = number * 3, number * 3 + 3
        posts = "".join(
            f"<entry><id>e{n}</id><title>澜白{n}</title><updated>2026-11-2{2 - n // 5}T0{n % 5}:00:00Z</updated></entry>"
            for n in range(start, end)
        )
        more = (
            f'<link rel="next" href="{site.url}/atom.xml?page={number + 1}"/>'
            if number < 2
            else ""
        )
        return Answer(
            f'<feed xmlns="http://www.w3.org/2005/Atom">{more}{posts}</feed>'.encode(),
            content_type="application/atom+xml",
        )

    site.routes["/atom.xml"] = lambda handler: page(int(handler.path.partition("page=")[2] or 0))
    one = crawl("/atom.xml")
    assert (one.run().pages, one.count()) == (3, 9)
    assert one.run().pages == 1


def test_the_secret_environment_never_reaches_a_child(monkeypatch):
    monkeypatch.setenv("FENGSHENG_TELEGRAM_TOKEN", "123:SECRET")
    assert not any("FENGSHENG" in name for name in child_environment())


def test_one_source_that_hangs_its_child_does_not_take_the_others_down(engine, clock, site):
    one = Crawl(
        engine, clock, f"{site.url}/hang", endpoints=[site.host], timeout_s=60, deadline_s=16
    )
    released = threading.Event()
    site.routes["/hang"] = lambda _: released.wait(60) and None
    behind = {
        "key": "behind",
        "name": "后面",
        "spider": "feed",
        "parameters": {"url": site.url + "/feed.xml"},
    }
    config = one.runner._config.model_dump(mode="json", by_alias=True, exclude_none=True)
    config["sources"].append(behind)
    with unit_of_work(engine) as session:
        settings = [
            sources.SourceSettings(
                key=key,
                name=key,
                spider="feed",
                group_name="x",
                interval_s=60,
                is_enabled=True,
            )
            for key in ("forum", "behind")
        ]
        sources.sync_sources(session, settings, NOW)
    runner = CrawlRunner(
        engine=engine,
        clock=clock,
        config=Config.model_validate(config),
        understanding=one.runner._understanding,
        owner="test",
        endpoints=[site.host],
    )
    reports = {r.source: r for r in asyncio.run(runner.run_now(["forum", "behind"]))}
    released.set()
    assert reports["forum"].failure == "server_error"
    assert (reports["behind"].failure, reports["behind"].new) == (None, 5)
