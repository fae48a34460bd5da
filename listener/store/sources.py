"""Sources: what is due, who is at it, how it went, and when it was silent.

``source.next_due_at`` is the schedule's only truth. A pass is claimed by lease, so that a crashed
crawler's sources come up again by themselves.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from listener.store.engine import upsert
from listener.store.records import ClaimedSource, SourceHealth
from listener.store.rows import records_of
from listener.store.tables import Source, SourceGap

# How far off the next pass is put for a source that said it is gone for good.
STOPPED_FOR = timedelta(days=3650)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """What the configuration says of a source.

    ``fingerprint`` stands for its parameters: with other ones it is another place, which is due at
    once and remembers nothing, not even that the old place was gone.
    """

    key: str
    name: str
    spider: str
    group_name: str
    interval_s: int
    is_enabled: bool
    kind: str = "people"
    fingerprint: str = ""


def sync_sources(session: Session, sources: Iterable[SourceSettings], now: datetime) -> None:
    """Write the configured sources; new ones are due at once, missing ones are switched off."""
    keys = []
    for settings in sources:
        keys.append(settings.key)
        known = session.exec(select(Source).where(Source.key == settings.key)).one_or_none()
        values: dict[str, Any] = {
            name: getattr(settings, name)
            for name in SourceSettings.__slots__
            if name != "fingerprint"
        }
        mark = {"fingerprint": settings.fingerprint} if settings.fingerprint else {}
        if known is None:
            values |= {"next_due_at": now, "state": mark, "failures_in_row": 0}
        elif known.spider != settings.spider or _is_elsewhere(known, settings):
            values |= {"next_due_at": now, "state": mark}
        else:
            values |= {"state": {**known.state, **mark}}
            if settings.interval_s < known.interval_s and not known.failures_in_row:
                soon = now + timedelta(seconds=settings.interval_s)
                values |= {"next_due_at": min(known.next_due_at, soon)}
        upsert(session, Source, ("key",), [_complete(values, known)])
    session.execute(update(Source).where(col(Source.key).not_in(keys)).values(is_enabled=False))


def _is_elsewhere(known: Source, settings: SourceSettings) -> bool:
    before = known.state.get("fingerprint")
    return bool(before and settings.fingerprint) and before != settings.fingerprint


def _complete(values: dict[str, Any], known: Source | None) -> dict[str, Any]:
    if known is None:
        return values
    return {
        "next_due_at": known.next_due_at,
        "state": known.state,
        "failures_in_row": known.failures_in_row,
    } | values


def interval_of(session: Session, key: str) -> int:
    """Return the seconds between two passes of a source; raises ``NoResultFound``."""
    return session.exec(select(Source.interval_s).where(Source.key == key)).one()


def claim_due_sources(
    session: Session,
    *,
    owner: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    keys: Sequence[str] | None = None,
    exclude: Collection[str] = (),
) -> list[ClaimedSource]:
    """Take on up to ``limit`` sources that are due, or those named in ``keys`` in any case.

    A source whose lease has not ended stays with its owner.
    """
    free = or_(col(Source.lease_until).is_(None), col(Source.lease_until) <= now)
    query = select(Source).where(col(Source.is_enabled), free, col(Source.key).not_in(exclude))
    if keys is None:
        query = query.where(col(Source.next_due_at) <= now)
    else:
        query = query.where(col(Source.key).in_(keys))
    query = query.order_by(col(Source.next_due_at)).limit(limit).with_for_update(skip_locked=True)
    claimed = []
    for source in session.exec(query):
        source.lease_owner, source.lease_until = owner, now + lease
        source.last_attempt_at = now
        claimed.append(
            ClaimedSource(
                id=source.id or 0,
                key=source.key,
                spider=source.spider,
                state=dict(source.state),
                is_first_pass=source.last_success_at is None,
                lease_until=source.lease_until,
            )
        )
    session.flush()
    return claimed


def finish_pass(
    session: Session,
    *,
    source_id: int,
    owner: str,
    now: datetime,
    state: dict[str, Any],
    overlaps: bool,
    oldest_item_at: datetime | None,
    next_in: timedelta,
) -> bool:
    """Record a successful pass; return False when the lease had gone to somebody else.

    ``overlaps`` says that the pass met something already known, so that nothing was missed since
    the last success; an open gap is then recovered. Without overlap, whatever lies between the
    last success and ``oldest_item_at`` was missed for good and stays a gap.
    """
    source = _held(session, source_id, owner)
    if source is None:
        return False
    before = source.last_success_at
    source.state, source.failures_in_row = state, 0
    source.last_failure_kind = source.last_failure_detail = None
    source.next_due_at, source.last_success_at = now + next_in, now
    source.lease_owner = source.lease_until = None
    for gap in session.exec(
        select(SourceGap).where(
            SourceGap.source_id == source_id, col(SourceGap.ended_at).is_(None)
        )
    ):
        gap.ended_at, gap.is_recovered = now, True
    if (
        not overlaps
        and before is not None
        and oldest_item_at is not None
        and oldest_item_at > before
    ):
        session.add(
            SourceGap(
                source_id=source_id, started_at=before, ended_at=oldest_item_at, reason="missed"
            )
        )
    session.flush()
    return True


def fail_pass(
    session: Session,
    *,
    source_id: int,
    owner: str,
    now: datetime,
    kind: str,
    detail: str,
    next_in: timedelta,
) -> bool:
    """Record a failed pass, open a gap since the last success; False if the lease was lost."""
    source = _held(session, source_id, owner)
    if source is None:
        return False
    source.failures_in_row += 1
    source.last_failure_kind, source.last_failure_detail = kind, detail[:500]
    source.next_due_at = now + next_in
    source.lease_owner = source.lease_until = None
    is_open = session.exec(
        select(SourceGap.id).where(
            SourceGap.source_id == source_id, col(SourceGap.ended_at).is_(None)
        )
    ).first()
    if is_open is None and source.last_success_at is not None:
        session.add(SourceGap(source_id=source_id, started_at=source.last_success_at, reason=kind))
    session.flush()
    return True


def _held(session: Session, source_id: int, owner: str) -> Source | None:
    return session.exec(
        select(Source).where(Source.id == source_id, Source.lease_owner == owner).with_for_update()
    ).one_or_none()


def release_leases(session: Session, owner: str | None = None) -> None:
    """Free the leases of ``owner``, who is dead; every lease without one."""
    statement = update(Source).values(lease_owner=None, lease_until=None)
    if owner is not None:
        statement = statement.where(col(Source.lease_owner) == owner)
    session.execute(statement)


def source_health(session: Session) -> list[SourceHealth]:
    """Return every enabled source in the order of their keys."""
    found = records_of(SourceHealth, session.exec(select(Source).where(col(Source.is_enabled))))
    return sorted(found, key=lambda one: one.key)  # a server's own alphabet may differ


def is_stopped(source: SourceHealth) -> bool:
    """Say whether a source is asked no more because it said that it is gone for good."""
    asked_at = source.last_attempt_at
    return (
        source.failures_in_row > 0
        and asked_at is not None
        and source.next_due_at - asked_at > STOPPED_FOR / 2
    )


def is_overdue(source: SourceHealth, now: datetime) -> bool:
    """Say whether a source was not visited though it was due two intervals ago."""
    patience = max(timedelta(seconds=2 * source.interval_s), timedelta(minutes=2))
    return now > source.next_due_at + patience


def unrecovered_gaps(
    session: Session, *, since: datetime
) -> list[tuple[int, datetime, datetime | None]]:
    """Return (source id, start, end) of gaps reaching past ``since``; an open one has no end."""
    query = select(SourceGap.source_id, SourceGap.started_at, SourceGap.ended_at).where(
        col(SourceGap.is_recovered).is_(False),
        or_(col(SourceGap.ended_at).is_(None), col(SourceGap.ended_at) > since),
    )
    query = query.order_by(col(SourceGap.id))
    return [(row[0], row[1], row[2]) for row in session.exec(query)]


def is_first_pass_running(session: Session) -> bool:
    """Say whether an enabled source has not been tried, or is in its very first pass."""
    query = select(Source.id).where(
        col(Source.is_enabled),
        col(Source.last_success_at).is_(None),
        Source.failures_in_row == 0,
    )
    return session.exec(query.limit(1)).first() is not None
