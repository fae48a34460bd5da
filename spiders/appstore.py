"""Spider for the customer-review feed of app stores: fifty a page, ten pages a country."""

import re

from scrapy.http import Response

from listener.items import FailureKind, SourceFailure, SourceSpec
from spiders.appstore_reviews import error_of, read_reviews
from spiders.base import Page, SourceSpider
from spiders.feed import clamped
from spiders.feed_xml import Refused
from spiders.refusals import content_type_of

SOURCE = SourceSpec(
    name="appstore",
    description="App Store customer reviews: the newest 500 of an app in one country",
    parameters={"app_id": "Number of the app in the store"},
    optional={
        "country": "Two-letter store country, default cn",
        "base_url": "Other host with the same interface",
    },
    example={"app_id": "414478124", "country": "cn"},
    terms="Apple's public review feed; no key, no login, slow pace.",
)

BASE_URL = "https://itunes.apple.com"
MAX_PAGES = 10
_PAGE = re.compile(r"/page=(\d{1,6})(?=/|$)")
_PAST_THE_END = b"page depth is limited"


class AppStoreSpider(SourceSpider):
    """Yield one review for each entry with a rating."""

    spec = SOURCE
    doubts_empty = True

    def first_url(self) -> str:
        """Return the address of the newest page."""
        base = self.parameters.get("base_url", BASE_URL).rstrip("/")
        country = self.parameters.get("country", "cn")
        app_id = self.parameters["app_id"]
        return f"{base}/{country}/rss/customerreviews/page=1/id={app_id}/sortby=mostrecent/json"

    def refusal(self, response: Response) -> SourceFailure | None:
        """Name refusals; past the tenth page there is nothing, and the store says so with 400."""
        if response.status == 400 and (
            _page_number(response.url) > MAX_PAGES or _PAST_THE_END in response.body
        ):
            return SourceFailure(FailureKind.EMPTY, "past the last page")
        failure = super().refusal(response)
        return error_of(response.body, failure)

    def read(self, response: Response) -> Page:
        """Read one page of reviews in any of the store's three forms."""
        try:
            page = read_reviews(
                response.body,
                content_type=content_type_of(response),
                url=response.url,
                collected_at=self.collected_at,
            )
        except Refused as error:
            return Page(failure=SourceFailure(FailureKind.BAD_PAYLOAD, str(error)))
        items = tuple(clamped(item, self.collected_at) for item in page.items)
        return Page(
            items,
            failure=page.failure,
            next_url=_next_page(response.url) if items else None,
            skipped=page.skipped,
            is_partial=page.is_partial,
        )


def _page_number(url: str) -> int:
    found = _PAGE.search(url)
    return int(found[1]) if found else 1


def _next_page(url: str) -> str | None:
    """Count pages ourselves: the feed's own ``next`` of the last page may point to itself."""
    found = _PAGE.search(url)
    if found is None or int(found[1]) >= MAX_PAGES:
        return None
    return f"{url[: found.start()]}/page={int(found[1]) + 1}{url[found.end() :]}"
