"""What all spiders share: one page read by a pure function, and the walk from page to page.

A spider says where to begin and what a body means. It does not sleep, retry, log in, open files
or touch a database; pace, robots, size and address rules are applied for it.
"""

import hashlib
from abc import abstractmethod
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar

import scrapy
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response
from twisted.python.failure import Failure

from listener.items import FailureKind, MentionItem, SourceFailure, SourceSpec

SEEN_IDS = 200
_BLOCKED_STATUS = frozenset({403, 407, 412, 418, 432, 451, 456})
_CAPTCHA_STATUS = frozenset({461, 471})
_CAPTCHA_MARKS = (
    "百度安全验证",
    "wappass.baidu.com",
    "geetest",
    "g-recaptcha",
    "Just a moment...",
)
_LOGIN_MARKS = ("passport.weibo.com", "Sina Visitor System", "accounts.google.com/ServiceLogin")


@dataclass(frozen=True, slots=True)
class Page:
    """What one body holds: mentions newest first, or a failure, and where it goes on.

    ``next_url`` is the following page of the same listing. ``ttl_s`` is the source's own wish for
    how long to wait. ``skipped`` counts entries that could not be read.
    """

    items: tuple[MentionItem, ...] = ()
    failure: SourceFailure | None = None
    next_url: str | None = None
    ttl_s: float | None = None
    skipped: int = 0


@dataclass(slots=True)
class Outcome:
    """How a pass went, for the process that ordered it."""

    failure: SourceFailure | None = None
    state: dict[str, Any] = field(default_factory=dict)
    overlaps: bool = False
    pages: int = 0
    items: int = 0
    skipped: int = 0
    ttl_s: float | None = None


class SourceSpider(scrapy.Spider):
    """Walks the pages of one source until it meets what it has seen before.

    ``state`` is what the last pass left: validators of the first page and the newest ids.
    """

    spec: ClassVar[SourceSpec]
    conditional: ClassVar[bool] = False

    def __init__(
        self,
        *,
        source: str,
        parameters: Mapping[str, str],
        state: Mapping[str, Any],
        max_pages: int,
        collected_at: datetime,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=source, **kwargs)
        self.parameters = dict(parameters)
        self.collected_at = collected_at
        self.max_pages = max_pages
        self.outcome = Outcome(state=dict(state))
        self._seen = frozenset(state.get("seen", ()))
        self._fresh: list[str] = []

    @abstractmethod
    def first_url(self) -> str:
        """Return the address of the first page."""

    @abstractmethod
    def read(self, response: Response) -> Page:
        """Return what a successful body means. Never raises for any body."""

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the first page, conditionally where the source supports it."""
        headers = {}
        if self.conditional and self._seen:
            validators = self.outcome.state
            if etag := validators.get("etag"):
                headers["If-None-Match"] = etag
            if modified := validators.get("last_modified"):
                headers["If-Modified-Since"] = modified
        yield self._request(self.first_url(), headers)

    def _request(self, url: str, headers: Mapping[str, str]) -> Request:
        return Request(
            url,
            headers=dict(headers),
            callback=self.parse,
            errback=self.on_error,
            dont_filter=True,
        )

    def parse(self, response: Response, **_kwargs: Any) -> Iterator[MentionItem | Request]:
        """Yield the mentions of a page and, while nothing known was met, the next page."""
        self.outcome.pages += 1
        if response.status == 304:
            self.outcome.overlaps = True
            return
        page = read_page(self, response)
        self.outcome.skipped += page.skipped
        if page.failure is not None:
            if page.failure.kind is not FailureKind.EMPTY or self.outcome.pages == 1:
                self.outcome.failure = page.failure
            return
        if self.outcome.pages == 1:
            self._remember_validators(response)
            self.outcome.ttl_s = page.ttl_s
        for item in page.items:
            self.outcome.items += 1
            self._fresh.append(item.source_id)
            yield item
        self.outcome.state["seen"] = (self._fresh + sorted(self._seen))[:SEEN_IDS]
        if self._seen.intersection(item.source_id for item in page.items):
            self.outcome.overlaps = True
            return
        if page.next_url and page.next_url != response.url and self.outcome.pages < self.max_pages:
            yield self._request(page.next_url, {})

    def _remember_validators(self, response: Response) -> None:
        for key, header in (("etag", "ETag"), ("last_modified", "Last-Modified")):
            value = response.headers.get(header)
            self.outcome.state.pop(key, None)
            if value:
                self.outcome.state[key] = value.decode("latin-1")[:400]

    def on_error(self, failure: Failure) -> None:
        """Name why a page could not be fetched."""
        error = failure.value
        if isinstance(error, IgnoreRequest):
            kind = FailureKind.BLOCKED
        elif "maxsize" in str(error) or "DownloadCancelled" in type(error).__name__:
            kind = FailureKind.BAD_PAYLOAD
        else:
            kind = FailureKind.SERVER_ERROR
        detail = str(error) or type(error).__name__
        self.outcome.failure = SourceFailure(kind, f"{type(error).__name__}: {detail[:200]}")


def read_page(spider: SourceSpider, response: Response) -> Page:
    """Return what a response means: by its status first, then by its body."""
    failure = failure_of_status(response)
    if failure is not None:
        return Page(failure=failure)
    page = spider.read(response)
    if page.failure is None and not page.items:
        return Page(failure=SourceFailure(FailureKind.EMPTY, "no entries"), ttl_s=page.ttl_s)
    return page


def failure_of_status(response: Response) -> SourceFailure | None:
    """Return the failure that the status, the final address or a known block page tells of."""
    status = response.status
    start = response.body[:4096].decode("utf-8", "replace")
    if status in _CAPTCHA_STATUS or any(mark in start for mark in _CAPTCHA_MARKS):
        return SourceFailure(
            FailureKind.CAPTCHA, f"HTTP {status} with a captcha or challenge page"
        )
    if status == 401 or any(mark in response.url or mark in start for mark in _LOGIN_MARKS):
        return SourceFailure(
            FailureKind.LOGIN_REQUIRED, f"HTTP {status}: the source wants a login"
        )
    if status == 429:
        wait_s = retry_after_s(response)
        return SourceFailure(FailureKind.RATE_LIMITED, "HTTP 429: asked too often", wait_s)
    if status in _BLOCKED_STATUS:
        return SourceFailure(FailureKind.BLOCKED, f"HTTP {status}: the source refuses us")
    if status in (404, 410):
        return SourceFailure(FailureKind.GONE, f"HTTP {status}: there is nothing at this address")
    if status >= 500:
        wait_s = retry_after_s(response)
        return SourceFailure(FailureKind.SERVER_ERROR, f"HTTP {status} from the source", wait_s)
    if status >= 300:
        return SourceFailure(FailureKind.BAD_PAYLOAD, f"HTTP {status} instead of a body")
    return None


def retry_after_s(response: Response) -> float | None:
    """Return the seconds a ``Retry-After`` header asks for, as a number or as a date."""
    value = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if value.isdigit():
        return float(value)
    date = (response.headers.get("Date") or b"").decode("latin-1").strip()
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return None
    return max(wait.total_seconds(), 0.0)


def hashed_id(*parts: str | None) -> str:
    """Return a stable id for an entry that carries none."""
    joined = "\x1f".join(part or "" for part in parts)
    return "sha256:" + hashlib.sha256(joined.encode("utf-8", "replace")).hexdigest()[:32]
