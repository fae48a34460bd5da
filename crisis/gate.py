"""The lint before every signature: what it finds in a stored text, and a lead's override.

An error shuts the gate for exactly that text until it is edited, or until a lead opens it with a
reason that stays on record. Warnings and advice are shown and decide nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel import Session

from crisis.channels import Channel
from crisis.desk import Desk
from crisis.facts import instant_words
from crisis.lint import Finding, Level, SheetFact, StatementToCheck, lint_statement
from listener.errors import Conflict
from listener.store import incidents, statements
from listener.store.records import RevisionRecord, StatementRecord

LINT_OVERRIDE = "lint_override"
_SETTLED = (statements.APPROVED, statements.PUBLISHED)
_MOST_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What the lint says of one text, and who opened the gate in spite of it, and why."""

    findings: tuple[Finding, ...]
    opened_by: str = ""
    reason: str = ""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that may not go out."""
        return tuple(one for one in self.findings if one.level is Level.ERROR)

    @property
    def is_shut(self) -> bool:
        """Whether nobody may sign: there are errors and no lead has let them pass."""
        return bool(self.errors) and not self.opened_by


def gate_of(
    session: Session, desk: Desk, statement: StatementRecord, revision: RevisionRecord
) -> Gate:
    """Lint a stored text with its facts, what was published before it, and its siblings.

    Texts of the same incident and kind that are approved or published are its variants: they must
    agree in numbers, dates and positions. Published texts of other kinds are its past.
    """
    found = lint_statement(_as_checked(session, desk, statement, revision))
    findings = tuple(one for one in found if not left_to_video(one, statement.channel))
    for event in incidents.timeline(session, statement.incident_id):
        if event.kind == LINT_OVERRIDE and event.data.get("hash") == revision.content_hash:
            return Gate(findings=findings, opened_by=event.actor, reason=event.data["reason"])
    return Gate(findings=findings)


def left_to_video(finding: Finding, channel: str) -> bool:
    """Say whether a caption may lack this part: the video under it says the rest."""
    return channel == Channel.DOUYIN and finding.rule.startswith("missing-")


def require_open(
    session: Session, desk: Desk, statement: StatementRecord, revision: RevisionRecord
) -> None:
    """Raise ``Conflict`` with every error where the lint does not let the text be signed."""
    gate = gate_of(session, desk, statement, revision)
    if gate.is_shut:
        listed = "\n".join(
            f"{one.start}-{one.end} {one.rule}"
            + (f" '{one.text}'" if one.text else "")
            + f": {one.message} → {one.suggestion}"
            for one in gate.errors
        )
        raise Conflict(
            f"the text has errors; edit it, or let a lead pass it with a reason:\n{listed}",
            code="lint_errors",
        )


def _as_checked(
    session: Session, desk: Desk, statement: StatementRecord, revision: RevisionRecord
) -> StatementToCheck:
    earlier, variants = _siblings(session, statement)
    return StatementToCheck(
        text=revision.text,
        lang=statement.lang,
        channel=statement.channel,
        kind=statement.kind,
        crisis=statement.crisis_type,
        severity=incidents.incident(session, statement.incident_id).severity,
        facts=_sheet(desk, statement, revision),
        earlier=earlier,
        variants=variants,
    )


def _sheet(
    desk: Desk, statement: StatementRecord, revision: RevisionRecord
) -> dict[str, SheetFact]:
    """Return the facts of the revision with times written as its text writes them."""
    definitions = desk.library.definitions(statement.lang)
    sheet = {}
    for name, fact in revision.facts.items():
        value = str(fact["value"])
        form = definitions[name].form if name in definitions else ""
        shown = instant_words(value, form, tz=desk.tz, lang=statement.lang)
        sheet[name] = SheetFact(
            state=fact["state"], value=shown or value, source=str(fact["source"])
        )
    return sheet


def _siblings(session: Session, statement: StatementRecord) -> tuple[list[str], list[str]]:
    """Return what the incident said before, oldest first, and this statement's other forms."""
    earlier, variants = [], []
    found = statements.list_statements(session, incident_id=statement.incident_id)
    for other in reversed(found):
        if other.id == statement.id or other.current_revision_id is None:
            continue
        text = statements.revision(session, other.current_revision_id).text
        if other.kind == statement.kind and other.state in _SETTLED:
            variants.append(text)
        elif other.state == statements.PUBLISHED:
            earlier.append(text)
    return earlier, variants


def gate_lines(desk: Desk, gate: Gate) -> Iterator[str]:
    """Yield what the approvers are shown: errors first, then warnings, then advice."""
    words = desk.catalog.approval
    order = list(Level)
    ranked = sorted(gate.findings, key=lambda one: order.index(one.level))
    shown = [one for one in ranked if one.level is not Level.ADVICE or one.rule != "legal-review"]
    for one in shown[:_MOST_SHOWN]:
        yield words[f"lint_{one.level}"].format(message=one.message, suggestion=one.suggestion)
    if len(shown) > _MOST_SHOWN:
        yield words["lint_more"].format(count=len(shown) - _MOST_SHOWN)
    if gate.opened_by and gate.errors:
        name = desk.name_of(gate.opened_by)
        yield words["lint_opened"].format(name=name, reason=gate.reason)
    elif gate.is_shut:
        yield words["lint_shut"]
