"""The demonstration's site: every endpoint parses, paging is complete, the future stays hidden."""

import errno
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

import feedparser
import pytest

from listener.clock import FakeClock
from listener.demo.site import DemoServer, main
from listener.demo.world import APP_ID, Channel, Post, World, build_world

ANCHOR = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
REVIEWS = f"rss/customerreviews/page={{}}/id={APP_ID}/sortby=mostrecent/json"
END_TIMEOUT_S = 20


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True, slots=True)
class Site:
    server: DemoServer
    clock: FakeClock
    world: World

    def get(self, target: str, method: str = "GET", **headers: str) -> Reply:
        connection = HTTPConnection("127.0.0.1", self.server.server_port, timeout=10)
        try:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, target, headers=names)
            answer = connection.getresponse()
            received = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, received, answer.read())
        finally:
            connection.close()

    def shown(self, channel: Channel, country: str | None = None) -> list[Post]:
        return [
            post
            for post in self.world.posts
            if post.channel is channel
            and post.country == country
            and post.posted_at <= self.clock.now()
        ]

    def feed_pages(self, path: str) -> list[feedparser.FeedParserDict]:
        pages = []
        following: str | None = path
        while following is not None:
            reply = self.get(following)
            assert reply.status == 200
            parsed = feedparser.parse(reply.body, response_headers=reply.headers)
            assert not parsed.bozo, parsed.get("bozo_exception")
            pages.append(parsed)
            address = next((link.href for link in parsed.feed.links if link.rel == "next"), None)
            following = None if address is None else address.removeprefix(self.server.url)
        return pages

    def reviews(self, country: str, page: int) -> dict[str, object]:
        reply = self.get(f"/{country}/{REVIEWS.format(page)}")
        assert reply.status == 200
        feed = json.loads(reply.body)["feed"]
        assert isinstance(feed, dict)
        return feed


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(ANCHOR, seed=7)


