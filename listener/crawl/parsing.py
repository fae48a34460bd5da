"""What a spider makes of a saved body: the field names every parser must produce."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scrapy.http import Headers, Response

from listener.crawl.registry import check_parameters, spider_class
from listener.errors import ConfigError
from listener.items import FailureKind, MentionItem, SourceFailure
from listener.privacy import pseudonym
from spiders.base import SourceSpider, read_page

# Saved bodies lie in folders of these names; the spiders that read them are called otherwise.
ALIASES = {"feeds": "feed"}
# What relative links are resolved against when nobody says where a body came from: nothing.
UNKNOWN_URL = "about:blank"

# Only for looking at a body: what is stored uses the installation's own secret key.
_SHOW_KEY = b"shown by fengsheng parse"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedBody:
    """A body as it was recorded, with what is known of the answer that carried it."""

    body: bytes
    url: str
    status: int
    content_type: str
    collected_at: datetime


def parse_saved(
    source: str, saved: SavedBody, parameters: Mapping[str, str] | None = None
) -> tuple[list[dict[str, Any]], SourceFailure | None]:
    """Return the mentions of a saved body as JSON values, or why there are none.

    Never raises for any body. ``saved.url`` may be empty when it is not known. ``parameters`` are
    those of a configured source; None means the spider's own example. Raises ``ConfigError`` where
    a body means nothing without them, or where they are wrong.
    """
    source = spider_name(source)
    spider = _spider(source, saved.collected_at, parameters)
    headers = Headers({"Content-Type": saved.content_type} if saved.content_type else {})
    response = Response(
        saved.url or UNKNOWN_URL, status=saved.status, headers=headers, body=saved.body
    )
    page = read_page(spider, response)
    if page.failure is not None:
        return [], page.failure
    return [mention_json(source, item, saved.collected_at) for item in page.items], None


def spider_name(source: str) -> str:
    """Return the spider that reads what ``source`` names."""
    return ALIASES.get(source, source)


def _spider(
    source: str, collected_at: datetime, parameters: Mapping[str, str] | None
) -> SourceSpider:
    kind = spider_class(source)
    if parameters is None and kind.needs_parameters:
        raise ConfigError(
            f"spider '{source}' reads by its parameters; name them with --source KEY "
            "or --params FILE.toml"
        )
    problem = check_parameters(source, dict(parameters)) if parameters is not None else None
    if problem:
        raise ConfigError(problem)
    return kind(
        source=source,
        parameters=dict(kind.spec.example if parameters is None else parameters),
        state={},
        max_pages=1,
        collected_at=collected_at,
    )


def mention_json(source: str, item: MentionItem, collected_at: datetime) -> dict[str, Any]:
    """Return one mention under the record's field names; absent values are None."""
    author = item.author_id or item.author_name
    return {
        "source": source,
        "source_id": item.source_id,
        "kind": item.kind,
        "parent_id": item.parent_id,
        "root_id": item.root_id,
        "thread_title": item.thread_title,
        "url": item.url,
        "author_name": item.author_name,
        "author_id_hash": pseudonym(_SHOW_KEY, source, author) if author else None,
        "author_followers": item.author_followers,
        "author_verified": item.author_verified,
        "title": item.title,
        "text": item.text,
        "html": item.html,
        "posted_at": item.posted_at.isoformat() if item.posted_at else None,
        "posted_precision": item.posted_precision,
        "posted_raw": item.posted_raw,
        "collected_at": collected_at.isoformat(),
        "lang": item.lang,
        "rating": item.rating,
        "rating_max": item.rating_max,
        "likes": item.likes,
        "reposts": item.reposts,
        "comments": item.comments,
        "views": item.views,
        "query": item.query,
        "raw_ref": None,
        "extra": dict(item.extra),
    }


def failure_json(failure: SourceFailure) -> dict[str, Any]:
    """Return a failure as the command prints it."""
    if failure.kind is FailureKind.EMPTY:
        return {"failure": failure.kind}
    return {"failure": failure.kind, "detail": failure.detail}


def is_success(failures: Sequence[SourceFailure]) -> bool:
    """Say whether none of these is worse than an empty result."""
    return all(failure.kind is FailureKind.EMPTY for failure in failures)
