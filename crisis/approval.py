"""Decisions: approve, reject or send back exactly one text.

A decision names the revision and its hash. It holds only if that revision is still the newest,
waits for a decision, and the one who decides is not the one who wrote it. A text is approved when
its whole chain has signed; nothing is ever published here.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NoReturn

from sqlmodel import Session

from crisis.announce import number_of, post_notice, refresh_alert, refresh_revision
from crisis.chain import Chain, Signature, Standing, describe, seat_for
from crisis.desk import Desk
from crisis.draft_message import may_be_emergency
from crisis.gate import require_open
from crisis.kinds import Phase
from crisis.permissions import Action, Actor
from crisis.signing import APPROVE, Standings, standings
from crisis.voiding import VoidReason, void_approvals
from listener.config import Role
from listener.errors import Conflict, NotAllowed
from listener.failpoints import reach
from listener.store import incidents, statements, tasks
from listener.store.audit import record_audit
from listener.store.records import RevisionRecord, StatementRecord

STATEMENT = "statement"
EMERGENCY_REVIEW = "emergency_review"
EMERGENCY_REVIEW_IN = timedelta(hours=24)
_ENDED = (
    statements.APPROVED,
    statements.REJECTED,
    statements.CHANGES,
    statements.PUBLISHED,
)


class Verdict(StrEnum):
    """What can be decided."""

    APPROVE = "approve"
    REJECT = "reject"
    CHANGES = "changes"


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
    emergency: bool = False,
) -> int:
    """Record a decision on one exact text and return its id.

    ``expected_hash`` is the hash, or its beginning of at least eight digits, of the text that the
    person has seen. ``emergency`` lets a lead alone pass an untouched first response, with a
    reason. No text is signed that the lint finds errors in, unless a lead overrode it. Raises
    ``NotAllowed`` or ``Conflict``; then nothing has changed.
    """
    revision = statements.revision(session, revision_id)
    statement = statements.lock_statement(session, revision.statement_id)
    statement = expire_approvals(session, desk, statement, now)
    role = check_decision(statement, revision, expected_hash=expected_hash, actor=actor)
    comment = (comment or "").strip()[:1_000] or None
    if comment is None and (emergency or verdict is not Verdict.APPROVE):
        raise Conflict(f"'{verdict}' needs a reason here", code="empty_text")
    found = standings(session, desk, statement, revision)
    if verdict is Verdict.APPROVE:
        require_open(session, desk, statement, revision)
        signature = _signature(
            desk, statement, revision, found, actor=actor, emergency=emergency, now=now
        )
    else:
        signature = Signature(person=actor.key, role=role, standing=_standing(actor, role), at=now)
        _withdraw(session, statement, found, actor=actor, now=now)
    decision_id = statements.insert_decision(
        session,
        {
            "revision_id": revision_id,
            "content_hash": revision.content_hash,
            "person_key": actor.key,
            "role": signature.role,
            "verdict": verdict,
            "comment": comment,
            "via": actor.via,
            "decided_at": now,
            "standing": signature.standing,
        },
    )
    if decision_id is None:
        raise Conflict("this revision has been decided", code="already_decided")
    _apply(
        session,
        desk,
        statement,
        revision,
        verdict=verdict,
        actor=actor,
        decision_id=decision_id,
        emergency=emergency,
        now=now,
    )
    reach("decision-recorded")
    refresh_revision(session, desk, revision_id, now)
    refresh_alert(session, desk, statement.incident_id, now)
    return decision_id


def check_decision(
    statement: StatementRecord, revision: RevisionRecord, *, expected_hash: str, actor: Actor
) -> Role:
    """Return the role in which the actor may decide now; raises ``NotAllowed`` or ``Conflict``."""
    role = actor.role_for(Action.DECIDE)
    if len(expected_hash) < 8 or not revision.content_hash.startswith(expected_hash):
        raise Conflict("the text is not the one that was shown", code="newer_text")
    if statement.current_revision_id != revision.id:
        raise Conflict("there is a newer revision; decide on that one", code="newer_text")
    if statement.state in _ENDED:
        raise Conflict("this revision has been decided", code="already_decided")
    if statement.state != statements.WAITING:
        raise Conflict(f"the statement is '{statement.state}', not waiting", code="not_waiting")
    if revision.author == actor.key:
        raise NotAllowed("who edited a text last may not approve it", code="own_text")
    return role


def _standing(actor: Actor, role: Role) -> Standing:
    return Standing.HOLDER if role in actor.roles else Standing.DEPUTY


def _signature(
    desk: Desk,
    statement: StatementRecord,
    revision: RevisionRecord,
    found: Standings,
    *,
    actor: Actor,
    emergency: bool,
    now: datetime,
) -> Signature:
    """Return the signature the actor gives; raises where the chain does not wait for theirs."""
    if any(one.person == actor.key for one in found.signatures):
        raise Conflict("this person has signed already", code="already_decided")
    if emergency:
        if Role.LEAD not in actor.roles:
            raise NotAllowed("only a lead may use the emergency path", code="needs_role")
        if not may_be_emergency(statement, revision):
            raise NotAllowed(
                "the emergency path is only for an untouched machine draft of a first response",
                code="not_emergency",
            )
        return Signature(person=actor.key, role=Role.LEAD, standing=Standing.EMERGENCY, at=now)
    person = next((one for one in desk.people if one.key == actor.key), None)
    signature = person and seat_for(
        found.chain,
        found.rule,
        desk.people,
        person=person,
        author=revision.author,
        signatures=found.signatures,
        now=now,
    )
    return signature or _not_their_turn(found.chain, actor)


def _not_their_turn(chain: Chain, actor: Actor) -> NoReturn:
    later = [step.role for step in chain.steps if actor.key in step.candidates]
    if later:
        before = ", ".join(step.role for step in chain.waiting)
        raise Conflict(f"'{before}' signs before '{later[0]}'", code="not_yet")
    raise Conflict(
        f"nobody waits for a signature of {actor.key}; still open: "
        + (", ".join(step.role for step in chain.waiting) or "nothing"),
        code="seat_taken",
    )


def _withdraw(
    session: Session, statement: StatementRecord, found: Standings, *, actor: Actor, now: datetime
) -> None:
    """Void what was collected: the revision ends here, one's own approval included."""
    void_approvals(
        session,
        statement,
        found.decisions,
        reason=VoidReason.REJECTED,
        actor=actor.key,
        now=now,
    )


