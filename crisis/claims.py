"""Claims: rumours and accusations that people verify. None enters a statement by itself.

A claim is what others say. Only once people have judged it, with a basis, may a person turn it
into a fact, in words of their own.
"""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from crisis.desk import Desk
from crisis.drafting import state_incident_fact
from crisis.facts import clean_value
from crisis.permissions import Action, Actor
from crisis.record import open_incident, record, said
from listener.errors import Conflict
from listener.store import claims
from listener.store.claims import ClaimRecord


class ClaimState(StrEnum):
    """What is known of a claim: 未核实 属实 不实."""

    UNVERIFIED = "unverified"
    TRUE = "true"
    FALSE = "false"


def raise_claim(
    session: Session,
    incident_id: int,
    *,
    text: str,
    source: str,
    actor: Actor,
    now: datetime,
    url: str = "",
) -> int:
    """Record what somebody claims and where; return its number, the same for the same words."""
    actor.role_for(Action.RAISE_CLAIM)
    open_incident(session, incident_id)
    text = " ".join(said(text, "the claim is empty").split())
    where = said(source, "say who claims it and where", most=200)
    claim_id = claims.add_claim(
        session,
        {
            "incident_id": incident_id,
            "text": text,
            "source": where,
            "url": url.strip()[:2_000] or None,
            "state": ClaimState.UNVERIFIED,
            "raised_at": now,
            "raised_by": actor.key,
        },
    )
    if claim_id is None:
        known = claims.claims(session, incident_id)
        return next(one.id for one in known if one.text == text)
    data = {"claim": claim_id, "text": text, "source": where}
    record(session, incident_id, Action.RAISE_CLAIM, actor, now, **data)
    return claim_id


def judge_claim(
    session: Session,
    claim_id: int,
    *,
    state: ClaimState,
    basis: str,
    actor: Actor,
    now: datetime,
) -> bool:
    """Judge a claim true or false, or say that it is open again; False when that is so already.

    ``basis`` is what the judgement rests on: a record, a test, somebody who was asked.
    """
    actor.role_for(Action.JUDGE_CLAIM)
    claim = claims.claim(session, claim_id)
    open_incident(session, claim.incident_id)
    grounds = said(basis, "a judgement needs its basis: a record, a test, who was asked")
    if claim.state == state and claim.basis == grounds:
        return False
    claims.change_claim(
        session,
        claim_id,
        {"state": state, "basis": grounds, "judged_at": now, "judged_by": actor.key},
    )
    data = {"claim": claim_id, "from": claim.state, "to": state, "text": claim.text}
    record(session, claim.incident_id, Action.JUDGE_CLAIM, actor, now, **data, why=grounds)
    return True


def make_fact(
    session: Session,
    desk: Desk,
    claim_id: int,
    *,
    name: str,
    value: str,
    actor: Actor,
    now: datetime,
) -> ClaimRecord:
    """Turn a judged claim into a fact, in a person's words; its source is the judgement's basis.

    Of a false claim that is what is true instead, such as ``true_fact``. Raises ``Conflict`` for
    a claim nobody has judged, and for an unknown name.
    """
    actor.role_for(Action.STATE_FACT)
    claim = claims.claim(session, claim_id)
    open_incident(session, claim.incident_id)
    if claim.state == ClaimState.UNVERIFIED or not claim.basis:
        raise Conflict(f"claim {claim_id} is unverified; judge it with its basis first")
    if name not in desk.catalog.fact_names:
        raise Conflict(f"there is no fact '{name}'; 'fengsheng draft --needs' lists the names")
    text = clean_value(said(value, "say the fact in your own words"))
    if claim.state == ClaimState.FALSE and claim.text in text:
        raise Conflict("a claim that was judged false cannot be stated as a fact")
    source = f"{claim.basis} ({actor.name})"
    state_incident_fact(
        session,
        desk,
        claim.incident_id,
        name=name,
        value=text,
        actor=actor,
        source=source,
        now=now,
    )
    claims.change_claim(session, claim_id, {"fact_name": name})
    return claims.claim(session, claim_id)
