"""Read App Store reviews: the public feed as JSON and as Atom, and App Store Connect's list.

Each form becomes the same flat fields first, so that the rules for a review stand in one place.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from listener.items import FailureKind, MentionItem, MentionKind, SourceFailure
from listener.text.charset_xml import decode_xml
from listener.text.clean import clean_text, html_to_text
from listener.text.feed_times import read_feed_time
from listener.text.language import detect_language
from listener.text.urls import canonical_url, printable
from spiders.base import Page, hashed_id
from spiders.feed_failures import not_a_feed
from spiders.feed_xml import feed_start, mend, unpack

MAX_RATING = 5.0
MAX_ID_CHARS = 400
_USER_ID = re.compile(r"/id(\d{1,20})")
_OF_ADDRESS = re.compile(r"/([a-z]{2})/rss/customerreviews/.*?\bid=(\d{1,15})", re.IGNORECASE)
_OF_CODE = {
    "401": FailureKind.LOGIN_REQUIRED,
    "NOT_AUTHORIZED": FailureKind.LOGIN_REQUIRED,
    "403": FailureKind.BLOCKED,
    "404": FailureKind.GONE,
    "429": FailureKind.RATE_LIMITED,
    "RATE_LIMIT_EXCEEDED": FailureKind.RATE_LIMITED,
}


@dataclass(frozen=True, slots=True)
class Review:
    """The fields of one review as the store writes them; an empty text is one not given."""

    source_id: str = ""
    title: str = ""
    text: str = ""
    author: str = ""
    author_uri: str = ""
    time: str = ""
    link: str = ""
    rating: str = ""
    version: str = ""
    vote_sum: str = ""
    vote_count: str = ""
    territory: str = ""


def read_reviews(body: bytes, *, content_type: str, url: str, collected_at: datetime) -> Page:
    """Return the page of reviews that a body holds, in whichever of the three forms."""
    text = decode_xml(unpack(body), content_type).strip("\ufeff\x00 \t\r\n")
    if not text:
        # The store's data servers answer nothing to whom they do not want to serve.
        return _failed(FailureKind.BLOCKED, "HTTP 200 with an empty body where reviews are due")
    if text[0] in "{[":
        found = _of_json(text)
    else:
        start = feed_start(text)
        if start is None:
            return Page(failure=not_a_feed(text, url))
        mended = mend(text, start)
        found = _of_xml(mended.xml)
        if mended.is_cut and not found:
            return _failed(FailureKind.BAD_PAYLOAD, "broken XML: cut off")
    if isinstance(found, SourceFailure):
        return Page(failure=found)
    items = [item for one in found if (item := _mention(one, url, collected_at)) is not None]
    if len(items) * 2 < len(found):
        detail = f"{len(found) - len(items)} of {len(found)} reviews lack rating or text"
        return _failed(FailureKind.SCHEMA_DRIFT, detail)
    is_cut = text[0] not in "{[" and mended.is_cut
    return Page(tuple(items), skipped=len(found) - len(items), is_partial=is_cut)


def error_of(body: bytes, failure: SourceFailure | None) -> SourceFailure | None:
    """Return a refusal with the reason that App Store Connect's error document gives.

    ``failure`` is what the status tells; without one, the document's own status counts.
    """
    if body.lstrip()[:1] != b"{" or b'"errors"' not in body[:2_000]:
        return failure
    try:
        first = json.loads(body)["errors"][0]
        code, status = str(first.get("code") or ""), str(first.get("status") or "")
        reason = str(first.get("detail") or first.get("title") or "")
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return failure
    named = printable(": ".join(part for part in (code, reason) if part))[:300]
    if failure is not None:
        return replace(failure, detail=f"{failure.detail} ({named})" if named else failure.detail)
    kind = _OF_CODE.get(code.partition(".")[0]) or _OF_CODE.get(status)
    if kind is None:
        kind = FailureKind.SERVER_ERROR if status.startswith("5") else FailureKind.BAD_PAYLOAD
    return SourceFailure(kind, f"an error document: {named or status}")


def _of_json(text: str) -> list[Review] | SourceFailure:
    try:
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        return SourceFailure(FailureKind.BAD_PAYLOAD, f"not JSON: {error}"[:200])
    if not isinstance(data, dict):
        return SourceFailure(FailureKind.SCHEMA_DRIFT, "JSON that is no object")
    if "data" in data and "feed" not in data:
        return _of_connect(data["data"])
    feed = data.get("feed")
    if not isinstance(feed, dict):
        return SourceFailure(FailureKind.SCHEMA_DRIFT, "JSON without a 'feed' object")
    entries = feed.get("entry")
    entries = [] if entries is None else [entries] if isinstance(entries, dict) else entries
    if not isinstance(entries, list):
        return SourceFailure(FailureKind.SCHEMA_DRIFT, "'feed.entry' is neither list nor object")
    reviews = [_of_entry(entry) for entry in entries if isinstance(entry, dict)]
    return _without_app(reviews, len(entries))


def _without_app(reviews: list[Review], entries: int) -> list[Review]:
    """Drop the first entry of old answers, which is the app itself and carries no rating."""
    is_app = bool(reviews) and not reviews[0].rating
    rest = reviews[1:] if is_app else reviews
    # What is no entry at all counts as one that cannot be read.
    return [*rest, *[Review()] * (entries - len(reviews))]


def _of_entry(entry: dict[str, Any]) -> Review:
    given = entry.get("author")
    author = given if isinstance(given, dict) else {}
    content = entry.get("content")
    contents = content if isinstance(content, list) else [content]
    return Review(
        source_id=_label(entry.get("id")),
        title=_label(entry.get("title")),
        text=_best_text([(_type_of(one), _label(one)) for one in contents]),
        author=_label(author.get("name")),
        author_uri=_label(author.get("uri")),
        time=_label(entry.get("updated")),
        link=_link_of(entry.get("link")),
        rating=_label(entry.get("im:rating")),
        version=_label(entry.get("im:version")),
        vote_sum=_label(entry.get("im:voteSum")),
        vote_count=_label(entry.get("im:voteCount")),
    )


def _of_connect(data: Any) -> list[Review] | SourceFailure:
    """Read App Store Connect's ``customerReviews``: the brand's own app, fetched with its key."""
    rows = [data] if isinstance(data, dict) else data
    if not isinstance(rows, list):
        return SourceFailure(FailureKind.SCHEMA_DRIFT, "'data' is neither list nor object")
    reviews = []
    for row in rows:
        values = row.get("attributes") if isinstance(row, dict) else None
        if not isinstance(values, dict):
            reviews.append(Review())
            continue
        reviews.append(
            Review(
                source_id=_label(row.get("id")),
                title=_label(values.get("title")),
                text=_label(values.get("body")),
                author=_label(values.get("reviewerNickname")),
                time=_label(values.get("createdDate")),
                rating=_label(values.get("rating")),
                territory=_label(values.get("territory")),
            )
        )
    return reviews


def _of_xml(xml: str) -> list[Review]:
    """Read the Atom form; names are matched without their namespace, which old answers vary."""
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    root = etree.fromstring(xml.encode("utf-8", "replace"), parser)
    if root is None:
        return []
    reviews = []
    for entry in root.iter("{*}entry"):
        parts = list(_children(entry))
        values = {name: (node.text or "").strip() for name, node in reversed(parts)}
        author = next((dict(_texts(node)) for name, node in parts if name == "author"), {})
        contents = [
            (node.get("type") or "text", "".join(str(part) for part in node.itertext()))
            for name, node in parts
            if name == "content"
        ]
        reviews.append(
            Review(
                source_id=values.get("id", ""),
                title=values.get("title", ""),
                text=_best_text(contents),
                author=author.get("name", ""),
                author_uri=author.get("uri", ""),
                time=values.get("updated", ""),
                link=next((node.get("href") or "" for n, node in parts if n == "link"), ""),
                rating=values.get("rating", ""),
                version=values.get("version", ""),
                vote_sum=values.get("voteSum", ""),
                vote_count=values.get("voteCount", ""),
            )
        )
    return _without_app(reviews, len(reviews))


def _children(node: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    for child in node:
        if isinstance(child.tag, str):
            yield etree.QName(child).localname, child


def _texts(node: etree._Element) -> Iterator[tuple[str, str]]:
    for name, child in _children(node):
        yield name, (child.text or "").strip()


def _best_text(contents: list[tuple[str, str]]) -> str:
    """Return the plain form where there are two: the HTML one repeats title and app around it."""
    for kind, value in contents:
        if kind == "text" and value.strip():
            return value
    return next((html_to_text(value) for _, value in contents if value.strip()), "")


def _mention(review: Review, page_url: str, collected_at: datetime) -> MentionItem | None:
    text = clean_text(review.text)
    title = " ".join(clean_text(review.title, max_chars=300).split())
    rating = _rating(review.rating)
    if rating is None or not (text or title):
        return None
    name = clean_text(review.author, max_chars=80) or None
    user = _USER_ID.search(review.author_uri)
    raw_time = printable(review.time)[:100] or None
    reading = read_feed_time(raw_time or "", collected_at=collected_at, zone=UTC)
    extra = {
        "version": printable(review.version)[:40] or None,
        "votes": _whole(review.vote_count),
        "territory": printable(review.territory)[:10] or None,
    }
    source_id = printable(review.source_id)[:MAX_ID_CHARS]
    return MentionItem(
        source_id=source_id or hashed_id(name, title, text),
        kind=MentionKind.REVIEW,
        url=canonical_url(review.link) or _store_page(page_url),
        title=title or None,
        text=text or title,
        author_name=name,
        author_id=user[1] if user else name,
        posted_at=reading[0] if reading else None,
        posted_precision=reading[1] if reading else None,
        posted_raw=raw_time,
        lang=detect_language(f"{title} {text}"),
        rating=rating,
        rating_max=MAX_RATING,
        likes=_whole(review.vote_sum),
        extra={key: value for key, value in extra.items() if value is not None},
    )


def _store_page(page_url: str) -> str | None:
    """Return the app's page of reviews, built from the numbers in the feed's own address."""
    found = _OF_ADDRESS.search(page_url)
    if found is None:
        return None
    return f"https://apps.apple.com/{found[1].lower()}/app/id{found[2]}?see-all=reviews"


def _label(value: Any) -> str:
    """Return the ``label`` of the feed's wrapped values, or of a bare string or number."""
    if isinstance(value, dict):
        value = value.get("label")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()


def _type_of(value: Any) -> str:
    attributes = value.get("attributes") if isinstance(value, dict) else None
    kind = attributes.get("type") if isinstance(attributes, dict) else None
    return kind if isinstance(kind, str) else "text"


def _link_of(value: Any) -> str:
    for link in value if isinstance(value, list) else [value]:
        attributes = link.get("attributes") if isinstance(link, dict) else None
        href = attributes.get("href") if isinstance(attributes, dict) else None
        if isinstance(href, str) and href.startswith(("http://", "https://")):
            return href
    return ""


def _rating(text: str) -> float | None:
    found = re.fullmatch(r"[0-9](?:\.[0-9]{1,3})?", text)
    return float(text) if found and float(text) <= MAX_RATING else None


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None


def _failed(kind: FailureKind, detail: str) -> Page:
    return Page(failure=SourceFailure(kind, detail))
