"""Spider for the customer-review feed of app stores: JSON, fifty a page, ten pages a country."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from scrapy.http import Response

from listener.items import (
    FailureKind,
    MentionItem,
    MentionKind,
    SourceFailure,
    SourceSpec,
)
from listener.text.clean import clean_text
from listener.text.language import detect_language
from listener.text.times import read_time
from spiders.base import Page, SourceSpider, hashed_id

SOURCE = SourceSpec(
    name="appstore",
    description="App Store customer reviews: the newest 500 of an app in one country",
    parameters={"app_id": "Number of the app in the store"},
    optional={
        "country": "Two-letter store country, default cn",
        "base_url": "Other host with the same interface",
    },
    example={"app_id": "414478124", "country": "cn"},
    terms="Apple's public review feed; no key, no login, slow pace.",
)

BASE_URL = "https://itunes.apple.com"
MAX_PAGES = 10
MAX_RATING = 5.0
_PAGE = re.compile(r"/page=(\d+)/")
_USER_ID = re.compile(r"/id(\d+)")


class AppStoreSpider(SourceSpider):
    """Yield one review for each entry with a rating."""

    spec = SOURCE

    def first_url(self) -> str:
        """Return the address of the newest page."""
        base = self.parameters.get("base_url", BASE_URL).rstrip("/")
        country = self.parameters.get("country", "cn")
        app_id = self.parameters["app_id"]
        return f"{base}/{country}/rss/customerreviews/page=1/id={app_id}/sortby=mostrecent/json"

    def read(self, response: Response) -> Page:
        """Read one page; an absent ``entry`` is an empty page, an object is a single review."""
        try:
            data = json.loads(response.body)
        except (ValueError, RecursionError) as error:
            return Page(failure=SourceFailure(FailureKind.BAD_PAYLOAD, f"not JSON: {error}"[:200]))
        feed = data.get("feed") if isinstance(data, dict) else None
        if not isinstance(feed, dict):
            failure = SourceFailure(FailureKind.SCHEMA_DRIFT, "JSON without a 'feed' object")
            return Page(failure=failure)
        entries = feed.get("entry", [])
        entries = [entries] if isinstance(entries, dict) else entries
        if not isinstance(entries, list):
            failure = SourceFailure(
                FailureKind.SCHEMA_DRIFT, "'feed.entry' is neither list nor object"
            )
            return Page(failure=failure)
        reviews = [e for e in entries if isinstance(e, dict) and "im:rating" in e]
        items = [item for e in reviews if (item := self._review(e, response.url)) is not None]
        if len(items) * 2 < len(reviews):
            detail = f"{len(reviews) - len(items)} of {len(reviews)} reviews lack id or text"
            return Page(failure=SourceFailure(FailureKind.SCHEMA_DRIFT, detail))
        return Page(
            tuple(items),
            next_url=_next_page(response.url) if items else None,
            skipped=len(reviews) - len(items),
        )

    def _review(self, entry: dict[str, Any], url: str) -> MentionItem | None:
        text = clean_text(_label(entry.get("content")))
        title = clean_text(_label(entry.get("title")), max_chars=300)
        if not text and not title:
            return None
        given = entry.get("author")
        author = given if isinstance(given, dict) else {}
        name = clean_text(_label(author.get("name")), max_chars=80) or None
        user = _USER_ID.search(_label(author.get("uri")))
        raw_time = _label(entry.get("updated")) or None
        reading = read_time(raw_time, collected_at=self.collected_at) if raw_time else None
        source_id = _label(entry.get("id")) or hashed_id(name, title, text)
        return MentionItem(
            source_id=source_id[:400],
            kind=MentionKind.REVIEW,
            url=_review_url(entry, url),
            title=title or None,
            text=text or title,
            author_name=name,
            author_id=user[1] if user else name,
            posted_at=reading[0] if reading else None,
            posted_precision=reading[1] if reading else None,
            posted_raw=raw_time,
            lang=detect_language(f"{title} {text}"),
            rating=_number(entry.get("im:rating")),
            rating_max=MAX_RATING,
            likes=_whole(entry.get("im:voteSum")),
            extra={
                "version": _label(entry.get("im:version")) or None,
                "votes": _whole(entry.get("im:voteCount")),
            },
        )


def _label(value: Any) -> str:
    """Return the ``label`` of the feed's wrapped values, or of a bare string."""
    if isinstance(value, dict):
        value = value.get("label")
    return value.strip() if isinstance(value, str) else ""


def _number(value: Any) -> float | None:
    try:
        number = float(_label(value))
    except ValueError:
        return None
    return number if 0 <= number <= MAX_RATING else None


def _whole(value: Any) -> int | None:
    text = _label(value)
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else None


def _review_url(entry: dict[str, Any], page_url: str) -> str | None:
    links = entry.get("link")
    for link in links if isinstance(links, list) else [links]:
        attributes = link.get("attributes") if isinstance(link, dict) else None
        href = attributes.get("href") if isinstance(attributes, dict) else None
        if isinstance(href, str) and href.startswith(("http://", "https://")):
            return href[:2000]
    parts = urlsplit(page_url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None


def _next_page(url: str) -> str | None:
    """Count pages ourselves: the feed's own ``next`` of the last page may point to itself."""
    found = _PAGE.search(url)
    if found is None or int(found[1]) >= MAX_PAGES:
        return None
    return url.replace(found[0], f"/page={int(found[1]) + 1}/")
