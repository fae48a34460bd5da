"""A tiny HTTP server for read-only pages and questions, inside the service's own event loop.

It speaks just enough HTTP/1.1 for a monitor: GET and HEAD without a body, one answer per
connection. What asks with a body is posted to a ``Taker``, which admits it by its head before any
of the body is read. Everything else is refused, early and briefly. It must never serve anything
that changes state.
"""

import asyncio
import contextlib
import ipaddress
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

logger = logging.getLogger(__name__)

MOST_HEAD_BYTES = 8_192
MOST_CONNECTIONS = 32
REQUEST_WITHIN_S = 5.0
ANSWER_WITHIN_S = 15.0
LINGER_S = 1.0
MOST_SWALLOWED_BYTES = 1_048_576
_METHODS = ("GET", "HEAD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is answered."""

    status: HTTPStatus
    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


class Refused(Exception):
    """The request is not one we answer."""

    def __init__(self, status: HTTPStatus, why: str, *headers: tuple[str, str]) -> None:
        super().__init__(why)
        self.page = Page(status=status, body=f"{why}\n".encode(), headers=headers)


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the body: method, path, and the values of each header in lower case."""

    method: str
    path: str
    headers: Mapping[str, list[str]]

    def only(self, name: str) -> str | None:
        """Return the value of a header that stands exactly once, else None."""
        values = self.headers.get(name, [])
        return values[0] if len(values) == 1 else None


class Taker(Protocol):
    """Answers what is posted to one path."""

    @property
    def most_bytes(self) -> int:
        """The longest body it takes."""

    @property
    def answer_within_s(self) -> float:
        """How long an answer may take, in seconds."""

    def admit(self, head: Head) -> None:
        """Raise ``Refused`` if the body is not to be read at all."""

    async def answer(self, body: bytes) -> Page:
        """Return the answer, or raise ``Refused``."""


class PageServer:
    """Serves pages by their path."""

    def __init__(
        self,
        pages: Mapping[str, Callable[[], Awaitable[Page]]],
        *,
        takers: Mapping[str, Taker] | None = None,
        host_names: Collection[str] = (),
        request_within_s: float = REQUEST_WITHIN_S,
    ) -> None:
        self._pages = pages
        self._takers = takers or {}
        self._host_names = frozenset({"localhost", *(name.lower() for name in host_names)})
        self._request_within_s = request_within_s
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> str:
        """Listen, and return the address. Raises ``OSError`` when the port is not to be had."""
        self._server = await asyncio.start_server(self._accept, host, port, limit=MOST_HEAD_BYTES)
        bound = self._server.sockets[0].getsockname()
        shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        return f"http://{shown}:{bound[1]}"

    async def close(self) -> None:
        """Stop listening and drop what is still open."""
        if self._server is None:
            return
        self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= MOST_CONNECTIONS:
            writer.close()
            return
        task = asyncio.create_task(self._serve(reader, writer), name="page")
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            method, page = await self._answer(reader)
            async with asyncio.timeout(ANSWER_WITHIN_S):
                writer.write(_encoded(page, with_body=method != "HEAD"))
                await writer.drain()
            if 400 <= page.status < 500 and writer.can_write_eof():
                await _linger(reader, writer)
        except (ConnectionError, TimeoutError):
            logger.debug("connection dropped")
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[str, Page]:
        method = "GET"
        try:
            async with asyncio.timeout(self._request_within_s):
                head = self._parsed(await _read_head(reader))
                method = head.method
                taker = self._takers.get(head.path)
                body = b"" if taker is None else await _posted(reader, head, taker)
            if taker is not None:
                return method, await self._taken(taker, body)
            make = self._page_at(head)
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return method, await make()
        except Refused as refusal:
            return method, refusal.page
        except TimeoutError:
            why = f"no request within {self._request_within_s:.0f} s, or no answer to it in time"
            return method, Refused(HTTPStatus.REQUEST_TIMEOUT, why).page
        except (ConnectionError, asyncio.IncompleteReadError):
            raise ConnectionError("closed before its request was complete") from None
        except Exception:
            logger.exception("page not made")
            why = "the page could not be made; the log says why"
            return method, Refused(HTTPStatus.INTERNAL_SERVER_ERROR, why).page

    def _page_at(self, head: Head) -> Callable[[], Awaitable[Page]]:
        make = self._pages.get(head.path)
        if make is None:
            why = f"not here; there is {', '.join([*self._pages, *self._takers])}"
            raise Refused(HTTPStatus.NOT_FOUND, why)
        _check_bodiless(head)
        return make

    @staticmethod
    async def _taken(taker: Taker, body: bytes) -> Page:
        try:
            async with asyncio.timeout(taker.answer_within_s):
                return await taker.answer(body)
        except TimeoutError:
            why = f"no answer within {taker.answer_within_s:.0f} s; ask for less"
            return Refused(HTTPStatus.GATEWAY_TIMEOUT, why).page

    def _parsed(self, head: bytes) -> Head:
        """Return the request, or raise ``Refused``."""
        lines = head.decode("latin-1").split("\r\n")[:-2]
        parts = lines[0].split(" ")
        if len(parts) != 3 or parts[2] not in ("HTTP/1.0", "HTTP/1.1"):
            raise Refused(HTTPStatus.BAD_REQUEST, "this is not an HTTP/1.1 request")
        method, target, _ = parts
        headers = _headers(lines[1:])
        self._check_host(headers.get("host", []))
        return Head(method, target.partition("?")[0], headers)

    def _check_host(self, hosts: list[str]) -> None:
        """Refuse names that are not ours.

        A web page may point its own name at this address (DNS rebinding) and would then read us
        with its visitor's browser; a literal address cannot be rebound.
        """
        if len(hosts) != 1:
            raise Refused(HTTPStatus.BAD_REQUEST, "exactly one Host header is needed")
        name = _without_port(hosts[0]).lower()
        if name in self._host_names:
            return
        try:
            ipaddress.ip_address(name)
        except ValueError:
            raise Refused(
                HTTPStatus.MISDIRECTED_REQUEST,
                "this host name is not known; add it to operation.host_names",
            ) from None


async def _linger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Swallow some of what a refused client still sends, so that it gets to read the answer.

    Closing with bytes unread resets the connection, and the answer may be lost with it.
    """
    writer.write_eof()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            left = MOST_SWALLOWED_BYTES
            while left > 0 and (got := await reader.read(65_536)):
                left -= len(got)


def _check_bodiless(head: Head) -> None:
    if head.method not in _METHODS:
        allowed = ", ".join(_METHODS)
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, f"only {allowed}", ("Allow", allowed))
    is_bodiless = head.headers.get("content-length", ["0"]) == ["0"]
    if head.headers.get("transfer-encoding") or not is_bodiless:
        raise Refused(HTTPStatus.BAD_REQUEST, "these pages take no body")


