"""Feeds with manners of their own on the loopback site: validators, moves, waits, ends."""

from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler

from tests.fakes.site import Answer, FakeSite, Route


def feed_of(*titles: str, head: str = "") -> bytes:
    """Return a small feed with these entries."""
    entries = "".join(
        f"<item><guid isPermaLink='false'>{title}</guid><title>{title}</title>"
        "<pubDate>Sun, 22 Nov 2026 02:00:00 GMT</pubDate></item>"
        for title in titles
    )
    return (
        f"<rss version='2.0'><channel><title>社区</title>{head}{entries}</channel></rss>".encode()
    )


def serving(body: bytes, **headers: str) -> Route:
    """Return a route that answers with this body; names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def route(handler: BaseHTTPRequestHandler) -> Answer:
        validators = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
        for mine, theirs in validators.items():
            if named.get(mine) and handler.headers.get(theirs) == named[mine]:
                return Answer(status=304)
        return Answer(body, headers=named)

    return route


def redirecting(status: int, target: str) -> Route:
    """Return a route that sends the reader on."""
    return lambda _: Answer(status=status, headers={"Location": target})


def paths(site: FakeSite) -> Sequence[str]:
    """Return what was asked for, robots.txt left out."""
    return [path for path, _ in site.requests if path != "/robots.txt"]
