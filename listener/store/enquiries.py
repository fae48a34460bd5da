"""Questions of the media, and what became of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from listener.errors import Conflict
from listener.store.records import EnquiryRecord
from listener.store.rows import record_of, records_of
from listener.store.tables import Enquiry

OPEN = "open"
ANSWERED = "answered"
CLOSED = "closed"


def add_enquiry(session: Session, values: dict[str, Any]) -> EnquiryRecord:
    """Store a question as open."""
    row = Enquiry(**values, state=OPEN)
    session.add(row)
    session.flush()
    return record_of(EnquiryRecord, row)


def lock_enquiry(session: Session, enquiry_id: int) -> EnquiryRecord:
    """Return one enquiry and keep others from changing it until this transaction ends."""
    query = (
        select(Enquiry)
        .where(Enquiry.id == enquiry_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    row = session.exec(query).one_or_none()
    if row is None:
        raise Conflict(f"there is no media enquiry {enquiry_id}; see 'fengsheng media list'")
    return record_of(EnquiryRecord, row)


def change_enquiry(session: Session, enquiry_id: int, values: dict[str, Any]) -> None:
    """Change columns of an enquiry."""
    session.execute(update(Enquiry).where(col(Enquiry.id) == enquiry_id).values(values))


def list_enquiries(
    session: Session,
    *,
    incident_id: int | None = None,
    state: str | None = None,
    due_before: datetime | None = None,
    limit: int = 200,
) -> list[EnquiryRecord]:
    """Return enquiries, the nearest deadline first; those without one come last."""
    query = select(Enquiry).order_by(col(Enquiry.deadline_at).asc().nulls_last(), col(Enquiry.id))
    if incident_id is not None:
        query = query.where(Enquiry.incident_id == incident_id)
    if state is not None:
        query = query.where(Enquiry.state == state)
    if due_before is not None:
        query = query.where(col(Enquiry.deadline_at) <= due_before)
    return records_of(EnquiryRecord, session.exec(query.limit(limit)))


def forget_askers(session: Session, *, before: datetime, limit: int) -> int:
    """Blank the names of those whose questions were settled before an instant; return how many."""
    old = (
        select(Enquiry.id)
        .where(
            col(Enquiry.state) != OPEN,
            col(Enquiry.person) != "",
            col(Enquiry.received_at) < before,
        )
        .order_by(col(Enquiry.id))
        .limit(limit)
    )
    ids = session.exec(old).all()
    session.execute(update(Enquiry).where(col(Enquiry.id).in_(ids)).values(person=""))
    return len(ids)
