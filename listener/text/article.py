"""Read an article or a product page without selectors: JSON-LD, then meta tags, then the body.

Everything on the page is hostile: sizes and depths are capped, and only plain text comes out.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree
from lxml.html import HTMLParser, document_fromstring

from listener.text.clean import clean_text, element_text, html_to_text, strip_markup

MAX_PAGE_CHARS = 8_000_000
MAX_NODES = 20_000
MAX_REVIEWS = 500
MIN_BODY_CHARS = 60
_ARTICLES = frozenset(
    ["Article", "BlogPosting", "DiscussionForumPosting", "NewsArticle", "ReportageNewsArticle"]
)
_TITLES = ("og:title", "twitter:title", "headline")
_TIMES = (
    "article:published_time",
    "og:published_time",
    "og:release_date",
    "datepublished",
    "pubdate",
    "publishdate",
    "publish_date",
    "weibo:article:create_at",
    "dc.date",
    "article:modified_time",
)
_AUTHORS = ("author", "article:author", "og:article:author", "byl", "mediaid", "source")
_DESCRIPTIONS = ("og:description", "description")
_TIME_NAMES = re.compile(r"time|date|publish|pubtime|source|info|meta", re.IGNORECASE)
_DIGITS = re.compile(r"\d{1,2}[-/.年月:]\d{1,2}")
_BODIES = '//*[@itemprop="articleBody"] | //article | //main'


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What a page says of itself. ``raw_times`` stand in the order in which to believe them."""

    title: str
    text: str
    author: str | None
    raw_times: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReview:
    """One review of a product page's structured data."""

    text: str
    title: str
    author: str | None
    raw_time: str | None
    rating: float | None
    rating_max: float | None
    id: str | None


def parse_page(html: str) -> etree._Element | None:
    """Return the tree of a page as browsers would read it, or None if there is none."""
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    body = html.replace("\x00", "")[:MAX_PAGE_CHARS].encode("utf-8", "replace")
    try:
        return document_fromstring(body, parser=parser)
    except (etree.ParserError, ValueError):
        return None


def read_article(root: etree._Element) -> Article:
    """Return the article of a page; what it does not say is empty."""
    data = next((one for one in _things(root) if _types(one) & _ARTICLES), {})
    meta = _meta(root)
    title = strip_markup(_text(data.get("headline")) or _first(meta, _TITLES) or _heading(root))
    text = html_to_text(_text(data.get("articleBody")))
    if len(text) < MIN_BODY_CHARS:
        text = max(text, _body(root), key=len)
    author = _name(data.get("author")) or _first(meta, _AUTHORS)
    times = [_text(data.get("datePublished")), *(meta.get(name, "") for name in _TIMES)]
    return Article(
        title=" ".join(title.split())[:500],
        text=text or clean_text(_first(meta, _DESCRIPTIONS)),
        author=clean_text(author, max_chars=80) or None,
        raw_times=tuple(raw for raw in [*times, *_shown_times(root)] if raw),
    )


def read_reviews(root: etree._Element) -> tuple[PageReview, ...]:
    """Return the reviews that a product page's structured data carries."""
    found: dict[tuple[Any, ...], PageReview] = {}
    for thing in _things(root):
        if "Review" in _types(thing) or "UserReview" in _types(thing):
            review = _review(thing)
            if review is not None:
                found.setdefault((review.id, review.author, review.text), review)
        if len(found) >= MAX_REVIEWS:
            break
    return tuple(found.values())


def _review(thing: dict[str, Any]) -> PageReview | None:
    text = html_to_text(_text(thing.get("reviewBody") or thing.get("description")))
    title = " ".join(strip_markup(_text(thing.get("name") or thing.get("headline"))).split())
    if not text and not title:
        return None
    given = thing.get("reviewRating")
    rating = given if isinstance(given, dict) else {}
    value, most = _number(rating.get("ratingValue")), _number(rating.get("bestRating")) or 5.0
    is_fit = value is not None and 0 <= value <= most
    return PageReview(
        text=text or title,
        title=title[:300] if text else "",
        author=clean_text(_name(thing.get("author")), max_chars=80) or None,
        raw_time=_text(thing.get("datePublished") or thing.get("dateCreated")) or None,
        rating=value if is_fit else None,
        rating_max=most if is_fit else None,
        id=clean_text(_text(thing.get("@id") or thing.get("url")), max_chars=400) or None,
    )


