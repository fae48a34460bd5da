"""Takes messages out of the outbox and through their channels, at least once, in order.

The message is sent, then recorded as sent: a crash between the two sends it again, never not at
all. What cannot be sent is dropped with a named reason.
"""

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Engine

from listener.clock import Clock
from listener.errors import ListenerError, Permanent, Temporary
from listener.failpoints import reach
from listener.notify.channel import Channel, Delivery, Receipt
from listener.store import outbox
from listener.store.engine import transact, unit_of_work
from listener.store.outbox import NotSent
from listener.store.records import OutboxMessage

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=120)
BATCH = 10
LONGEST_WAIT_S = 300.0
GIVE_UP_AFTER = timedelta(hours=24)
_REASONS = {
    "refused": NotSent.REFUSED,
    "gone": NotSent.GONE,
}


class Draws(Protocol):
    """Draws a chart into a file."""

    async def draw(self, spec: Mapping[str, Any], path: Path) -> None:
        """Draw; raises ``Temporary`` when it did not work."""
        ...


class Deliverer:
    """Delivers due messages through the channels there are."""

    def __init__(
        self,
        *,
        engine: Engine,
        clock: Clock,
        channels: Mapping[str, Channel],
        charts: Draws,
        chart_folder: Path,
        owner: str,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._channels = channels
        self._charts = charts
        self._chart_folder = chart_folder
        self._owner = owner

    async def deliver_due(self) -> int:
        """Deliver what is due; return how many messages were accepted."""
        claimed = await asyncio.to_thread(self._claim)
        accepted = 0
        paused: dict[tuple[str, str], Temporary] = {}
        for message in claimed:
            place = (message.channel, message.recipient)
            if place in paused:
                # Later messages to the same place must not overtake the one that waits.
                await asyncio.to_thread(self._retry, message, paused[place])
                continue
            try:
                accepted += await self._deliver(message)
            except Temporary as error:
                paused[place] = error
                await asyncio.to_thread(self._retry, message, error)
        return accepted

    def _claim(self) -> list[OutboxMessage]:
        with unit_of_work(self._engine) as session:
            return outbox.claim_messages(
                session,
                owner=self._owner,
                now=self._clock.now(),
                lease=LEASE,
                limit=BATCH,
                channels=list(self._channels),
            )

    async def _deliver(self, message: OutboxMessage) -> int:
        try:
            chart = await self._chart(message)
            reach("message-claimed")
            delivery = Delivery(message=message, chart=chart)
            receipt = await self._channels[message.channel].deliver(delivery)
        except Permanent as error:
            await asyncio.to_thread(self._drop, message, error)
            return 0
        reach("message-accepted")
        await asyncio.to_thread(self._record, message, receipt)
        return 1

    async def _chart(self, message: OutboxMessage) -> Path | None:
        spec = message.body.get("chart")
        if spec is None:
            return None
        path = self._chart_folder / f"{message.subject_type}-{message.subject_id}-{message.id}.png"
        try:
            await self._charts.draw(spec, path)
        except Temporary as error:
            # An alert without its picture now is worth more than one with it later.
            logger.warning(
                "chart not drawn", extra={"message_id": message.id, "error": str(error)}
            )
            return None
        return path

    def _record(self, message: OutboxMessage, receipt: Receipt) -> None:
        # It stands in the chat: forgetting that would send it again.
        transact(
            self._engine,
            lambda session: outbox.mark_sent(
                session,
                message.id,
                owner=self._owner,
                now=self._clock.now(),
                remote_id=receipt.remote_id,
                remote=receipt.remote,
            ),
        )
        logger.info(
            "message sent",
            extra={
                "message_id": message.id,
                "purpose": message.purpose,
                "channel": message.channel,
            },
        )

    def _retry(self, message: OutboxMessage, error: Temporary) -> None:
        now = self._clock.now()
        if now - message.created_at > GIVE_UP_AFTER:
            self._settle_dropped(message, NotSent.GAVE_UP, error)
            return
        wait_s = error.retry_after_s
        if wait_s is None:
            wait_s = min(2.0 ** min(message.attempts, 9), LONGEST_WAIT_S)
        with unit_of_work(self._engine) as session:
            outbox.mark_retry(
                session,
                message.id,
                owner=self._owner,
                due_at=now + timedelta(seconds=wait_s),
                error=str(error),
            )
        logger.warning(
            "message waits",
            extra={"message_id": message.id, "wait_s": wait_s, "error": str(error)},
        )

    def _drop(self, message: OutboxMessage, error: Permanent) -> None:
        self._settle_dropped(message, _REASONS.get(error.reason, NotSent.REFUSED), error)

    def _settle_dropped(
        self, message: OutboxMessage, reason: NotSent, error: ListenerError
    ) -> None:
        with unit_of_work(self._engine) as session:
            outbox.mark_dropped(
                session, message.id, owner=self._owner, reason=reason, error=str(error)
            )
        logger.error(
            "message not sent",
            extra={"message_id": message.id, "reason": reason, "error": str(error)},
        )
