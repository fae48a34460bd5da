"""Guards that every request passes: addresses, robots.txt, sizes.

The address is checked twice: as written, for literal addresses in any spelling, and as resolved at
connect time, so that a name cannot be pointed elsewhere after the check.
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
from scrapy.resolver import CachingThreadedResolver
from scrapy.robotstxt import ProtegoRobotParser
from twisted.internet.defer import Deferred

MAX_URL_CHARS = 4_000
MAX_ROBOTS_BYTES = 512_000
_PLAIN_HOST = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\.?", re.IGNORECASE)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(IgnoreRequest):
    """The address is not one that spiders may reach."""


class AddressPolicy:
    """Which addresses may be reached: public ones, and what the configuration allows besides."""

    def __init__(self, *, networks: Sequence[str], endpoints: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(network) for network in networks]
        self._endpoints = frozenset(endpoints)
        self._endpoint_hosts = frozenset(endpoint.rpartition(":")[0] for endpoint in endpoints)

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
        if f"{literal}:{port}" not in self._endpoints:
            self.check_address(literal, endpoint_hosts=frozenset())

    def check_address(
        self, address: Address, *, endpoint_hosts: frozenset[str] | None = None
    ) -> None:
        """Raise ``AddressRefused`` unless the address is public or allowed."""
        inner = (
            getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None) or address
        )
        hosts = self._endpoint_hosts if endpoint_hosts is None else endpoint_hosts
        if str(inner) in hosts or any(inner in network for network in self._networks):
            return
        if not inner.is_global or inner.is_multicast:
            raise AddressRefused(
                f"{inner} is a private or reserved address; allow it under crawl.allow_networks "
                "if it is yours"
            )


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


class GuardedResolver(CachingThreadedResolver):
    """Resolver that refuses names which point at private addresses, at connect time."""

    policy: AddressPolicy

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:
        """Resolve a name and check what it means."""
        found = super().getHostByName(name, timeout)
        found.addCallback(self._checked)
        return found

    def _checked(self, address: str) -> str:
        self.policy.check_address(ipaddress.ip_address(address))
        return address


class _DenyAll(ProtegoRobotParser):
    """What an unreachable robots.txt means."""

    def allowed(self, url: str | bytes, user_agent: str | bytes) -> bool:  # noqa: ARG002 - as the base class
        return False


class RobotsGuard(RobotsTxtMiddleware):
    """Robots.txt as RFC 9309 has it: unreachable or 5xx means stop, 4xx means no rules."""

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500 or response.status == 429:
            self._answer(netloc, _DenyAll(b"", None))
        elif response.status >= 400:
            await super()._parse_robots(response.replace(body=b""), netloc, request)
        else:
            body = response.body[:MAX_ROBOTS_BYTES]
            await super()._parse_robots(response.replace(body=body), netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        del exc
        self._answer(netloc, _DenyAll(b"", None))

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
