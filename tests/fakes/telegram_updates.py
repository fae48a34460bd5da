"""The queue of updates behind getUpdates: kept until confirmed, long polling, one reader."""

import threading
import time
from collections.abc import Iterable

from tests.fakes.telegram_types import ApiError, Json, bad_request

MAX_TIMEOUT_S = 50
FIRST_UPDATE_ID = 700_000_001
UPDATE_KINDS = frozenset(
    {
        "message",
        "edited_message",
        "channel_post",
        "edited_channel_post",
        "business_connection",
        "business_message",
        "edited_business_message",
        "deleted_business_messages",
        "guest_message",
        "managed_bot",
        "message_reaction",
        "message_reaction_count",
        "inline_query",
        "chosen_inline_result",
        "callback_query",
        "shipping_query",
        "pre_checkout_query",
        "purchased_paid_media",
        "poll",
        "poll_answer",
        "my_chat_member",
        "chat_member",
        "chat_join_request",
        "chat_boost",
        "removed_chat_boost",
    }
)
# Kinds a bot has to ask for by name.
_ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_CONFLICT = (
    "Conflict: terminated by other getUpdates request; "
    "make sure that only one bot instance is running"
)


class UpdateQueue:
    """Updates in order of their ids; guarded by the condition it shares with the server."""

    def __init__(self, changed: threading.Condition) -> None:
        self.allowed = UPDATE_KINDS - _ON_REQUEST
        self.history: list[Json] = []
        self.waiting = 0
        self._changed = changed
        self._pending: list[Json] = []
        self._again: list[Json] = []
        self._turn = 0
        self._is_stopped = False

    def add(self, kind: str, payload: Json) -> int:
        """Queue an update; return its id, which grows by one. Kinds not asked for are lost."""
        with self._changed:
            update_id = FIRST_UPDATE_ID + len(self.history)
            update: Json = {"update_id": update_id, kind: payload}
            self.history.append(update)
            if kind in self.allowed:
                self._pending.append(update)
            self._changed.notify_all()
            return update_id

    def repeat(self, update_id: int) -> None:
        """Deliver this update once more, even though it was confirmed."""
        with self._changed:
            self._again += [each for each in self.history if each["update_id"] == update_id]
            self._changed.notify_all()

    @property
    def pending(self) -> list[Json]:
        """Updates that no getUpdates has confirmed yet."""
        with self._changed:
            return list(self._pending)

    def clear(self) -> None:
        """Forget everything that is not confirmed."""
        with self._changed:
            self._pending.clear()

    def stop(self) -> None:
        """Let waiting polls return at once, with nothing."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    def poll(
        self, *, offset: int, limit: int, timeout_s: int, allowed: Iterable[str] | None
    ) -> list[Json]:
        """Answer one getUpdates call: confirm below the offset, then wait for something new.

        Raises ApiError 409 in the older of two calls that wait at the same time.
        """
        if not 1 <= limit <= 100:
            raise bad_request("limit must be between 1 and 100")
        if not 0 <= timeout_s <= MAX_TIMEOUT_S:
            raise bad_request(f"timeout must be between 0 and {MAX_TIMEOUT_S}")
        if unknown := set(allowed or ()) - UPDATE_KINDS:
            raise bad_request(f"unknown update types {sorted(unknown)} in allowed_updates")
        deadline_s = time.monotonic() + timeout_s
        with self._changed:
            if allowed is not None:
                self.allowed = frozenset(allowed) or UPDATE_KINDS - _ON_REQUEST
            self._turn += 1
            turn = self._turn
            self._confirm(offset)
            self._changed.notify_all()
            while True:
                if turn != self._turn:
                    raise ApiError(409, _CONFLICT)
                left_s = deadline_s - time.monotonic()
                if self._again or self._pending or self._is_stopped or left_s <= 0:
                    return self._take(limit)
                self.waiting += 1
                self._changed.notify_all()
                try:
                    self._changed.wait(left_s)
                finally:
                    self.waiting -= 1

    def _confirm(self, offset: int) -> None:
        if offset > 0:
            self._pending = [each for each in self._pending if each["update_id"] >= offset]
        elif offset < 0:
            self._pending = self._pending[offset:]

    def _take(self, limit: int) -> list[Json]:
        again, self._again = self._again[:limit], self._again[limit:]
        return again + self._pending[: limit - len(again)]
