"""Claims: what others say is so, until people have judged it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from listener.errors import Conflict
from listener.store.engine import insert_new
from listener.store.rows import record_of, records_of
from listener.store.tables import Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRecord:
    """One claim and how it was judged; ``fact_name`` is the fact a person made of it."""

    id: int
    incident_id: int
    text: str
    source: str
    url: str | None
    state: str
    raised_at: datetime
    raised_by: str
    judged_at: datetime | None
    judged_by: str | None
    basis: str | None
    fact_name: str | None


def add_claim(session: Session, values: dict[str, Any]) -> int | None:
    """Store a claim; None when the incident has one in these words."""
    return insert_new(session, Claim, values)


def claim(session: Session, claim_id: int) -> ClaimRecord:
    """Return one claim. Raises ``Conflict`` when there is none with this number."""
    query = select(Claim).where(Claim.id == claim_id)
    row = session.exec(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise Conflict(f"there is no claim {claim_id}; see 'fengsheng incidents show N'")
    return record_of(ClaimRecord, row)


def claims(session: Session, incident_id: int) -> list[ClaimRecord]:
    """Return the claims of an incident, oldest first."""
    query = select(Claim).where(Claim.incident_id == incident_id).order_by(col(Claim.id))
    return records_of(ClaimRecord, session.exec(query))


def change_claim(session: Session, claim_id: int, values: dict[str, Any]) -> None:
    """Change columns of a claim."""
    session.execute(update(Claim).where(col(Claim.id) == claim_id).values(values))