def _things(root: etree._Element) -> Iterator[dict[str, Any]]:
    """Yield every object of the page's JSON-LD, nested ones too, without recursion.

    A review inside a product is a ``Review`` even where it does not say so.
    """
    left = MAX_NODES
    for script in root.iterfind('.//script[@type="application/ld+json"]'):
        stack = [_json(script.text or "")]
        while stack and left:
            left -= 1
            value = stack.pop()
            if isinstance(value, list):
                stack.extend(reversed(value[:MAX_NODES]))
            elif isinstance(value, dict):
                yield value
                for key, inner in reversed(list(value.items())[:200]):
                    stack.append(_as_reviews(inner) if key == "review" else inner)


def _as_reviews(value: Any) -> Any:
    many = value if isinstance(value, list) else [value]
    return [{"@type": "Review", **one} if isinstance(one, dict) else one for one in many]


def _json(text: str) -> Any:
    text = text.strip().removeprefix("<!--").removesuffix("-->").strip().rstrip(";")
    try:
        return json.loads(text, strict=False, parse_int=float)
    except (ValueError, RecursionError):
        return None


def _types(thing: dict[str, Any]) -> frozenset[str]:
    given = thing.get("@type")
    names = given if isinstance(given, list) else [given]
    return frozenset(name.rpartition("/")[2] for name in names if isinstance(name, str))


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("@value") or value.get("text") or value.get("@id")
    return value if isinstance(value, str) else ""


def _name(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    return _text(value.get("name")) if isinstance(value, dict) else _text(value)


def _number(value: Any) -> float | None:
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,6}(?:\.\d{1,6})?\s*", value):
        value = float(value)
    return value if isinstance(value, float) and 0 <= value <= 1e6 else None


def _meta(root: etree._Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in root.iterfind(".//meta[@content]"):
        name = node.get("property") or node.get("name") or node.get("itemprop") or ""
        content = clean_text((node.get("content") or "")[:5_000], max_chars=2_000)
        if name and content and len(found) < 300:
            found.setdefault(name.strip().lower(), content)
    return found


def _first(meta: dict[str, str], names: tuple[str, ...]) -> str:
    return next((meta[name] for name in names if name in meta), "")


def _heading(root: etree._Element) -> str:
    for path in (".//h1", ".//title"):
        node = root.find(path)
        text = " ".join(node.itertext())[:2_000] if node is not None else ""
        if text.strip():
            return clean_text(text, max_chars=500)
    return ""


def _body(root: etree._Element) -> str:
    """Return the text of the element that says it is the body, else of the densest one.

    Dense is the element whose own paragraphs hold the most text outside links.
    """
    for node in root.xpath(_BODIES)[:20]:
        text = element_text(node)
        if len(text) >= MIN_BODY_CHARS:
            return text
    weight: dict[etree._Element, int] = {}
    for paragraph in root.iter("p"):
        parent = paragraph.getparent()
        if parent is None:
            continue
        linked = sum(len("".join(link.itertext())) for link in paragraph.iterfind(".//a"))
        length = len("".join(paragraph.itertext()).strip()) - 2 * linked
        weight[parent] = weight.get(parent, 0) + max(length, 0)
    best = max(weight, key=weight.__getitem__, default=None)
    if best is None or weight[best] == 0:
        return ""
    return "\n".join(
        text for paragraph in best.iterfind("p") if (text := element_text(paragraph))
    )[:20_000]


def _shown_times(root: etree._Element) -> Iterator[str]:
    """Yield short texts that look like a time of publication, ``<time>`` elements first."""
    for node in root.iter("time"):
        yield clean_text(node.get("datetime") or "".join(node.itertext())[:200], max_chars=100)
    looked = 0
    for node in root.iter("span", "div", "p", "em", "i", "li", "td"):
        if not _TIME_NAMES.search(f"{node.get('class') or ''} {node.get('id') or ''}"):
            continue
        looked += 1
        if looked > 200:
            return
        text = clean_text("".join(node.itertext())[:400], max_chars=200)
        if _DIGITS.search(text):
            yield text
