"""Merges incidents that are one, takes a merge back, and links those that belong together.

Nothing is lost: what cannot move stays with the merged incident and is named, facts that
contradict each other have to be chosen, and both timelines say what happened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from crisis.announce import INCIDENT, number_of, post_notice, refresh_alert
from crisis.clocks import keep_first_statement, meet_first_statement
from crisis.countdown import FIRST_STATEMENT
from crisis.desk import Desk
from crisis.drafting import void_stale
from crisis.facts import SYSTEM
from crisis.kinds import Phase
from crisis.permissions import Action, Actor
from crisis.record import open_incident, record, said
from listener.complaints import Severity, severity_rank
from listener.errors import Conflict
from listener.store import claims, clocks, incidents, links, room, statements
from listener.store.records import FactRecord, IncidentRecord

_MACHINE = frozenset({SYSTEM, "config.toml"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FactConflict:
    """One fact that two incidents state differently, and at least one person has stated."""

    name: str
    gone: FactRecord
    kept: FactRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge did: ids moved by what they are, and statements that stay where they were."""

    moved: Mapping[str, Sequence[int]]
    stays: Sequence[int]


def conflicts(session: Session, gone_id: int, into_id: int) -> list[FactConflict]:
    """Return the facts that the two state differently, where people have had a say.

    What only the machine stated, or the configuration, is no quarrel: the survivor's value holds
    and the other one goes on record.
    """
    ours, theirs = incidents.facts(session, into_id), incidents.facts(session, gone_id)
    return [
        FactConflict(name=name, gone=theirs[name], kept=ours[name])
        for name in sorted(ours.keys() & theirs.keys())
        if _differ(ours[name], theirs[name])
        and not {ours[name].stated_by, theirs[name].stated_by} <= _MACHINE
    ]


def _differ(one: FactRecord, other: FactRecord) -> bool:
    return (one.state, one.value) != (other.state, other.value)


def merge(
    session: Session,
    desk: Desk,
    gone_id: int,
    into_id: int,
    *,
    actor: Actor,
    reason: str,
    now: datetime,
    keep: Mapping[str, int] | None = None,
) -> Merged:
    """Merge one open incident into another of the same brand; later signals go to the survivor.

    ``keep`` names for each conflicting fact the incident whose value holds. Doing it again
    changes nothing. Raises ``Conflict`` naming the facts that have to be chosen.
    """
    actor.role_for(Action.MERGE)
    why = said(reason, "a merge needs a reason")
    incidents.lock_brand(session, incidents.incident(session, into_id).brand_id)
    done = links.merge_of(session, gone_id)
    if done is not None and done.to_id == into_id:
        return Merged(moved=done.data["moved"], stays=done.data["stays"])
    gone, into = open_incident(session, gone_id), open_incident(session, into_id)
    _check_pair(gone, into)
    not_taken = _join_facts(session, gone_id, into_id, keep or {}, now=now)
    moved, stays = _move(session, gone_id, into_id)
    _join_room(session, desk, gone, into, now=now)
    closed = {"closed_at": now, "phase": Phase.CLOSED}
    incidents.change_incident(session, gone_id, closed)
    data = {
        "gone": gone_id,
        "into": into_id,
        "reason": why,
        "moved": moved,
        "stays": stays,
        "facts_not_taken": not_taken,
    }
    links.add_link(
        session,
        kind=links.MERGED,
        from_id=gone_id,
        to_id=into_id,
        data={**data, "phase": gone.phase},
        by=actor.key,
        now=now,
    )
    for one in (gone_id, into_id):
        record(session, one, Action.MERGE, actor, now, **data)
    _void_what_is_stale(session, desk, into_id, now)
    _tell(session, desk, gone, into, now)
    return Merged(moved=moved, stays=stays)


def _check_pair(gone: IncidentRecord, into: IncidentRecord) -> None:
    if gone.id == into.id:
        raise Conflict("an incident cannot be merged into itself")
    if gone.brand_id != into.brand_id:
        raise Conflict("the two incidents are about different brands; link them instead")


