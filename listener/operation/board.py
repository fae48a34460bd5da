"""What is known of the running service at a moment: loops, event loop, memory, database.

The database is asked at most every few seconds, by one query at a time and never on the event
loop, so that nobody who asks often can slow the service down.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import psutil
from sqlalchemy import Engine

from listener.clock import Clock
from listener.loops import LagMeter, Loop
from listener.store.engine import read_session
from listener.store.operation import Census, Totals, take_census, take_totals

logger = logging.getLogger(__name__)

CENSUS_EVERY_S = 5.0
TOTALS_EVERY_S = 60.0
ANSWER_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopState:
    """How one loop fares."""

    processed: int
    failed: int
    failures_in_row: int
    lag_s: float
    step_s: float
    last_success_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Resident bytes of this process and of its children together."""

    parent_bytes: int
    children_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The service at one moment; without a census, ``database_error`` says why."""

    at: datetime
    started_at: datetime
    database: str
    loops: Mapping[str, LoopState]
    census: Census | None
    totals: Totals | None
    database_error: str | None
    memory: Memory
    lag_counts_ms: tuple[int, ...]
    lag_p99_ms: float


@dataclass(slots=True)
class _Kept:
    census: Census
    totals: Totals
    memory: Memory
    taken_s: float
    totals_s: float


class Board:
    """Gathers snapshots of the running service."""

    def __init__(
        self,
        *,
        engine: Engine,
        clock: Clock,
        loops: Mapping[str, Loop],
        lag: LagMeter,
        started_at: datetime,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._loops = loops
        self._lag = lag
        self._started_at = started_at
        self._kept: _Kept | None = None
        self._asking: asyncio.Task[_Kept] | None = None

    async def snapshot(self) -> Snapshot:
        """Return how things stand; never takes longer than a few seconds."""
        kept, problem = await self._ask()
        return Snapshot(
            at=self._clock.now(),
            started_at=self._started_at,
            database=self._engine.dialect.name,
            loops=loop_states(self._loops),
            census=kept.census if kept and not problem else None,
            totals=kept.totals if kept and not problem else None,
            database_error=problem,
            memory=kept.memory if kept else Memory(parent_bytes=0, children_bytes=0),
            lag_counts_ms=self._lag.counts_ms(),
            lag_p99_ms=self._lag.quantile_ms(0.99),
        )

    async def close(self) -> None:
        """Stop waiting for an answer that has not come."""
        if self._asking is not None:
            self._asking.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._asking

    async def _ask(self) -> tuple[_Kept | None, str | None]:
        kept = self._kept
        if kept is not None and self._clock.monotonic_s() - kept.taken_s < CENSUS_EVERY_S:
            return kept, None
        if self._asking is None:
            self._asking = asyncio.create_task(asyncio.to_thread(self._look), name="census")
        asking = self._asking
        await asyncio.wait({asking}, timeout=ANSWER_WITHIN_S)
        if not asking.done():
            return kept, f"no answer within {ANSWER_WITHIN_S:.0f} s"
        self._asking = None
        error = asking.exception()
        if error is not None:
            # The message may hold an address; its kind says enough here, the log has the rest.
            logger.warning("census failed", exc_info=error)
            return kept, type(error).__name__
        self._kept = asking.result()
        return self._kept, None

    def _look(self) -> _Kept:
        now_s = self._clock.monotonic_s()
        old = self._kept
        with read_session(self._engine) as session:
            census = take_census(session, self._clock.now())
            if old is not None and now_s - old.totals_s < TOTALS_EVERY_S:
                totals, totals_s = old.totals, old.totals_s
            else:
                totals, totals_s = take_totals(session), now_s
        return _Kept(
            census=census, totals=totals, memory=_memory(), taken_s=now_s, totals_s=totals_s
        )


def loop_states(loops: Mapping[str, Loop]) -> dict[str, LoopState]:
    """Return how each loop fares now."""
    return {
        name: LoopState(
            processed=loop.health.processed,
            failed=loop.health.failed,
            failures_in_row=loop.health.failures_in_row,
            lag_s=loop.lag_s,
            step_s=loop.step_s,
            last_success_at=loop.health.last_success_at,
        )
        for name, loop in loops.items()
    }


def _memory() -> Memory:
    me = psutil.Process()
    children = 0
    for child in me.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            children += child.memory_info().rss
    return Memory(parent_bytes=me.memory_info().rss, children_bytes=children)
