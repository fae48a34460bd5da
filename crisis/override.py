"""A lead lets a text be signed in spite of what the lint found, with a reason that stays."""

from datetime import datetime

from sqlmodel import Session

from crisis.announce import refresh_revision
from crisis.desk import Desk
from crisis.gate import LINT_OVERRIDE, gate_of
from crisis.permissions import Action, Actor
from listener.errors import Conflict
from listener.store import incidents, statements
from listener.store.audit import record_audit


def override_lint(
    session: Session,
    desk: Desk,
    *,
    revision_id: int,
    expected_hash: str,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Let exactly this text be signed in spite of its errors; the reason stays in the history.

    ``expected_hash`` is the hash, or its beginning of at least eight digits, of the text that was
    shown. Raises ``NotAllowed`` for anybody but a lead, ``Conflict`` for an old text, an empty
    reason, or a text without errors.
    """
    actor.role_for(Action.OVERRIDE)
    revision = statements.revision(session, revision_id)
    statement = statements.lock_statement(session, revision.statement_id)
    if len(expected_hash) < 8 or not revision.content_hash.startswith(expected_hash):
        raise Conflict("the text is not the one that was shown", code="newer_text")
    if statement.current_revision_id != revision_id:
        raise Conflict("there is a newer revision; look at that one", code="newer_text")
    reason = reason.strip()[:1_000]
    if not reason:
        raise Conflict("an override needs a reason", code="empty_text")
    gate = gate_of(session, desk, statement, revision)
    if not gate.is_shut:
        raise Conflict("the text has no errors that hold it up", code="nothing_to_override")
    data = {
        "statement": statement.id,
        "revision": revision.number,
        "hash": revision.content_hash,
        "reason": reason,
        "rules": sorted({one.rule for one in gate.errors}),
    }
    incidents.add_event(
        session, statement.incident_id, at=now, kind=LINT_OVERRIDE, actor=actor.key, data=data
    )
    record_audit(
        session,
        at=now,
        actor=actor.key,
        action=Action.OVERRIDE,
        object_type="revision",
        object_id=revision.id,
        via=actor.via,
        data=data,
    )
    refresh_revision(session, desk, revision_id, now)
