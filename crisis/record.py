"""What every use-case on an incident shares: it is open, words are given, it goes on record."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from crisis.permissions import Action, Actor
from listener.errors import Conflict
from listener.store import incidents
from listener.store.audit import record_audit
from listener.store.records import IncidentRecord

MAX_SAID_CHARS = 500


def open_incident(session: Session, incident_id: int) -> IncidentRecord:
    """Return an incident that people still work on; raises ``Conflict`` for a closed one."""
    incident = incidents.incident(session, incident_id)
    if not incident.is_open:
        raise Conflict(f"incident {incident_id} is closed", code="incident_closed")
    return incident


def record(
    session: Session, incident_id: int, action: Action, actor: Actor, now: datetime, **data: Any
) -> None:
    """Write what somebody did into the timeline and the audit trail."""
    incidents.add_event(session, incident_id, at=now, kind=action, actor=actor.key, data=data)
    record_audit(
        session,
        at=now,
        actor=actor.key,
        action=action,
        object_type="incident",
        object_id=incident_id,
        via=actor.via,
        data=data,
    )


def said(text: str, refusal: str, *, most: int = MAX_SAID_CHARS) -> str:
    """Return what somebody said, stripped and bounded. Raises ``Conflict`` when it is empty."""
    if not text.strip():
        raise Conflict(refusal, code="empty_text")
    return text.strip()[:most]
