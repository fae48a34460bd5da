"""What all spiders share: one page read by a pure function, and the walk from page to page.

A spider says where to begin and what a body means. It does not sleep, retry, log in, open files
or touch a database; pace, robots, size and address rules are applied for it.
"""

import hashlib
import logging
from abc import abstractmethod
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar

import scrapy
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response
from twisted.python.failure import Failure

from listener.items import FailureKind, MentionItem, SourceFailure, SourceSpec
from listener.text.bounds import bounded
from listener.text.clean import one_line
from spiders.refusals import failure_of_status

logger = logging.getLogger(__name__)

SEEN_IDS = 200
# Moved for good: Moved Permanently and Permanent Redirect.
_LASTING = (301, 308)
# What downloading raises for a body that is cut off, too large or wrongly compressed.
_BAD_BODIES = frozenset(
    [
        "BadGzipFile",
        "DownloadCancelledError",
        "EOFError",
        "ResponseDataLossError",
        "ZstdError",
    ]
)


class Refused(IgnoreRequest):
    """Our own rules forbid a request: its address, or robots.txt."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one body holds: mentions in its own order, or a failure, and where it goes on.

    ``next_url`` is the following page of the same listing. ``ttl_s`` is the source's own wish for
    how long to wait. ``skipped`` counts entries that could not be read. ``is_partial`` says that
    the body was cut off, so that it must be asked for again.
    """

    items: tuple[MentionItem, ...] = ()
    failure: SourceFailure | None = None
    next_url: str | None = None
    ttl_s: float | None = None
    skipped: int = 0
    is_partial: bool = False


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

    ``state`` is what the last pass left: validators of the first page, the newest ids, and where
    the source has moved to for good. ``doubts_empty`` says that an empty answer where there were
    mentions before is a fault of the source and not the end of them.
    """

    spec: ClassVar[SourceSpec]
    conditional: ClassVar[bool] = False
    doubts_empty: ClassVar[bool] = False
    # Whether a body means nothing without the parameters of a configured source.
    needs_parameters: ClassVar[bool] = False

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
        self._is_conditional = False

    @classmethod
    def problem_with(cls, parameters: Mapping[str, str]) -> str | None:
        """Return what is wrong with complete parameters, naming one and the remedy, or None."""
        del parameters
        return None

    @abstractmethod
    def first_url(self) -> str:
        """Return the address of the first page."""

    @abstractmethod
    def read(self, response: Response) -> Page:
        """Return what a successful body means. Never raises for any body."""

    def refusal(self, response: Response) -> SourceFailure | None:
        """Return what the status or a known wall tells of; None means the body is to be read."""
        return failure_of_status(response)

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the first page, conditionally where the source supports it."""
        headers = {}
        if self.conditional and self._seen:
            validators = self.outcome.state
            if etag := validators.get("etag"):
                headers["If-None-Match"] = etag
            if modified := validators.get("last_modified"):
                headers["If-Modified-Since"] = modified
        self._is_conditional = bool(headers)
        yield self._request(self._moved_to() or self.first_url(), headers)

    def _unchanged(self) -> None:
        """Take "nothing new" for what it is, unless nobody had asked whether anything is."""
        if self._is_conditional:
            self.outcome.overlaps = True
            self.outcome.ttl_s = self.outcome.state.get("ttl_s")
            return
        detail = "HTTP 304 although we asked for the whole page"
        self.outcome.failure = SourceFailure(FailureKind.BAD_PAYLOAD, detail)

    def _moved_to(self) -> str | None:
        """Return where the configured address leads for good, as remembered."""
        moved = self.outcome.state.get("moved")
        if isinstance(moved, dict) and moved.get("from") == self.first_url():
            return str(moved["to"])
        return None

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
            self._unchanged()
            return
        page = read_page(self, response)
        self.outcome.skipped += page.skipped
        if page.failure is not None:
            if self.outcome.pages == 1 and self._moved_to() and _is_lost(page.failure):
                del self.outcome.state["moved"]
                self.outcome.pages = 0
                yield self._request(self.first_url(), {})
            elif page.failure.kind is not FailureKind.EMPTY or self.outcome.pages == 1:
                self.outcome.failure = self._doubted(page.failure)
            return
        if self.outcome.pages == 1:
            self._remember(response, page)
        for item in page.items:
            self.outcome.items += 1
            yield item
        newest_first = sorted(
            page.items, key=lambda item: item.posted_at or self.collected_at, reverse=True
        )
        self._fresh.extend(item.source_id for item in newest_first)
        self.outcome.state["seen"] = (self._fresh + sorted(self._seen))[:SEEN_IDS]
        if self._seen.intersection(item.source_id for item in page.items):
            self.outcome.overlaps = True
            return
        if page.next_url and page.next_url != response.url and self.outcome.pages < self.max_pages:
            yield self._request(page.next_url, {})

    def _doubted(self, failure: SourceFailure) -> SourceFailure:
        if failure.kind is FailureKind.EMPTY and self.doubts_empty and self._seen:
            detail = "an empty list where there were mentions before; it is asked for again later"
            return SourceFailure(FailureKind.BAD_PAYLOAD, detail)
        return failure

    def _remember(self, response: Response, page: Page) -> None:
        """Keep what the next pass needs: validators, the source's own pace, its new address."""
        self.outcome.ttl_s = self.outcome.state["ttl_s"] = page.ttl_s
        for key, header in (("etag", "ETag"), ("last_modified", "Last-Modified")):
            value = response.headers.get(header)
            self.outcome.state.pop(key, None)
            if value and not page.is_partial:
                self.outcome.state[key] = one_line(value.decode("latin-1"), max_chars=400)
        asked, reasons = (
            response.meta.get("redirect_urls", ()),
            response.meta.get("redirect_reasons"),
        )
        target = lasting_target([*asked, response.url], reasons or ())
        if target is not None:
            self.outcome.state["moved"] = {"from": self.first_url(), "to": target}

    def on_error(self, failure: Failure) -> Iterator[Request]:
        """Name why a page could not be fetched, or go back to the configured address."""
        if self.outcome.pages == 0 and self._moved_to():
            del self.outcome.state["moved"]
            yield self._request(self.first_url(), {})
            return
        error = failure.value
        names = {kind.__name__ for kind in type(error).__mro__}
        if isinstance(error, Refused):
            kind = FailureKind.BLOCKED
        elif isinstance(error, IgnoreRequest) or names & _BAD_BODIES:
            kind = FailureKind.BAD_PAYLOAD
        else:
            kind = FailureKind.SERVER_ERROR
        detail = one_line(str(error), max_chars=200)
        self.outcome.failure = SourceFailure(kind, f"{type(error).__name__}: {detail}")


