"""Guards that every request passes: addresses, robots.txt, sizes.

The address is checked twice: as written, for literal addresses in any spelling, and at connect
time, on the very address and port that is connected to, so that no name can point elsewhere.
"""

import ipaddress
import re
from collections.abc import Sequence
from typing import Self
from urllib.parse import urlsplit

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response
from scrapy.robotstxt import ProtegoRobotParser, RobotParser
from twisted.internet.defer import Deferred

from listener.text.clean import one_line
from spiders.base import Refused

MAX_URL_CHARS = 4_000
MAX_ROBOTS_BYTES = 512_000
_PLAIN_HOST = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\.?", re.IGNORECASE)

# IPv4 addresses reached through a translator (RFC 6052, RFC 8215) or in the old compatible form.
_TRANSLATED = tuple(
    ipaddress.IPv6Network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(Refused):
    """The address is not one that spiders may reach."""


class AddressPolicy:
    """Which addresses may be reached: public ones, and what the configuration allows besides."""

    def __init__(self, *, networks: Sequence[str], endpoints: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(network) for network in networks]
        self._endpoints = frozenset(endpoints)

    def check_url(self, url: str) -> None:
        """Raise ``AddressRefused`` for an address that must not be asked, resolved or not."""
        if len(url) > MAX_URL_CHARS:
            raise AddressRefused(f"the address is longer than {MAX_URL_CHARS} characters")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise AddressRefused("the address cannot be read") from None
        if parts.scheme not in ("http", "https"):
            raise AddressRefused(f"the scheme '{parts.scheme}' is not http or https")
        if parts.username is not None or parts.password is not None:
            raise AddressRefused("the address carries a user name or password")
        literal = _literal(host)
        if literal is None:
            if not _PLAIN_HOST.fullmatch(host):
                raise AddressRefused(f"'{host[:80]}' is not a host name")
            return
        port = port or (443 if parts.scheme == "https" else 80)
        self.check_endpoint(str(literal), port)

    def check_endpoint(self, host: str, port: int) -> None:
        """Raise ``AddressRefused`` unless this very address and port may be connected to."""
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            raise AddressRefused(f"'{host[:80]}' is not an address to connect to") from None
        if f"{address}:{port}" not in self._endpoints:
            self.check_address(address)

    def check_address(self, address: Address) -> None:
        """Raise ``AddressRefused`` unless the address is public or in an allowed network."""
        inner = _inner(address)
        if any(one in network for network in self._networks for one in (address, inner)):
            return
        if not inner.is_global or inner.is_multicast:
            raise AddressRefused(
                f"{inner} is a private or reserved address; allow it under crawl.allow_networks "
                "if it is yours"
            )


def _inner(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address carries through, or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    teredo = address.teredo
    carried = address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
    if carried is None and any(address in network for network in _TRANSLATED):
        carried = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return carried or address


def _literal(host: str) -> Address | None:
    """Read a host as a literal address in any spelling that a resolver would accept."""
    host = host.strip("[]").rstrip(".").partition("%")[0]
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    parts = host.split(".")
    if not 1 <= len(parts) <= 4:
        return None
    numbers = []
    for part in parts:
        if re.fullmatch(r"0[xX][0-9a-fA-F]{0,16}", part):
            numbers.append(int(part[2:] or "0", 16))
        elif re.fullmatch(r"0[0-7]{0,22}", part):
            numbers.append(int(part, 8))
        elif re.fullmatch(r"[1-9][0-9]{0,19}", part):
            numbers.append(int(part))
        else:
            return None
    *head, last = numbers
    if any(number > 255 for number in head) or last >= 256 ** (5 - len(numbers)):
        raise AddressRefused(f"'{host[:40]}' is not an address")
    value = last
    for index, number in enumerate(head):
        value += number << (8 * (3 - index))
    return ipaddress.IPv4Address(value)


class AddressGuard:
    """Downloader middleware that checks every request, redirects and robots.txt included."""

    def __init__(self, policy: AddressPolicy) -> None:
        self._policy = policy

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Take the policy from the crawler's settings."""
        return cls(policy_of(crawler))

    def process_request(self, request: Request) -> None:
        """Refuse addresses that are not allowed."""
        self._policy.check_url(request.url)


def policy_of(crawler: Crawler) -> AddressPolicy:
    """Return the address policy of a crawler's settings."""
    return AddressPolicy(
        networks=crawler.settings.getlist("GUARD_NETWORKS"),
        endpoints=crawler.settings.getlist("GUARD_ENDPOINTS"),
    )


class _DenyAll(ProtegoRobotParser):
    """What an unreachable robots.txt means."""

    def __init__(self, reason: str) -> None:
        super().__init__(b"", None)
        self.reason = reason

    def allowed(self, url: str | bytes, user_agent: str | bytes) -> bool:  # noqa: ARG002 - as the base class
        return False


class RobotsRefused(Refused):
    """Robots.txt disallows the request, or cannot be read."""


class RobotsGuard(RobotsTxtMiddleware):
    """Robots.txt as RFC 9309 has it: unreachable or 5xx means stop, 4xx means no rules."""

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Refuse what robots.txt disallows, and everything where it cannot be read."""
        if isinstance(rp, _DenyAll):
            raise RobotsRefused(f"robots.txt cannot be read ({rp.reason}), so nothing is asked")
        try:
            super().process_request_2(rp, request)
        except IgnoreRequest:
            raise RobotsRefused("robots.txt disallows this address") from None

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500 or response.status == 429:
            self._answer(netloc, _DenyAll(f"HTTP {response.status}"))
        elif response.status >= 400:
            await super()._parse_robots(response.replace(body=b""), netloc, request)
        else:
            body = response.body[:MAX_ROBOTS_BYTES]
            await super()._parse_robots(response.replace(body=body), netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        said = one_line(str(exc), max_chars=120)
        self._answer(netloc, _DenyAll(f"{type(exc).__name__}: {said}".rstrip(": ")))

    def _answer(self, netloc: str, parser: ProtegoRobotParser) -> None:
        waiting = self._parsers[netloc]
        self._parsers[netloc] = parser
        if isinstance(waiting, Deferred):
            waiting.callback(parser)


class RetryGuard(RetryMiddleware):
    """Retry as usual, but not a source that says with ``Retry-After`` when to come again."""

    def process_response(
        self, request: Request, response: Response, spider: Spider | None = None
    ) -> Request | Response:
        """Return the answer itself where the source named a time, else what Scrapy does."""
        del spider  # Scrapy warns when it is passed on
        if response.headers.get("Retry-After"):
            return response
        return super().process_response(request, response)
