"""Silences: until when repeats about a brand are held back."""

from datetime import datetime

from sqlmodel import Session, col, select

from listener.store.tables import Silence


def add_silence(
    session: Session, *, brand_id: int, until: datetime, severity: str, by: str, now: datetime
) -> None:
    """Hold back repeats about a brand up to ``severity`` until ``until``."""
    session.add(Silence(brand_id=brand_id, until=until, severity=severity, by=by, created_at=now))


def silence_of(session: Session, brand_id: int, now: datetime) -> tuple[datetime, str] | None:
    """Return (until, severity) of the silence that holds for the brand now."""
    query = (
        select(Silence.until, Silence.severity)
        .where(Silence.brand_id == brand_id, col(Silence.until) > now)
        .order_by(col(Silence.until).desc())
        .limit(1)
    )
    row = session.exec(query).first()
    return None if row is None else (row[0], row[1])
