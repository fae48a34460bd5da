"""Spider for feeds: RSS, Atom, RDF and JSON Feed. Parses entries; knows nothing of storage."""

import io
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

import feedparser
from scrapy.http import Response

from listener.items import FailureKind, MentionItem, MentionKind, SourceFailure, SourceSpec
from listener.text.charset_xml import decode_xml
from listener.text.clean import html_to_text
from listener.text.urls import absolute_url, printable
from spiders import feed_entries as fields
from spiders.base import Page, SourceSpider, hashed_id
from spiders.feed_failures import bridge_error, not_a_feed
from spiders.feed_pace import max_age_s, ttl_of
from spiders.feed_xml import Refused, feed_start, mend, unpack, with_short_names
from spiders.json_feed import is_json, read_json_feed
from spiders.refusals import content_type_of

SOURCE = SourceSpec(
    name="feed",
    description="Any RSS, Atom, RDF or JSON feed: news, forums, blogs, bridges you run yourself",
    parameters={"url": "Address of the feed"},
    optional={"kind": "What its entries are: article (default), post, comment, review, complaint"},
    example={"url": "https://example.com/feed.xml"},
    terms="Public feeds only; robots.txt and the feed's own ttl are followed.",
)

MAX_ENTRIES = 2_000
# Clocks differ a little; what is later than this is a wrong date, not a fast clock.
CLOCK_SKEW = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Context:
    """What the entries of one feed share."""

    base_url: str
    feed: Any
    language: str
    zone: tzinfo
    is_atom: bool
    repeated_ids: frozenset[str]


class FeedSpider(SourceSpider):
    """Yield one mention for each entry that has a text, and follow RFC 5005 pages backwards."""

    spec = SOURCE
    conditional = True
    default_kind = MentionKind.ARTICLE

    def first_url(self) -> str:
        """Return the feed's address."""
        return self.parameters["url"]

    def refusal(self, response: Response) -> SourceFailure | None:
        """Name refusals; an error page of an RSSHub bridge is quoted whatever its status."""
        message = bridge_error(response)
        failure = super().refusal(response)
        if message is None:
            return failure
        if failure is None:
            failure = SourceFailure(FailureKind.SERVER_ERROR, "an error page of the bridge")
        if response.status == 404:
            failure = replace(failure, detail="HTTP 404: the bridge has no such route any more")
        return replace(failure, detail=f"{failure.detail}: {message}")

    def read(self, response: Response) -> Page:
        """Read a feed; HTML, emptiness and cut-off XML are named as what they are."""
        try:
            body = unpack(response.body)
            text = decode_xml(body, content_type_of(response))
            if not text.strip("\x00 \t\r\n\ufeff"):
                return _failed("the body is empty")
            if is_json(text):
                return self._read_json(text, response)
            start = feed_start(text)
            if start is None:
                return Page(failure=not_a_feed(text, response.url))
            return self._read_xml(text, start, response)
        except Refused as error:
            return _failed(str(error))

    def _read_json(self, text: str, response: Response) -> Page:
        page = read_json_feed(
            text, base_url=response.url, collected_at=self.collected_at, kind=self._kind()
        )
        items = tuple(self.adapt(clamped(item, self.collected_at), None) for item in page.items)
        return replace(page, items=items, ttl_s=max_age_s(response))

    def _read_xml(self, text: str, start: int, response: Response) -> Page:
        mended = mend(text, start, most_items=MAX_ENTRIES)
        parsed = _parse(with_short_names(mended.xml))
        if not parsed.entries and (mended.is_cut or (parsed.get("bozo") and not parsed.feed)):
            reason = "cut off" if mended.is_cut else str(parsed.get("bozo_exception"))[:200]
            return _failed(f"broken XML: {reason}")
        entries = parsed.entries[:MAX_ENTRIES]
        context = _context(parsed, response.url)
        read = [self._mention(entry, context) for entry in entries]
        items = tuple(item for item in read if item is not None)
        if len(items) * 2 < len(entries):
            detail = f"{len(entries) - len(items)} of {len(entries)} entries have no title or text"
            return Page(failure=SourceFailure(FailureKind.SCHEMA_DRIFT, detail))
        return Page(
            items,
            next_url=_next_page(parsed.feed, context.base_url),
            ttl_s=ttl_of(parsed.feed, response),
            skipped=len(entries) - len(items),
            is_partial=mended.is_cut,
        )

    def _kind(self) -> MentionKind:
        try:
            return MentionKind(self.parameters.get("kind", self.default_kind))
        except ValueError:
            return self.default_kind

    def _mention(self, entry: Any, context: Context) -> MentionItem | None:
        title = fields.plain_title(entry.get("title_detail"), entry.get("title"))
        html, text = fields.content_of(entry)
        if not text and not title:
            return None
        link = fields.link_of(entry, context.base_url)
        raw_time, posted_at, precision = fields.posted_of(
            entry, collected_at=self.collected_at, zone=context.zone
        )
        name, author_id = fields.author_of(entry, context.feed if context.is_atom else None)
        extra: dict[str, str | int | float | bool | None] = {}
        if categories := fields.categories_of(entry):
            extra["categories"] = ", ".join(categories)
        if repost := _reposted(html or ""):
            extra["repost"] = repost
        item = MentionItem(
            source_id=_id_of(entry, context, title, raw_time, text),
            kind=self._kind(),
            url=link,
            title=title or None,
            text=text or title,
            html=html,
            author_name=name,
            author_id=author_id,
            posted_at=posted_at,
            posted_precision=precision,
            posted_raw=raw_time,
            lang=fields.language_of(f"{title} {text}", context.language),
            comments=fields.count_of(entry.get("slash_comments") or entry.get("thr_total")),
            extra=extra,
        )
        return self.adapt(clamped(item, self.collected_at), entry)

    def adapt(self, item: MentionItem, entry: Any) -> MentionItem:
        """Return the mention as this kind of feed means it; ``entry`` is None for JSON feeds."""
        del entry
        return item


