"""Sets up the crisis room of an incident: its playbook as it reads now, whom to tell, a clock."""

import logging
from datetime import datetime, timedelta

from sqlmodel import Session

from crisis.announce import refresh_alert, title_of
from crisis.clocks import keep_first_statement
from crisis.countdown import playbook_of
from crisis.desk import Desk
from crisis.evidence import main_product
from crisis.kinds import CrisisType
from crisis.permissions import Action, Actor
from crisis.playbooks import Playbook
from crisis.record import open_incident, record, said
from crisis.retyping import retype_statements
from listener.errors import Conflict, TemplateRejected
from listener.store import incidents, playbooks, room
from listener.store.records import IncidentRecord

logger = logging.getLogger(__name__)

SYSTEM = "system"
REJECTED = "playbook_rejected"


def open_room(session: Session, desk: Desk, incident: IncidentRecord, now: datetime) -> None:
    """Give a newly opened incident its playbook, its stakeholders and the first-statement clock.

    A playbook that cannot be read keeps no alert back: the timeline says what is wrong with it.
    """
    keep_first_statement(session, desk, incident)
    try:
        playbook = desk.playbooks.find(incident.crisis_type)
    except TemplateRejected as error:
        logger.exception("playbook refused", extra={"crisis_type": incident.crisis_type})
        data = {"text": str(error)}
        incidents.add_event(session, incident.id, at=now, kind=REJECTED, actor=SYSTEM, data=data)
        return
    take_up(session, desk, incident, playbook, by=SYSTEM, now=now)


def take_up(
    session: Session,
    desk: Desk,
    incident: IncidentRecord,
    playbook: Playbook,
    *,
    by: str,
    now: datetime,
) -> None:
    """Run the incident by this playbook: a later edit of the file does not change it."""
    playbooks.adopt(
        session,
        incident.id,
        crisis_type=playbook.crisis_type,
        version=playbook.version,
        content_hash=playbook.content_hash,
        content=playbook.content,
        by=by,
        now=now,
    )
    for one in playbook.stakeholders:
        room.add_stakeholder(
            session,
            incident.id,
            code=one.id,
            name=one.said(desk.lang),
            channel=one.channel,
            role=one.role,
            due_at=incident.opened_at + timedelta(minutes=one.due_minutes),
        )


def change_type(
    session: Session,
    desk: Desk,
    incident_id: int,
    *,
    actor: Actor,
    crisis_type: CrisisType,
    reason: str,
    now: datetime,
) -> Playbook:
    """Say what kind of crisis it really is; its playbook is taken up as it reads now.

    The one before stays on record, and so does what was done by it: items that both have keep
    their marks. With the same type, the newest text of the playbook is taken up. Drafts that
    nobody has touched are written anew for the type. Raises ``Conflict`` when nothing would
    change, or ``TemplateRejected`` for a playbook that cannot be read.
    """
    actor.role_for(Action.TYPE)
    incident = open_incident(session, incident_id)
    why = said(reason, "a change of the crisis type needs a reason")
    playbook = desk.playbooks.find(crisis_type)
    before = playbooks.snapshot(session, incident_id)
    if before is not None and before.content_hash == playbook.content_hash:
        raise Conflict(
            f"incident {incident_id} is run by {crisis_type} version {playbook.version} already"
        )
    title = title_of(
        desk.brands[incident.brand_id].name,
        main_product(incident.evidence),
        crisis_type,
        desk.lang,
    )
    if crisis_type == incident.crisis_type:
        title = incident.title
    incidents.change_incident(session, incident_id, {"crisis_type": crisis_type, "title": title})
    take_up(session, desk, incident, playbook, by=actor.key, now=now)
    data = {
        "from": incident.crisis_type,
        "to": crisis_type,
        "playbook_from": before.content_hash[:12] if before else "",
        "playbook_to": playbook.content_hash[:12],
        "reason": why,
    }
    record(session, incident_id, Action.TYPE, actor, now, **data)
    retype_statements(session, desk, incident_id, crisis_type, now)
    refresh_alert(session, desk, incident_id, now)
    return playbook


def ensure_playbook(
    session: Session, desk: Desk, incident: IncidentRecord, *, by: str, now: datetime
) -> Playbook:
    """Return the playbook of an incident, taken up now if it was opened without one."""
    known = playbook_of(session, incident.id)
    if known is not None:
        return known
    playbook = desk.playbooks.find(incident.crisis_type)
    take_up(session, desk, incident, playbook, by=by, now=now)
    return playbook
