"""Spider for feeds: RSS and Atom. Parses entries into mentions; knows nothing of storage."""

import io
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import feedparser
from scrapy.http import Response

from listener.items import (
    FailureKind,
    MentionItem,
    MentionKind,
    Precision,
    SourceFailure,
    SourceSpec,
)
from listener.text.clean import clean_text, html_to_text, strip_markup
from listener.text.language import detect_language
from listener.text.times import CHINA, read_time
from spiders.base import Page, SourceSpider, hashed_id

SOURCE = SourceSpec(
    name="feed",
    description="Any RSS or Atom feed: news, forums, blogs, bridges you run yourself",
    parameters={"url": "Address of the feed"},
    optional={"kind": "What its entries are: article (default), post, comment, review, complaint"},
    example={"url": "https://example.com/feed.xml"},
    terms="Public feeds only; robots.txt and the feed's own ttl are followed.",
)

MAX_ENTRIES = 2_000
# Labels that lie: what is called the left is in practice encoded as the right.
_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "big5": "big5hkscs",
    "iso-8859-1": "windows-1252",
    "latin-1": "windows-1252",
    "us-ascii": "windows-1252",
    "ascii": "windows-1252",
}
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._-]+)", re.IGNORECASE)
_FEED_ROOT = re.compile(r"<(?:[a-z0-9]+:)?(?:rss|feed|rdf)\b", re.IGNORECASE)
_HTML_ROOT = re.compile(r"<!doctype html|<html\b|<body\b", re.IGNORECASE)
_ALTERNATE = re.compile(r"<link\b[^>]*application/(?:rss|atom)\+xml[^>]*>", re.IGNORECASE)
_HREF = re.compile(r"href\s*=\s*[\"']([^\"'<>\s]+)[\"']", re.IGNORECASE)


class FeedSpider(SourceSpider):
    """Yield one mention for each entry that has a text, and follow RFC 5005 pages backwards."""

    spec = SOURCE
    conditional = True

    def first_url(self) -> str:
        """Return the feed's address."""
        return self.parameters["url"]

    def read(self, response: Response) -> Page:
        """Read a feed; HTML, emptiness and cut-off XML are named as what they are."""
        text = decode_feed(response.body, content_type_of(response))
        if not text.strip():
            return Page(failure=SourceFailure(FailureKind.BAD_PAYLOAD, "the body is empty"))
        if not _FEED_ROOT.search(text[:20_000]):
            return Page(failure=_not_a_feed(text, response.url))
        parsed = _parse(text, response.url)
        if parsed.get("bozo") and not parsed.entries and not parsed.feed:
            reason = str(parsed.get("bozo_exception", "unreadable"))[:200]
            return Page(failure=SourceFailure(FailureKind.BAD_PAYLOAD, f"broken XML: {reason}"))
        items, skipped = [], 0
        for entry in parsed.entries[:MAX_ENTRIES]:
            item = self._mention(entry, parsed.feed, response.url)
            if item is None:
                skipped += 1
            else:
                items.append(item)
        items.sort(key=lambda one: one.posted_at or self.collected_at, reverse=True)
        return Page(
            tuple(items),
            next_url=_next_page(parsed.feed, response.url),
            ttl_s=_ttl_s(parsed.feed),
            skipped=skipped,
        )

    def _mention(self, entry: Any, feed: Any, base_url: str) -> MentionItem | None:
        title = _plain(entry.get("title_detail"), entry.get("title"))
        html, text = _content(entry)
        if not text and not title:
            return None
        link = _link(entry, base_url)
        raw_time, posted_at, precision = _posted(entry, self.collected_at, _zone(feed))
        author = clean_text(strip_markup(str(entry.get("author") or "")), max_chars=80) or None
        return MentionItem(
            source_id=str(entry.get("id") or link or hashed_id(title, raw_time, text))[:400],
            kind=MentionKind(self.parameters.get("kind", MentionKind.ARTICLE)),
            url=link,
            title=title or None,
            text=text or title,
            html=html,
            author_name=author,
            author_id=_author_id(entry) or author,
            posted_at=posted_at,
            posted_precision=precision,
            posted_raw=raw_time,
            lang=detect_language(f"{title} {text}"),
            comments=_count(entry.get("slash_comments") or entry.get("thr_total")),
            thread_title=None,
        )


def content_type_of(response: Response) -> str:
    """Return the response's Content-Type header, or an empty string."""
    return (response.headers.get("Content-Type") or b"").decode("latin-1")


