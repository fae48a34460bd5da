"""What happened to sources and incidents, for those who replay rules on it; reads only."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from listener.store.tables import Incident, IncidentEvent, SourceGap

# Events by which a person takes an incident up; codes of ``crisis.permissions``.
_TAKEN_UP = ("claim", "phase", "close")


def gaps_between(
    session: Session, *, since: datetime, until: datetime
) -> list[tuple[int, datetime, datetime | None]]:
    """Return (source id, start, end) of every gap in [since, until), recovered ones too."""
    query = (
        select(SourceGap.source_id, SourceGap.started_at, SourceGap.ended_at)
        .where(
            col(SourceGap.started_at) < until,
            or_(col(SourceGap.ended_at).is_(None), col(SourceGap.ended_at) > since),
        )
        .order_by(col(SourceGap.id))
    )
    return [(row[0], row[1], row[2]) for row in session.exec(query)]


def unclaimed_between(
    session: Session, brand_ids: Collection[int], *, since: datetime, until: datetime
) -> list[tuple[str, datetime, datetime | None]]:
    """Return (title, opened, taken up or None) of the brands' incidents opened in a span."""
    taken = (
        select(IncidentEvent.incident_id, func.min(IncidentEvent.at).label("at"))
        .where(col(IncidentEvent.kind).in_(_TAKEN_UP))
        .group_by(col(IncidentEvent.incident_id))
        .subquery()
    )
    query = (
        select(Incident.title, Incident.opened_at, taken.c.at)
        .join(taken, taken.c.incident_id == Incident.id, isouter=True)
        .where(
            col(Incident.brand_id).in_(list(brand_ids)),
            col(Incident.opened_at) >= since,
            col(Incident.opened_at) < until,
        )
        .order_by(col(Incident.id))
    )
    return [(row[0], row[1], row[2]) for row in session.exec(query)]
