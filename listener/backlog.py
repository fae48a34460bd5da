"""Scores what waits, for commands that run without the service or beside it.

Leases make it safe to run next to a service: each mention is taken on by one of them.
"""

import asyncio
import os
import socket
import uuid
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Engine

from listener.clock import Clock
from listener.pipeline import judge, save_judged, texts_of
from listener.scoring.protocol import Sentiment
from listener.scoring.worker import ScoringWorker
from listener.store import mentions
from listener.store.engine import read_session, unit_of_work
from listener.store.records import MentionToScore

BATCH = 128
LEASE = timedelta(seconds=180)
OWNER_PREFIX = "command:"
_LOOK_AGAIN_S = 0.2


def owner_name() -> str:
    """Return a name for leases that no other process has."""
    return f"{OWNER_PREFIX}{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


class BacklogScorer:
    """Scores the waiting mentions of one source, or of all."""

    def __init__(
        self, engine: Engine, clock: Clock, scorer: ScoringWorker, *, source_id: int | None = None
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._scorer = scorer
        self._source_id = source_id
        self._owner = owner_name()
        self.scored = 0

    async def score_free(self, on_progress: Callable[[int], None] = lambda _: None) -> None:
        """Score until nothing is free to be taken; report the running total."""
        while batch := await asyncio.to_thread(self._claim):
            sentiments = await self._scorer.score(texts_of(batch))
            await asyncio.to_thread(self._save, batch, sentiments)
            self.scored += len(batch)
            on_progress(self.scored)

    async def score_all(self, on_progress: Callable[[int], None] = lambda _: None) -> None:
        """Score until nothing waits, also not for another process that holds it."""
        while True:
            await self.score_free(on_progress)
            if not await asyncio.to_thread(self.waiting):
                return
            await asyncio.sleep(_LOOK_AGAIN_S)

    def waiting(self) -> int:
        """Count what still waits for its score, whoever has taken it on."""
        with read_session(self._engine) as session:
            return mentions.count_waiting(session, source_id=self._source_id)

    def _claim(self) -> list[MentionToScore]:
        with unit_of_work(self._engine) as session:
            return mentions.claim_to_score(
                session,
                owner=self._owner,
                now=self._clock.now(),
                lease=LEASE,
                limit=BATCH,
                source_id=self._source_id,
            )

    def _save(self, batch: list[MentionToScore], sentiments: list[Sentiment]) -> None:
        scores = judge(batch, sentiments)
        with unit_of_work(self._engine) as session:
            save_judged(session, scores, now=self._clock.now())