def read_page(spider: SourceSpider, response: Response) -> Page:
    """Return what a response means: by its status first, then by its body. Never raises."""
    try:
        failure = spider.refusal(response)
        if failure is not None:
            return Page(failure=failure)
        page = spider.read(response)
    except Exception as error:
        # Bodies are hostile and parsers are many: one that fails costs this body, not the pass.
        logger.warning("body could not be read", extra={"error": type(error).__name__})
        logger.debug("body could not be read", exc_info=True)
        detail = f"the body cannot be read ({type(error).__name__})"
        return Page(failure=SourceFailure(FailureKind.BAD_PAYLOAD, detail))
    if page.failure is None and not page.items:
        return Page(failure=SourceFailure(FailureKind.EMPTY, "no entries"), ttl_s=page.ttl_s)
    return replace(page, items=tuple(bounded(item) for item in page.items))


def lasting_target(urls: Sequence[str], reasons: Sequence[Any]) -> str | None:
    """Return where a chain of redirects leads for good: up to the first that is not 301 or 308."""
    target = None
    for url, reason in zip(urls[1:], reasons, strict=False):
        if reason not in _LASTING:
            break
        target = url
    return target


def _is_lost(failure: SourceFailure) -> bool:
    """Say whether a remembered address no longer serves, so that the configured one is asked."""
    return failure.kind in (FailureKind.GONE, FailureKind.BAD_PAYLOAD, FailureKind.BLOCKED)


def hashed_id(*parts: str | None) -> str:
    """Return a stable id for an entry that carries none."""
    joined = "\x1f".join(part or "" for part in parts)
    return "sha256:" + hashlib.sha256(joined.encode("utf-8", "replace")).hexdigest()[:32]
