"""Findings: the durable hand-over from noticing to responding."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import distinct, func, or_
from sqlmodel import Session, col, select

from listener.store.engine import insert_new
from listener.store.records import FindingRecord
from listener.store.rows import record_of, records_of
from listener.store.tables import Finding, Mention, Series

CRISIS = "crisis"
IMMEDIATE = "immediate"
VOLUME = "volume"
TAKEOFF = "takeoff"
RULE = "rule"
SPLIT = "split"


def overlapping_finding(
    session: Session, *, series_id: int, channel: str, since: datetime
) -> FindingRecord | None:
    """Return the newest finding of the series that is still on, or was on after ``since``."""
    query = (
        select(Finding)
        .where(
            Finding.series_id == series_id,
            Finding.channel == channel,
            or_(col(Finding.ended_at).is_(None), col(Finding.last_on_at) >= since),
        )
        .order_by(col(Finding.id).desc())
        .limit(1)
    )
    row = session.exec(query).first()
    return None if row is None else record_of(FindingRecord, row)


def of_story(
    session: Session, *, brand_id: int, story_id: int, channels: Sequence[str]
) -> list[FindingRecord]:
    """Return the findings of these channels about texts of the story, newest first."""
    query = (
        select(Finding)
        .join(Mention, col(Mention.id) == Finding.mention_id)
        .where(
            Finding.brand_id == brand_id,
            Mention.story_id == story_id,
            col(Finding.channel).in_(channels),
        )
        .order_by(col(Finding.id).desc())
    )
    return records_of(FindingRecord, session.exec(query))


def ended_since(session: Session, *, series_id: int, since: datetime) -> list[FindingRecord]:
    """Return the crises of a series that began after ``since`` and are over, oldest first."""
    query = select(Finding).where(
        Finding.series_id == series_id,
        Finding.channel == CRISIS,
        col(Finding.started_at) >= since,
        col(Finding.ended_at).is_not(None),
    )
    return records_of(FindingRecord, session.exec(query.order_by(col(Finding.id))))


def takeoffs_on(session: Session) -> list[FindingRecord]:
    """Return the posts that are taking off at the moment."""
    query = select(Finding).where(Finding.channel == TAKEOFF, col(Finding.ended_at).is_(None))
    return records_of(FindingRecord, session.exec(query.order_by(col(Finding.id))))


def count_groups_on(session: Session, brand_id: int) -> int:
    """Count the source groups of a brand whose own series are abnormal now; at least 1."""
    query = (
        select(func.count(distinct(col(Series.source_group))))
        .join(Finding, col(Finding.series_id) == Series.id)
        .where(
            Finding.brand_id == brand_id,
            Finding.channel == CRISIS,
            col(Finding.ended_at).is_(None),
            Series.source_group != "all",
        )
    )
    return max(1, int(session.exec(query).one()))


def series_on(session: Session) -> set[int]:
    """Return the series that are abnormal at the moment."""
    query = select(Finding.series_id).where(
        Finding.channel == CRISIS, col(Finding.ended_at).is_(None)
    )
    return {series_id for series_id in session.exec(query) if series_id is not None}


def insert_finding(session: Session, values: dict[str, Any]) -> int | None:
    """Store a finding; return its id, or None when its natural key is already there."""
    return insert_new(session, Finding, values)


def change_finding(session: Session, finding_id: int, values: dict[str, Any]) -> None:
    """Change what may change while an episode goes on: its end, peak and figures."""
    finding = session.get_one(Finding, finding_id)
    for name, value in values.items():
        setattr(finding, name, value)
    session.add(finding)
    session.flush()


def finding(session: Session, finding_id: int) -> FindingRecord:
    """Return one finding; raises ``NoResultFound`` for an id that is none."""
    return record_of(FindingRecord, session.get_one(Finding, finding_id))


def lock_finding(session: Session, finding_id: int) -> FindingRecord:
    """Return one finding and keep others from handling it until this transaction ends."""
    query = select(Finding).where(Finding.id == finding_id).with_for_update(key_share=True)
    return record_of(FindingRecord, session.exec(query).one())


def unhandled_findings(session: Session, *, limit: int) -> list[FindingRecord]:
    """Return findings that no incident has taken up yet, oldest first."""
    query = (
        select(Finding)
        .where(col(Finding.handled_at).is_(None))
        .order_by(col(Finding.id))
        .limit(limit)
    )
    return records_of(FindingRecord, session.exec(query))


def changed_findings(session: Session, incident_ids: Sequence[int]) -> list[FindingRecord]:
    """Return the findings of these incidents, oldest first."""
    query = (
        select(Finding).where(col(Finding.incident_id).in_(incident_ids)).order_by(col(Finding.id))
    )
    return records_of(FindingRecord, session.exec(query))


def newest_of_rule(session: Session, prefix: str) -> FindingRecord | None:
    """Return the newest finding of a rule about one subject, by the start of its natural key."""
    query = (
        select(Finding)
        .where(
            Finding.channel == RULE, col(Finding.natural_key).startswith(prefix, autoescape=True)
        )
        .order_by(col(Finding.id).desc())
        .limit(1)
    )
    row = session.exec(query).first()
    return None if row is None else record_of(FindingRecord, row)


def rules_on(session: Session, *, brand_id: int | None = None) -> list[FindingRecord]:
    """Return what rules have found and is not over, oldest first."""
    query = select(Finding).where(Finding.channel == RULE, col(Finding.ended_at).is_(None))
    if brand_id is not None:
        query = query.where(Finding.brand_id == brand_id)
    return records_of(FindingRecord, session.exec(query.order_by(col(Finding.id))))


def rules_told(session: Session, *, since: datetime) -> list[FindingRecord]:
    """Return what rules have told as notices and is still on, or ended after ``since``."""
    query = (
        select(Finding)
        .where(
            Finding.channel == RULE,
            col(Finding.handled_at).is_not(None),
            col(Finding.incident_id).is_(None),
            or_(col(Finding.ended_at).is_(None), col(Finding.ended_at) > since),
        )
        .order_by(col(Finding.id))
    )
    return records_of(FindingRecord, session.exec(query))


@dataclass(frozen=True, slots=True)
class RuleState:
    """How a rule fares: how often it fired, when last, and whether something holds now."""

    count: int
    last_at: datetime
    is_on: bool


def rule_states(session: Session) -> dict[str, RuleState]:
    """Return the state of every rule that ever found anything, by its name."""
    query = (
        select(Finding.natural_key, Finding.found_at, Finding.ended_at)
        .where(Finding.channel == RULE)
        .order_by(col(Finding.found_at), col(Finding.id))
    )
    states: dict[str, RuleState] = {}
    for key, found_at, ended_at in session.exec(query):
        name = key.split(":", 2)[1]
        known = states.get(name)
        is_on = ended_at is None or (known is not None and known.is_on)
        states[name] = RuleState((known.count if known else 0) + 1, found_at, is_on)
    return states
