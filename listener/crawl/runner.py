"""Orders passes from child processes and stores what they bring.

A source's state (validators, newest ids) moves on only after everything its pass yielded is
stored, so that a crash at any moment means a repeated pass and never a lost mention.
"""

import asyncio
import json
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Engine
from sqlmodel import Session

from listener.clock import Clock
from listener.config import Config, Source
from listener.crawl.child import item_from_json
from listener.crawl.manners import Manners
from listener.failpoints import reach
from listener.items import FailureKind, MentionItem
from listener.pipeline import CollectedFrom, Understanding, store_items
from listener.store import sources
from listener.store.engine import transact, unit_of_work
from listener.store.records import ClaimedSource
from listener.workers import StderrTail, end_child, start_child

logger = logging.getLogger(__name__)

BATCH_ITEMS = 100
MOST_CHILDREN = 3
MOST_SOURCES = 50
LEASE_MARGIN = timedelta(seconds=30)
_COOL_DOWN = {
    FailureKind.BLOCKED: timedelta(hours=6),
    FailureKind.CAPTCHA: timedelta(hours=6),
    FailureKind.LOGIN_REQUIRED: timedelta(hours=6),
    FailureKind.GONE: timedelta(hours=24),
    FailureKind.RATE_LIMITED: timedelta(minutes=15),
}
_LONGEST_BACKOFF = timedelta(hours=1)
# A feed may ask to be left alone longer than its interval, but news must not be a day late.
MOST_PATIENCE_S = 6 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PassReport:
    """How one pass over one source went."""

    source: str
    failure: str | None
    detail: str | None
    items: int
    new: int
    pages: int


@dataclass(slots=True)
class _Running:
    claimed: ClaimedSource
    items: list[MentionItem]
    seen: int = 0
    new: int = 0
    oldest_at: datetime | None = None


