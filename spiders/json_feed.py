"""Read JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/) into mentions."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from listener.items import FailureKind, MentionItem, MentionKind, SourceFailure
from listener.text.clean import clean_text, html_to_text, strip_markup
from listener.text.feed_times import read_feed_time
from listener.text.urls import absolute_url, canonical_url, printable
from spiders import feed_entries as fields
from spiders.base import Page, hashed_id

MAX_ITEMS = 2_000


def is_json(text: str) -> bool:
    """Say whether a body is meant to be JSON."""
    return text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[")


def read_json_feed(text: str, *, base_url: str, collected_at: datetime, kind: MentionKind) -> Page:
    """Return the page of mentions that a JSON Feed holds. Never raises for any text."""
    try:
        data = json.loads(text.strip("\ufeff \t\r\n\x00"), strict=False)
    except (ValueError, RecursionError) as error:
        return _failed(FailureKind.BAD_PAYLOAD, f"broken JSON: {str(error)[:200]}")
    if not isinstance(data, dict) or not _is_feed(data):
        return _failed(
            FailureKind.BAD_PAYLOAD, "JSON, but no JSON Feed: 'version' does not say so"
        )
    items = data.get("items")
    if not isinstance(items, list):
        return _failed(FailureKind.SCHEMA_DRIFT, "a JSON Feed without the list 'items'")
    base = base_url if base_url.startswith("http") else _text(data.get("feed_url"))
    language = _text(data.get("language"))
    zone = fields.zone_of(language, _text(data.get("title"))) if language else UTC
    reader = _Reader(
        feed=data,
        base_url=base,
        language=language,
        zone=zone,
        collected_at=collected_at,
        kind=kind,
    )
    entries = [item for item in items[:MAX_ITEMS] if isinstance(item, dict)]
    found = tuple(mention for item in entries if (mention := reader.mention(item)) is not None)
    if len(found) * 2 < len(items[:MAX_ITEMS]):
        detail = f"{len(items) - len(found)} of {len(items)} items have no title or text"
        return _failed(FailureKind.SCHEMA_DRIFT, detail)
    following = canonical_url(_text(data.get("next_url")), base)
    return Page(found, next_url=following, skipped=len(items[:MAX_ITEMS]) - len(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Reads the items of one feed."""

    feed: dict[str, Any]
    base_url: str
    language: str
    zone: tzinfo
    collected_at: datetime
    kind: MentionKind

    def mention(self, item: dict[str, Any]) -> MentionItem | None:
        """Return the mention of one item, None if it carries neither title nor text."""
        title = " ".join(strip_markup(_text(item.get("title"))).split())[: fields.MAX_TITLE_CHARS]
        text = clean_text(_text(item.get("content_text"))) or html_to_text(
            _text(item.get("content_html"))
        )
        text = text or strip_markup(_text(item.get("summary")))
        if not text and not title:
            return None
        link = _text(item.get("url")) or _text(item.get("external_url"))
        raw, posted_at, precision = None, None, None
        for name in ("date_published", "date_modified"):
            raw = raw or _text(item.get(name)) or None
            reading = read_feed_time(
                _text(item.get(name)), collected_at=self.collected_at, zone=self.zone
            )
            if reading is not None:
                raw, (posted_at, precision) = _text(item.get(name)), reading
                break
        name_, author_id = _author(item) or _author(self.feed) or (None, None)
        tags = item.get("tags")
        labels = fields.unique_labels(
            [_text(tag) for tag in tags] if isinstance(tags, list) else []
        )
        given = _text(item.get("id")) or absolute_url(self.base_url, link)
        return MentionItem(
            source_id=given[: fields.MAX_ID_CHARS] or hashed_id(title, raw or text),
            kind=self.kind,
            url=canonical_url(link, self.base_url),
            title=title or None,
            text=text or title,
            author_name=name_,
            author_id=author_id,
            posted_at=posted_at,
            posted_precision=precision,
            posted_raw=raw,
            lang=fields.language_of(
                f"{title} {text}", _text(item.get("language")) or self.language
            ),
            extra={"categories": ", ".join(labels)} if labels else {},
        )


def _is_feed(data: dict[str, Any]) -> bool:
    version = _text(data.get("version"))
    return "jsonfeed.org/version/" in version or (
        isinstance(data.get("items"), list) and bool({"title", "home_page_url"} & data.keys())
    )


def _author(holder: dict[str, Any]) -> tuple[str | None, str | None] | None:
    """Return (name, identifier): ``authors`` of version 1.1, else ``author`` of version 1.0."""
    people = holder.get("authors")
    people = [*(people if isinstance(people, list) else []), holder.get("author")]
    for person in people:
        if isinstance(person, dict):
            name = fields.author_name(_text(person.get("name")))
            if name or _text(person.get("url")):
                return name, _text(person.get("url"))[: fields.MAX_ID_CHARS] or name
    return None


def _text(value: Any) -> str:
    """Return a value as text that any encoding can hold; what is no text or number is empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return fields.printable_markup(str(value)) if isinstance(value, str) else printable(str(value))


def _failed(kind: FailureKind, detail: str) -> Page:
    return Page(failure=SourceFailure(kind, printable(detail)))
