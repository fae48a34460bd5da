"""A small real site on loopback: a feed of posts that a test adds to, and whatever else it serves."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    body: bytes = b""
    status: int = 200
    content_type: str = "application/rss+xml; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SitePost:
    """One entry of the site's feed."""

    number: int
    text: str
    at: datetime
    author: str


Route = Callable[[BaseHTTPRequestHandler], Answer | None]


class FakeSite:
    """Serves ``/feed.xml`` from its posts; routes may be added or replaced at any time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._posts: list[SitePost] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.routes: dict[str, Route] = {
            "/robots.txt": lambda _: Answer(
                b"User-agent: *\nAllow: /\n", content_type="text/plain"
            ),
            "/feed.xml": lambda _: Answer(self.feed()),
        }
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.answer(self)

            def log_message(self, *_arguments: object) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}"

    def __enter__(self) -> "FakeSite":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def publish(self, *posts: SitePost) -> None:
        """Add posts to the feed."""
        with self._lock:
            self._posts.extend(posts)

    def feed(self) -> bytes:
        """Return the feed, newest first."""
        with self._lock:
            posts = sorted(self._posts, key=lambda post: post.at, reverse=True)
        entries = "".join(
            f"<item><guid isPermaLink='false'>p{post.number}</guid>"
            f"<link>{self.url}/post/{post.number}</link>"
            f"<author>{escape(post.author)}</author>"
            f"<pubDate>{format_datetime(post.at)}</pubDate>"
            f"<description>{escape(escape(post.text, quote=False))}</description></item>"
            for post in posts
        )
        return (
            "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel>"
            f"<title>社区</title><language>zh-CN</language>{entries}</channel></rss>"
        ).encode()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request from the routes."""
        self.requests.append((handler.path, dict(handler.headers)))
        route = self.routes.get(handler.path.partition("?")[0])
        answer = Answer(b"not here", 404, "text/plain") if route is None else route(handler)
        if answer is None:
            return  # the route has written, or cut, the answer itself
        handler.send_response(answer.status)
        handler.send_header("Content-Type", answer.content_type)
        if "Content-Length" not in answer.headers:
            handler.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(answer.body)
