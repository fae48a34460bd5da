"""Misbehaviour on demand: the rate limits, outages and lost answers of the real Telegram."""

import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from tests.fakes.telegram_types import ApiError, Json


class How(StrEnum):
    """A way to misbehave. Only ``CUT_AFTER`` and ``SLOW`` carry out the request first."""

    RATE_LIMIT = "rate_limit"  # 429 with retry_after; calls before it ends are counted
    BAD_GATEWAY = "bad_gateway"  # 502 with an HTML page
    SERVER_ERROR = "server_error"  # 500 with the usual JSON
    CUT_BEFORE = "cut_before"  # connection closed, nothing done
    CUT_AFTER = "cut_after"  # done, connection closed without an answer
    SLOW = "slow"  # done, answer late by ``seconds``
    GARBAGE = "garbage"  # 200 with a body that is not JSON


def too_many_requests(retry_after_s: int) -> ApiError:
    """Return Telegram's 429 for a wait in whole seconds."""
    return ApiError(
        429, f"Too Many Requests: retry after {retry_after_s}", retry_after=retry_after_s
    )


@dataclass(slots=True)
class Trouble:
    """One order to misbehave; counts what happened. ``times`` of None means until ``end``.

    ``early_calls`` are those that came while a 429 had told the client to wait.
    """

    method: str
    how: How
    times: int | None
    retry_after_s: int
    seconds: float
    when: Callable[[Json], bool]
    is_processed: bool
    hits: int = 0
    early_calls: int = 0
    limited_until_s: float = -math.inf

    def end(self) -> None:
        """Behave again from now on."""
        self.times = 0
        self.limited_until_s = -math.inf

    @property
    def is_over(self) -> bool:
        """Whether all ordered times have happened."""
        return self.times is not None and self.hits >= self.times

    def meets(self, method: str, params: Json, now_s: float) -> bool:
        """Tell whether this call is hit, and count it. Raises ApiError 429 for an early call."""
        if self.method not in {"*", method} or not self.when(params):
            return False
        if now_s < self.limited_until_s:
            self.early_calls += 1
            raise too_many_requests(math.ceil(self.limited_until_s - now_s))
        if self.is_over:
            return False
        self.hits += 1
        if self.how is How.RATE_LIMIT:
            self.limited_until_s = now_s + self.retry_after_s
            raise too_many_requests(self.retry_after_s)
        return True


@dataclass(slots=True)
class Pace:
    """Telegram's standing limits on new messages: per chat a second, per group a minute."""

    chat_interval_s: float = 1.0
    group_per_minute: int = 20
    early_calls: int = 0
    _sent_at_s: dict[int, deque[float]] = field(default_factory=dict)
    _until_s: dict[int, float] = field(default_factory=dict)

    def check(self, chat_id: int, now_s: float) -> None:
        """Raise ApiError 429 if a message to this chat would come too soon."""
        sent = self._sent_at_s.setdefault(chat_id, deque())
        while sent and sent[0] <= now_s - 60:
            sent.popleft()
        free_at_s = sent[-1] + self.chat_interval_s if sent else now_s
        if chat_id < 0 and len(sent) >= self.group_per_minute:
            free_at_s = max(free_at_s, sent[-self.group_per_minute] + 60)
        if free_at_s > now_s:
            self.early_calls += now_s < self._until_s.get(chat_id, now_s)
            wait_s = max(1, math.ceil(free_at_s - now_s))
            self._until_s[chat_id] = now_s + wait_s
            raise too_many_requests(wait_s)

    def note(self, chat_id: int, now_s: float) -> None:
        """Count a message that was sent."""
        self._sent_at_s.setdefault(chat_id, deque()).append(now_s)


class Troubles:
    """The orders in force, in the order they were given, and the pace if one is set."""

    def __init__(self) -> None:
        self.pace: Pace | None = None
        self._orders: list[Trouble] = []
        self._lock = threading.Lock()

    def add(self, trouble: Trouble) -> Trouble:
        """Put an order in force."""
        with self._lock:
            self._orders.append(trouble)
            return trouble

    def meet(self, method: str, params: Json, now_s: float) -> Trouble | None:
        """Return the order that hits this call, or raise the 429 that it gets."""
        with self._lock:
            for trouble in self._orders:
                if trouble.meets(method, params, now_s):
                    return trouble
            if self.pace is not None and _is_new_message(method, params):
                self.pace.check(params["chat_id"], now_s)
            return None

    def note(self, method: str, params: Json, now_s: float) -> None:
        """Count a call that succeeded."""
        with self._lock:
            if self.pace is not None and _is_new_message(method, params):
                self.pace.note(params["chat_id"], now_s)

    @property
    def early_calls(self) -> int:
        """All calls that came while a 429 had told the client to wait."""
        with self._lock:
            paced = self.pace.early_calls if self.pace is not None else 0
            return paced + sum(trouble.early_calls for trouble in self._orders)


def _is_new_message(method: str, params: Json) -> bool:
    return method.startswith("send") and isinstance(params.get("chat_id"), int)
