"""The checklist of an incident and the log of what was decided and why."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from crisis.countdown import playbook_of
from crisis.desk import Desk
from crisis.kinds import Phase
from crisis.permissions import Action, Actor
from crisis.playbooks import PHASES, ChecklistItem
from crisis.record import open_incident, record, said
from crisis.room import ensure_playbook
from listener.errors import Conflict
from listener.store import playbooks


def check(
    session: Session,
    desk: Desk,
    incident_id: int,
    item: str,
    *,
    actor: Actor,
    now: datetime,
    undo: bool = False,
) -> bool:
    """Mark an item of the checklist done, or take the mark back; False when it is so already.

    Raises ``Conflict`` naming the items there are when ``item`` is none of them.
    """
    actor.role_for(Action.CHECK)
    incident = open_incident(session, incident_id)
    playbook = ensure_playbook(session, desk, incident, by=actor.key, now=now)
    known = {one.id: one for one in playbook.checklist}
    if item not in known:
        raise Conflict(
            f"incident {incident_id} has no item '{item}'; its checklist has {', '.join(known)}"
        )
    change = playbooks.unmark if undo else playbooks.mark
    if not change(session, incident_id, item, by=actor.key, now=now):
        return False
    text = known[item].said(desk.lang)
    record(session, incident_id, Action.CHECK, actor, now, item=item, undone=undo, text=text)
    return True


def open_items(session: Session, incident_id: int, *, before: Phase) -> list[ChecklistItem]:
    """Return what is not done of the phases before this one, in the order of the work."""
    playbook = playbook_of(session, incident_id)
    if playbook is None:
        return []
    until = PHASES.index(before) if before is not Phase.CLOSED else len(PHASES)
    done = playbooks.marks(session, incident_id)
    return [
        one for one in playbook.items() if PHASES.index(one.phase) < until and one.id not in done
    ]


def named(items: Iterable[ChecklistItem]) -> list[str]:
    """Return the ids of items, as records keep them."""
    return [one.id for one in items]


def log_decision(
    session: Session, incident_id: int, *, actor: Actor, text: str, why: str, now: datetime
) -> None:
    """Write down what was decided and on what grounds; it is never changed afterwards."""
    actor.role_for(Action.LOG_DECISION)
    open_incident(session, incident_id)
    text = said(text, "the decision is empty", most=1_000)
    why = said(why, "a decision needs its grounds: say why", most=1_000)
    record(session, incident_id, Action.LOG_DECISION, actor, now, text=text, why=why)
