"""The only place that reads the time of day. Everything else is given a ``Clock``."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the current instant, timezone-aware in UTC."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds that never run backwards; only differences mean anything."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the current instant in UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Return the monotonic clock in seconds."""
        return time.monotonic()


class FakeClock:
    """A clock that moves only when told to; shipped for tests and rehearsals."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError(f"FakeClock needs a timezone-aware start (got {start!r})")
        self._start = start.astimezone(UTC)
        self._now = self._start

    def now(self) -> datetime:
        """Return the instant last set."""
        return self._now

    def monotonic_s(self) -> float:
        """Return seconds since the start."""
        return (self._now - self._start).total_seconds()

    def advance(self, step: timedelta) -> None:
        """Move forward by ``step``, which must not be negative."""
        if step < timedelta(0):
            raise ValueError(f"a clock does not run backwards (got {step!r})")
        self._now += step
