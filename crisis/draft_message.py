"""What the message of one revision says: the text, and the state of its approval chain."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from crisis.chain import Chain, Standing
from crisis.desk import Desk
from crisis.facts import SYSTEM
from crisis.gate import Gate, gate_lines, gate_of
from crisis.kinds import Kind
from crisis.messages import Body, Button
from crisis.signing import Standings, standings
from listener.store import statements
from listener.store.records import RevisionRecord, StatementRecord

DRAFT = "draft"
REPLACED = "replaced"
_SETTLED = (statements.APPROVED, statements.PUBLISHED)


def draft_body(
    desk: Desk,
    session: Session,
    statement: StatementRecord,
    revision: RevisionRecord,
    *,
    number: str,
) -> Body:
    """Return the message that shows one revision and what became of it."""
    found = standings(session, desk, statement, revision)
    state = _state(statement, revision, found)
    gate = gate_of(session, desk, statement, revision) if state == statements.WAITING else None
    decision = found.decisions[-1] if found.decisions else None
    unknown = [
        desk.catalog.fact_names.get(name, name)
        for name, fact in revision.facts.items()
        if fact["state"] == "unknown"
    ]
    return desk.catalog.body(
        DRAFT,
        {
            "kind": desk.catalog.words[f"kind_{statement.kind}"],
            "number": number,
            "revision": revision.number,
            "text": revision.text,
            "unknown": unknown,
            "author": desk.name_of(revision.author),
            "fingerprint": revision.content_hash[:12],
            "state": state,
            "lint": [
                *(gate_lines(desk, gate) if gate else ()),
                *_stale_template(desk, statement, revision),
            ],
            "chain": _shown_chain(desk, statement, found, state),
            "decided_by": desk.name_of(decision.person_key) if decision else "",
            "decided_at": decision.decided_at if decision else None,
            "comment": (decision.comment or "") if decision else "",
        },
        buttons=_buttons(desk, statement, revision, found, state, gate=gate),
        content_hash=revision.content_hash,
    )


def _stale_template(
    desk: Desk, statement: StatementRecord, revision: RevisionRecord
) -> Iterator[str]:
    """Yield a reminder where a machine draft comes from a template nobody reviewed for a year."""
    template = desk.library.find(
        lang=statement.lang, crisis_type=statement.crisis_type, kind=statement.kind
    )
    day = revision.created_at.astimezone(desk.tz).date()
    if revision.author == SYSTEM and template is not None and template.is_stale(day):
        reviewed = template.reviewed.isoformat() if template.reviewed else "–"
        yield desk.catalog.approval["template_stale"].format(day=reviewed)


def _state(statement: StatementRecord, revision: RevisionRecord, found: Standings) -> str:
    if statement.current_revision_id == revision.id:
        return statement.state
    refused = [one for one in found.decisions if one.verdict != "approve"]
    return statements.REJECTED if refused else REPLACED


def may_be_emergency(statement: StatementRecord, revision: RevisionRecord) -> bool:
    """Whether a lead alone may pass the text: an untouched machine draft of a first response."""
    return revision.author == SYSTEM and statement.kind == Kind.HOLDING


def _buttons(
    desk: Desk,
    statement: StatementRecord,
    revision: RevisionRecord,
    found: Standings,
    state: str,
    *,
    gate: Gate | None,
) -> tuple[tuple[Button, ...], ...]:
    names = desk.catalog.buttons

    def row(*actions: str) -> tuple[Button, ...]:
        return tuple((action, names[action], revision.id) for action in actions)

    if gate and gate.is_shut:
        return (row("edit", "reject"), row("changes", "override"))
    if state == statements.WAITING:
        more = ["changes"]
        if may_be_emergency(statement, revision) and found.chain.needed > 1:
            more.append("emergency")
        return (row("approve", "reject", "edit"), row(*more))
    if state in (statements.REJECTED, statements.CHANGES) and (
        statement.current_revision_id == revision.id
    ):
        return (row("edit"),)
    return ()


def _shown_chain(
    desk: Desk, statement: StatementRecord, found: Standings, state: str
) -> list[str]:
    """Return the lines about the chain, as plain text."""
    if state in _SETTLED and statement.chain is not None:
        return list(settled_lines(desk, statement.chain))
    if state == statements.WAITING:
        return list(chain_lines(desk, found.chain))
    return []


def chain_lines(desk: Desk, chain: Chain) -> Iterator[str]:
    """Yield how far the chain is, who is asked, and which roles it goes without."""
    words = desk.catalog.approval
    parts = []
    for step in chain.steps:
        role = words[f"role_{step.role}"]
        if step.signature is not None:
            parts.append(_signed(desk, role, step.signature.person, step.signature.standing))
        elif step.candidates:
            parts.append(words["step_open"].format(role=role))
    if not chain.needed:
        yield words["nobody"]
        return
    progress = words["progress"].format(signed=chain.signed, needed=chain.needed)
    yield progress + words["joint"].join(parts)
    for step in chain.waiting:
        names = words["or"].join(desk.name_of(key) for key in step.candidates)
        line = {
            Standing.DEPUTY: "ask_deputy",
            Standing.COUNTERSIGN: "ask_countersign",
        }.get(step.standing or Standing.HOLDER, "ask_holder")
        yield words[line].format(role=words[f"role_{step.role}"], names=names)
    if chain.reasons:
        listed = words["listed"].join(words[f"legal_{one}"] for one in chain.reasons)
        yield words["legal"].format(reasons=listed)
    if chain.left_out:
        listed = words["listed"].join(words[f"role_{role}"] for role in chain.left_out)
        yield words["left_out"].format(roles=listed)


def _signed(desk: Desk, role: str, person: str, standing: str) -> str:
    key = {
        Standing.DEPUTY: "step_deputy",
        Standing.COUNTERSIGN: "step_countersign",
        Standing.EMERGENCY: "step_emergency",
    }.get(Standing(standing), "step_signed")
    return desk.catalog.approval[key].format(role=role, name=desk.name_of(person))


def settled_lines(desk: Desk, record: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the chain was when it was completed, from the record of then."""
    words = desk.catalog.approval
    signed = [step for step in record["steps"] if step["person"]]
    parts = [
        _signed(desk, words[f"role_{step['role']}"], step["person"], step["standing"])
        for step in signed
    ]
    progress = words["progress"].format(signed=len(signed), needed=len(signed))
    yield progress + words["joint"].join(parts)
    if record["is_emergency"]:
        yield words["emergency_note"]
    elif record["left_out"]:
        listed = words["listed"].join(words[f"role_{role}"] for role in record["left_out"])
        yield words["left_out"].format(roles=listed)
    until = datetime.fromisoformat(record["valid_until"]).astimezone(desk.tz)
    yield words["valid_until"].format(until=f"{until.month}-{until.day:02d} {until:%H:%M}")
