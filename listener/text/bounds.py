"""The boundary that every mention passes: what a source sent becomes small, plain and storable.

Spiders clean what they know to be text; this holds for every field of every origin.
"""

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from listener.items import MentionItem
from listener.text.clean import clean_text, one_line
from listener.text.counts import MOST

MAX_URL_CHARS = 2_000
MAX_ID_CHARS = 400
MAX_TITLE_CHARS = 500
MAX_NAME_CHARS = 80
MAX_HTML_CHARS = 40_000
MAX_EXTRA = 40
_UNSAFE_IN_URL = re.compile(r"[\s<>\"'`\\{}|^]")
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)

Extra = str | int | float | bool | None


def bounded(item: MentionItem) -> MentionItem:
    """Return a mention whose every field is cleaned, capped and fits its column.

    Text loses control characters, lone surrogates and direction overrides; addresses that are
    not http or https vanish; impossible numbers and times become None. Doing it twice changes
    nothing.
    """
    posted_at = item.posted_at
    is_possible = posted_at is not None and _EARLIEST < posted_at < _LATEST
    rating, most = _rating(item.rating, item.rating_max)
    return replace(
        item,
        source_id=_identity(item.source_id, item.text),
        text=clean_text(item.text),
        title=_line(item.title, MAX_TITLE_CHARS),
        url=web_address(item.url),
        html=clean_text(item.html, max_chars=MAX_HTML_CHARS) if item.html else None,
        parent_id=_line(item.parent_id, MAX_ID_CHARS),
        root_id=_line(item.root_id, MAX_ID_CHARS),
        thread_title=_line(item.thread_title, MAX_TITLE_CHARS),
        author_name=_line(item.author_name, MAX_NAME_CHARS),
        author_id=_line(item.author_id, MAX_ID_CHARS),
        author_followers=_count(item.author_followers),
        posted_at=posted_at if is_possible else None,
        posted_precision=item.posted_precision if is_possible else None,
        posted_raw=_line(item.posted_raw, 200),
        lang=_line(item.lang, 20),
        rating=rating,
        rating_max=most,
        likes=_count(item.likes),
        reposts=_count(item.reposts),
        comments=_count(item.comments),
        views=_count(item.views),
        query=_line(item.query, MAX_TITLE_CHARS),
        extra=_extra(item.extra),
    )


def web_address(url: str | None) -> str | None:
    """Return an http or https address without anything that could leave a link, or None."""
    if url is None or len(url) > MAX_URL_CHARS:
        return None
    url = clean_text(url, max_chars=MAX_URL_CHARS).replace("\n", "")
    url = _UNSAFE_IN_URL.sub(lambda found: quote(found[0], safe=""), url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def _identity(source_id: str, text: str) -> str:
    """Return an id that fits its column; two different ids stay different."""
    clean = one_line(source_id, max_chars=MAX_ID_CHARS)
    if clean == source_id and clean:
        return clean
    whole = (source_id or text).encode("utf-8", "surrogatepass")
    return f"{clean[:300]}#{hashlib.sha256(whole).hexdigest()[:32]}"


def _line(text: str | None, max_chars: int) -> str | None:
    return (one_line(text, max_chars=max_chars) or None) if text is not None else None


def _count(value: int | None) -> int | None:
    """Cap a count to its column; App Store votes may be negative."""
    return None if value is None else max(-MOST, min(value, MOST))


def _rating(rating: float | None, most: float | None) -> tuple[float | None, float | None]:
    numbers = [one for one in (rating, most) if one is not None]
    if any(not math.isfinite(one) or abs(one) > 1e6 for one in numbers):
        return None, None
    return rating, most


def _extra(extra: Mapping[str, Extra]) -> dict[str, Extra]:
    kept: dict[str, Extra] = {}
    for name, value in list(extra.items())[:MAX_EXTRA]:
        plain: Extra = value
        if isinstance(value, str):
            plain = clean_text(value, max_chars=2_000)
        elif isinstance(value, float) and not math.isfinite(value):
            plain = None
        elif isinstance(value, int) and not isinstance(value, bool):
            plain = max(-(2**53), min(value, 2**53))
        kept[one_line(name, max_chars=80)] = plain
    return kept
