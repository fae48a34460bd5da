"""Polls Telegram with a durable cursor.

The library's own updater confirms an update before its handler has finished, so a crash would lose
an approval. Here an update is stored first; the next poll, which confirms it, asks only for what
is newer than the newest stored one.
"""

import asyncio
import logging

from sqlalchemy import Engine
from telegram import Bot, Update

from listener.bot.handlers import Answer, UpdateHandler
from listener.bot.updates import reduced
from listener.clock import Clock
from listener.errors import ListenerError, Temporary
from listener.failpoints import reach
from listener.notify.telegram import asking
from listener.store import updates
from listener.store.engine import read_session, unit_of_work
from listener.store.records import StoredUpdate

logger = logging.getLogger(__name__)

ALLOWED = [Update.MESSAGE, Update.CALLBACK_QUERY]
MOST_ATTEMPTS = 5


class Poller:
    """Receives, stores and handles chat updates."""

    def __init__(
        self,
        *,
        engine: Engine,
        clock: Clock,
        bot: Bot,
        handler: UpdateHandler,
        poll_timeout_s: int,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._bot = bot
        self._handler = handler
        self._poll_timeout_s = poll_timeout_s

    async def poll(self) -> int:
        """Wait for updates, store them, handle them; return how many came.

        Raises ``Temporary`` when Telegram cannot be reached; what is stored is handled anyway.
        """
        await self.handle_waiting()
        offset = await asyncio.to_thread(self._cursor)
        received = await asking(
            self._bot.get_updates(
                offset=offset, timeout=self._poll_timeout_s, allowed_updates=ALLOWED
            )
        )
        await asyncio.to_thread(self._store, received)
        await self.handle_waiting()
        return len(received)

    def _cursor(self) -> int:
        with read_session(self._engine) as session:
            return updates.update_cursor(session, self._clock.now())

    def _store(self, received: tuple[Update, ...]) -> None:
        if not received:
            return
        with unit_of_work(self._engine) as session:
            updates.store_updates(
                session, [(one.update_id, reduced(one)) for one in received], self._clock.now()
            )
        reach("updates-stored")

    async def handle_waiting(self) -> None:
        """Handle every stored update that is waiting, oldest first."""
        for update in await asyncio.to_thread(self._waiting):
            try:
                answer = await asyncio.to_thread(self._handler.handle, update)
            except Temporary:
                raise  # not the update's fault, so it does not count as an attempt
            except Exception:
                logger.exception("update not handled", extra={"update": update.update_id})
                await asyncio.to_thread(self._count_failure, update)
                continue
            if answer is not None:
                await self._answer(answer)

    def _waiting(self) -> list[StoredUpdate]:
        with read_session(self._engine) as session:
            return updates.waiting_updates(session)

    def _count_failure(self, update: StoredUpdate) -> None:
        with unit_of_work(self._engine) as session:
            if updates.count_attempt(session, update.update_id) >= MOST_ATTEMPTS:
                updates.finish_update(
                    session, update.update_id, now=self._clock.now(), outcome="failed"
                )

    async def _answer(self, answer: Answer) -> None:
        """Show the presser what came of it; too late is no harm, the chat shows it."""
        if answer.query_id is None:
            return
        try:
            await asking(
                self._bot.answer_callback_query(
                    answer.query_id, text=answer.text[:200], show_alert=answer.is_alert
                )
            )
        except ListenerError as error:
            logger.info("press not answered", extra={"error": str(error)})
