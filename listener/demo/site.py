"""The local site that serves the demonstration over loopback: ``python -m listener.demo.site``.

It shows only posts whose time has come, reads nothing but the package's own data, writes no file,
and ends when its standard input does, so that it never outlives the service that started it.
"""

import argparse
import errno
import hashlib
import json
import os
import re
import signal
import sys
import threading
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from listener.clock import Clock, SystemClock
from listener.demo import feeds
from listener.demo.grammar import load_library
from listener.demo.world import (
    APP_ID,
    DEFAULT_SEED,
    REVIEW_COUNTRIES,
    Channel,
    Post,
    World,
    build_world,
)

HOST = "127.0.0.1"
DEFAULT_PORT = 8710

_ROBOTS = "User-agent: *\nDisallow: /private/\nAllow: /\n"
_IDLE_TIMEOUT_S = 30
_STANDARD_INPUT = 0
_HTML = "text/html; charset=utf-8"
_REVIEWER = re.compile(r"/[a-z]{2}/reviews/id(\d+)")
_COUNTRY_REVIEWS = re.compile(r"/([a-z]{2})/rss/customerreviews/(.+)/json")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a path answers; ``changed_at`` is known for feeds, which then may be cached."""

    status: HTTPStatus
    media_type: str
    body: str
    changed_at: datetime | None = None


class DemoSite:
    """Answers paths from a world, as far as the clock has come."""

    def __init__(self, world: World, clock: Clock, base_url: str) -> None:
        self._world = world
        self._clock = clock
        self._base_url = base_url
        self._emoticons = load_library().emoticons
        self._times = [post.posted_at for post in world.posts]
        self._numbers = {post.id: number for number, post in enumerate(world.posts)}

    def answer(self, target: str) -> Answer:
        """Return the answer to a request target, path and query."""
        address = urlsplit(target)
        path, query = unquote(address.path), parse_qs(address.query)
        shown = self._world.posts[: bisect_right(self._times, self._clock.now())]
        if path == "/robots.txt":
            return Answer(HTTPStatus.OK, "text/plain; charset=utf-8", _ROBOTS)
        if path == "/":
            return Answer(HTTPStatus.OK, _HTML, feeds.home_page(shown, APP_ID))
        if path == "/news/feed.xml":
            return self._feed(shown, Channel.NEWS, query)
        if path == "/forum/feed.xml":
            return self._feed(shown, Channel.FORUM, query)
        if path == "/mall/feed.xml":
            return _page(HTTPStatus.SERVICE_UNAVAILABLE, "商城系统维护中", "请稍后再来。")
        if path.startswith("/post/"):
            return self._post(path.removeprefix("/post/"), len(shown))
        if reviewer := _REVIEWER.fullmatch(path):
            return self._user(reviewer[1], shown)
        if path.startswith("/user/"):
            return self._user(path.removeprefix("/user/"), shown)
        if path.startswith("/emoticon/"):
            return self._emoticon(path.removeprefix("/emoticon/").removesuffix(".svg"))
        if reviews := _COUNTRY_REVIEWS.fullmatch(path):
            return self._reviews(shown, country=reviews[1], steps=reviews[2])
        return _not_found()

    def _feed(
        self, shown: Sequence[Post], channel: Channel, query: Mapping[str, list[str]]
    ) -> Answer:
        write, size, media_type = _FEEDS[channel]
        posts = [post for post in reversed(shown) if post.channel is channel]
        number = _number(query.get("page", ["1"])[0])
        if number is None:
            return _not_found()
        page = feeds.page_of(posts, number, size)
        if not 1 <= number <= page.last:
            return _not_found()
        changed_at = posts[0].posted_at if posts else None
        return Answer(HTTPStatus.OK, media_type, write(page, self._base_url), changed_at)

    def _reviews(self, shown: Sequence[Post], *, country: str, steps: str) -> Answer:
        settings = dict(step.partition("=")[::2] for step in steps.lower().split("/"))
        number = _number(settings.get("page", "1"))
        app_id = settings.get("id", "")
        if number is None or not 1 <= number <= feeds.REVIEW_PAGES or not app_id.isdecimal():
            return Answer(
                HTTPStatus.BAD_REQUEST,
                "text/plain; charset=utf-8",
                "CustomerReviews RSS page depth is limited to 10\n",
            )
        known = country in REVIEW_COUNTRIES and app_id == APP_ID
        posts = [post for post in reversed(shown) if known and post.country == country]
        newest = posts[: feeds.REVIEW_PAGES * feeds.REVIEWS_PER_PAGE]
        page = feeds.page_of(newest, number, feeds.REVIEWS_PER_PAGE)
        changed_at = posts[0].posted_at if posts else self._world.anchor
        body = feeds.reviews_json(
            page, self._base_url, country=country, app_id=app_id, updated_at=changed_at
        )
        return Answer(HTTPStatus.OK, "text/javascript; charset=utf-8", body, changed_at)

    def _post(self, post_id: str, shown: int) -> Answer:
        number = self._numbers.get(post_id)
        if number is None or number >= shown:
            return _not_found()
        return Answer(HTTPStatus.OK, _HTML, feeds.post_page(self._world.posts[number]))

    def _user(self, author_id: str, shown: Sequence[Post]) -> Answer:
        posts = [post for post in reversed(shown) if post.author_id == author_id]
        if not posts:
            return _not_found()
        return Answer(HTTPStatus.OK, _HTML, feeds.user_page(posts))

    def _emoticon(self, name: str) -> Answer:
        picture = self._emoticons.get(name)
        if picture is None:
            return _not_found()
        return Answer(HTTPStatus.OK, "image/svg+xml", feeds.emoticon_svg(picture))


_FEEDS: Mapping[Channel, tuple[Callable[[feeds.Page, str], str], int, str]] = {
    Channel.NEWS: (feeds.news_feed, feeds.NEWS_PER_PAGE, "application/rss+xml; charset=utf-8"),
    Channel.FORUM: (feeds.forum_feed, feeds.FORUM_PER_PAGE, "application/atom+xml; charset=utf-8"),
}


class DemoServer(ThreadingHTTPServer):
    """Serves a world on a loopback port until shut down; port 0 takes any free one.

    Raises ``OSError`` if the port cannot be had.
    """

    daemon_threads = True

    def __init__(self, world: World, clock: Clock, port: int) -> None:
        super().__init__((HOST, port), _Handler)
        self.site = DemoSite(world, clock, self.url)

    @property
    def url(self) -> str:
        """The address people and spiders use, without a slash at the end."""
        return f"http://{HOST}:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: DemoServer
    protocol_version = "HTTP/1.1"
    server_version = "FengshengDemo"
    sys_version = ""
    timeout = _IDLE_TIMEOUT_S
    # Head and body leave together: written apart, each answer waits 40 ms for an acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer with head and body."""
        self._respond(with_body=True)

    def do_HEAD(self) -> None:
        """Answer with the head that GET would give."""
        self._respond(with_body=False)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: standard output carries the address only, and errors have their page."""

    def _respond(self, *, with_body: bool) -> None:
        answer = self.server.site.answer(self.path)
        body = answer.body.encode()
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        if answer.changed_at and self._has(tag, answer.changed_at):
            self.send_response(HTTPStatus.NOT_MODIFIED)
            self._send_validators(tag, answer.changed_at)
            self.end_headers()
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media_type)
        self.send_header("Content-Length", str(len(body)))
        if answer.changed_at:
            self._send_validators(tag, answer.changed_at)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _send_validators(self, tag: str, changed_at: datetime) -> None:
        self.send_header("ETag", tag)
        self.send_header("Last-Modified", format_datetime(changed_at, usegmt=True))
        self.send_header("Cache-Control", "no-cache")

    def _has(self, tag: str, changed_at: datetime) -> bool:
        """Say whether the client's copy is current (RFC 9110: the tag outweighs the date)."""
        tags = self.headers.get("If-None-Match")
        if tags is not None:
            known = {given.strip().removeprefix("W/") for given in tags.split(",")}
            return tag in known or "*" in known
        since = self.headers.get("If-Modified-Since")
        try:
            return since is not None and changed_at <= parsedate_to_datetime(since)
        except (TypeError, ValueError):
            return False


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until standard input ends or a signal asks to stop; return the exit status."""
    clock = SystemClock()
    options = _parser(clock).parse_args(arguments)
    world = build_world(options.anchor, seed=options.seed)
    try:
        server = _server_on(options.port, world, clock)
    except OSError as error:
        sys.stderr.write(
            f"port {options.port} on {HOST} cannot be used ({error.strerror}); "
            "choose another with --port, or 0 for any free one\n"
        )
        return 1
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=_wait_for_end_of_input, args=(stop,), daemon=True).start()
    with server:
        thread = threading.Thread(target=server.serve_forever, name="demo-site")
        thread.start()
        sys.stdout.write(json.dumps({"url": server.url}) + "\n")
        sys.stdout.flush()
        if options.announce:
            sys.stderr.write(_announcement(server.url, world))
        stop.wait()
        server.shutdown()
        thread.join()
    return 0


def _server_on(port: int, world: World, clock: Clock) -> DemoServer:
    """Return a server on the port, or on any free one where somebody else has it."""
    try:
        return DemoServer(world, clock, port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        sys.stderr.write(f"port {port} on {HOST} is taken; using a free one\n")
        return DemoServer(world, clock, 0)


def _parser(clock: Clock) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m listener.demo.site", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="any free port if taken, or if 0"
    )
    parser.add_argument(
        "--anchor", type=_instant, default=clock.now(), help="start of the demonstration, ISO 8601"
    )
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument(
        "--announce", action="store_true", help="also tell a person, on standard error"
    )
    return parser


def _instant(value: str) -> datetime:
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{value!r} needs an offset, e.g. {value}+00:00")
    return instant.astimezone(UTC)


def _announcement(url: str, world: World) -> str:
    return (
        f"Demonstration at {url}: {len(world.posts)} posts of an invented brand, "
        f"crisis since {world.crisis_began_at:%H:%M:%S} UTC, "
        f"new posts until {world.ends_at:%H:%M:%S} UTC.\n"
    )


def _wait_for_end_of_input(stop: threading.Event) -> None:
    # Not sys.stdin: its lock, held here while the interpreter ends, would abort the process.
    try:
        while os.read(_STANDARD_INPUT, 4096):
            pass
    finally:
        stop.set()


def _number(value: str) -> int | None:
    return int(value) if value.isdecimal() and len(value) < 6 else None


def _page(status: HTTPStatus, title: str, message: str) -> Answer:
    return Answer(status, _HTML, feeds.message_page(title, message))


def _not_found() -> Answer:
    return _page(HTTPStatus.NOT_FOUND, "没有这个页面", "地址不存在，或者内容还没有发布。")


if __name__ == "__main__":
    sys.exit(main())
