"""The approval chain of one text: which roles must sign, who can, and who has. Pure.

A role nobody can sign for is left out openly and never blocks; nobody signs twice, and the author
never signs.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from listener.complaints import Severity
from listener.config import Person, Role

# Who may stand in where nobody holds a role: these answer for the company's words.
APPROVERS = frozenset({Role.LEAD, Role.LEGAL, Role.EXECUTIVE})
# In this order, so that where people are few the first ones are filled.
ORDER = (Role.LEAD, Role.LEGAL, Role.BUSINESS, Role.EXECUTIVE)


class Standing(StrEnum):
    """In what capacity somebody signs."""

    HOLDER = "holder"
    DEPUTY = "deputy"
    COUNTERSIGN = "countersign"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which roles a text needs, and whether they sign one after the other."""

    roles: tuple[Role, ...]
    in_order: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One approval that holds."""

    person: str
    role: str
    standing: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One role of the chain: signed, waiting for somebody, or left out for want of people."""

    role: Role
    signature: Signature | None = None
    candidates: tuple[str, ...] = ()
    standing: Standing | None = None

    @property
    def is_left_out(self) -> bool:
        """Whether nobody is there who could sign for this role."""
        return self.signature is None and not self.candidates

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to sign."""
        return self.signature is None and bool(self.candidates)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Every step, and which of them may be signed now."""

    steps: tuple[Step, ...]
    in_order: bool
    reasons: tuple[str, ...] = ()

    @property
    def signed(self) -> int:
        """How many steps are signed."""
        return sum(step.signature is not None for step in self.steps)

    @property
    def needed(self) -> int:
        """How many signatures the chain needs in all."""
        return sum(not step.is_left_out for step in self.steps)

    @property
    def is_complete(self) -> bool:
        """Whether at least one has signed and nobody is waited for."""
        return self.signed > 0 and not any(step.is_open for step in self.steps)

    @property
    def waiting(self) -> tuple[Step, ...]:
        """The steps that may be signed now."""
        found = tuple(step for step in self.steps if step.is_open)
        return found[:1] if self.in_order else found

    @property
    def left_out(self) -> tuple[Role, ...]:
        """The roles for which there is nobody."""
        return tuple(step.role for step in self.steps if step.is_left_out)


def rule_for(
    severity: str, approvers: Collection[str], reasons: Sequence[str] = (), *, held: bool = False
) -> Rule:
    """Return what a text of this severity needs.

    ``approvers`` are the roles its template names, ``reasons`` the legal triggers in the text.
    General: the lead. Serious: the lead, then whoever the template names, legal besides where a
    trigger is hit. Urgent: lead, legal and executive at once, business where the template says so.
    ``held``: the template is unknown, so legal reads it.
    """
    if severity == Severity.URGENT:
        everybody = {Role.LEAD, Role.LEGAL, Role.EXECUTIVE}
        if Role.BUSINESS in approvers:
            everybody |= {Role.BUSINESS}
        return Rule(roles=_ordered(everybody), in_order=False)
    wanted: set[Role] = {Role.LEAD}
    if severity == Severity.SERIOUS:
        wanted |= {role for role in ORDER if role in approvers}
        if reasons or held:
            wanted |= {Role.LEGAL}
        return Rule(roles=_ordered(wanted), in_order=True, reasons=tuple(reasons))
    return Rule(roles=(Role.LEAD,), in_order=True)


def _ordered(wanted: Collection[Role]) -> tuple[Role, ...]:
    return tuple(role for role in ORDER if role in wanted)


def may_approve(person: Person) -> bool:
    """Whether the person has approval rights: as holder or deputy; admins as such do not."""
    return bool((set(person.roles) | {Role(one) for one in person.deputy_for}) & APPROVERS)


