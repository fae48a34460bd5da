"""Read the fields of one entry of a parsed feed: title, text, link, author, time."""

import re
from datetime import UTC, datetime, tzinfo
from typing import Any

from listener.items import Precision
from listener.text.clean import clean_text, html_to_text, strip_markup
from listener.text.feed_times import read_feed_time
from listener.text.language import detect_language
from listener.text.times import CHINA
from listener.text.urls import canonical_url, printable

MAX_TITLE_CHARS = 500
MAX_AUTHOR_CHARS = 80
MAX_ID_CHARS = 400
_MAIL = re.compile(r"[^\s@()<>]+@[^\s@()<>]+")
_MAIL_AND_NAME = re.compile(r"^\s*(?:<?[^\s@()<>]+@[^\s@()<>]+>?)\s*\((.*)\)\s*$")
_NAME_AND_MAIL = re.compile(r"^\s*(.*?)\s*[(<]\s*[^\s@()<>]+@[^\s@()<>]+\s*[)>]\s*$")
# Scripts that tell their language apart by themselves, whatever the feed says of itself.
_CERTAIN = ("zh", "ja", "ko")


def plain_title(detail: Any, value: Any) -> str:
    """Return a title on one line, with markup dropped where it may hold some."""
    if not value:
        return ""
    kind = (detail or {}).get("type", "text/html")
    text = clean_text(str(value)) if kind == "text/plain" else strip_markup(str(value))
    return " ".join(text.split())[:MAX_TITLE_CHARS]


def content_of(entry: Any) -> tuple[str | None, str]:
    """Return (HTML, plain text) of an entry: its full content, else its summary."""
    bodies = [body for body in entry.get("content", ()) if (body.get("value") or "").strip()]
    # An entry that carries its text twice, plain and as HTML, is read from the richer form.
    bodies.sort(key=lambda body: body.get("type") == "text/plain")
    summary = entry.get("summary_detail") or {}
    for body in [*bodies, summary]:
        value = printable_markup(str(body.get("value") or ""))
        if body.get("type") == "text/plain":
            text = clean_text(value)
            html = None
        else:
            text, html = html_to_text(value), value or None
        if text:
            return html, text
    return None, ""


def printable_markup(text: str) -> str:
    """Return markup without NUL and lone surrogates, line breaks kept."""
    return re.sub("[\x00\ud800-\udfff]", "", text)


def link_of(entry: Any, base_url: str) -> str | None:
    """Return the entry's own page; feeds that count clicks often name the real one besides."""
    for name in ("feedburner_origlink", "pheedo_origlink", "link"):
        link = str(entry.get(name) or "")
        # An identifier stands in for the link where there is none; only an address is one.
        if name == "link" and link == entry.get("id") and not link.startswith("http"):
            continue
        if url := canonical_url(link, base_url):
            return url
    return None


def author_of(entry: Any, feed: Any) -> tuple[str | None, str | None]:
    """Return (name, identifier) of who wrote an entry; a bare mail address is no name.

    ``feed`` stands in where the entry names nobody (RFC 4287); it is None where no such rule is.
    """
    for holder in (entry, feed or {}):
        raw = str(holder.get("author") or "")[:MAX_ID_CHARS]
        detail = holder.get("author_detail") or {}
        name, mail = author_name(raw), _MAIL.search(raw)
        identifier = printable(str(detail.get("href") or "")) or (mail[0] if mail else "")
        if name or identifier:
            return name, identifier[:MAX_ID_CHARS] or name
    return None, None


def author_name(raw: str) -> str | None:
    """Return the name in an author field: 'mail (Name)', 'Name <mail>', markup or a plain name."""
    text = raw if _NAME_AND_MAIL.match(raw) else strip_markup(raw)
    text = " ".join(text.split())[:MAX_ID_CHARS]
    for pattern in (_MAIL_AND_NAME, _NAME_AND_MAIL):
        if found := pattern.match(text):
            text = found[1].strip().strip('"')
    if _MAIL.fullmatch(text):
        return None
    return clean_text(text, max_chars=MAX_AUTHOR_CHARS) or None


def categories_of(entry: Any) -> list[str]:
    """Return the entry's categories in order, each once."""
    labels = [str(tag.get("label") or tag.get("term") or "") for tag in entry.get("tags", ())]
    return unique_labels(labels)


def unique_labels(labels: list[str]) -> list[str]:
    """Return clean labels in order, each once, at most twenty."""
    names = (" ".join(strip_markup(label).split())[:60] for label in labels)
    return list(dict.fromkeys(name for name in names if name))[:20]


def posted_of(
    entry: Any, *, collected_at: datetime, zone: tzinfo
) -> tuple[str | None, datetime | None, Precision | None]:
    """Return (as written, instant, precision): published before updated, whichever can be read."""
    first = None
    for name in ("published", "updated", "created"):
        raw = printable(str(entry.get(name) or "")).strip()[:MAX_ID_CHARS]
        if not raw:
            continue
        first = first or raw
        reading = read_feed_time(raw, collected_at=collected_at, zone=zone)
        if reading is None and (parsed := entry.get(f"{name}_parsed")):
            reading = _of_struct(parsed, has_clock=":" in raw)
        if reading is not None:
            return raw, reading[0], reading[1]
    return first, None, None


def _of_struct(parsed: Any, *, has_clock: bool) -> tuple[datetime, Precision] | None:
    """Read what feedparser made of a time in a spelling that only it knows."""
    try:
        year, month, day, hour, minute, second = parsed[:6]
        at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return (at, Precision.SECOND if has_clock else Precision.DAY) if at.year >= 1990 else None


def zone_of(language: str, sample: str) -> tzinfo:
    """Return the zone of times without one: China's for Chinese feeds, else UTC."""
    if language.lower().startswith("zh"):
        return CHINA
    return CHINA if detect_language(sample[:4_000]).startswith("zh") else UTC


def language_of(text: str, given: str) -> str:
    """Return an entry's language: by its script where that is certain, else as the feed says."""
    detected = detect_language(text)
    given = given.strip().lower()
    if detected.startswith(_CERTAIN) or not re.fullmatch(r"[a-z]{2,3}([-_][a-z0-9]{2,8})*", given):
        return detected
    return detected if given.startswith("zh") else given.replace("_", "-").partition("-")[0]


def count_of(value: Any) -> int | None:
    """Return a count as a feed writes it, None if it is none."""
    text = str(value or "").strip()
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
