"""Spider for feeds of an RSSHub bridge that the user runs; the bridge's error pages are quoted."""

from urllib.parse import quote

from listener.items import MentionKind, SourceSpec
from spiders.feed import FeedSpider

SOURCE = SourceSpec(
    name="rsshub",
    description="A route of an RSSHub bridge you run: Weibo, Zhihu, Bilibili, forums and more",
    parameters={
        "base_url": "Address of your bridge, e.g. http://127.0.0.1:1200",
        "route": "Route with its values, e.g. /weibo/keyword/澜白",
    },
    optional={
        "options": "What follows the question mark, e.g. limit=50&filterout=抽奖",
        "kind": "What its entries are: post (default), article, comment, review, complaint",
    },
    example={"base_url": "https://rsshub.example.com", "route": "/weibo/keyword/澜白"},
    terms="The bridge reads the platform on your behalf and with your account; their terms apply.",
)


class RssHubSpider(FeedSpider):
    """Yield one post for each entry."""

    spec = SOURCE
    default_kind = MentionKind.POST

    def first_url(self) -> str:
        """Return the address of the route."""
        base = self.parameters["base_url"].rstrip("/")
        route = quote(self.parameters["route"].strip("/"), safe="/:@%+,;=&$!*()'~")
        options = quote(self.parameters.get("options", ""), safe="/:@%+,;=&$!*()'~|.")
        return f"{base}/{route}" + (f"?{options}" if options else "")
