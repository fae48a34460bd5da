"""The crawling child process: reads one job, runs its sources, writes mentions as JSON lines.

It holds no secret and no database. Sources on one host run one after the other, hosts side by
side. It ends when its parent does.
"""

import asyncio
import json
import os
import sys
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.settings import Settings
from scrapy.utils.reactor import install_reactor

from listener.crawl.guards import AddressPolicy
from listener.crawl.manners import Manners, scrapy_settings
from listener.crawl.reactor import REACTOR, GuardedReactor
from listener.crawl.registry import spider_class
from listener.items import FailureKind, MentionItem
from listener.text.bounds import bounded
from listener.text.clean import one_line
from listener.workers import own_stdout
from spiders.base import SourceSpider

# A spider that eats more than this is ended by the system, not the machine by it.
MAX_MEMORY_BYTES = 1_536 * 1024 * 1024


def item_to_json(item: MentionItem) -> dict[str, Any]:
    """Return a mention as plain JSON values, bounded; instants as ISO text."""
    item = bounded(item)
    values = asdict(item)
    values["posted_at"] = item.posted_at.isoformat() if item.posted_at else None
    values["extra"] = dict(item.extra)
    return values


def item_from_json(values: Mapping[str, Any]) -> MentionItem:
    """Return the mention that ``item_to_json`` wrote."""
    posted_at = values["posted_at"]
    return MentionItem(
        **{**values, "posted_at": datetime.fromisoformat(posted_at) if posted_at else None}
    )


def _line(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


class Child:
    """One job: several sources, each with its own crawler and pace."""

    def __init__(self, job: Mapping[str, Any], channel: BinaryIO) -> None:
        self._job = job
        self._channel = channel

    def write(self, message: Mapping[str, Any]) -> None:
        """Hand one line to the parent."""
        self._channel.write(_line(message))

    async def run(self) -> None:
        """Run every source; one that fails does not touch the others."""
        groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for source in self._job["sources"]:
            address = source["parameters"].get("url") or source["parameters"].get("base_url") or ""
            groups[urlsplit(address).netloc or source["spider"]].append(source)
        await asyncio.gather(*(self._run_group(group) for group in groups.values()))

    async def _run_group(self, sources: list[Mapping[str, Any]]) -> None:
        for source in sources:
            try:
                await self._run_source(source)
            except Exception as error:
                detail = f"{type(error).__name__}: {one_line(str(error), max_chars=250)}"
                self._write_done(
                    source, {"kind": FailureKind.SERVER_ERROR, "detail": detail}, None
                )

    async def _run_source(self, source: Mapping[str, Any]) -> None:
        manners = Manners(**source["manners"])
        settings = Settings(scrapy_settings(manners))
        crawler = Crawler(spider_class(source["spider"]), settings)
        reasons: list[str] = []
        crawler.signals.connect(
            lambda item: self.write({"source": source["key"], "item": item_to_json(item)}),
            signal=signals.item_scraped,
            weak=False,
        )
        crawler.signals.connect(
            lambda reason: reasons.append(str(reason)), signal=signals.spider_closed, weak=False
        )
        await AsyncCrawlerRunner(settings).crawl(
            crawler,
            source=source["key"],
            parameters=source["parameters"],
            state=source["state"],
            max_pages=source["max_pages"],
            collected_at=datetime.fromisoformat(self._job["now"]),
        )
        spider = crawler.spider
        if not isinstance(spider, SourceSpider):
            raise TypeError("the spider did not start")
        failure = spider.outcome.failure
        if failure is None and reasons and reasons[0] != "finished":
            detail = f"stopped: {reasons[0]}"
            self._write_done(source, {"kind": FailureKind.SERVER_ERROR, "detail": detail}, spider)
        elif failure is None and crawler.stats.get_value("spider_exceptions/count"):
            detail = "the spider could not read an answer (its own error)"
            self._write_done(source, {"kind": FailureKind.SCHEMA_DRIFT, "detail": detail}, spider)
        else:
            self._write_done(source, asdict(failure) if failure else None, spider)

    def _write_done(
        self,
        source: Mapping[str, Any],
        failure: dict[str, Any] | None,
        spider: SourceSpider | None,
    ) -> None:
        outcome = spider.outcome if spider else None
        if failure is not None:
            failure = {**failure, "detail": one_line(failure["detail"], max_chars=400)}
        self.write(
            {
                "source": source["key"],
                "done": {
                    "failure": failure,
                    "state": outcome.state if outcome else source["state"],
                    "overlaps": outcome.overlaps if outcome else False,
                    "pages": outcome.pages if outcome else 0,
                    "items": outcome.items if outcome else 0,
                    "skipped": outcome.skipped if outcome else 0,
                    "ttl_s": outcome.ttl_s if outcome else None,
                },
            }
        )


def _die_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def _limit_memory() -> None:
    """Bound what this process may allocate, where the system can."""
    try:
        import resource  # noqa: PLC0415 - not there on every system
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or hard > MAX_MEMORY_BYTES:
        resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY_BYTES, hard))


def main() -> None:
    """Read the job, run it, say that it is finished."""
    channel = own_stdout()
    _limit_memory()
    job = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_die_with_parent, name="parent watch", daemon=True).start()
    install_reactor(REACTOR)
    from twisted.internet import reactor as module  # noqa: PLC0415 - earlier it installs another one

    reactor: Any = module
    child = Child(job, channel)
    manners = Manners(**job["sources"][0]["manners"])
    GuardedReactor.policy = AddressPolicy(networks=manners.networks, endpoints=manners.endpoints)

    def begin() -> None:
        running = asyncio.ensure_future(child.run())
        running.add_done_callback(lambda _: reactor.stop())

    reactor.callWhenRunning(begin)
    reactor.run()
    child.write({"finished": True})
    os._exit(0)


if __name__ == "__main__":
    main()
