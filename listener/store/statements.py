"""Statements, their immutable revisions, and the decisions bound to one exact text."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from listener.errors import Conflict
from listener.store.engine import insert_new
from listener.store.records import (
    DecisionRecord,
    FirstPublication,
    PublicationRecord,
    QuestionRecord,
    RevisionRecord,
    StatementRecord,
)
from listener.store.rows import record_of, records_from, records_of, select_columns
from listener.store.tables import (
    Decision,
    Incident,
    Publication,
    Question,
    Revision,
    Statement,
)

REQUESTED = "requested"
CHANGES = "changes"
PUBLISHED = "published"
BLOCKED = "blocked"
WAITING = "waiting"
REJECTED = "rejected"
APPROVED = "approved"


def request_statement(session: Session, values: dict[str, Any]) -> int | None:
    """Ask for a statement; return its id, or None when it was asked for before."""
    return insert_new(session, Statement, values)


def statement(session: Session, statement_id: int) -> StatementRecord:
    """Return one statement. Raises ``Conflict`` when there is none with this number."""
    row = session.get(Statement, statement_id)
    if row is None:
        raise Conflict(f"there is no statement {statement_id}; see 'fengsheng statements'")
    return record_of(StatementRecord, row)


def lock_statement(session: Session, statement_id: int) -> StatementRecord:
    """Return one statement and keep others from changing it until this transaction ends."""
    query = (
        select(Statement)
        .where(Statement.id == statement_id)
        .with_for_update(key_share=True)
        # What this session read before it held the lock may be another person's past.
        .execution_options(populate_existing=True)
    )
    row = session.exec(query).one_or_none()
    if row is None:
        raise Conflict(f"there is no statement {statement_id}; see 'fengsheng statements'")
    return record_of(StatementRecord, row)


def list_statements(
    session: Session, *, incident_id: int | None = None, state: str | None = None, limit: int = 50
) -> list[StatementRecord]:
    """Return statements, newest first."""
    query = select(Statement).order_by(col(Statement.id).desc()).limit(limit)
    if incident_id is not None:
        query = query.where(Statement.incident_id == incident_id)
    if state is not None:
        query = query.where(Statement.state == state)
    return records_of(StatementRecord, session.exec(query))


def change_statement(session: Session, statement_id: int, values: dict[str, Any]) -> None:
    """Change columns of a statement."""
    session.execute(update(Statement).where(col(Statement.id) == statement_id).values(values))


def add_revision(
    session: Session,
    statement_id: int,
    *,
    text: str,
    content_hash: str,
    author: str,
    created_at: datetime,
    facts: dict[str, Any],
    template: str,
) -> RevisionRecord:
    """Store the next revision of a statement. The caller holds the statement's lock."""
    number = session.exec(
        select(func.coalesce(func.max(Revision.number), 0) + 1).where(
            Revision.statement_id == statement_id
        )
    ).one()
    row = Revision(
        statement_id=statement_id,
        number=int(number),
        text=text,
        content_hash=content_hash,
        author=author,
        created_at=created_at,
        facts=facts,
        template=template,
    )
    session.add(row)
    session.flush()
    return record_of(RevisionRecord, row)


def revision(session: Session, revision_id: int) -> RevisionRecord:
    """Return one revision. Raises ``Conflict`` when there is none with this number."""
    row = session.get(Revision, revision_id)
    if row is None:
        raise Conflict(f"there is no revision {revision_id}")
    return record_of(RevisionRecord, row)


def revisions(session: Session, statement_id: int) -> list[RevisionRecord]:
    """Return every revision of a statement, oldest first."""
    query = (
        select(Revision)
        .where(Revision.statement_id == statement_id)
        .order_by(col(Revision.number))
    )
    return records_of(RevisionRecord, session.exec(query))


def insert_decision(session: Session, values: dict[str, Any]) -> int | None:
    """Store a decision; None when the person, or another in that role, has decided already."""
    return insert_new(session, Decision, values)


def holding_decisions(session: Session, revision_id: int) -> list[DecisionRecord]:
    """Return the decisions on one revision that are not void, oldest first."""
    query = (
        select(Decision)
        .where(Decision.revision_id == revision_id, col(Decision.voided_at).is_(None))
        .order_by(col(Decision.id))
    )
    return records_of(DecisionRecord, session.exec(query))


