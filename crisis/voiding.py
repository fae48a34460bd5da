"""Takes approvals back: a newer text, a stale fact, time. What was decided stays on record."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from crisis.facts import SYSTEM
from crisis.signing import APPROVE
from listener.store import incidents, statements
from listener.store.audit import record_audit
from listener.store.records import DecisionRecord, StatementRecord


class VoidReason(StrEnum):
    """Why an approval no longer holds."""

    EDITED = "edited"
    STALE_FACT = "stale_fact"
    EXPIRED = "expired"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


def void_approvals(
    session: Session,
    statement: StatementRecord,
    decisions: Sequence[DecisionRecord],
    *,
    reason: VoidReason,
    now: datetime,
    actor: str = SYSTEM,
) -> list[DecisionRecord]:
    """Void those of the decisions that are approvals and still hold; return them.

    The caller holds the statement's lock and brings its state and message up to date.
    """
    approvals = [one for one in decisions if one.verdict == APPROVE and one.voided_at is None]
    if not approvals:
        return []
    statements.void_decisions(session, [one.id for one in approvals], now=now, reason=reason)
    data = {
        "statement": statement.id,
        "reason": reason,
        "decisions": [one.id for one in approvals],
        "people": [one.person_key for one in approvals],
    }
    incidents.add_event(
        session, statement.incident_id, at=now, kind="approval_void", actor=actor, data=data
    )
    record_audit(
        session,
        at=now,
        actor=actor,
        action="approval_void",
        object_type="statement",
        object_id=statement.id,
        via=SYSTEM,
        data=data,
    )
    return approvals
