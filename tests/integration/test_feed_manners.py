"""What a feed says about being visited is kept: validators, pace, moves, its own end."""

from datetime import UTC, datetime, timedelta

import pytest

from crisis.evidence import blind_spots
from listener.store import sources
from listener.store.engine import read_session, unit_of_work
from tests.fakes.feed_site import feed_of, paths, redirecting, serving
from tests.fakes.site import Answer, FakeSite
from tests.integration.test_crawl import Crawl

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)


@pytest.fixture
def site():
    with FakeSite() as server:
        yield server


@pytest.fixture
def crawl(engine, clock, site):
    return Crawl(engine, clock, f"{site.url}/feed.xml", endpoints=[site.host])


def wait_s(crawl):
    health = crawl.health()
    return (health.next_due_at - health.last_attempt_at).total_seconds()


@pytest.mark.parametrize(
    ("answered", "asked"),
    [
        ({"ETag": '"a"'}, {"If-None-Match": '"a"'}),
        (
            {"Last_Modified": "Sun, 22 Nov 2026 02:00:00 GMT"},
            {"If-Modified-Since": "Sun, 22 Nov 2026 02:00:00 GMT"},
        ),
    ],
)
def test_validators_are_remembered_and_sent(crawl, site, answered, asked):
    site.routes["/feed.xml"] = serving(feed_of("澜白"), **answered)
    assert (crawl.run().new, crawl.run().failure) == (1, None)
    assert asked.items() <= site.requests[-1][1].items()


def test_a_cut_feed_gives_what_is_whole_and_is_asked_for_again_in_full(crawl, site):
    whole = feed_of("澜白一", "澜白二")
    site.routes["/feed.xml"] = serving(whole[:-50], ETag='"a"')
    assert crawl.run().new == 1
    site.routes["/feed.xml"] = serving(whole, ETag='"a"')
    assert crawl.run().new == 1


@pytest.mark.parametrize(
    ("head", "headers", "least_s", "most_s"),
    [
        ("<ttl>1</ttl>", {}, 280, 330),
        ("<ttl>100000</ttl>", {}, 6 * 3600, 7 * 3600),
        ("", {"Cache_Control": "public, max-age=1800"}, 1800, 1900),
    ],
)
def test_the_longer_of_the_interval_and_the_feeds_own_pace_counts(
    crawl, site, head, headers, least_s, most_s
):
    site.routes["/feed.xml"] = serving(feed_of("澜白", head=head), ETag='"a"', **headers)
    crawl.run()
    assert least_s <= wait_s(crawl) <= most_s
    crawl.run()  # unchanged: the pace is remembered
    assert least_s <= wait_s(crawl) <= most_s


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "is_lasting"), [(301, True), (308, True), (302, False), (307, False)]
)
def test_only_a_lasting_move_is_remembered(crawl, site, status, is_lasting):
    site.routes["/feed.xml"] = redirecting(status, f"{site.url}/new.xml")
    site.routes["/new.xml"] = serving(feed_of("澜白"))
    crawl.run()
    site.requests.clear()
    assert crawl.run().failure is None
    assert paths(site) == (["/new.xml"] if is_lasting else ["/feed.xml", "/new.xml"])


def test_a_remembered_address_that_no_longer_serves_is_forgotten(crawl, site):
    site.routes["/feed.xml"] = redirecting(301, f"{site.url}/new.xml")
    site.routes["/new.xml"] = serving(feed_of("澜白"))
    crawl.run()
    del site.routes["/new.xml"]
    site.routes["/feed.xml"] = serving(feed_of("澜白", "澜白二"))
    site.requests.clear()
    assert crawl.run().new == 1
    assert crawl.run().failure is None
    assert paths(site) == ["/new.xml", "/feed.xml", "/feed.xml"]


def test_a_move_to_something_else_than_a_feed_is_not_remembered(crawl, site):
    site.routes["/feed.xml"] = redirecting(301, f"{site.url}/login")
    site.routes["/login"] = lambda _: Answer(b"<html>log in</html>", content_type="text/html")
    assert crawl.run().failure == "bad_payload"
    site.routes["/feed.xml"] = serving(feed_of("澜白"))
    assert crawl.run().new == 1


def test_410_stops_the_source_until_somebody_asks_and_is_a_blind_spot(crawl, site, clock, engine):
    site.routes["/feed.xml"] = lambda _: Answer(status=410)
    report = crawl.run()
    assert report.failure == "gone"
    assert "remove the source" in report.detail
    health = crawl.health()
    assert sources.is_stopped(health)
    assert health.next_due_at > clock.now() + timedelta(days=365)
    assert [spot["reason"] for spot in blind_spots([health], clock.now())] == ["gone"]
    site.routes["/feed.xml"] = serving(feed_of("澜白"))
    assert crawl.run().failure is None
    assert not sources.is_stopped(crawl.health())


def test_404_is_asked_again_tomorrow(crawl, site):
    site.routes["/feed.xml"] = lambda _: Answer(status=404)
    assert crawl.run().failure == "gone"
    assert not sources.is_stopped(crawl.health())
    assert wait_s(crawl) == 24 * 3600


@pytest.mark.parametrize(("status", "kind"), [(429, "rate_limited"), (503, "server_error")])
def test_retry_after_is_waited_for_and_not_retried_at_once(crawl, site, status, kind):
    site.routes["/feed.xml"] = lambda _: Answer(status=status, headers={"Retry-After": "5000"})
    assert crawl.run().failure == kind
    assert paths(site) == ["/feed.xml"]
    assert wait_s(crawl) == 5000


def settings(fingerprint):
    return sources.SourceSettings(
        key="forum",
        name="社区",
        spider="feed",
        group_name="forum",
        interval_s=300,
        is_enabled=True,
        fingerprint=fingerprint,
    )


def test_another_address_in_the_configuration_starts_a_stopped_source_again(
    crawl, site, engine, clock
):
    with unit_of_work(engine) as session:
        sources.sync_sources(session, [settings("one")], clock.now())
    site.routes["/feed.xml"] = lambda _: Answer(status=410)
    crawl.run()
    for fingerprint, is_stopped in (("one", True), ("other", False)):
        with unit_of_work(engine) as session:
            sources.sync_sources(session, [settings(fingerprint)], clock.now())
        with read_session(engine) as session:
            assert sources.is_stopped(sources.source_health(session)[0]) is is_stopped