class CrawlRunner:
    """Runs due sources in child processes, at most one child per host at a time."""

    def __init__(
        self,
        *,
        engine: Engine,
        clock: Clock,
        config: Config,
        understanding: Understanding,
        owner: str,
        endpoints: Sequence[str] = (),
        chance: random.Random | None = None,
        on_stored: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._config = config
        self._understanding = understanding
        self._owner = owner
        self._endpoints = tuple(endpoints)
        self._chance = chance or random.Random()  # noqa: S311 - jitter, not security
        self._on_stored = on_stored
        self._sources = {source.key: source for source in config.sources}
        self._tasks: dict[asyncio.Task[list[PassReport]], frozenset[str]] = {}
        # Sources that were unfinished when a child with several died or hung: one of them did it,
        # so each gets a child of its own until it has finished a pass.
        self._suspects: set[str] = set()

    async def start_due(self) -> int:
        """Start a child for the sources that are due; return how many were taken on."""
        if len(self._tasks) >= MOST_CHILDREN:
            return 0
        busy = self._busy_keys()
        claimed = await asyncio.to_thread(self._claim, None, busy | self._suspects)
        if not claimed and self._suspects:
            others = frozenset(self._sources) - self._suspects
            claimed = await asyncio.to_thread(self._claim, None, busy | others, 1)
        if claimed:
            task = asyncio.create_task(self._run(claimed), name="crawl")
            self._tasks[task] = frozenset(self._host(one.key) for one in claimed)
            task.add_done_callback(self._ended)
        return len(claimed)

    async def run_now(self, keys: Sequence[str]) -> list[PassReport]:
        """Run one pass over these sources now, due or not, in children of a few each."""
        reports: dict[str, PassReport] = {}
        for start in range(0, len(keys), MOST_SOURCES):
            batch = keys[start : start + MOST_SOURCES]
            claimed = await asyncio.to_thread(self._claim, batch, frozenset())
            if not claimed:
                continue
            reports |= {one.source: one for one in await self._run(claimed)}
            alone = [one.key for one in claimed if one.key in self._suspects and len(claimed) > 1]
            for key in alone:
                again = await asyncio.to_thread(self._claim, [key], frozenset())
                for report in await self._run(again) if again else []:
                    reports[key] = report
        return list(reports.values())

    @property
    def passes_running(self) -> int:
        """How many passes run now."""
        return len(self._tasks)

    async def close(self) -> None:
        """Stop every pass; what was stored stays, the rest is asked for again."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[list[PassReport]]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and task.exception() is not None:
            logger.error("crawl failed", exc_info=task.exception())

    def _host(self, key: str) -> str:
        parameters = self._sources[key].parameters
        address = parameters.get("url") or parameters.get("base_url") or ""
        return urlsplit(address).netloc or self._sources[key].spider

    def _busy_keys(self) -> frozenset[str]:
        busy = frozenset().union(*self._tasks.values()) if self._tasks else frozenset()
        return frozenset(key for key in self._sources if self._host(key) in busy)

    def _claim(
        self, keys: Sequence[str] | None, exclude: frozenset[str], limit: int = MOST_SOURCES
    ) -> list[ClaimedSource]:
        lease = timedelta(seconds=self._config.crawl.deadline_s) + LEASE_MARGIN
        with unit_of_work(self._engine) as session:
            return sources.claim_due_sources(
                session,
                owner=self._owner,
                now=self._clock.now(),
                lease=lease,
                limit=limit,
                keys=keys,
                exclude=exclude,
            )

    async def _run(self, claimed: Sequence[ClaimedSource]) -> list[PassReport]:
        started_at = self._clock.now()
        running = {one.key: _Running(one, []) for one in claimed}
        reports: list[PassReport] = []
        process = await start_child("listener.crawl.child")
        stderr = StderrTail(process, "crawl")
        try:
            async with asyncio.timeout(self._config.crawl.deadline_s):
                await self._converse(process, running, reports, started_at)
            problem = "the crawling process ended early"
        except TimeoutError:
            seconds = self._config.crawl.deadline_s
            problem = f"not finished after {seconds:.0f} s (crawl.deadline_s)"
        finally:
            await end_child(process, grace_s=0.5)
        if running:
            problem = f"{problem}; {(await stderr.text())[-200:]}".rstrip("; ")
        if len(claimed) > 1:
            self._suspects.update(running)
        for one in running.values():
            await self._store(one, started_at)
            failure = {"kind": FailureKind.SERVER_ERROR, "detail": problem, "retry_after_s": None}
            reports.append(await asyncio.to_thread(self._finish, one, {"failure": failure}))
        return reports

    async def _converse(
        self,
        process: asyncio.subprocess.Process,
        running: dict[str, _Running],
        reports: list[PassReport],
        started_at: datetime,
    ) -> None:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a child without pipes")
        job = {
            "now": started_at.isoformat(),
            "sources": [self._order(r.claimed) for r in running.values()],
        }
        process.stdin.write(json.dumps(job, ensure_ascii=False).encode() + b"\n")
        await process.stdin.drain()
        async for line in process.stdout:
            message = json.loads(line)
            if "finished" in message:
                return
            one = running[message["source"]]
            if "item" in message:
                one.items.append(item_from_json(message["item"]))
                if len(one.items) >= BATCH_ITEMS:
                    await self._store(one, started_at)
            else:
                await self._store(one, started_at)
                del running[one.claimed.key]
                self._suspects.discard(one.claimed.key)
                reports.append(await asyncio.to_thread(self._finish, one, message["done"]))

    def _order(self, claimed: ClaimedSource) -> dict[str, Any]:
        source = self._sources[claimed.key]
        crawl = self._config.crawl
        manners = Manners(
            contact=crawl.contact,
            delay_s=source.delay_s or crawl.delay_s,
            timeout_s=crawl.timeout_s,
            max_body_bytes=crawl.max_body_bytes,
            deadline_s=max(crawl.deadline_s - 5, crawl.deadline_s / 2),
            networks=crawl.allow_networks,
            endpoints=self._endpoints,
        )
        return {
            "key": claimed.key,
            "spider": claimed.spider,
            "parameters": source.parameters,
            "state": claimed.state,
            "max_pages": crawl.max_pages,
            "manners": asdict(manners),
        }

    async def _store(self, one: _Running, collected_at: datetime) -> None:
        items, one.items = one.items, []
        if not items:
            return
        origin = CollectedFrom(
            source_id=one.claimed.id,
            source_key=one.claimed.key,
            spider=one.claimed.spider,
            collected_at=collected_at,
            is_backfill=one.claimed.is_first_pass,
        )
        one.seen += len(items)
        times = [item.posted_at for item in items if item.posted_at is not None]
        one.oldest_at = min([*times, one.oldest_at or collected_at])
        one.new += await asyncio.to_thread(self._store_batch, items, origin)
        self._on_stored()

    def _store_batch(self, items: Sequence[MentionItem], origin: CollectedFrom) -> int:
        new = transact(
            self._engine,
            lambda session: store_items(session, items, origin, self._understanding),
        )
        reach("mentions-stored")
        return new

    def _finish(self, one: _Running, done: Mapping[str, Any]) -> PassReport:
        failure = done["failure"]
        now = self._clock.now()
        reach("pass-finishing")
        transact(self._engine, lambda session: self._record(session, one, done, now))
        report = PassReport(
            source=one.claimed.key,
            failure=failure["kind"] if failure else None,
            detail=failure["detail"] if failure else None,
            items=one.seen,
            new=one.new,
            pages=done.get("pages", 0),
        )
        level = (
            logging.WARNING if failure and failure["kind"] != FailureKind.EMPTY else logging.INFO
        )
        logger.log(level, "source visited", extra=asdict(report))
        self._on_stored()
        return report

    def _record(
        self, session: Session, one: _Running, done: Mapping[str, Any], now: datetime
    ) -> None:
        source, failure = self._sources[one.claimed.key], done["failure"]
        if failure is None or failure["kind"] == FailureKind.EMPTY:
            sources.finish_pass(
                session,
                source_id=one.claimed.id,
                owner=self._owner,
                now=now,
                state=done["state"],
                overlaps=done["overlaps"],
                oldest_item_at=one.oldest_at,
                next_in=self._pause(source, done.get("ttl_s")),
            )
        else:
            sources.fail_pass(
                session,
                source_id=one.claimed.id,
                owner=self._owner,
                now=now,
                kind=failure["kind"],
                detail=failure["detail"],
                next_in=self._pause_after(source, failure),
            )

    def _pause(self, source: Source, ttl_s: float | None) -> timedelta:
        """Wait the configured interval, or as long as the source itself asks, if that is longer.

        A source's wish counts up to ``MOST_PATIENCE_S``. Jitter never cuts a wish short.
        """
        wish = min(ttl_s or 0.0, MOST_PATIENCE_S)
        seconds = source.interval_s * self._chance.uniform(0.95, 1.05)
        return timedelta(seconds=max(seconds, wish * self._chance.uniform(1.0, 1.05)))

    def _pause_after(self, source: Source, failure: Mapping[str, Any]) -> timedelta:
        if failure.get("is_final"):
            return sources.STOPPED_FOR
        if source.key in self._suspects:
            return timedelta()  # most suspects are innocent: ask again at once, alone
        kind = FailureKind(failure["kind"])
        wanted = timedelta(seconds=failure.get("retry_after_s") or 0)
        cool_down = _COOL_DOWN.get(kind)
        if cool_down is None:
            doubled = timedelta(seconds=source.interval_s * 2 * self._chance.uniform(0.9, 1.3))
            cool_down = min(doubled, _LONGEST_BACKOFF)
        elif kind is FailureKind.RATE_LIMITED and wanted:
            cool_down = wanted
        return max(cool_down, wanted, timedelta(seconds=source.interval_s))
