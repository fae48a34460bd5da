"""A tiny HTTP server for two read-only pages, inside the service's own event loop.

It speaks just enough HTTP/1.1 for a monitor: GET and HEAD, no body, one answer per connection.
Everything else is refused, early and briefly. It must never serve anything that changes state.
"""

import asyncio
import contextlib
import ipaddress
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus

logger = logging.getLogger(__name__)

MOST_HEAD_BYTES = 8_192
MOST_CONNECTIONS = 32
REQUEST_WITHIN_S = 5.0
ANSWER_WITHIN_S = 15.0
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
class _Request:
    method: str
    path: str


class PageServer:
    """Serves pages by their path."""

    def __init__(
        self,
        pages: Mapping[str, Callable[[], Awaitable[Page]]],
        *,
        host_names: Collection[str] = (),
        request_within_s: float = REQUEST_WITHIN_S,
    ) -> None:
        self._pages = pages
        self._host_names = frozenset({"localhost", *(name.lower() for name in host_names)})
        self._request_within_s = request_within_s
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> str:
        """Listen, and return the address. Raises ``OSError`` when the port is not to be had."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=MOST_HEAD_BYTES)
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

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._open) >= MOST_CONNECTIONS:
            writer.close()
            return
        self._open.add(task)
        try:
            async with asyncio.timeout(self._request_within_s + ANSWER_WITHIN_S):
                method, page = await self._answer(reader)
                writer.write(_encoded(page, with_body=method != "HEAD"))
                await writer.drain()
        except (ConnectionError, TimeoutError):
            logger.debug("connection dropped")
        finally:
            self._open.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[str, Page]:
        method = "GET"
        try:
            async with asyncio.timeout(self._request_within_s):
                head = await _read_head(reader)
            request = self._parsed(head)
            method = request.method
            make = self._pages.get(request.path, self._not_here)
            return method, await make()
        except Refused as refusal:
            return method, refusal.page
        except TimeoutError:
            why = f"the request did not come within {self._request_within_s:.0f} s"
            return method, Refused(HTTPStatus.REQUEST_TIMEOUT, why).page
        except (ConnectionError, asyncio.IncompleteReadError):
            raise ConnectionError("closed before its request was complete") from None
        except Exception:
            logger.exception("page not made")
            why = "the page could not be made; the log says why"
            return method, Refused(HTTPStatus.INTERNAL_SERVER_ERROR, why).page

    async def _not_here(self) -> Page:
        why = f"not here; there is {', '.join(self._pages)}"
        return Refused(HTTPStatus.NOT_FOUND, why).page

    def _parsed(self, head: bytes) -> _Request:
        """Return the request, or raise ``Refused``."""
        lines = head.decode("latin-1").split("\r\n")[:-2]
        parts = lines[0].split(" ")
        if len(parts) != 3 or parts[2] not in ("HTTP/1.0", "HTTP/1.1"):
            raise Refused(HTTPStatus.BAD_REQUEST, "this is not an HTTP/1.1 request")
        method, target, _ = parts
        headers = _headers(lines[1:])
        self._check_host(headers.get("host", []))
        if method not in _METHODS:
            allowed = ", ".join(_METHODS)
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, f"only {allowed}", ("Allow", allowed))
        if headers.get("transfer-encoding") or headers.get("content-length", ["0"]) != ["0"]:
            raise Refused(HTTPStatus.BAD_REQUEST, "these pages take no body")
        return _Request(method, target.partition("?")[0])

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