def void_decisions(
    session: Session, decision_ids: Sequence[int], *, now: datetime, reason: str
) -> None:
    """Void decisions that hold; they stay on record with the reason."""
    session.execute(
        update(Decision)
        .where(col(Decision.id).in_(decision_ids), col(Decision.voided_at).is_(None))
        .values(voided_at=now, void_reason=reason)
    )
    session.expire_all()


def statements_in(session: Session, states: Sequence[str], limit: int = 500) -> list[int]:
    """Return the ids of statements in one of these states, oldest first."""
    query = (
        select(Statement.id)
        .where(col(Statement.state).in_(states))
        .order_by(col(Statement.id))
        .limit(limit)
    )
    return [found for found in session.exec(query) if found is not None]


def statements_of(session: Session, incident_id: int) -> list[int]:
    """Return the ids of every statement of an incident, oldest first."""
    query = select(Statement.id).where(Statement.incident_id == incident_id)
    return [one for one in session.exec(query.order_by(col(Statement.id))) if one is not None]


def decisions(session: Session, statement_id: int) -> list[DecisionRecord]:
    """Return every decision on any revision of a statement, oldest first."""
    query = (
        select(Decision)
        .join(Revision, col(Revision.id) == Decision.revision_id)
        .where(Revision.statement_id == statement_id)
        .order_by(col(Decision.id))
    )
    return records_of(DecisionRecord, session.exec(query))


def add_publication(session: Session, values: dict[str, Any]) -> int | None:
    """Store where a statement was published; None when that place is recorded already."""
    return insert_new(session, Publication, values)


def publications(session: Session, statement_id: int) -> list[PublicationRecord]:
    """Return where a statement was published, oldest first."""
    query = (
        select(Publication)
        .where(Publication.statement_id == statement_id)
        .order_by(col(Publication.id))
    )
    return records_of(PublicationRecord, session.exec(query))


def first_publications(
    session: Session,
    *,
    since: datetime | None = None,
    brand_id: int | None = None,
    incident_id: int | None = None,
) -> list[FirstPublication]:
    """Return when each text was first published, at the earliest at ``since``, oldest first."""
    first_at = func.min(col(Publication.published_at))
    query = (
        select_columns(
            Publication.revision_id,
            col(Statement.id).label("statement_id"),
            Statement.incident_id,
            Statement.kind,
            first_at.label("published_at"),
        )
        .join(Statement, col(Statement.id) == Publication.statement_id)
        .group_by(
            col(Publication.revision_id),
            col(Statement.id),
            col(Statement.incident_id),
            col(Statement.kind),
        )
        .order_by(first_at, col(Publication.revision_id))
    )
    if since is not None:
        query = query.having(first_at >= since)
    if incident_id is not None:
        query = query.where(Statement.incident_id == incident_id)
    if brand_id is not None:
        query = query.join(Incident, col(Incident.id) == Statement.incident_id)
        query = query.where(Incident.brand_id == brand_id)
    return records_from(FirstPublication, session.execute(query))


def ask(session: Session, values: dict[str, Any]) -> int:
    """Store a question and return its id."""
    row = Question(**values)
    session.add(row)
    session.flush()
    return row.id or 0


def question(session: Session, question_id: int) -> QuestionRecord:
    """Return one question. Raises ``Conflict`` when there is none with this number."""
    row = session.get(Question, question_id)
    if row is None:
        raise Conflict(f"there is no question {question_id}")
    return record_of(QuestionRecord, row)


def open_questions(session: Session, statement_id: int) -> list[QuestionRecord]:
    """Return the questions about a statement that nobody has answered."""
    query = select(Question).where(
        Question.statement_id == statement_id, col(Question.answered_at).is_(None)
    )
    return records_of(QuestionRecord, session.exec(query))


def answer_question(session: Session, question_id: int, now: datetime) -> bool:
    """Mark a question answered; False when it had been answered before."""
    statement_ = (
        update(Question)
        .where(col(Question.id) == question_id, col(Question.answered_at).is_(None))
        .values(answered_at=now)
        .returning(col(Question.id))
    )
    return session.execute(statement_).scalar_one_or_none() is not None
