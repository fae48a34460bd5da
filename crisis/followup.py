"""Follows what waits: approvals that expire or are not given, and what was promised by a time.

Each reminder is one notice with its own key, so running this again says nothing twice.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from crisis.announce import number_of, post_notice, refresh_revision
from crisis.approval import STATEMENT, complete, expire_approvals
from crisis.chain import Step
from crisis.desk import Desk
from crisis.gate import gate_of
from crisis.signing import Standings, standings
from listener.complaints import Severity
from listener.config import Role
from listener.store import statements, tasks
from listener.store.records import RevisionRecord, StatementRecord

# How long nobody is reminded; after twice that, the next role is asked to step in.
CHASE_AFTER = {
    Severity.URGENT: timedelta(minutes=10),
    Severity.SERIOUS: timedelta(hours=1),
    Severity.GENERAL: timedelta(hours=8),
}
NEAR = timedelta(minutes=15)
_NEXT_ROLE = {
    Role.LEAD: Role.EXECUTIVE,
    Role.LEGAL: Role.LEAD,
    Role.BUSINESS: Role.LEAD,
    Role.EXECUTIVE: Role.LEAD,
}


def live_statements(session: Session) -> list[int]:
    """Return the statements whose approval is under way or may expire."""
    return statements.statements_in(session, (statements.WAITING, statements.APPROVED))


def follow_statement(session: Session, desk: Desk, statement_id: int, now: datetime) -> None:
    """Expire, complete and chase the approval of one statement, and show it as it stands.

    A chain also completes without a press: when the severity is lowered or people leave, nobody
    may be waited for any more.
    """
    statement = statements.lock_statement(session, statement_id)
    statement = expire_approvals(session, desk, statement, now)
    if statement.state != statements.WAITING or statement.current_revision_id is None:
        return
    revision = statements.revision(session, statement.current_revision_id)
    found = standings(session, desk, statement, revision)
    if found.chain.is_complete:
        complete(session, desk, statement, revision, found, now=now)
    elif not gate_of(session, desk, statement, revision).is_shut:
        _chase(session, desk, statement, revision, found, now=now)
    refresh_revision(session, desk, revision.id, now)


def _chase(
    session: Session,
    desk: Desk,
    statement: StatementRecord,
    revision: RevisionRecord,
    found: Standings,
    *,
    now: datetime,
) -> None:
    since = _waiting_since(session, statement, revision, found)
    patience = CHASE_AFTER[Severity(found.severity)]
    waited = now - since
    if waited < patience:
        return
    level = 2 if waited >= 2 * patience else 1
    words = desk.catalog.approval
    for step in found.chain.waiting:
        names = step.candidates if level == 1 else _next_in_line(desk, step, revision.author)
        if not names:
            continue
        text = words["chase" if level == 1 else "chase_up"].format(
            number=number_of(statement.incident_id),
            names=words["listed"].join(desk.name_of(key) for key in names),
            role=words[f"role_{step.role}"],
            minutes=int(waited / timedelta(minutes=1)),
        )
        post_notice(
            session,
            desk,
            text,
            subject=(STATEMENT, statement.id),
            key=f"chase{level}-{revision.id}-{step.role}-{since.isoformat()}",
            now=now,
        )


def _waiting_since(
    session: Session, statement: StatementRecord, revision: RevisionRecord, found: Standings
) -> datetime:
    """Return when the open steps began to wait: in order, with the signature before them."""
    instants = [revision.created_at]
    instants += [
        one.voided_at
        for one in statements.decisions(session, statement.id)
        if one.revision_id == revision.id and one.voided_at is not None
    ]
    if found.chain.in_order:
        instants += [one.at for one in found.signatures]
    return max(instants)


def _next_in_line(desk: Desk, step: Step, author: str) -> Sequence[str]:
    """Return who is asked after those who do not answer: deputies, then the next role."""
    deputies = [
        person.key
        for person in desk.people
        if step.role in person.deputy_for and person.key not in step.candidates
    ]
    above = _NEXT_ROLE[step.role]
    others = [
        person.key
        for person in desk.people
        if above in person.roles and person.key not in step.candidates and person.key != author
    ]
    return deputies or others


def remind_of_tasks(session: Session, desk: Desk, now: datetime) -> None:
    """Say once that something owed is near, and once that it is overdue."""
    for task in tasks.open_tasks(session, due_before=now + NEAR):
        when = "overdue" if task.due_at <= now else "near"
        due = task.due_at.astimezone(desk.tz)
        text = desk.catalog.approval[f"task_{when}"].format(
            number=number_of(task.incident_id),
            task=desk.catalog.approval[f"task_{task.kind}"],
            due=f"{due.month}-{due.day:02d} {due:%H:%M}",
        )
        post_notice(session, desk, text, subject=("task", task.id), key=f"task-{when}", now=now)
