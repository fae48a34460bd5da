"""Who does what in an incident, and whether those it concerns have heard of it from us."""

import re
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from crisis.announce import refresh_alert
from crisis.desk import Desk
from crisis.permissions import Action, Actor
from crisis.record import open_incident, record, said
from listener.config import Role
from listener.errors import Conflict
from listener.store import incidents, room
from listener.store.room import StakeholderRecord

_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")


class RoomRole(StrEnum):
    """What somebody does in the crisis room: 负责人 副手 发言人 核实 法务 发布 联络."""

    OWNER = "owner"
    DEPUTY = "deputy"
    SPOKESPERSON = "spokesperson"
    FACT_CHECKER = "fact_checker"
    COUNSEL = "counsel"
    PUBLISHER = "publisher"
    LIAISON = "liaison"


class Told(StrEnum):
    """Whether a stakeholder has heard of it from us: 未告知 已告知 已确认收到."""

    NOT_INFORMED = "not_informed"
    INFORMED = "informed"
    ACKNOWLEDGED = "acknowledged"


def told_state(one: StakeholderRecord) -> Told:
    """Return how far the word has got."""
    if one.acknowledged_at is not None:
        return Told.ACKNOWLEDGED
    return Told.INFORMED if one.informed_at is not None else Told.NOT_INFORMED


def give_role(
    session: Session,
    desk: Desk,
    incident_id: int,
    *,
    role: RoomRole,
    person: str,
    actor: Actor,
    now: datetime,
) -> bool:
    """Give somebody a role; the owner has one holder, one spokesperson too, others any number.

    Returns False when they hold it already. Raises ``Conflict`` for somebody who is not in the
    configuration.
    """
    actor.role_for(Action.ROLE)
    incident = open_incident(session, incident_id)
    if person not in {one.key for one in desk.people}:
        known = ", ".join(one.key for one in desk.people)
        raise Conflict(f"there is nobody called '{person}'; known: {known}")
    before = incident.owner_key
    if role is RoomRole.OWNER:
        if before == person:
            return False
        incidents.change_incident(session, incident_id, {"owner_key": person})
    else:
        held = [one.person_key for one in room.roles(session, incident_id) if one.role == role]
        if person in held:
            return False
        before = None
        if role is RoomRole.SPOKESPERSON and held:
            before = held[0]
            room.end_role(session, incident_id, role=role, person=before, now=now)
        room.give_role(session, incident_id, role=role, person=person, by=actor.key, now=now)
    record(session, incident_id, Action.ROLE, actor, now, role=role, person=person, before=before)
    refresh_alert(session, desk, incident_id, now)
    return True


def end_role(
    session: Session,
    incident_id: int,
    *,
    role: RoomRole,
    person: str,
    actor: Actor,
    now: datetime,
) -> bool:
    """Take a role back; False when the person does not hold it. An owner is only replaced."""
    actor.role_for(Action.ROLE)
    open_incident(session, incident_id)
    if role is RoomRole.OWNER:
        raise Conflict("an incident keeps its owner; give the role to somebody else")
    if not room.end_role(session, incident_id, role=role, person=person, now=now):
        return False
    record(session, incident_id, Action.ROLE, actor, now, role=role, person=person, ended=True)
    return True


def add_stakeholder(
    session: Session,
    incident_id: int,
    *,
    code: str,
    name: str,
    channel: str,
    due_at: datetime,
    actor: Actor,
    now: datetime,
) -> None:
    """Name somebody more who has to be informed. Raises ``Conflict`` when the code is taken."""
    actor.role_for(Action.STAKEHOLDER)
    open_incident(session, incident_id)
    if not _CODE.fullmatch(code):
        raise Conflict(f"'{code}' is no code; write small letters, digits and _, e.g. city_press")
    name = said(name, "a stakeholder needs a name", most=100)
    added = room.add_stakeholder(
        session,
        incident_id,
        code=code,
        name=name,
        channel=channel,
        role=Role.OFFICER,
        due_at=due_at,
    )
    if not added:
        raise Conflict(f"incident {incident_id} has a stakeholder '{code}' already")
    record(session, incident_id, Action.STAKEHOLDER, actor, now, code=code, did="add", text=name)


def tell_stakeholder(
    session: Session,
    incident_id: int,
    code: str,
    *,
    state: Told,
    actor: Actor,
    now: datetime,
    message: str = "",
) -> bool:
    """Record how far the word has got to somebody; False when that is so already.

    ``message`` is what they were told, or what they answered. Going back to not informed corrects
    a mistake; the timeline keeps both.
    """
    actor.role_for(Action.STAKEHOLDER)
    open_incident(session, incident_id)
    known = {one.code: one for one in room.stakeholders(session, incident_id)}
    if code not in known:
        raise Conflict(
            f"incident {incident_id} has no stakeholder '{code}'; it has {', '.join(known)}; "
            "add one with --name"
        )
    one = known[code]
    if told_state(one) == state:
        return False
    informed = (one.informed_at or now, one.informed_by or actor.key)
    is_known = state is not Told.NOT_INFORMED
    is_heard = state is Told.ACKNOWLEDGED
    room.change_stakeholder(
        session,
        incident_id,
        code,
        {
            "informed_at": informed[0] if is_known else None,
            "informed_by": informed[1] if is_known else None,
            "acknowledged_at": now if is_heard else None,
            "acknowledged_by": actor.key if is_heard else None,
            "message": message.strip()[:500] or one.message,
        },
    )
    record(
        session,
        incident_id,
        Action.STAKEHOLDER,
        actor,
        now,
        code=code,
        did=state,
        text=f"{one.name} {message.strip()[:500]}".strip(),
    )
    return True
