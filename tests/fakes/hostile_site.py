"""A real server on loopback that does everything a hostile or broken site can do to a crawler.

Each behaviour is a path. It speaks through bare sockets, since well-behaved servers cannot lie.
"""

import contextlib
import gzip
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any

import brotli

GOOD_ROBOTS = b"User-agent: *\nAllow: /\n"


class Gone(Exception):
    """The client has left, or the test is over."""


@dataclass(slots=True)
class Talk:
    """One connection after its request head was read."""

    connection: socket.socket
    path: str
    headers: dict[str, str]
    over: threading.Event

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        if self.over.is_set():
            raise Gone
        try:
            self.connection.sendall(data)
        except OSError:
            raise Gone from None

    def pause(self, seconds: float) -> None:
        """Wait, at most until the test is over."""
        if self.over.wait(seconds):
            raise Gone

    def drip(self, data: bytes, every_s: float = 0.05) -> None:
        """Send a byte at a time."""
        for byte in data:
            self.send(bytes([byte]))
            self.pause(every_s)

    def reset(self) -> None:
        """Cut the connection with a reset instead of an end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone


Behaviour = Callable[[Talk], None]


def head(status: str = "200 OK", **headers: Any) -> bytes:
    """Return a response head; underscores in names stand for hyphens."""
    values = {"Content-Type": "application/rss+xml; charset=utf-8"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = [f"HTTP/1.1 {status}", *(f"{n}: {v}" for n, v in values.items() if v is not None)]
    return ("\r\n".join([*lines, "Connection: close", "", ""])).encode("latin-1", "replace")


def says(body: bytes, status: str = "200 OK", **headers: Any) -> Behaviour:
    """Answer with a whole body."""

    def serve(talk: Talk) -> None:
        talk.send(head(status, Content_Length=len(body), **headers) + body)

    return serve


def redirects(target: bytes, status: str = "302 Found") -> Behaviour:
    """Redirect to a place, byte for byte as given."""

    def serve(talk: Talk) -> None:
        talk.send(f"HTTP/1.1 {status}\r\nLocation: ".encode() + target)
        talk.send(b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    return serve


def bomb(encoding: str, size: int = 200_000_000) -> Behaviour:
    """Answer with a small body that unpacks to ``size`` bytes."""
    packed = {"gzip": _gzip, "deflate": _deflate, "br": _brotli, "gzip, gzip": _gzip_twice}
    body = packed[encoding](size)
    return says(body, Content_Encoding=encoding)


def _chunks(size: int) -> Iterator[bytes]:
    block = b"<item><title>" + b"A" * 99_987
    for _ in range(size // len(block)):
        yield block


def _deflate(size: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join([*(packer.compress(part) for part in _chunks(size)), packer.flush()])


def _gzip(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*(packer.compress(part) for part in _chunks(size)), packer.flush()])


def _gzip_twice(size: int) -> bytes:
    return gzip.compress(_gzip(size))


def _brotli(size: int) -> bytes:
    packer = brotli.Compressor(quality=1)
    return b"".join([*(packer.process(part) for part in _chunks(size)), packer.finish()])


def endless(start: bytes, again: bytes) -> Behaviour:
    """Send a head and then the same bytes for ever."""

    def serve(talk: Talk) -> None:
        talk.send(start)
        while True:
            talk.send(again)

    return serve


def dripping(data: bytes) -> Behaviour:
    """Send a byte at a time, for ever."""

    def serve(talk: Talk) -> None:
        while True:
            talk.drip(data)

    return serve


def breaks_off(data: bytes, *, by_reset: bool = False) -> Behaviour:
    """Send some bytes and leave."""

    def serve(talk: Talk) -> None:
        talk.send(data)
        if by_reset:
            talk.reset()

    return serve


def silent(talk: Talk) -> None:
    """Say nothing at all."""
    talk.pause(600)


@dataclass(slots=True)
class HostileSite:
    """Serves its behaviours by path on one port of a loopback address.

    ``asked`` are the request heads it saw; ``connected`` counts connections, asked or not.
    """

    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    address: str = "127.0.0.1"
    port: int = 0
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    connected: int = 0
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _listener: socket.socket | None = None

    def __enter__(self) -> "HostileSite":
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        self._listener = socket.create_server((self.address, self.port), family=family)
        self._listener.settimeout(0.05)
        self.port = self._listener.getsockname()[1]
        self._spawn(self._accept)
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        for thread in list(self._threads):
            thread.join(10)
        if self._listener is not None:
            self._listener.close()

    @property
    def host(self) -> str:
        """Address and port as the endpoint allow-list writes them."""
        return f"{self.address}:{self.port}"

    @property
    def url(self) -> str:
        """Address of the site."""
        return f"http://{self.host}"

    def _spawn(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while self._listener is not None and not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.connected += 1
            connection.settimeout(10)
            self._spawn(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(Gone, OSError):
            data = b""
            while b"\r\n\r\n" not in data and len(data) < 100_000:
                part = connection.recv(65_536)
                if not part:
                    return
                data += part
            lines = data.decode("latin-1").split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
            path = lines[0].split(" ")[1] if " " in lines[0] else ""
            self.asked.append((path, headers))
            default = says(GOOD_ROBOTS) if path == "/robots.txt" else says(b"", "404 Not Found")
            self.behaviours.get(path, default)(Talk(connection, path, headers, self._over))


def feed(*items: str, extra: str = "", encoding: str = "utf-8") -> bytes:
    """Return an RSS feed of ready-made item contents."""
    inner = "".join(f"<item>{one}</item>" for one in items)
    return (
        f"<?xml version='1.0' encoding='{encoding}'?><rss version='2.0'><channel>"
        f"<title>社区</title><language>zh-CN</language>{extra}{inner}</channel></rss>"
    ).encode(encoding)


def honest_feed(now: Any, count: int = 3) -> bytes:
    """Return a feed that nobody can complain about."""
    return feed(
        *(
            f"<guid>g{n}</guid><title>澜白第{n}条</title><pubDate>{format_datetime(now)}</pubDate>"
            for n in range(count)
        )
    )
