"""Who may do what: the matrix, and the person who acts.

Every surface asks here, in the use-case; a button is only a convenience. Admins configure and do
not approve.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from listener.config import Person, Role
from listener.errors import NotAllowed


class Action(StrEnum):
    """What can be done to an incident or a statement."""

    SEE = "see"
    CLAIM = "claim"
    MUTE = "mute"
    DRAFT = "draft"
    STATE_FACT = "state_fact"
    EDIT = "edit"
    DECIDE = "decide"
    OVERRIDE = "override"
    PUBLISH = "publish"
    CLOSE = "close"
    REOPEN = "reopen"
    PHASE = "phase"
    SEVERITY = "severity"
    NOTE = "note"
    ERASE = "erase"
    CORRECT = "correct"
    CONFIGURE = "configure"
    TYPE = "type"
    CHECK = "check"
    LOG_DECISION = "decision"
    CLOCK = "clock"
    ROLE = "role"
    STAKEHOLDER = "stakeholder"
    MERGE = "merge"
    LINK = "link"
    RAISE_CLAIM = "raise_claim"
    JUDGE_CLAIM = "judge_claim"
    ENQUIRY = "enquiry"


_WORKS = frozenset({Role.OFFICER, Role.LEAD})
MATRIX: Mapping[Action, frozenset[Role]] = {
    Action.SEE: frozenset(Role),
    Action.CLAIM: _WORKS | {Role.BUSINESS, Role.LEGAL, Role.EXECUTIVE},
    Action.MUTE: _WORKS,
    Action.DRAFT: _WORKS,
    Action.STATE_FACT: _WORKS | {Role.BUSINESS, Role.LEGAL},
    Action.EDIT: _WORKS | {Role.LEGAL},
    Action.DECIDE: frozenset({Role.LEAD, Role.LEGAL, Role.BUSINESS, Role.EXECUTIVE}),
    Action.OVERRIDE: frozenset({Role.LEAD}),
    Action.PUBLISH: _WORKS,
    Action.CLOSE: frozenset({Role.LEAD}),
    Action.REOPEN: frozenset({Role.LEAD}),
    Action.PHASE: _WORKS,
    Action.SEVERITY: frozenset({Role.LEAD}),
    Action.CORRECT: _WORKS | {Role.BUSINESS, Role.LEGAL, Role.ADMIN},
    Action.CONFIGURE: frozenset({Role.ADMIN}),
    Action.NOTE: _WORKS | {Role.BUSINESS, Role.LEGAL, Role.EXECUTIVE},
    Action.ENQUIRY: _WORKS,
    Action.ERASE: frozenset({Role.ADMIN, Role.LEGAL}),
    Action.TYPE: _WORKS,
    Action.CHECK: _WORKS | {Role.BUSINESS, Role.LEGAL, Role.EXECUTIVE},
    Action.LOG_DECISION: _WORKS | {Role.BUSINESS, Role.LEGAL, Role.EXECUTIVE},
    # Whether a law's trigger is met is for those who answer for it.
    Action.CLOCK: frozenset({Role.LEAD, Role.LEGAL, Role.EXECUTIVE}),
    Action.ROLE: frozenset({Role.LEAD, Role.EXECUTIVE}),
    Action.STAKEHOLDER: _WORKS | {Role.BUSINESS, Role.LEGAL, Role.EXECUTIVE},
    Action.MERGE: frozenset({Role.LEAD}),
    Action.LINK: _WORKS,
    Action.RAISE_CLAIM: _WORKS | {Role.BUSINESS, Role.LEGAL},
    Action.JUDGE_CLAIM: frozenset({Role.LEAD, Role.BUSINESS, Role.LEGAL}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A known person acting through one surface (``telegram``, ``terminal`` …)."""

    key: str
    name: str
    roles: frozenset[Role]
    via: str
    deputy_for: frozenset[Role] = frozenset()

    def role_for(self, action: Action) -> Role:
        """Return the role that allows the action. Raises ``NotAllowed`` naming what is needed."""
        held = self.roles | self.deputy_for if action is Action.DECIDE else self.roles
        allowed = MATRIX[action] & held
        if not allowed:
            needed = ", ".join(sorted(MATRIX[action]))
            raise NotAllowed(
                f"{self.key} may not {action}: needs one of the roles {needed}", code="needs_role"
            )
        return sorted(allowed, key=list(Role).index)[0]


def actor_of(person: Person, *, via: str) -> Actor:
    """Return the acting person."""
    return Actor(
        key=person.key,
        name=person.name,
        roles=frozenset(person.roles),
        via=via,
        deputy_for=frozenset(Role(role) for role in person.deputy_for),
    )


def actor_by_key(people: tuple[Person, ...], key: str, *, via: str) -> Actor:
    """Return the person called ``key``. Raises ``NotAllowed`` when there is none."""
    for person in people:
        if person.key == key:
            return actor_of(person, via=via)
    known = (
        ", ".join(person.key for person in people) or "nobody yet; add [[people]] to config.toml"
    )
    raise NotAllowed(f"there is nobody called '{key}'; known: {known}", code="unknown_person")


def actor_by_telegram_id(people: tuple[Person, ...], telegram_id: int) -> Actor:
    """Return the person with this numeric id. Raises ``NotAllowed`` when there is none."""
    for person in people:
        if person.telegram_id == telegram_id:
            return actor_of(person, via="telegram")
    raise NotAllowed(
        f"the Telegram id {telegram_id} belongs to nobody in config.toml", code="unknown_person"
    )
