"""Brands as the configuration names them, kept under stable ids."""

from collections.abc import Iterable
from typing import Any

from sqlmodel import Session, select

from listener.store.engine import upsert
from listener.store.tables import Brand


def sync_brands(
    session: Session, brands: Iterable[tuple[str, str, dict[str, Any]]]
) -> dict[str, int]:
    """Write (key, name, query) of each configured brand; return the id of every known key."""
    rows = [{"key": key, "name": name, "query": query} for key, name, query in brands]
    upsert(session, Brand, ("key",), rows)
    return brand_ids(session)


def brand_ids(session: Session) -> dict[str, int]:
    """Return key → id of every brand ever configured."""
    return {brand.key: brand.id for brand in session.exec(select(Brand)) if brand.id is not None}