def _join_facts(
    session: Session, gone_id: int, into_id: int, keep: Mapping[str, int], *, now: datetime
) -> dict[str, Any]:
    """Let the survivor know what the other knew; return the values that were not taken."""
    quarrel = {one.name: one for one in conflicts(session, gone_id, into_id)}
    for name, incident_id in keep.items():
        if name not in quarrel or incident_id not in (gone_id, into_id):
            names = ", ".join(quarrel) or "none"
            raise Conflict(
                f"'{name}={incident_id}': choose {gone_id} or {into_id} for one of: {names}"
            )
    open_ = [one for name, one in quarrel.items() if name not in keep]
    if open_:
        listed = "; ".join(
            f"{one.name}: {gone_id} says '{one.gone.value or one.gone.state}', "
            f"{into_id} says '{one.kept.value or one.kept.state}'"
            for one in open_
        )
        raise Conflict(
            f"the facts contradict each other, choose with --keep NAME=INCIDENT: {listed}",
            code="facts_conflict",
        )
    ours, theirs = incidents.facts(session, into_id), incidents.facts(session, gone_id)
    not_taken = {}
    for name, fact in theirs.items():
        if name in ours and not _differ(ours[name], fact):
            continue
        if name in ours and keep.get(name) != gone_id:
            not_taken[name] = fact.value or fact.state
            continue
        if name in ours:
            not_taken[name] = ours[name].value or ours[name].state
        incidents.set_fact(
            session,
            into_id,
            name=name,
            state=fact.state,
            value=fact.value,
            source=fact.source,
            stated_by=fact.stated_by,
            as_of=now,
        )
    return not_taken


def _move(session: Session, gone_id: int, into_id: int) -> tuple[dict[str, list[int]], list[int]]:
    """Move what can be held by the survivor; return it, and the statements that stay."""
    ours = statements.list_statements(session, incident_id=into_id)
    taken = {(one.kind, one.channel, one.lang) for one in ours}
    texts = statements.list_statements(session, incident_id=gone_id)
    stays = [one.id for one in texts if (one.kind, one.channel, one.lang) in taken]
    said_here = {one.text for one in claims.claims(session, into_id)}
    moved = {
        what: links.held_ids(session, what, gone_id)
        for what in ("findings", "tasks", "questions", "statements", "claims")
    }
    moved["statements"] = [one for one in moved["statements"] if one not in stays]
    moved["questions"] = [
        one
        for one in moved["questions"]
        if statements.question(session, one).statement_id not in stays
    ]
    theirs = claims.claims(session, gone_id)
    moved["claims"] = [one.id for one in theirs if one.text not in said_here]
    for what, ids in moved.items():
        links.move_held(session, what, ids, into_id)
    links.move_stories(session, into_id, links.stories_of(session, gone_id))
    return moved, sorted(stays)


def _join_room(
    session: Session, desk: Desk, gone: IncidentRecord, into: IncidentRecord, *, now: datetime
) -> None:
    """Give the survivor the earlier beginning, the higher severity, clocks and stakeholders."""
    values: dict[str, Any] = {
        "first_seen_at": min(gone.first_seen_at, into.first_seen_at),
        "is_unverified": gone.is_unverified and into.is_unverified,
    }
    if severity_rank(Severity(gone.severity)) > severity_rank(Severity(into.severity)):
        values |= {"severity": gone.severity, "severity_reason": gone.severity_reason}
        data = {"from": into.severity, "to": gone.severity, "reason": gone.severity_reason}
        incidents.add_event(
            session, into.id, at=now, kind="severity_raised", actor=SYSTEM, data=data
        )
    incidents.change_incident(session, into.id, values)
    session.expire_all()
    keep_first_statement(session, desk, incidents.incident(session, into.id))
    for clock in clocks.clocks(session, gone.id):
        if clock.code != FIRST_STATEMENT:
            clocks.move_clock(session, clock.id, into.id)
        elif clock.met_at is not None:
            how = clock.met_how or ""
            by = clock.met_by or SYSTEM
            meet_first_statement(session, into.id, at=clock.met_at, by=by, how=how)
    _join_stakeholders(session, gone.id, into.id)


