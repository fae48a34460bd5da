"""What a channel is: one method that delivers one message or says why not."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from listener.store.records import OutboxMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message with its chart drawn, ready to go."""

    message: OutboxMessage
    chart: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the other side calls the message it accepted, and what later edits need to know."""

    remote_id: str
    remote: dict[str, Any] = field(default_factory=dict)


class Channel(Protocol):
    """Delivers messages to one kind of place."""

    async def deliver(self, delivery: Delivery) -> Receipt:
        """Deliver, or raise ``Temporary`` or ``Permanent`` without any secret in the message."""
        ...
