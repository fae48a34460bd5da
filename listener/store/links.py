"""What connects incidents: links, stories that people moved, and moving what one holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, SQLModel, col, or_, select

from listener.store.engine import insert_new
from listener.store.records import IncidentRecord
from listener.store.rows import records_of
from listener.store.tables import (
    Claim,
    Finding,
    Incident,
    IncidentLink,
    IncidentStory,
    Mention,
    Question,
    Statement,
    Task,
)

RELATED = "related"
MERGED = "merged"
SPLIT = "split"
# What an incident holds that another one can take over, by the name it has in a merge's record.
_HELD: dict[str, type[SQLModel]] = {
    "findings": Finding,
    "statements": Statement,
    "tasks": Task,
    "questions": Question,
    "claims": Claim,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRecord:
    """One connection: ``from_id`` was merged into, was split off from, or belongs to ``to_id``."""

    id: int
    kind: str
    from_id: int
    to_id: int
    data: dict[str, Any]
    at: datetime
    by: str


def add_link(
    session: Session,
    *,
    kind: str,
    from_id: int,
    to_id: int,
    data: dict[str, Any],
    by: str,
    now: datetime,
) -> int | None:
    """Connect two incidents; None when they are connected in this way already."""
    values = {
        "kind": kind,
        "from_id": from_id,
        "to_id": to_id,
        "data": data,
        "at": now,
        "by": by,
    }
    return insert_new(session, IncidentLink, values)


def end_link(session: Session, link_id: int, now: datetime) -> None:
    """End a connection; it stays on record."""
    session.execute(
        update(IncidentLink).where(col(IncidentLink.id) == link_id).values(ended_at=now)
    )


def links(session: Session, incident_id: int) -> list[LinkRecord]:
    """Return every connection of an incident that holds, oldest first."""
    query = (
        select(IncidentLink)
        .where(
            col(IncidentLink.ended_at).is_(None),
            or_(IncidentLink.from_id == incident_id, IncidentLink.to_id == incident_id),
        )
        .order_by(col(IncidentLink.id))
    )
    return records_of(LinkRecord, session.exec(query))


def merge_of(session: Session, incident_id: int) -> LinkRecord | None:
    """Return the merge that ended an incident, or None."""
    query = select(IncidentLink).where(
        IncidentLink.kind == MERGED,
        IncidentLink.from_id == incident_id,
        col(IncidentLink.ended_at).is_(None),
    )
    found = records_of(LinkRecord, session.exec(query))
    return found[0] if found else None


def merged_incidents(session: Session, brand_id: int) -> list[tuple[IncidentRecord, int]]:
    """Return the brand's merged incidents, newest first, each with the one it went into."""
    query = (
        select(Incident, IncidentLink.to_id)
        .join(IncidentLink, col(IncidentLink.from_id) == Incident.id)
        .where(
            IncidentLink.kind == MERGED,
            col(IncidentLink.ended_at).is_(None),
            Incident.brand_id == brand_id,
        )
        .order_by(col(Incident.id).desc())
        .limit(200)
    )
    return [
        (record, to_id)
        for row, to_id in session.exec(query)
        for record in records_of(IncidentRecord, [row])
    ]


def held_ids(session: Session, what: str, incident_id: int) -> list[int]:
    """Return the ids of an incident's findings, statements, tasks, questions or claims."""
    table: Any = _HELD[what]
    query = select(table.id).where(table.incident_id == incident_id).order_by(col(table.id))
    return [int(found) for found in session.exec(query)]


def move_held(session: Session, what: str, ids: Sequence[int], to_id: int) -> None:
    """Make another incident hold these findings, statements, tasks, questions or claims."""
    if not ids:
        return
    table: Any = _HELD[what]
    session.execute(update(table).where(col(table.id).in_(ids)).values(incident_id=to_id))
    session.expire_all()


def move_stories(session: Session, incident_id: int, story_ids: Sequence[int]) -> list[int]:
    """Let later texts of these stories go to an incident; return those that are new to it."""
    known = set(stories_of(session, incident_id))
    fresh = [one for one in dict.fromkeys(story_ids) if one not in known]
    session.add_all(IncidentStory(incident_id=incident_id, story_id=one) for one in fresh)
    session.flush()
    return fresh


def stories_of(session: Session, incident_id: int) -> list[int]:
    """Return the stories that people moved to an incident."""
    query = select(IncidentStory.story_id).where(IncidentStory.incident_id == incident_id)
    return sorted(session.exec(query))


def incident_of_story(session: Session, story_id: int) -> int | None:
    """Return the open incident that people moved a story to, the newest of several, or None."""
    query = (
        select(Incident.id)
        .join(IncidentStory, col(IncidentStory.incident_id) == Incident.id)
        .where(IncidentStory.story_id == story_id, col(Incident.closed_at).is_(None))
        .order_by(col(Incident.id).desc())
        .limit(1)
    )
    return session.exec(query).first()


def story_of_mention(session: Session, mention_id: int) -> int | None:
    """Return the story a mention belongs to; None when it is gone."""
    return session.exec(select(Mention.story_id).where(Mention.id == mention_id)).first()


def findings_of_stories(session: Session, incident_id: int, story_ids: Sequence[int]) -> list[int]:
    """Return an incident's findings about single texts of these stories."""
    query = (
        select(Finding.id)
        .join(Mention, col(Mention.id) == Finding.mention_id)
        .where(Finding.incident_id == incident_id, col(Mention.story_id).in_(story_ids))
        .order_by(col(Finding.id))
    )
    return [found for found in session.exec(query) if found is not None]