async def _posted(reader: asyncio.StreamReader, head: Head, taker: Taker) -> bytes:
    """Read the body of a request that the taker admits, or raise ``Refused``."""
    if head.method != "POST":
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "only POST", ("Allow", "POST"))
    taker.admit(head)
    length = head.only("content-length") or ""
    if head.headers.get("transfer-encoding") or not (length.isascii() and length.isdigit()):
        raise Refused(HTTPStatus.LENGTH_REQUIRED, "send the body with one Content-Length")
    if len(length) > 9 or int(length) > taker.most_bytes:
        why = f"the body may have {taker.most_bytes} bytes at most"
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, why)
    return await reader.readexactly(int(length))


async def _read_head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise Refused(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"more than {MOST_HEAD_BYTES} bytes"
        ) from None


def _headers(lines: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip() or not name.isascii():
            raise Refused(HTTPStatus.BAD_REQUEST, "a header line is malformed")
        found.setdefault(name.lower(), []).append(value.strip())
    return found


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _encoded(page: Page, *, with_body: bool) -> bytes:
    headers = [
        ("Content-Type", page.content_type),
        ("Content-Length", str(len(page.body))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Connection", "close"),
        *page.headers,
    ]
    lines = [f"HTTP/1.1 {page.status.value} {page.status.phrase}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (page.body if with_body else b"")
