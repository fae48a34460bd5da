"""The loops of the service: each does one step when it is woken, and reports how it fares.

APScheduler is only the clock that wakes them; what is due stands in the database.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from listener.clock import Clock
from listener.errors import Temporary

logger = logging.getLogger(__name__)

LONGEST_BACKOFF_S = 60.0
LAG_PERIOD_S = 0.01
_LAG_BINS_MS = 2_000


@dataclass(slots=True)
class LoopHealth:
    """What a loop has done so far."""

    processed: int = 0
    failed: int = 0
    failures_in_row: int = 0
    last_success_at: datetime | None = None


class Loop:
    """Repeats one step; a step that did something is followed by the next at once."""

    def __init__(self, name: str, step: Callable[[], Awaitable[int]], *, clock: Clock) -> None:
        self.name = name
        self.health = LoopHealth()
        self._step = step
        self._clock = clock
        self._woken = asyncio.Event()
        self._stopping = False
        self._asked_at_s: float | None = None
        self._owed_since_s: float | None = None
        self._step_began_s: float | None = None

    @property
    def lag_s(self) -> float:
        """Seconds since a step was asked for that has not succeeded yet; 0 while nothing is."""
        waiting = self._owed_since_s if self._owed_since_s is not None else self._asked_at_s
        return 0.0 if waiting is None else self._clock.monotonic_s() - waiting

    @property
    def step_s(self) -> float:
        """Seconds the running step has taken so far; 0 between steps."""
        began = self._step_began_s
        return 0.0 if began is None else self._clock.monotonic_s() - began

    def wake(self) -> None:
        """Ask for a step soon; asking twice is asking once."""
        if self._asked_at_s is None:
            self._asked_at_s = self._clock.monotonic_s()
        self._woken.set()

    async def tick(self) -> None:
        """Wake on the clock; a coroutine, because the clock runs plain functions in threads."""
        self.wake()

    def stop(self) -> None:
        """Finish the running step and end."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Run until stopped. A failing step is logged, counted, and tried again later."""
        while not self._stopping:
            await self._woken.wait()
            self._woken.clear()
            if self._stopping:
                return
            self._begin()
            try:
                done = await self._step()
            except Temporary as error:
                logger.warning("step put off", extra={"loop": self.name, "error": str(error)})
                await self._pause(error.retry_after_s)
            except Exception:
                logger.exception("step failed", extra={"loop": self.name})
                await self._pause(None)
            else:
                self._succeed(done)
            finally:
                self._step_began_s = None

    def _begin(self) -> None:
        self._step_began_s = self._clock.monotonic_s()
        if self._owed_since_s is None:
            self._owed_since_s = self._asked_at_s
        self._asked_at_s = None

    def _succeed(self, done: int) -> None:
        self._owed_since_s = None
        self.health.failures_in_row = 0
        self.health.processed += done
        self.health.last_success_at = self._clock.now()
        if done:
            self.wake()

    async def _pause(self, wanted_s: float | None) -> None:
        self._step_began_s = None
        self.health.failed += 1
        self.health.failures_in_row += 1
        doublings = min(self.health.failures_in_row, 10)  # a float overflows after a thousand
        wait_s = wanted_s or min(0.5 * 2.0**doublings, LONGEST_BACKOFF_S)
        try:
            async with asyncio.timeout(wait_s):
                while not self._stopping:
                    await self._woken.wait()
                    self._woken.clear()
        except TimeoutError:
            pass
        self._woken.set()


class LagMeter:
    """Measures how late the event loop is: what every wait in this process costs on top."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bins = [0] * (_LAG_BINS_MS + 1)

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            before = self._clock.monotonic_s()
            await asyncio.sleep(LAG_PERIOD_S)
            late_s = self._clock.monotonic_s() - before - LAG_PERIOD_S
            self._bins[min(max(round(late_s * 1000), 0), _LAG_BINS_MS)] += 1

    def quantile_ms(self, share: float) -> float:
        """Return the lag in milliseconds that ``share`` of the measurements do not exceed."""
        total = sum(self._bins)
        seen = 0
        for milliseconds, count in enumerate(self._bins):
            seen += count
            if total and seen >= share * total:
                return float(milliseconds)
        return 0.0

    def counts_ms(self) -> tuple[int, ...]:
        """Return how many measurements were late by 0, 1, 2 … ms; the last means that or more."""
        return tuple(self._bins)