def clamped(item: MentionItem, collected_at: datetime) -> MentionItem:
    """Return a mention whose time is not in the future: nobody has posted tomorrow."""
    if item.posted_at is None or item.posted_at <= collected_at:
        return item
    extra = dict(item.extra)
    if item.posted_at > collected_at + CLOCK_SKEW:
        extra["posted_in_future"] = True
    return replace(item, posted_at=collected_at, extra=extra)


def _failed(detail: str) -> Page:
    return Page(failure=SourceFailure(FailureKind.BAD_PAYLOAD, detail))


def _parse(xml: str) -> Any:
    """Run feedparser on bytes with headers, never on a string, which it might try to open."""
    # It would resolve identifiers like links if it knew the address; so it is not told.
    headers = {"content-type": "application/xml; charset=utf-8"}
    return feedparser.parse(io.BytesIO(xml.encode("utf-8", "replace")), response_headers=headers)


def _context(parsed: Any, url: str) -> Context:
    feed = parsed.feed
    language = str(feed.get("language") or "")
    sample = " ".join(
        [str(feed.get("title") or ""), *(str(e.get("title") or "") for e in parsed.entries[:20])]
    )
    links = {
        entry_id: {str(e.get("link") or "") for e in parsed.entries if e.get("id") == entry_id}
        for entry_id, count in Counter(e.get("id") for e in parsed.entries).items()
        if entry_id and count > 1
    }
    return Context(
        base_url=url if url.startswith(("http://", "https://")) else _home(feed),
        feed=feed,
        language=language,
        zone=fields.zone_of(language, sample),
        is_atom=str(parsed.get("version") or "").startswith("atom"),
        # Some sites give one id to everything; then only the link tells the entries apart.
        repeated_ids=frozenset(name for name, pages in links.items() if len(pages) > 1),
    )


def _home(feed: Any) -> str:
    """Return what relative links are resolved against when the feed's own address is unknown."""
    links = {link.get("rel"): str(link.get("href") or "") for link in feed.get("links", ())}
    return links.get("self") or links.get("alternate") or str(feed.get("link") or "")


def _id_of(entry: Any, context: Context, title: str, raw_time: str | None, text: str) -> str:
    given = printable(str(entry.get("id") or "")).strip()
    link = printable(str(entry.get("link") or "")).strip()
    if not given or given in context.repeated_ids:
        given = absolute_url(context.base_url, link) if link else given
    return given[: fields.MAX_ID_CHARS] or hashed_id(title, raw_time or text)


def _reposted(html: str) -> str | None:
    """Return the text of the post that this one passes on, as bridges quote it."""
    if not ("转发" in html or "轉發" in html):
        return None
    begin, end = html.find("<blockquote"), html.rfind("</blockquote>")
    return html_to_text(html[begin:end], max_chars=2_000) or None if 0 <= begin < end else None


def _next_page(feed: Any, base_url: str) -> str | None:
    for link in feed.get("links", ()):
        if link.get("rel") in ("next", "prev-archive") and link.get("href"):
            absolute = absolute_url(base_url, str(link["href"]))
            return absolute if absolute.startswith(("http://", "https://")) else None
    return None