def _apply(
    session: Session,
    desk: Desk,
    statement: StatementRecord,
    revision: RevisionRecord,
    *,
    verdict: Verdict,
    actor: Actor,
    decision_id: int,
    emergency: bool,
    now: datetime,
) -> None:
    found = standings(session, desk, statement, revision)
    data: dict[str, Any] = {
        "statement": statement.id,
        "revision": revision.number,
        "hash": revision.content_hash,
        "decision": decision_id,
    }
    if verdict is Verdict.APPROVE:
        is_complete = emergency or found.chain.is_complete
        data |= {"chain": describe(found.chain), "is_complete": is_complete}
        if emergency:
            data["emergency"] = True
            _owe_review(session, statement, now)
        if is_complete:
            complete(session, desk, statement, revision, found, emergency=emergency, now=now)
    else:
        state = statements.REJECTED if verdict is Verdict.REJECT else statements.CHANGES
        statements.change_statement(session, statement.id, {"state": state})
    _record(session, statement, revision, verdict=verdict, actor=actor, data=data, now=now)


def complete(
    session: Session,
    desk: Desk,
    statement: StatementRecord,
    revision: RevisionRecord,
    found: Standings,
    *,
    now: datetime,
    emergency: bool = False,
) -> None:
    """Mark the text approved, with the chain as it stood."""
    record = {
        **describe(found.chain, completed_at=now),
        "revision": revision.id,
        "is_emergency": emergency,
        "valid_until": (min(one.at for one in found.signatures) + desk.approval_for).isoformat(),
    }
    values = {"state": statements.APPROVED, "chain": record}
    statements.change_statement(session, statement.id, values)
    incident = incidents.incident(session, statement.incident_id)
    if incident.phase in (Phase.ALERTED, Phase.VERIFYING):
        incidents.change_incident(session, incident.id, {"phase": Phase.RESPONDING})


def _owe_review(session: Session, statement: StatementRecord, now: datetime) -> None:
    tasks.add_task(
        session,
        kind=EMERGENCY_REVIEW,
        incident_id=statement.incident_id,
        statement_id=statement.id,
        dedupe_key=f"{EMERGENCY_REVIEW}:{statement.id}:{now.isoformat()}",
        due_at=now + EMERGENCY_REVIEW_IN,
        now=now,
    )


def expire_approvals(
    session: Session, desk: Desk, statement: StatementRecord, now: datetime
) -> StatementRecord:
    """Void approvals older than they may be; return the statement as it then stands.

    An approval ends ``desk.approval_for`` after it was given, unless the text was published. The
    caller holds the statement's lock.
    """
    if statement.state not in (statements.WAITING, statements.APPROVED):
        return statement
    if statement.current_revision_id is None:
        return statement
    old = [
        one
        for one in statements.holding_decisions(session, statement.current_revision_id)
        if one.verdict == APPROVE and one.decided_at + desk.approval_for <= now
    ]
    voided = void_approvals(session, statement, old, reason=VoidReason.EXPIRED, now=now)
    if not voided:
        return statement
    statements.change_statement(session, statement.id, {"state": statements.WAITING})
    names = desk.catalog.approval["or"].join(desk.name_of(one.person_key) for one in voided)
    text = desk.catalog.approval["expired"].format(
        number=number_of(statement.incident_id),
        names=names,
        hours=f"{desk.approval_for.total_seconds() / 3600:g}",
    )
    post_notice(
        session,
        desk,
        text,
        subject=(STATEMENT, statement.id),
        key=f"expired-{voided[-1].id}",
        now=now,
    )
    refresh_revision(session, desk, statement.current_revision_id, now)
    return replace(statement, state=statements.WAITING)


def _record(
    session: Session,
    statement: StatementRecord,
    revision: RevisionRecord,
    *,
    verdict: Verdict,
    actor: Actor,
    data: dict[str, Any],
    now: datetime,
) -> None:
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
