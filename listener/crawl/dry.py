"""One pass through the guarded child that stores nothing: does this source give anything?"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from listener.config import CrawlSettings, Source
from listener.crawl.child import item_from_json
from listener.crawl.manners import Manners
from listener.items import FailureKind, MentionItem
from listener.workers import StderrTail, end_child, start_child

MOST_PAGES = 1


@dataclass(slots=True)
class DryPass:
    """What one source gave: its newest mentions, or why there are none."""

    source: str
    items: list[MentionItem] = field(default_factory=list)
    failure: FailureKind | None = None
    detail: str = ""


async def dry_pass(
    sources: Sequence[Source], crawl: CrawlSettings, *, now: datetime
) -> list[DryPass]:
    """Visit the first page of each source once, with every guard and manner of a real pass."""
    found = {source.key: DryPass(source.key) for source in sources}
    if not found:
        return []
    waiting = set(found)
    process = await start_child("listener.crawl.child")
    stderr = StderrTail(process, "dry crawl")
    try:
        async with asyncio.timeout(crawl.deadline_s):
            job = {"now": now.isoformat(), "sources": [_order(one, crawl) for one in sources]}
            await _converse(process, job, found, waiting)
        problem = "the crawling process ended early"
    except TimeoutError:
        problem = f"not finished after {crawl.deadline_s:.0f} s (crawl.deadline_s)"
    finally:
        await end_child(process, grace_s=0.5)
    for key in waiting:
        said = (await stderr.text())[-200:]
        found[key].failure = FailureKind.SERVER_ERROR
        found[key].detail = f"{problem}; {said}".rstrip("; ")
    return list(found.values())


async def _converse(
    process: asyncio.subprocess.Process,
    job: Mapping[str, Any],
    found: Mapping[str, DryPass],
    waiting: set[str],
) -> None:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a child without pipes")
    process.stdin.write(json.dumps(job, ensure_ascii=False).encode() + b"\n")
    await process.stdin.drain()
    async for line in process.stdout:
        message = json.loads(line)
        if "finished" in message:
            return
        one = found[message["source"]]
        if "item" in message:
            one.items.append(item_from_json(message["item"]))
            continue
        waiting.discard(one.source)
        failure = message["done"]["failure"]
        if failure:
            one.failure, one.detail = FailureKind(failure["kind"]), failure["detail"]


def _order(source: Source, crawl: CrawlSettings) -> dict[str, Any]:
    manners = Manners(
        contact=crawl.contact,
        delay_s=source.delay_s or crawl.delay_s,
        timeout_s=crawl.timeout_s,
        max_body_bytes=crawl.max_body_bytes,
        deadline_s=max(crawl.deadline_s - 5, crawl.deadline_s / 2),
        networks=crawl.allow_networks,
        endpoints=(),
    )
    return {
        "key": source.key,
        "spider": source.spider,
        "parameters": source.parameters,
        "state": {},
        "max_pages": MOST_PAGES,
        "manners": asdict(manners),
    }
