"""The audit trail: who did what, to what, when and from where."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from listener.store.tables import AuditEntry


def record_audit(
    session: Session,
    *,
    at: datetime,
    actor: str,
    action: str,
    object_type: str,
    object_id: int,
    via: str,
    data: dict[str, Any] | None = None,
) -> None:
    """Write one line of the audit trail."""
    session.add(
        AuditEntry(
            at=at,
            actor=actor,
            action=action,
            object_type=object_type,
            object_id=object_id,
            via=via,
            data=data or {},
        )
    )


def audit_entries(session: Session, *, limit: int = 100) -> list[dict[str, Any]]:
    """Return the newest entries of the audit trail, newest first."""
    query = select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(limit)
    return [entry.model_dump() for entry in session.exec(query)]
