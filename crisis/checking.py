"""Puts one revision before the lint, with its fact sheet and what was published before it."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from crisis.lint.statement import SheetFact, StatementToCheck
from listener.store import incidents, statements
from listener.store.records import RevisionRecord, StatementRecord


def to_check(
    session: Session,
    statement: StatementRecord,
    revision: RevisionRecord,
    *,
    text: str | None = None,
) -> StatementToCheck:
    """Return what the lint is to read: the revision, or ``text`` in its place."""
    incident = incidents.incident(session, statement.incident_id)
    return StatementToCheck(
        text=revision.text if text is None else text,
        lang=statement.lang,
        channel=statement.channel,
        kind=statement.kind,
        crisis=statement.crisis_type,
        severity=incident.severity,
        facts={name: _sheet_fact(used) for name, used in revision.facts.items()},
        earlier=_published_before(session, statement),
    )


def _sheet_fact(used: Mapping[str, Any]) -> SheetFact:
    return SheetFact(state=used["state"], value=used["value"], source=used["source"])


def _published_before(session: Session, statement: StatementRecord) -> tuple[str, ...]:
    """Return the texts of the incident's other statements as they were published, oldest first."""
    placed = [
        one
        for other in statements.list_statements(session, incident_id=statement.incident_id)
        if other.id != statement.id
        for one in statements.publications(session, other.id)
    ]
    placed.sort(key=lambda one: (one.published_at, one.id))
    texts = [one.text or statements.revision(session, one.revision_id).text for one in placed]
    return tuple(dict.fromkeys(texts))