def _join_stakeholders(session: Session, gone_id: int, into_id: int) -> None:
    ours = {one.code: one for one in room.stakeholders(session, into_id)}
    for one in room.stakeholders(session, gone_id):
        if one.code not in ours:
            room.add_stakeholder(
                session,
                into_id,
                code=one.code,
                name=one.name,
                channel=one.channel,
                role=one.role,
                due_at=one.due_at,
            )
        elif ours[one.code].informed_at is not None:
            continue
        if one.informed_at is not None:
            told = {
                "informed_at": one.informed_at,
                "informed_by": one.informed_by,
                "acknowledged_at": one.acknowledged_at,
                "acknowledged_by": one.acknowledged_by,
                "message": one.message,
            }
            room.change_stakeholder(session, into_id, one.code, told)


def _void_what_is_stale(session: Session, desk: Desk, into_id: int, now: datetime) -> None:
    """Void approvals of texts that say another value than the one that holds now."""
    known = incidents.facts(session, into_id)
    for statement in statements.list_statements(session, incident_id=into_id):
        for name, fact in known.items():
            void_stale(session, desk, statement.id, name=name, said=fact.value, now=now)


def _tell(
    session: Session, desk: Desk, gone: IncidentRecord, into: IncidentRecord, now: datetime
) -> None:
    text = desk.catalog.incident["merged_notice"].format(
        gone=number_of(gone.id), number=number_of(into.id), title=into.title
    )
    post_notice(
        session, desk, text, subject=(INCIDENT, gone.id), key=f"merged-{now.isoformat()}", now=now
    )
    refresh_alert(session, desk, gone.id, now)
    refresh_alert(session, desk, into.id, now)


def take_merge_back(
    session: Session, desk: Desk, gone_id: int, *, actor: Actor, reason: str, now: datetime
) -> bool:
    """Give a merged incident back what the survivor still holds of it; False if none was merged.

    Facts that were joined stay with the survivor, and what was voided stays void. The caller
    opens the incident again.
    """
    link = links.merge_of(session, gone_id)
    if link is None:
        return False
    back = {}
    for what, ids in link.data["moved"].items():
        held = set(links.held_ids(session, what, link.to_id))
        back[what] = [one for one in ids if one in held]
        links.move_held(session, what, back[what], gone_id)
    links.end_link(session, link.id, now)
    data = {"gone": gone_id, "into": link.to_id, "undone": True, "moved": back, "reason": reason}
    for one in (gone_id, link.to_id):
        record(session, one, Action.MERGE, actor, now, **data)
    refresh_alert(session, desk, link.to_id, now)
    return True


def link(
    session: Session,
    one_id: int,
    other_id: int,
    *,
    actor: Actor,
    now: datetime,
    undo: bool = False,
) -> bool:
    """Say that two incidents belong together, or no longer; False when that is so already."""
    actor.role_for(Action.LINK)
    if one_id == other_id:
        raise Conflict("an incident cannot be linked to itself")
    first, second = sorted((one_id, other_id))
    for incident_id in (first, second):
        incidents.incident(session, incident_id)
    known = [
        each
        for each in links.links(session, first)
        if each.kind == links.RELATED and each.to_id == second
    ]
    if undo:
        if not known:
            return False
        links.end_link(session, known[0].id, now)
    else:
        added = links.add_link(
            session,
            kind=links.RELATED,
            from_id=first,
            to_id=second,
            data={},
            by=actor.key,
            now=now,
        )
        if added is None:
            return False
    for incident_id, with_ in ((first, second), (second, first)):
        record(session, incident_id, Action.LINK, actor, now, undone=undo, **{"with": with_})
    return True
