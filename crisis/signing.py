"""Reads the chain of a stored revision: its rule, its signatures, and where it stands."""

from dataclasses import dataclass

from sqlmodel import Session

from crisis.chain import Chain, Rule, Signature, chain_of, rule_for
from crisis.desk import Desk
from crisis.legal import legal_triggers
from listener.store import incidents, statements
from listener.store.records import DecisionRecord, RevisionRecord, StatementRecord

APPROVE = "approve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """Everything a decision on a revision depends on, as it is in this transaction."""

    rule: Rule
    chain: Chain
    signatures: tuple[Signature, ...]
    decisions: tuple[DecisionRecord, ...]
    severity: str


def standings(
    session: Session, desk: Desk, statement: StatementRecord, revision: RevisionRecord
) -> Standings:
    """Return where the approval of a revision stands."""
    incident = incidents.incident(session, statement.incident_id)
    template = desk.library.find(
        lang=statement.lang, crisis_type=statement.crisis_type, kind=statement.kind
    )
    rule = rule_for(
        incident.severity,
        template.approvers if template else (),
        legal_triggers(revision.text),
        held=template is None,
    )
    decisions = tuple(statements.holding_decisions(session, revision.id))
    signatures = tuple(
        Signature(person=one.person_key, role=one.role, standing=one.standing, at=one.decided_at)
        for one in decisions
        if one.verdict == APPROVE
    )
    chain = chain_of(rule, desk.people, author=revision.author, signatures=signatures)
    return Standings(
        rule=rule,
        chain=chain,
        signatures=signatures,
        decisions=decisions,
        severity=incident.severity,
    )
