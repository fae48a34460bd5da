"""Spider for any listing page that CSS or XPath selectors describe, with its detail pages.

A page whose selectors stop matching is reported as changed, never as "no news".
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from parsel import Selector
from scrapy.http import Request, Response
from twisted.python.failure import Failure

from listener.items import (
    FailureKind,
    MentionItem,
    Precision,
    SourceFailure,
    SourceSpec,
)
from listener.text.charset import decode_page
from listener.text.clean import clean_text
from listener.text.counts import read_count, read_rating
from listener.text.language import detect_language
from spiders.base import Page, SourceSpider, hashed_id
from spiders.refusals import content_type_of, failure_of_status
from spiders.selectors import (
    address_of,
    open_page,
    profile_of,
    same_site,
    select,
    text_of,
    time_of,
)
from spiders.site_detail import read_detail
from spiders.site_settings import SiteSettings, problem_of_parameters

# A selector of these that matches in no item at all means that the page has changed.
_STRUCTURE = ("link", "time", "id")
_REFUSALS = frozenset(
    [
        FailureKind.BLOCKED,
        FailureKind.CAPTCHA,
        FailureKind.LOGIN_REQUIRED,
        FailureKind.RATE_LIMITED,
    ]
)

SOURCE = SourceSpec(
    name="site",
    description="Any listing page that CSS or XPath selectors describe, with its detail pages",
    parameters={
        "url": "Address of the listing; {page} stands for the page number",
        "item": "Selector of one entry",
    },
    optional={
        "link": "Selector of its address; default: its first link",
        "title": "Selector of its title",
        "text": "Selector of its text; default: the whole entry",
        "author": "Selector of its author",
        "time": "Selector of its time",
        "rating": "Selector of its rating: a number, 4/5, stars or a percentage",
        "rating_max": "Highest rating where the page does not say, default 5",
        "id": "Selector of its id; default: its address",
        "likes": "Selector of a count",
        "reposts": "Selector of a count",
        "comments": "Selector of a count",
        "views": "Selector of a count",
        "empty": "Selector of what the page shows when there are no entries",
        "next": "Selector of the link to the next page",
        "first_page": "Number that {page} begins with, default 1",
        "pages": "Most pages of one pass, default 10",
        "follow": "true reads the page behind each new entry's link, on the same site only",
        "details": "Most such pages of one pass, default 30",
        "detail_title": "Selector on that page; without detail selectors it is read as an article",
        "detail_text": "Selector on that page",
        "detail_author": "Selector on that page",
        "detail_time": "Selector on that page",
        "encoding": "Encoding of the pages where they name a wrong one, e.g. gbk",
        "time_format": "Format of the time as strptime writes it, where it is unusual",
        "timezone": "Zone of times without one, default Asia/Shanghai",
        "kind": "What its entries are: post (default), article, comment, review, complaint",
    },
    example={"url": "https://example.com/reviews?page={page}", "item": "div.review"},
    terms="Openly readable pages only: no login, no captcha; robots.txt is followed.",
)


class SiteSpider(SourceSpider):
    """Yield one mention for each entry of the listing, newest pages first."""

    spec = SOURCE
    needs_parameters: ClassVar[bool] = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._settings = SiteSettings.of(self.parameters)
        self.max_pages = min(self.max_pages, self._settings.pages)
        self._followed = self._read_details = self._bare_details = 0

    @classmethod
    def problem_with(cls, parameters: Mapping[str, str]) -> str | None:
        """Return which parameter is wrong and what to write instead, or None."""
        return problem_of_parameters(parameters)

    def first_url(self) -> str:
        """Return the address of the first page."""
        return self._settings.page_url(0)

    def read(self, response: Response) -> Page:
        """Read a listing; one without a single entry has changed, unless it says it is empty."""
        settings = self._settings
        html = self._decoded(response)
        if "<" not in html:
            said = "the body is empty" if not html.strip() else "the body is no web page"
            return Page(failure=SourceFailure(FailureKind.BAD_PAYLOAD, said))
        page = open_page(html)
        entries = select(page, settings.item)
        if not entries:
            return Page(failure=self._without_entries(page))
        found: dict[str, MentionItem] = {}
        matched: set[str] = set()
        for entry in entries[: settings.most_entries]:
            item = self._mention(entry, response.url, matched)
            if item is not None:
                found.setdefault(item.source_id, item)
        failure = self._drift(len(entries), len(found), matched)
        if failure is not None:
            return Page(failure=failure)
        items = tuple(one for key, one in found.items() if key not in self._fresh)
        return Page(
            items,
            next_url=self._next_url(page, response.url) if items else None,
            skipped=max(len(entries) - len(found), 0),
        )

    def _decoded(self, response: Response) -> str:
        encoding = self._settings.encoding
        return decode_page(response.body, content_type_of(response), encoding=encoding)

    def _without_entries(self, page: Selector) -> SourceFailure:
        settings = self._settings
        is_said_empty = bool(settings.empty) and bool(select(page, settings.empty))
        if is_said_empty or self.outcome.pages > 1:
            return SourceFailure(FailureKind.EMPTY, "no entries")
        before = "; it used to match" if self._seen else ""
        return SourceFailure(
            FailureKind.SCHEMA_DRIFT,
            f"'item' ({settings.item}) matches nothing on the page{before}; correct the selector, "
            "or name with 'empty' what the page shows when there are no entries",
        )

    def _drift(self, entries: int, read: int, matched: set[str]) -> SourceFailure | None:
        if read == 0:
            detail = f"none of {entries} entries has a text; correct 'text' or 'title'"
            return SourceFailure(FailureKind.SCHEMA_DRIFT, detail)
        for name in _STRUCTURE:
            if name in self._settings.fields and name not in matched:
                selector = self._settings.fields[name]
                detail = (
                    f"'{name}' ({selector}) gives nothing readable in any of {entries} entries"
                )
                return SourceFailure(FailureKind.SCHEMA_DRIFT, f"{detail}; correct the selector")
        return None

    def _mention(self, entry: Selector, url: str, matched: set[str]) -> MentionItem | None:
        given = {name: select(entry, rule) for name, rule in self._settings.fields.items()}
        title = " ".join(text_of(given.get("title", [])).split())[:300]
        text = text_of(given["text"], joined=True) if "text" in given else text_of([entry])
        if not text and not title:
            return None
        link = address_of(given.get("link", [entry]), url)
        raw_id = text_of(given.get("id", []))[:400]
        raw_time = time_of(given.get("time", []))
        posted = self._read_time(raw_time)
        read = {"link": link, "id": raw_id, "time": posted}
        matched.update(name for name, value in read.items() if value)
        author = clean_text(text_of(given.get("author", [])), max_chars=80) or None
        rating = read_rating(text_of(given.get("rating", [])), most=self._settings.rating_max)
        return MentionItem(
            source_id=raw_id or link or hashed_id(title, raw_time, text),
            kind=self._settings.kind,
            url=link,
            title=title or None,
            text=text or title,
            author_name=author,
            author_id=profile_of(given.get("author", []), url) or author,
            posted_at=posted[0] if posted else None,
            posted_precision=posted[1] if posted else None,
            posted_raw=raw_time or None,
            lang=detect_language(f"{title} {text}"),
            rating=rating[0] if rating else None,
            rating_max=rating[1] if rating else None,
            likes=read_count(text_of(given.get("likes", []))),
            reposts=read_count(text_of(given.get("reposts", []))),
            comments=read_count(text_of(given.get("comments", []))),
            views=read_count(text_of(given.get("views", []))),
        )

    def _read_time(self, raw: str) -> tuple[datetime, Precision] | None:
        return self._settings.read_time(raw, self.collected_at) if raw else None

    def _next_url(self, page: Selector, url: str) -> str | None:
        settings = self._settings
        if settings.next:
            following = address_of(select(page, settings.next), url)
            return following if following and same_site(following, self.first_url()) else None
        return settings.page_url(max(self.outcome.pages, 1)) if settings.is_numbered else None

    def parse(self, response: Response, **_kwargs: Any) -> Iterator[MentionItem | Request]:
        """Yield the mentions of a page, or the requests for what stands behind their links."""
        for one in super().parse(response):
            if not isinstance(one, MentionItem) or not self._settings.follow:
                yield one
            elif one.source_id not in self._seen:
                yield self._detail_request(one) or one

    def _detail_request(self, listed: MentionItem) -> Request | None:
        is_refused = self.outcome.failure is not None
        if not listed.url or is_refused or self._followed >= self._settings.details:
            return None
        if not same_site(listed.url, self.first_url()):
            return None
        self._followed += 1
        return Request(
            listed.url,
            callback=self.parse_detail,
            errback=self.on_detail_error,
            cb_kwargs={"listed": listed},
            dont_filter=True,
        )

    def parse_detail(self, response: Response, listed: MentionItem) -> Iterator[MentionItem]:
        """Yield the mention with what its own page says; without that, as it was listed."""
        failure = failure_of_status(response)
        if failure is not None:
            if failure.kind in _REFUSALS and self.outcome.failure is None:
                self.outcome.failure = failure
            self.outcome.skipped += 1
            yield listed
        elif not same_site(response.url, self.first_url()):
            self.outcome.skipped += 1
            yield listed
        else:
            yield self.with_detail(response, listed)

    def on_detail_error(self, failure: Failure) -> Iterator[MentionItem]:
        """Yield the mention as it was listed: its own page could not be fetched."""
        self.outcome.skipped += 1
        listed = failure.request.cb_kwargs["listed"]  # type: ignore[attr-defined]  # Scrapy sets it
        yield listed

    def with_detail(self, response: Response, listed: MentionItem) -> MentionItem:
        """Return the mention completed by its own page; what the listing has not, it adds."""
        detail = read_detail(self._decoded(response), self._settings)
        self._read_details += 1
        self._bare_details += not detail.text
        posted_at, precision = listed.posted_at, listed.posted_precision
        if posted_at is None or "time" in self._settings.detail:
            readings = (self._read_time(raw) for raw in detail.raw_times)
            posted_at, precision = next(filter(None, readings), (posted_at, precision))
        title, text = detail.title or listed.title, detail.text or listed.text
        author = detail.author or listed.author_name
        return replace(
            listed,
            title=title,
            text=text,
            author_name=author,
            author_id=listed.author_id or author,
            posted_at=posted_at,
            posted_precision=precision,
            lang=detect_language(f"{title or ''} {text}"),
        )

    def closed(self, reason: str) -> None:
        """Say that the detail pages have changed when not one of them gave a text."""
        del reason
        is_changed = self._read_details >= 3 and self._bare_details == self._read_details
        if is_changed and self.outcome.failure is None:
            self.outcome.failure = SourceFailure(
                FailureKind.SCHEMA_DRIFT,
                f"none of {self._read_details} detail pages gave a text; correct 'detail_text'",
            )
