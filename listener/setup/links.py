"""What a pasted address is: an App Store app, a feed, or a page that names its feed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from listener.config import CrawlSettings, Source
from listener.crawl.dry import DryPass, dry_pass
from listener.items import FailureKind

_APP = re.compile(
    r"https?://(?:apps|itunes)\.apple\.com/(?:(?P<country>[a-z]{2})/)?(?:[^?#]*/)?id(?P<id>\d{5,12})",
    re.IGNORECASE,
)
_NAMED_FEED = re.compile(r"names its feed: (https?://\S+)")
_GROUPS = (("news", "news"), ("bbs", "forum"), ("forum", "forum"), ("club", "forum"))


def app_store_source(url: str, brand_key: str) -> Source | None:
    """Return the review source of an App Store link, or None for any other address."""
    found = _APP.match(url.strip())
    if found is None:
        return None
    country = (found["country"] or "us").lower()
    return Source(
        key=f"appstore-{country}-{found['id']}"[:40],
        name=f"应用商店评论（{country.upper()}）",
        spider="appstore",
        group="reviews",
        brand=brand_key,
        parameters={"app_id": found["id"], "country": country},
    )


def feed_source(url: str, taken: Sequence[str]) -> Source:
    """Return the feed source of an address, under a key that is not taken."""
    host = urlsplit(url).netloc.casefold().rpartition("@")[2]
    base = re.sub(r"[^a-z0-9]+", "-", host.removeprefix("www.")).strip("-")[:34] or "feed"
    key, number = base, 2
    while key in taken:
        key, number = f"{base}-{number}", number + 1
    group = next((name for mark, name in _GROUPS if mark in url.casefold()), "other")
    parameters = {"url": url} | ({"kind": "post"} if group == "forum" else {})
    return Source(
        key=key, name=host[:60] or "订阅源", spider="feed", group=group, parameters=parameters
    )


@dataclass(frozen=True, slots=True)
class Probed:
    """What an address turned out to be: its feed, if it has one, and what to tell (zh-CN)."""

    feed: str | None
    said: str


async def probe(urls: Sequence[str], crawl: CrawlSettings, *, now: datetime) -> dict[str, Probed]:
    """Look at addresses through the guarded crawl: first as feeds, then as pages naming one."""
    first = await _visit(urls, crawl, now)
    named = {
        url: found[1]
        for url, result in first.items()
        if (found := _NAMED_FEED.search(result.detail)) and not _gives(result)
    }
    second = await _visit(list(named.values()), crawl, now)
    probed = {}
    for url, result in first.items():
        feed = named.get(url)
        if _gives(result):
            probed[url] = Probed(url, f"是订阅源，{len(result.items)} 条")
        elif feed is not None and _gives(second[feed]):
            count = len(second[feed].items)
            probed[url] = Probed(feed, f"网页，它的订阅源是 {feed}，{count} 条")
        else:
            probed[url] = Probed(None, remedy_of(second[feed] if feed else result))
    return probed


def _gives(result: DryPass) -> bool:
    return result.failure in (None, FailureKind.EMPTY)


async def _visit(urls: Sequence[str], crawl: CrawlSettings, now: datetime) -> dict[str, DryPass]:
    sources: dict[str, Source] = {}
    for url in dict.fromkeys(urls):
        sources[url] = feed_source(url, [one.key for one in sources.values()])
    found = {one.source: one for one in await dry_pass(list(sources.values()), crawl, now=now)}
    return {url: found[source.key] for url, source in sources.items()}


def remedy_of(result: DryPass) -> str:
    """Return what went wrong at a source and what to do (zh-CN)."""
    remedies = {
        FailureKind.LOGIN_REQUIRED: "需要登录，不能公开采集；请改用导出文件：fengsheng import",
        FailureKind.BLOCKED: "拒绝访问（robots.txt、封禁或内网地址）；"
        "内网地址请加入 crawl.allow_networks",
        FailureKind.CAPTCHA: "要求验证码，不能采集；请改用导出文件：fengsheng import",
        FailureKind.RATE_LIMITED: "访问太频繁；稍后会自动再试",
        FailureKind.GONE: "地址不存在；请检查链接",
        FailureKind.BAD_PAYLOAD: "不是订阅源，页面里也没有写明订阅源；请找站点的 RSS 链接",
        FailureKind.SCHEMA_DRIFT: "内容结构变了；请升级后再试",
        FailureKind.SERVER_ERROR: "连不上；请检查网络和链接，服务启动后会自动重试",
    }
    if result.failure is None or result.failure is FailureKind.EMPTY:
        return ""
    return f"{remedies[result.failure]}（{result.detail[:160]}）"
