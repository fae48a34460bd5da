"""Say what came instead of a feed: a page and the feeds it names, a bridge's error, or rubbish."""

import json
import re
from html import unescape

from scrapy.http import Response

from listener.items import FailureKind, SourceFailure
from listener.text.clean import html_to_text
from listener.text.urls import absolute_url, printable
from spiders.feed_xml import root_of

MAX_HINTS = 5
_PAGE = re.compile(r"<!doctype\s+html|<(?:html|head|body)\b", re.IGNORECASE)
_LINK = re.compile(r"<link\b[^>]{0,1000}>", re.IGNORECASE)
_IS_FEED = re.compile(
    r"type\s*=\s*[\"']?application/(?:rss\+xml|atom\+xml|rdf\+xml|feed\+json|json\b)", re.I
)
_IS_ALTERNATE = re.compile(r"rel\s*=\s*[\"']?[^\"'>]{0,40}\balternate\b", re.IGNORECASE)
_HREF = re.compile(r"href\s*=\s*(?:\"([^\"]+)\"|'([^']+)'|([^\s\"'>]+))", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>([^<]{1,300})", re.IGNORECASE)
_BRIDGE_MARKS = (b"Looks like something went wrong", b"Welcome to RSSHub", b"RSSHub")
_BRIDGE_MESSAGE = re.compile(
    r"Error Message\s*:?\s*(?:<[^>]*>\s*)*([^<]{1,2000})", re.IGNORECASE | re.DOTALL
)
_BRIDGE_BYTES = 60_000


def not_a_feed(text: str, url: str) -> SourceFailure:
    """Return the failure for a body without a feed in it; a page's own feeds are named."""
    if not _PAGE.search(text[:5_000]):
        root = root_of(text) if text.lstrip("\ufeff \t\r\n").startswith("<") else None
        what = f"XML with the root <{root[:40]}>, which is no feed" if root else _excerpt(text)
        return SourceFailure(FailureKind.BAD_PAYLOAD, what)
    title = _TITLE.search(text[:50_000])
    named = f" (“{' '.join(unescape(title[1]).split())[:60]}”)" if title else ""
    hints = alternate_links(text, url)
    hint = f"; the page names its feed: {', '.join(hints)}" if hints else ""
    detail = printable(f"an HTML page{named}, not a feed{hint}")
    return SourceFailure(FailureKind.BAD_PAYLOAD, detail)


def alternate_links(text: str, url: str) -> list[str]:
    """Return the addresses of the feeds that a page names, absolute where ``url`` is known."""
    found = []
    for link in _LINK.findall(text[:200_000]):
        if not (_IS_FEED.search(link) and _IS_ALTERNATE.search(link)):
            continue
        if href := _HREF.search(link):
            target = unescape(next(part for part in href.groups() if part)).strip()
            found.append(absolute_url(url, target) if url.startswith("http") else target)
    return list(dict.fromkeys(found))[:MAX_HINTS]


def bridge_error(response: Response) -> str | None:
    """Return the message of an RSSHub error page or error document, None for other bodies."""
    body = response.body[:_BRIDGE_BYTES]
    if body.lstrip()[:1] == b"{" and response.status >= 400:
        return _json_message(body)
    if b"Error Message" not in body or not any(mark in body for mark in _BRIDGE_MARKS):
        return None
    if b"<html" not in body.lower() and response.status < 400:
        return None  # a feed about the bridge, not a page of it
    found = _BRIDGE_MESSAGE.search(body.decode("utf-8", "replace"))
    message = html_to_text(found[1]) if found else ""
    return " ".join(message.split())[:300] or "the bridge names no reason"


def _json_message(body: bytes) -> str | None:
    try:
        error = json.loads(body).get("error")
    except (ValueError, AttributeError, RecursionError):
        return None
    message = error.get("message") if isinstance(error, dict) else None
    return printable(" ".join(message.split()))[:300] if isinstance(message, str) else None


def _excerpt(text: str) -> str:
    start = " ".join(printable(text[:400]).split())[:60]
    return f"neither a feed nor a page; it begins with “{start}”"
