"""Who is told, and when a repeat is held back. Every "not sent" has a named reason."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from listener.complaints import Severity, severity_rank
from listener.store import silences
from listener.store.outbox import NotSent


@dataclass(frozen=True, slots=True)
class Recipient:
    """One place messages go to."""

    channel: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Where the team is reached: its chat, or the terminal of the machine itself."""

    recipients: tuple[Recipient, ...]


def held_back(session: Session, *, brand_id: int, severity: str, now: datetime) -> NotSent | None:
    """Return why a repeat about the brand is not sent now; a risen severity always is."""
    silence = silences.silence_of(session, brand_id, now)
    if silence is None:
        return None
    _, silenced_up_to = silence
    if severity_rank(Severity(severity)) > severity_rank(Severity(silenced_up_to)):
        return None
    return NotSent.SILENCED