def serve(world: World) -> Iterator[Site]:
    clock = FakeClock(ANCHOR)
    with DemoServer(world, clock, 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Site(server, clock, world)
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def site(world: World) -> Iterator[Site]:
    yield from serve(world)


def test_it_listens_on_loopback_only(site: Site) -> None:
    assert site.server.server_address[0] == "127.0.0.1"
    assert site.server.url == f"http://127.0.0.1:{site.server.server_port}"


def test_robots_allow_all_but_the_private_part(site: Site) -> None:
    lines = site.get("/robots.txt").text.splitlines()
    assert lines == ["User-agent: *", "Disallow: /private/", "Allow: /"]


def test_the_front_page_says_that_all_is_fictional(site: Site) -> None:
    reply = site.get("/")
    assert reply.headers["content-type"].startswith("text/html")
    assert "演示站点" in reply.text
    assert "虚构" in reply.text


@pytest.mark.parametrize(
    ("path", "channel", "version"),
    [
        ("/news/feed.xml", Channel.NEWS, "rss20"),
        ("/forum/feed.xml", Channel.FORUM, "atom10"),
    ],
)
def test_feed_pages_hold_every_post_once_and_newest_first(
    site: Site, path: str, channel: Channel, version: str
) -> None:
    pages = site.feed_pages(path)
    entries = [entry for page in pages for entry in page.entries]
    expected = sorted(site.shown(channel), key=lambda post: int(post.id), reverse=True)
    assert {page.version for page in pages} == {version}
    assert [entry.id.rpartition("/")[2] for entry in entries] == [post.id for post in expected]
    assert len(pages) > 1


def test_news_items_carry_title_time_author_and_html(site: Site) -> None:
    newest = site.shown(Channel.NEWS)[-1]
    item = site.feed_pages("/news/feed.xml")[0].entries[0]
    assert (item.title, item.author) == (newest.title, newest.author)
    assert datetime(*item.published_parsed[:6], tzinfo=UTC) == newest.posted_at
    assert item.content[0].value.replace("<br />", "<br>") == newest.html
    assert item.link == f"{site.server.url}/post/{newest.id}"


def test_forum_entries_carry_author_times_comments_and_html(site: Site) -> None:
    posts = {post.id: post for post in site.shown(Channel.FORUM)}
    pages = site.feed_pages("/forum/feed.xml")
    entries = [entry for page in pages for entry in page.entries]
    for entry in entries:
        post = posts[entry.id.rpartition("/")[2]]
        assert (entry.title, entry.author) == (post.title, post.author)
        assert entry.author_detail.href.endswith(f"/user/{post.author_id}")
        assert datetime(*entry.published_parsed[:6], tzinfo=UTC) == post.posted_at
        assert int(entry.slash_comments) == post.comments
        assert entry.content[0].type == "text/html"
    assert any('alt="[' in entry.content[0].value for entry in entries)


def test_links_of_a_middle_page_lead_both_ways(site: Site) -> None:
    reply = site.get("/forum/feed.xml?page=2")
    links = {link.rel: link.href for link in feedparser.parse(reply.body).feed.links}
    base = f"{site.server.url}/forum/feed.xml"
    assert links["first"] == links["previous"] == base
    assert (links["self"], links["next"]) == (f"{base}?page=2", f"{base}?page=3")


@pytest.mark.parametrize("page", ["0", "99", "-1", "x", "1000000000000000000000"])
def test_a_page_that_does_not_exist_is_not_found(site: Site, page: str) -> None:
    assert site.get(f"/forum/feed.xml?page={page}").status == 404


@pytest.mark.parametrize("country", ["cn", "tw", "hk"])
def test_review_pages_hold_every_review_once(site: Site, country: str) -> None:
    seen: list[str] = []
    for page in range(1, 11):
        entries = site.reviews(country, page).get("entry", [])
        assert isinstance(entries, list)
        assert len(entries) <= 50
        seen += [entry["id"]["label"] for entry in entries]
    expected = [post.id for post in reversed(site.shown(Channel.REVIEWS, country))]
    assert seen == expected


def test_a_review_has_the_shape_of_the_app_store(site: Site) -> None:
    newest = site.shown(Channel.REVIEWS, "cn")[-1]
    feed = site.reviews("cn", 1)
    assert set(feed) == {"author", "entry", "updated", "rights", "title", "icon", "link", "id"}
    entries = feed["entry"]
    assert isinstance(entries, list)
    entry = entries[0]
    assert set(entry) == {
        *("author", "updated", "im:rating", "im:version", "id", "title", "content", "link"),
        *("im:voteSum", "im:contentType", "im:voteCount"),
    }
    assert entry["content"] == {"label": newest.text, "attributes": {"type": "text"}}
    assert entry["author"]["uri"]["label"].endswith(f"/cn/reviews/id{newest.author_id}")
    assert entry["im:rating"] == {"label": str(newest.rating)}
    assert entry["link"]["attributes"]["href"] == f"{site.server.url}/post/{newest.id}"
    assert entry["updated"]["label"].endswith("-07:00")
    assert datetime.fromisoformat(entry["updated"]["label"]) == newest.posted_at


def test_no_address_in_the_reviews_leads_away(site: Site) -> None:
    reply = site.get(f"/cn/{REVIEWS.format(1)}")
    addresses = re.findall(r'https?://[^/"]+', reply.text)
    assert set(addresses) == {site.server.url}


def test_review_links_name_first_last_next_and_previous(site: Site) -> None:
    links = site.reviews("cn", 9)["link"]
    assert isinstance(links, list)
    found = {link["attributes"]["rel"]: link["attributes"]["href"] for link in links}
    assert set(found) == {"alternate", "self", "first", "last", "previous", "next"}
    assert "page=1/" in found["first"]
    assert "page=8/" in found["previous"]
    assert "page=9/" in found["next"]


@pytest.mark.parametrize("target", ["us/" + REVIEWS.format(1), "cn/" + REVIEWS.format(10)])
def test_entry_is_absent_without_reviews(site: Site, target: str) -> None:
    reply = site.get(f"/{target}")
    assert reply.status == 200
    assert "entry" not in json.loads(reply.body)["feed"]


def test_entry_is_an_object_when_there_is_one_review(world: World) -> None:
    first = next(post for post in world.posts if post.country == "hk")
    for small in serve(World(ANCHOR, 7, (first,))):
        entry = small.reviews("hk", 1)["entry"]
        assert isinstance(entry, dict)
        assert entry["id"] == {"label": first.id}


@pytest.mark.parametrize("page", [0, 11])
def test_review_pages_beyond_ten_are_a_bad_request(site: Site, page: int) -> None:
    assert site.get(f"/cn/{REVIEWS.format(page)}").status == 400


def test_an_unknown_app_has_no_reviews(site: Site) -> None:
    target = REVIEWS.format(1).replace(APP_ID, "1")
    assert "entry" not in json.loads(site.get(f"/cn/{target}").body)["feed"]


def test_the_mall_is_down(site: Site) -> None:
    reply = site.get("/mall/feed.xml")
    assert reply.status == 503
    assert reply.headers["content-type"].startswith("text/html")


def test_only_posts_whose_time_has_come_are_shown(site: Site) -> None:
    coming = next(post for post in site.world.posts if post.posted_at > ANCHOR)
    assert site.get(f"/post/{coming.id}").status == 404
    before = site.feed_pages("/forum/feed.xml")[0].entries
    site.clock.advance(timedelta(minutes=5))
    assert site.get(f"/post/{coming.id}").status == 200
    after = site.feed_pages("/forum/feed.xml")[0].entries
    assert len({entry.id for entry in after} - {entry.id for entry in before}) > 15


def test_each_post_has_a_page(site: Site) -> None:
    for channel, country in ((Channel.FORUM, None), (Channel.NEWS, None), (Channel.REVIEWS, "tw")):
        post = site.shown(channel, country)[-1]
        reply = site.get(f"/post/{post.id}")
        assert reply.status == 200
        assert post.author in reply.text
    assert site.get("/post/1").status == 404
    assert site.get("/nowhere").status == 404


def test_an_author_has_a_page_with_the_following(site: Site) -> None:
    loudest = max(site.shown(Channel.FORUM), key=lambda post: post.followers)
    assert f"{loudest.followers:,}" in site.get(f"/user/{loudest.author_id}").text
    assert site.get("/user/u0").status == 404
    reviewer = site.shown(Channel.REVIEWS, "cn")[-1]
    assert reviewer.author in site.get(f"/cn/reviews/id{reviewer.author_id}").text


def test_text_is_escaped_on_pages_and_in_feeds(world: World) -> None:
    hostile = "<script>alert('澜白')</script>&\"]]>"
    forum = next(post for post in world.posts if post.channel is Channel.FORUM)
    bad = Post(
        id=forum.id,
        channel=Channel.FORUM,
        author=hostile,
        author_id="u1",
        title=hostile,
        text=hostile,
        posted_at=forum.posted_at,
        tone=forum.tone,
    )
    for small in serve(World(ANCHOR, 7, (bad,))):
        page = small.get(f"/post/{bad.id}").text
        assert "<script>" not in page
        assert "<script>" not in small.get("/user/u1").text
        entry = small.feed_pages("/forum/feed.xml")[0].entries[0]
        assert entry.author == hostile


def test_emoticons_are_pictures(site: Site) -> None:
    reply = site.get(f"/emoticon/{quote('笑哭')}.svg")
    assert reply.headers["content-type"] == "image/svg+xml"
    assert "😂" in reply.text
    assert site.get("/emoticon/nothing.svg").status == 404


@pytest.mark.parametrize(
    "path", ["/news/feed.xml", "/forum/feed.xml", "/forum/feed.xml?page=3", f"/cn/{REVIEWS}"]
)
def test_an_unchanged_feed_is_not_sent_again(site: Site, path: str) -> None:
    target = path.format(1)
    first = site.get(target)
    by_tag = site.get(target, If_None_Match=first.headers["etag"])
    by_date = site.get(target, If_Modified_Since=first.headers["last-modified"])
    assert [(reply.status, reply.body) for reply in (by_tag, by_date)] == [(304, b"")] * 2
    assert by_tag.headers["etag"] == first.headers["etag"]
    site.clock.advance(timedelta(minutes=30))
    assert site.get(target, If_None_Match=first.headers["etag"]).status == 200
    assert site.get(target, If_Modified_Since=first.headers["last-modified"]).status == 200


def test_a_tag_outweighs_a_date_and_a_bad_date_is_ignored(site: Site) -> None:
    date = site.get("/news/feed.xml").headers["last-modified"]
    both = site.get("/news/feed.xml", If_None_Match='"other"', If_Modified_Since=date)
    assert both.status == 200
    assert site.get("/news/feed.xml", If_Modified_Since="yesterday").status == 200


def test_head_gives_the_head_of_get(site: Site) -> None:
    full = site.get("/forum/feed.xml")
    head = site.get("/forum/feed.xml", method="HEAD")
    assert (head.status, head.body) == (200, b"")
    for name in ("content-type", "content-length", "etag", "last-modified"):
        assert head.headers[name] == full.headers[name]


def test_an_empty_world_still_answers() -> None:
    for empty in serve(World(ANCHOR, 7, ())):
        assert feedparser.parse(empty.get("/forum/feed.xml").body).entries == []
        assert feedparser.parse(empty.get("/news/feed.xml").body).entries == []
        assert empty.get("/").status == 200


def test_a_whole_crawl_takes_less_than_two_seconds(site: Site) -> None:
    began = time.monotonic()
    for page in range(1, 13):
        site.get(f"/forum/feed.xml?page={page}")
    for page in range(1, 4):
        site.get(f"/news/feed.xml?page={page}")
    for country in ("cn", "tw", "hk"):
        for page in range(1, 11):
            site.get(f"/{country}/{REVIEWS.format(page)}")
    assert time.monotonic() - began < 2


@dataclass(slots=True)
class Program:
    process: subprocess.Popen[bytes]
    url: str


def run_program(*arguments: str) -> Iterator[Program]:
    command = [sys.executable, "-m", "listener.demo.site", "--anchor", ANCHOR.isoformat()]
    pipe = subprocess.PIPE
    with subprocess.Popen([*command, *arguments], stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            assert process.stdout is not None
            yield Program(process, json.loads(process.stdout.readline())["url"])
        finally:
            process.kill()


@pytest.fixture
def program() -> Iterator[Program]:
    yield from run_program("--port", "0", "--seed", "7", "--announce")


def test_the_program_prints_its_address_and_serves(program: Program) -> None:
    connection = HTTPConnection("127.0.0.1", urlsplit(program.url).port or 0, timeout=10)
    connection.request("GET", "/robots.txt")
    assert connection.getresponse().status == 200
    connection.close()


def test_the_program_ends_with_its_standard_input(program: Program) -> None:
    _, errors = program.process.communicate(timeout=END_TIMEOUT_S)
    assert program.process.returncode == 0
    assert errors.decode().startswith(f"Demonstration at {program.url}")


def test_the_program_ends_on_sigterm(program: Program) -> None:
    program.process.terminate()
    assert program.process.wait(END_TIMEOUT_S) == 0


def test_a_taken_port_is_replaced_by_a_free_one(site: Site) -> None:
    taken = site.server.server_port
    for program in run_program("--port", str(taken)):
        assert urlsplit(program.url).port != taken
        _, errors = program.process.communicate(timeout=END_TIMEOUT_S)
        assert f"port {taken}" in errors.decode()


def test_a_port_that_cannot_be_had_is_named_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("listener.demo.site.DemoServer", refuse)
    assert main(["--port", "81", "--anchor", ANCHOR.isoformat()]) == 1
    assert "port 81" in capsys.readouterr().err


def test_an_anchor_without_offset_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--anchor", "2026-11-22T02:00:00"])
    assert "needs an offset" in capsys.readouterr().err
