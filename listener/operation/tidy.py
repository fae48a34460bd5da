"""Forgets once a day what is past its time, in small transactions that nobody has to wait for."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from listener.clock import Clock
from listener.config import Config
from listener.store import retention
from listener.store.engine import read_session, unit_of_work
from listener.store.enquiries import forget_askers
from listener.store.stories import FIRST_BAND, forget_bands
from listener.store.thinning import THIN_AFTER, thin_engagement

logger = logging.getLogger(__name__)

BATCH = 200
BAND_BATCH = 2_000
# Between two batches, so that whoever waits for the database gets its turn.
PAUSE_S = 0.1


class Tidy:
    """Goes round everything that has a time, a batch at each step."""

    def __init__(
        self,
        *,
        engine: Engine,
        clock: Clock,
        config: Config,
        chart_folder: Path,
        batch: int = BATCH,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._privacy = config.privacy
        self._bands_kept = timedelta(days=config.operation.keep_story_bands_days)
        self._chart_folder = chart_folder
        self._batch = batch
        self._pause_s = pause_s
        self._round: Iterator[int] | None = None
        self._gone: Counter[str] = Counter()

    async def step(self) -> int:
        """Look at one batch; return how many rows it had, 0 when the round is over."""
        seen = await asyncio.to_thread(self._next)
        if seen:
            await asyncio.sleep(self._pause_s)
        return seen

    def _next(self) -> int:
        if self._round is None:
            self._gone.clear()
            self._round = self._batches()
        try:
            for seen in self._round:
                if seen:
                    return seen
        except Exception:
            self._round = None  # the next step begins anew; whatever was forgotten stays so
            raise
        self._round = None
        if self._gone.total():
            logger.info("tidied", extra=dict(self._gone))
        return 0

    def _batches(self) -> Iterator[int]:
        """Yield the number of rows looked at after each transaction."""
        now = self._clock.now()
        privacy = self._privacy
        yield from self._bands(now - self._bands_kept)
        yield from self._engagement(now - THIN_AFTER)
        yield from self._mentions(now - timedelta(days=privacy.keep_mentions_days))
        for what, forget, days in (
            ("updates", retention.forget_updates, privacy.keep_updates_days),
            ("messages", retention.forget_messages, privacy.keep_messages_days),
            ("askers", forget_askers, privacy.keep_mentions_days),
            ("audit_entries", retention.forget_audit, privacy.keep_audit_days),
        ):
            yield from self._until_none(what, forget, now - timedelta(days=days))
        yield self._charts(now - timedelta(days=privacy.keep_messages_days))

    def _bands(self, before: datetime) -> Iterator[int]:
        after: tuple[int, int] | None = FIRST_BAND
        while after is not None:
            with unit_of_work(self._engine) as session:
                walk = forget_bands(session, before=before, after=after, limit=BAND_BATCH)
            self._gone["story_bands"] += walk.forgotten
            after = walk.after
            yield walk.seen

    def _engagement(self, before: datetime) -> Iterator[int]:
        """Thin the counters of older posts."""
        after: tuple[int, datetime] | None = None
        while True:
            with unit_of_work(self._engine) as session:
                walk = thin_engagement(session, before=before, after=after, limit=BAND_BATCH)
            self._gone["engagement"] += walk.forgotten
            after = walk.after
            yield walk.seen
            if after is None:
                return

    def _mentions(self, before: datetime) -> Iterator[int]:
        with read_session(self._engine) as session:
            keep = retention.mentions_in_evidence(session)
        after: int | None = 0
        while after is not None:
            with unit_of_work(self._engine) as session:
                walk = retention.forget_mentions(
                    session, before=before, keep=keep, after=after, limit=self._batch
                )
            self._gone["mentions"] += walk.deleted
            after = walk.after
            yield walk.seen

    def _until_none(
        self, what: str, forget: Callable[..., int], before: datetime
    ) -> Iterator[int]:
        gone = 1
        while gone:  # forgetting an edit makes its original free to go
            with unit_of_work(self._engine) as session:
                gone = forget(session, before=before, limit=self._batch)
            self._gone[what] += gone
            yield gone

    def _charts(self, before: datetime) -> int:
        """Delete chart images that no message of ours shows any more."""
        gone = 0
        for path in self._chart_folder.glob("*.png"):
            if path.stat().st_mtime < before.timestamp():
                path.unlink(missing_ok=True)
                gone += 1
        self._gone["charts"] += gone
        return gone