def decode_feed(body: bytes, content_type: str) -> str:
    """Decode by byte order mark, HTTP charset, XML declaration, then by trying.

    ``text/xml`` without a charset does not mean ASCII, whatever RFC 3023 said.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    names = []
    if charset := _CHARSET.search(content_type):
        names.append(charset[1])
    if declared := _DECLARED.match(body[:400]):
        names.append(declared[1].decode("ascii"))
    for name in [*names, "utf-8", "gb18030"]:
        known = _SUPERSETS.get(name.lower(), name)
        try:
            return body.decode(known)
        except (LookupError, UnicodeDecodeError):
            continue
    best = _SUPERSETS.get(names[0].lower(), names[0]) if names else "utf-8"
    try:
        return body.decode(best, "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def _parse(text: str, url: str) -> Any:
    """Run feedparser on bytes with headers, never on a string, which it might try to open."""
    body = _DECLARATION.sub("", text).encode("utf-8", "replace")
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": url}
    return feedparser.parse(io.BytesIO(body), response_headers=headers)


def _not_a_feed(text: str, url: str) -> SourceFailure:
    if not _HTML_ROOT.search(text[:5_000]):
        return SourceFailure(FailureKind.BAD_PAYLOAD, "neither a feed nor a page")
    link = _ALTERNATE.search(text[:200_000])
    href = _HREF.search(link[0]) if link else None
    hint = f"; the page names its feed: {urljoin(url, href[1])}" if href else ""
    return SourceFailure(FailureKind.BAD_PAYLOAD, f"an HTML page, not a feed{hint}")


def _plain(detail: Any, value: Any) -> str:
    if not value:
        return ""
    kind = (detail or {}).get("type", "text/html")
    text = clean_text(str(value)) if kind == "text/plain" else strip_markup(str(value))
    return " ".join(text.split())[:500]


def _content(entry: Any) -> tuple[str | None, str]:
    bodies = [*entry.get("content", ()), entry.get("summary_detail") or {}]
    best: Any = max(bodies, key=lambda body: len(body.get("value") or ""), default={})
    full = next((body for body in entry.get("content", ()) if body.get("value")), best)
    value = str(full.get("value") or "")
    if full.get("type") == "text/plain":
        return None, clean_text(value)
    return value or None, html_to_text(value)


def _link(entry: Any, base_url: str) -> str | None:
    link = str(entry.get("link") or "").strip()
    if not link:
        return None
    absolute = urljoin(base_url, link)
    return absolute[:2000] if absolute.startswith(("http://", "https://")) else None


def _author_id(entry: Any) -> str | None:
    detail = entry.get("author_detail") or {}
    value = detail.get("href") or detail.get("email")
    return str(value)[:400] if value else None


def _posted(
    entry: Any, collected_at: datetime, zone: Any
) -> tuple[str | None, datetime | None, Precision | None]:
    for name in ("published", "updated", "created"):
        raw = str(entry.get(name) or "").strip()
        if not raw:
            continue
        reading = read_time(raw, collected_at=collected_at, zone=zone)
        if reading is not None:
            return raw, reading[0], reading[1]
    raw = str(entry.get("published") or entry.get("updated") or "").strip()
    return raw or None, None, None


def _zone(feed: Any) -> Any:
    """Return the zone of times without one: China's for Chinese feeds, else UTC."""
    language = str(feed.get("language") or "").lower()
    if language.startswith("zh"):
        return CHINA
    title = str(feed.get("title") or "")
    return CHINA if detect_language(title).startswith("zh") else UTC


def _next_page(feed: Any, base_url: str) -> str | None:
    for link in feed.get("links", ()):
        if link.get("rel") in ("next", "prev-archive") and link.get("href"):
            absolute = urljoin(base_url, str(link["href"]))
            return absolute if absolute.startswith(("http://", "https://")) else None
    return None


def _ttl_s(feed: Any) -> float | None:
    ttl = str(feed.get("ttl") or "")
    if ttl.isdigit():
        return min(float(ttl) * 60, 86_400.0)
    periods = {"hourly": 3600, "daily": 86_400, "weekly": 604_800}
    period = periods.get(str(feed.get("sy_updateperiod") or "").strip().lower())
    if period is None:
        return None
    frequency = str(feed.get("sy_updatefrequency") or "1")
    return min(period / max(int(frequency) if frequency.isdigit() else 1, 1), 86_400.0)


def _count(value: Any) -> int | None:
    text = str(value or "").strip()
    return int(text) if text.isdigit() else None