def chain_of(
    rule: Rule, people: Sequence[Person], *, author: str, signatures: Sequence[Signature]
) -> Chain:
    """Return the chain as it stands; the same input always gives the same chain.

    Each unsigned role gets somebody of its own where that is possible: a holder, else a deputy,
    else a countersignature of anybody else with approval rights.
    """
    signed = {one.role: one for one in signatures}
    used = {one.person for one in signatures} | {author}
    free = [person for person in people if person.key not in used]
    unsigned = [role for role in rule.roles if role not in signed]
    planned = _assign(unsigned, free)
    steps = []
    for role in rule.roles:
        if role in signed:
            steps.append(Step(role=role, signature=signed[role]))
            continue
        steps.append(_step(role, free, is_planned=role in planned))
    return Chain(steps=tuple(steps), in_order=rule.in_order, reasons=rule.reasons)


def _step(role: Role, free: Sequence[Person], *, is_planned: bool) -> Step:
    if not is_planned:
        return Step(role=role)
    own = [person.key for person in free if _standing(person, role) is not None]
    if own:
        holds = any(role in person.roles for person in free)
        standing = Standing.HOLDER if holds else Standing.DEPUTY
        return Step(role=role, candidates=tuple(own), standing=standing)
    others = tuple(person.key for person in free if may_approve(person))
    return Step(role=role, candidates=others, standing=Standing.COUNTERSIGN)


def _standing(person: Person, role: Role) -> Standing | None:
    if role in person.roles:
        return Standing.HOLDER
    return Standing.DEPUTY if role in person.deputy_for else None


def _assign(roles: Sequence[Role], free: Sequence[Person]) -> dict[Role, str]:
    """Give every role another person where possible (Kuhn's augmenting paths, 1955).

    Holders first, then deputies, then others; who was given a role keeps one.
    """
    taken: dict[str, Role] = {}
    for least in (Standing.HOLDER, Standing.DEPUTY, Standing.COUNTERSIGN):
        for role in roles:
            if role not in taken.values():
                _augment(role, free, taken, least, set())
    return {role: person for person, role in taken.items()}


def _augment(
    role: Role, free: Sequence[Person], taken: dict[str, Role], least: Standing, seen: set[str]
) -> bool:
    for key in _able(role, free, least):
        if key in seen:
            continue
        seen.add(key)
        if key not in taken or _augment(taken[key], free, taken, least, seen):
            taken[key] = role
            return True
    return False


def _able(role: Role, free: Sequence[Person], least: Standing) -> Iterator[str]:
    own = [person for person in free if role in person.roles]
    deputies = [person for person in free if role in person.deputy_for and person not in own]
    yield from (person.key for person in own)
    if least is not Standing.HOLDER:
        yield from (person.key for person in deputies)
    if least is Standing.COUNTERSIGN and not own and not deputies:
        yield from (person.key for person in free if may_approve(person))


def seat_for(
    chain: Chain,
    rule: Rule,
    people: Sequence[Person],
    *,
    person: Person,
    author: str,
    signatures: Sequence[Signature],
    now: datetime,
) -> Signature | None:
    """Return the signature the person can give now, or None where nobody waits for theirs.

    Where several roles are open to them, the one that leaves most of the others fillable.
    """
    options = []
    for step in chain.waiting:
        if person.key not in step.candidates:
            continue
        standing = _standing(person, step.role) or Standing.COUNTERSIGN
        one = Signature(person=person.key, role=step.role, standing=standing, at=now)
        after = chain_of(rule, people, author=author, signatures=[*signatures, one])
        strangers = sum(one.standing is Standing.COUNTERSIGN for one in after.steps)
        strangers += standing is Standing.COUNTERSIGN
        rank = (
            len(after.left_out),
            strangers,
            list(Standing).index(standing),
            ORDER.index(step.role),
        )
        options.append((rank, one))
    return min(options, key=lambda option: option[0])[1] if options else None


def describe(chain: Chain, *, completed_at: datetime | None = None) -> Mapping[str, object]:
    """Return the chain as plain data for the record."""
    return {
        "in_order": chain.in_order,
        "reasons": list(chain.reasons),
        "completed_at": completed_at.isoformat() if completed_at else None,
        "left_out": list(chain.left_out),
        "steps": [
            {
                "role": step.role,
                "person": step.signature.person if step.signature else None,
                "standing": step.signature.standing if step.signature else step.standing,
                "at": step.signature.at.isoformat() if step.signature else None,
                "candidates": list(step.candidates),
            }
            for step in chain.steps
        ],
    }
