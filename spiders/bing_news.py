"""Spider for Bing News search feeds: the real address and the outlet are taken out of the item."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from listener.items import MentionItem, SourceSpec
from listener.text.clean import clean_text, strip_markup
from listener.text.urls import canonical_url
from spiders.feed import FeedSpider
from spiders.feed_entries import MAX_ID_CHARS

SOURCE = SourceSpec(
    name="bing_news",
    description="Bing News search: the newest articles that match a query",
    parameters={"query": 'Search terms, e.g. "澜白" 售后'},
    optional={
        "lang": "Language, default zh-CN",
        "country": "Two-letter country, default CN",
        "base_url": "Other host with the same interface",
    },
    example={"query": '"澜白"', "lang": "zh-CN", "country": "CN"},
    terms="A public feed for personal, non-commercial reading; check Bing's terms for your use.",
)

BASE_URL = "https://www.bing.com"


class BingNewsSpider(FeedSpider):
    """Yield one article for each result."""

    spec = SOURCE

    def first_url(self) -> str:
        """Return the address of the search feed, newest first."""
        base = self.parameters.get("base_url", BASE_URL).rstrip("/")
        query = quote(self.parameters["query"], safe="")
        lang = quote(self.parameters.get("lang", "zh-CN"), safe="")
        country = quote(self.parameters.get("country", "CN"), safe="")
        return (
            f"{base}/news/search?q={query}&format=rss&setlang={lang}&cc={country}"
            "&qft=sortbydate%3d%221%22"
        )

    def adapt(self, item: MentionItem, entry: Any) -> MentionItem:
        """Follow ``url=`` on paper only; the link itself differs at every request."""
        url = target_of(item.url) if item.url else None
        outlet = _outlet(entry) if entry is not None else ""
        # An item's own id is the link again; without the counter it is the same tomorrow.
        is_own_id = not item.source_id.startswith(("http://", "https://"))
        return replace(
            item,
            url=url,
            source_id=item.source_id if is_own_id or not url else url[:MAX_ID_CHARS],
            author_name=outlet or item.author_name,
            author_id=outlet or item.author_id,
            extra={**item.extra, "outlet": outlet or None},
        )


def target_of(link: str) -> str:
    """Return the address that a click counter leads to, or the link itself."""
    if "apiclick" not in link:
        return link
    try:
        targets = parse_qs(urlsplit(link).query).get("url", [])
    except ValueError:
        return link
    return next((url for target in targets if (url := canonical_url(target))), link)


def _outlet(entry: Any) -> str:
    """Return the outlet; its namespace is the query's address, so only its local name is sure."""
    value = entry.get("news_source") or next(
        (entry[key] for key in entry if key.endswith("_source") and isinstance(entry[key], str)),
        "",
    )
    return clean_text(strip_markup(str(value)), max_chars=80)
