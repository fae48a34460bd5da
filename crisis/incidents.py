"""What people do to an incident: claim it, mute its repeats, close it."""

from datetime import datetime

from sqlmodel import Session

from crisis.announce import refresh_alert
from crisis.desk import Desk
from crisis.kinds import Phase
from crisis.permissions import Action, Actor
from listener.errors import Conflict
from listener.store import incidents, silences
from listener.store.audit import record_audit
from listener.store.records import IncidentRecord


def _open_incident(session: Session, incident_id: int) -> IncidentRecord:
    incident = incidents.incident(session, incident_id)
    if not incident.is_open:
        raise Conflict(f"incident {incident_id} is closed", code="incident_closed")
    return incident


def _record(
    session: Session, incident_id: int, action: Action, actor: Actor, now: datetime, **data: str
) -> None:
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


def claim(session: Session, desk: Desk, incident_id: int, *, actor: Actor, now: datetime) -> None:
    """Make the actor the owner. Raises ``Conflict`` when somebody else is, or it is theirs."""
    actor.role_for(Action.CLAIM)
    incident = _open_incident(session, incident_id)
    if incident.owner_key == actor.key:
        raise Conflict(f"incident {incident_id} is already yours", code="already_yours")
    if incident.owner_key is not None or not incidents.take_ownership(
        session, incident_id, owner_key=actor.key, expected=None
    ):
        raise Conflict(f"incident {incident_id} has an owner", code="already_claimed")
    if incident.phase == Phase.ALERTED:
        incidents.change_incident(session, incident_id, {"phase": Phase.VERIFYING})
    _record(session, incident_id, Action.CLAIM, actor, now)
    refresh_alert(session, desk, incident_id, now)


def mute(
    session: Session, desk: Desk, incident_id: int, *, actor: Actor, now: datetime
) -> datetime:
    """Hold back repeats about the brand; return until when. A rise in severity still comes."""
    actor.role_for(Action.MUTE)
    incident = _open_incident(session, incident_id)
    until = now + desk.mute_for
    silences.add_silence(
        session,
        brand_id=incident.brand_id,
        until=until,
        severity=incident.severity,
        by=actor.key,
        now=now,
    )
    _record(session, incident_id, Action.MUTE, actor, now, until=until.isoformat())
    return until


def close(
    session: Session, desk: Desk, incident_id: int, *, actor: Actor, reason: str, now: datetime
) -> None:
    """Close an incident with a reason; a later episode opens a new one."""
    actor.role_for(Action.CLOSE)
    _open_incident(session, incident_id)
    if not reason.strip():
        raise Conflict("closing needs a reason", code="empty_text")
    incidents.change_incident(session, incident_id, {"closed_at": now, "phase": Phase.CLOSED})
    _record(session, incident_id, Action.CLOSE, actor, now, reason=reason.strip()[:500])
    refresh_alert(session, desk, incident_id, now)
