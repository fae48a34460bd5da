"""What people do to an incident: claim it, mute its repeats, close it."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from crisis.announce import refresh_alert
from crisis.checklist import named, open_items
from crisis.clocks import keep_first_statement
from crisis.desk import Desk
from crisis.kinds import Outcome, Phase
from crisis.merging import take_merge_back
from crisis.permissions import Action, Actor
from crisis.playbooks import ChecklistItem
from crisis.record import open_incident as _open_incident
from crisis.record import record as _record
from crisis.record import said as _said
from listener.complaints import Severity
from listener.errors import Conflict
from listener.store import incidents, silences


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
    session: Session,
    desk: Desk,
    incident_id: int,
    *,
    actor: Actor,
    reason: str,
    now: datetime,
    outcome: Outcome = Outcome.CONFIRMED,
    open_items_known: bool = False,
) -> None:
    """Close an incident with its outcome and a reason; a later episode opens a new one.

    What the checklist leaves open has to be acknowledged, unless it was no crisis of ours; the
    record names it. Raises ``Conflict`` naming the open items otherwise.
    """
    actor.role_for(Action.CLOSE)
    _open_incident(session, incident_id)
    said = _said(reason, "closing needs a reason")
    left = named(open_items(session, incident_id, before=Phase.CLOSED))
    if left and outcome is Outcome.CONFIRMED and not open_items_known:
        raise Conflict(
            f"the checklist of incident {incident_id} has open items: {', '.join(left)}; "
            "do them, or close with --open-items-known",
            code="open_items",
        )
    incidents.change_incident(session, incident_id, {"closed_at": now, "phase": Phase.CLOSED})
    _record(
        session,
        incident_id,
        Action.CLOSE,
        actor,
        now,
        reason=said,
        outcome=outcome,
        open_items=left,
    )
    refresh_alert(session, desk, incident_id, now)


def reopen(
    session: Session, desk: Desk, incident_id: int, *, actor: Actor, reason: str, now: datetime
) -> None:
    """Open a closed incident again, unless a newer episode of its group is open.

    One that was merged gets back what the survivor still holds of it.
    """
    actor.role_for(Action.REOPEN)
    said = _said(reason, "reopening needs a reason")
    brand_id = incidents.incident(session, incident_id).brand_id
    incidents.lock_brand(session, brand_id)
    incident = incidents.incident(session, incident_id)
    if incident.is_open:
        raise Conflict(f"incident {incident_id} is open")
    for other in incidents.open_incidents(session, brand_id=brand_id):
        if other.group_key == incident.group_key:
            raise Conflict(f"incident {other.id} of the same group is open; work on that one")
    take_merge_back(session, desk, incident_id, actor=actor, reason=said, now=now)
    incidents.change_incident(session, incident_id, {"closed_at": None, "phase": Phase.VERIFYING})
    _record(session, incident_id, Action.REOPEN, actor, now, reason=said)
    refresh_alert(session, desk, incident_id, now)


def move_phase(
    session: Session, desk: Desk, incident_id: int, *, actor: Actor, phase: Phase, now: datetime
) -> Sequence[ChecklistItem]:
    """Move an open incident to another phase; closing is ``close``, which needs an outcome.

    Returns what the checklist leaves open of the phases before; it holds nothing up.
    """
    actor.role_for(Action.PHASE)
    incident = _open_incident(session, incident_id)
    if phase is Phase.CLOSED:
        raise Conflict("use 'close', which asks for the outcome and the reason")
    if phase == incident.phase:
        raise Conflict(f"incident {incident_id} is in phase '{phase}' already")
    incidents.change_incident(session, incident_id, {"phase": phase})
    left = open_items(session, incident_id, before=phase)
    change = {"from": incident.phase, "to": phase, "open_items": named(left)}
    _record(session, incident_id, Action.PHASE, actor, now, **change)
    refresh_alert(session, desk, incident_id, now)
    return left


def set_severity(
    session: Session,
    desk: Desk,
    incident_id: int,
    *,
    actor: Actor,
    severity: Severity,
    reason: str,
    now: datetime,
) -> None:
    """Raise or lower the severity with a reason; the machine only ever raises it.

    Approval chains under way follow it, texts that are approved stay so.
    """
    actor.role_for(Action.SEVERITY)
    incident = _open_incident(session, incident_id)
    said = _said(reason, "a severity that a person sets needs a reason")
    if severity in (Severity.NONE, incident.severity):
        raise Conflict(f"the severity is '{incident.severity}'; '{severity}' changes nothing")
    incidents.change_incident(
        session, incident_id, {"severity": severity, "severity_reason": said}
    )
    keep_first_statement(session, desk, incidents.incident(session, incident_id))
    change = {"from": incident.severity, "to": severity, "reason": said}
    _record(session, incident_id, Action.SEVERITY, actor, now, **change)
    refresh_alert(session, desk, incident_id, now)


def note(session: Session, incident_id: int, *, actor: Actor, text: str, now: datetime) -> None:
    """Write a note into the timeline, of an open or a closed incident."""
    actor.role_for(Action.NOTE)
    incidents.incident(session, incident_id)
    _record(session, incident_id, Action.NOTE, actor, now, text=_said(text, "the note is empty"))
