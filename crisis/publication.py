"""Records where people published a statement. The system itself never publishes anything."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from crisis.announce import refresh_alert, refresh_revision
from crisis.approval import expire_approvals
from crisis.clocks import meet_first_statement
from crisis.compare import differences
from crisis.desk import Desk
from crisis.permissions import Action, Actor
from crisis.promises import promised_time
from listener.errors import Conflict
from listener.store import incidents, statements, tasks
from listener.store.audit import record_audit
from listener.store.records import RevisionRecord, StatementRecord

NEXT_UPDATE = "next_update"
MAX_TEXT_CHARS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What came of recording a publication."""

    publication_id: int
    is_approved: bool
    differences: tuple[tuple[str, str], ...]
    next_update_at: datetime | None


def record_publication(
    session: Session,
    desk: Desk,
    statement_id: int,
    *,
    channel: str,
    url: str,
    published_at: datetime,
    actor: Actor,
    now: datetime,
    text: str | None = None,
) -> Published:
    """Record that people published a statement, and owe what it promises.

    What went out without an approval that held at that time is recorded too, and marked so. With
    ``text`` the sentences that differ from the approved text are returned. Raises ``Conflict``
    when there is no text, the time lies ahead, or the same place was recorded before.
    """
    actor.role_for(Action.PUBLISH)
    statement = statements.lock_statement(session, statement_id)
    if statement.current_revision_id is None:
        raise Conflict(f"statement {statement_id} has no text", code="not_published_text")
    if published_at > now:
        raise Conflict(f"{published_at.isoformat()} lies ahead; record it once it is published")
    revision = statements.revision(session, statement.current_revision_id)
    is_approved = _was_approved(statement, revision, published_at)
    if not is_approved:
        statement = expire_approvals(session, desk, statement, now)
    changed = [] if text is None else differences(revision.text, text)
    publication_id = statements.add_publication(
        session,
        {
            "statement_id": statement_id,
            "revision_id": revision.id,
            "content_hash": revision.content_hash,
            "channel": channel.strip()[:60],
            "url": url.strip()[:2_000],
            "published_at": published_at,
            "recorded_by": actor.key,
            "recorded_at": now,
            "is_approved": is_approved,
            "text": None if text is None else text[:MAX_TEXT_CHARS],
            "differences": [list(one) for one in changed],
        },
    )
    if publication_id is None:
        raise Conflict(f"statement {statement_id} is recorded on {channel} at {url} already")
    if is_approved:
        statements.change_statement(session, statement_id, {"state": statements.PUBLISHED})
    meet_first_statement(
        session,
        statement.incident_id,
        at=published_at,
        by=actor.key,
        how=f"statement {statement.id} {channel.strip()[:60]} {url.strip()}".strip(),
    )
    promised = _owe_update(session, desk, statement, revision, actor=actor, now=now)
    data = {
        "statement": statement.id,
        "revision": revision.number,
        "hash": revision.content_hash,
        "publication": publication_id,
        "differences": len(changed),
        "is_approved": is_approved,
    }
    _record(session, statement, data, actor=actor, now=now)
    refresh_revision(session, desk, revision.id, now)
    refresh_alert(session, desk, statement.incident_id, now)
    return Published(
        publication_id=publication_id,
        is_approved=is_approved,
        differences=tuple(changed),
        next_update_at=promised,
    )


def _was_approved(
    statement: StatementRecord, revision: RevisionRecord, published_at: datetime
) -> bool:
    """Whether this very text was approved when it went out; late recording is no harm."""
    record = statement.chain
    if record is None or record["revision"] != revision.id:
        return False
    if statement.state == statements.PUBLISHED:
        return True
    from_ = datetime.fromisoformat(record["completed_at"])
    return from_ <= published_at < datetime.fromisoformat(record["valid_until"])


def _owe_update(
    session: Session,
    desk: Desk,
    statement: StatementRecord,
    revision: RevisionRecord,
    *,
    actor: Actor,
    now: datetime,
) -> datetime | None:
    """Settle the updates promised before by this later text, and owe the one it promises."""
    fact = revision.facts.get(NEXT_UPDATE + "_at")
    promised = promised_time(fact["value"], tz=desk.tz, near=now) if fact else None
    key = f"{NEXT_UPDATE}:{revision.id}"
    owed = tasks.open_tasks(session, incident_id=statement.incident_id)
    if not any(one.statement_id == statement.id and one.due_at == promised for one in owed):
        tasks.finish_tasks(
            session, incident_id=statement.incident_id, kind=NEXT_UPDATE, by=actor.key, now=now
        )
    if promised is not None:
        tasks.add_task(
            session,
            kind=NEXT_UPDATE,
            incident_id=statement.incident_id,
            statement_id=statement.id,
            dedupe_key=key,
            due_at=promised,
            now=now,
        )
    return promised


def _record(
    session: Session,
    statement: StatementRecord,
    data: dict[str, Any],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    incidents.add_event(
        session, statement.incident_id, at=now, kind="published", actor=actor.key, data=data
    )
    record_audit(
        session,
        at=now,
        actor=actor.key,
        action=Action.PUBLISH,
        object_type="statement",
        object_id=statement.id,
        via=actor.via,
        data=data,
    )
