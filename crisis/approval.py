"""Decisions: approve or reject exactly one text.

A decision names the revision and its hash. It holds only if that revision is still the newest,
waits for a decision, and the one who decides is not the one who wrote it.
"""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from crisis.announce import refresh_alert, refresh_revision
from crisis.desk import Desk
from crisis.facts import SYSTEM
from crisis.kinds import Phase
from crisis.permissions import Action, Actor
from listener.errors import Conflict, NotAllowed
from listener.failpoints import reach
from listener.store import incidents, statements
from listener.store.audit import record_audit
from listener.store.records import RevisionRecord, StatementRecord


class Verdict(StrEnum):
    """What can be decided."""

    APPROVE = "approve"
    REJECT = "reject"


def decide(
    session: Session,
    desk: Desk,
    *,
    revision_id: int,
    expected_hash: str,
    verdict: Verdict,
    actor: Actor,
    now: datetime,
    comment: str | None = None,
) -> int:
    """Record a decision on one exact text and return its id.

    ``expected_hash`` is the hash, or its beginning of at least eight digits, of the text that the
    person has seen. Raises ``NotAllowed`` or ``Conflict``; then nothing has changed.
    """
    revision = statements.revision(session, revision_id)
    statement = statements.lock_statement(session, revision.statement_id)
    role = check_decision(statement, revision, expected_hash=expected_hash, actor=actor)
    if verdict is Verdict.REJECT and not (comment or "").strip():
        raise Conflict("a rejection needs a reason", code="empty_text")
    decision_id = statements.insert_decision(
        session,
        {
            "revision_id": revision_id,
            "content_hash": revision.content_hash,
            "person_key": actor.key,
            "role": role,
            "verdict": verdict,
            "comment": (comment or "").strip()[:1_000] or None,
            "via": actor.via,
            "decided_at": now,
        },
    )
    if decision_id is None:
        raise Conflict("this revision has been decided", code="already_decided")
    state = statements.APPROVED if verdict is Verdict.APPROVE else statements.REJECTED
    statements.change_statement(session, statement.id, {"state": state})
    if verdict is Verdict.APPROVE:
        incidents.change_incident(session, statement.incident_id, {"phase": Phase.RESPONDING})
    _record(
        session,
        statement,
        revision,
        verdict=verdict,
        actor=actor,
        decision_id=decision_id,
        now=now,
    )
    reach("decision-recorded")
    refresh_revision(session, desk, revision_id, now)
    refresh_alert(session, desk, statement.incident_id, now)
    return decision_id


def check_decision(
    statement: StatementRecord, revision: RevisionRecord, *, expected_hash: str, actor: Actor
) -> str:
    """Return the role in which the actor may decide now; raises ``NotAllowed`` or ``Conflict``."""
    role = actor.role_for(Action.DECIDE)
    if len(expected_hash) < 8 or not revision.content_hash.startswith(expected_hash):
        raise Conflict("the text is not the one that was shown", code="newer_text")
    if statement.current_revision_id != revision.id:
        raise Conflict("there is a newer revision; decide on that one", code="newer_text")
    if statement.state in (statements.APPROVED, statements.REJECTED):
        raise Conflict("this revision has been decided", code="already_decided")
    if statement.state != statements.WAITING:
        raise Conflict(f"the statement is '{statement.state}', not waiting", code="not_waiting")
    if revision.author not in (SYSTEM,) and revision.author == actor.key:
        raise NotAllowed("who edited a text last may not approve it", code="own_text")
    return role


def _record(
    session: Session,
    statement: StatementRecord,
    revision: RevisionRecord,
    *,
    verdict: Verdict,
    actor: Actor,
    decision_id: int,
    now: datetime,
) -> None:
    data = {
        "statement": statement.id,
        "revision": revision.number,
        "hash": revision.content_hash,
        "decision": decision_id,
    }
    incidents.add_event(
        session, statement.incident_id, at=now, kind=verdict, actor=actor.key, data=data
    )
    record_audit(
        session,
        at=now,
        actor=actor.key,
        action=verdict,
        object_type="revision",
        object_id=revision.id,
        via=actor.via,
        data=data,
    )
