"""Spider for Google News search feeds: the outlet is taken off the headline, the link is kept.

Newer links are opaque; decoding them would need an undocumented interface, so they stay as given.
"""

import base64
import binascii
import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from listener.items import MentionItem, SourceSpec
from listener.text.clean import clean_text, strip_markup
from listener.text.urls import canonical_url
from spiders.feed import FeedSpider

SOURCE = SourceSpec(
    name="google_news",
    description="Google News search: articles of the last day that match a query",
    parameters={"query": 'Search terms; quotes, -, OR, site: and intitle: work, e.g. "澜白" 售后'},
    optional={
        "lang": "zh-CN (default), zh-TW, zh-HK, en-US or another language-country pair",
        "when": "How far back: 1d (default), 12h, 7d …",
        "base_url": "Other host with the same interface",
    },
    example={"query": '"澜白"', "lang": "zh-CN"},
    terms="A public feed for personal, non-commercial reading; check Google's terms for your use.",
)

BASE_URL = "https://news.google.com"
_CHINESE = {"zh-CN": "zh-Hans", "zh-TW": "zh-Hant", "zh-HK": "zh-Hant"}
_TOKEN = re.compile(r"/articles/([A-Za-z0-9_-]{20,2000})")
_TARGET = re.compile(rb"https?://[\x21-\x7e]{4,1500}")


class GoogleNewsSpider(FeedSpider):
    """Yield one article for each headline."""

    spec = SOURCE

    def first_url(self) -> str:
        """Return the address of the search feed; there is no paging, at most a hundred items."""
        base = self.parameters.get("base_url", BASE_URL).rstrip("/")
        lang = self.parameters.get("lang", "zh-CN")
        short, _, country = lang.partition("-")
        country = country or short.upper()
        edition = _CHINESE.get(lang, short)
        when = self.parameters.get("when", "1d")
        query = quote(f"{self.parameters['query']} when:{when}", safe="")
        return f"{base}/rss/search?q={query}&hl={lang}&gl={country}&ceid={country}:{edition}"

    def adapt(self, item: MentionItem, entry: Any) -> MentionItem:
        """Take the outlet as the author and the headline as the text."""
        source = entry.get("source") if entry is not None else None
        outlet = clean_text(strip_markup(str((source or {}).get("title") or "")), max_chars=80)
        headline = item.title or item.text
        if outlet and headline.endswith(f" - {outlet}"):
            headline = headline.removesuffix(f" - {outlet}").rstrip() or headline
        elif not outlet and " - " in headline:
            headline, _, outlet = headline.rpartition(" - ")
        home = canonical_url(str((source or {}).get("href") or ""))
        extra = {**item.extra, "outlet": outlet or None, "outlet_url": home}
        if target := _target_of(item.url or ""):
            extra["target_url"] = target
        # The description repeats the headline, and below it those of other outlets: items of
        # their own, which would make this one look as if it said everything.
        return replace(
            item,
            title=headline,
            text=headline,
            author_name=outlet or item.author_name,
            author_id=outlet or item.author_id,
            extra=extra,
        )


def _target_of(url: str) -> str | None:
    """Return the article's own address where an old link carries it openly."""
    token = _TOKEN.search(url)
    if token is None:
        return None
    padded = token[1] + "=" * (-len(token[1]) % 4)
    try:
        found = _TARGET.search(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError):
        return None
    return canonical_url(found[0].decode("ascii")) if found else None
