"""Everything the database holds of one incident, row by row, for its evidence pack.

``HELD`` says which tables belong to an incident; a new table that refers to one is one more line.
Rows are read in the order of their keys in small batches, so memory does not grow with them.
"""

from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy import select as select_any
from sqlmodel import Session, SQLModel, col, select

from listener.store.tables import (
    AuditEntry,
    Brand,
    Bucket,
    ChecklistMark,
    Claim,
    Complaint,
    Correction,
    Decision,
    Enquiry,
    Fact,
    Finding,
    Incident,
    IncidentClock,
    IncidentEvent,
    IncidentLink,
    IncidentPlaybook,
    IncidentRole,
    Match,
    Mention,
    Message,
    Publication,
    Question,
    Revision,
    Score,
    Series,
    Source,
    SourceGap,
    Stakeholder,
    Statement,
    Task,
)

BATCH_ROWS = 500
# Exports of packs are audited too; inside a pack, that line would make no two packs alike.
PACKED = "pack"

Row = dict[str, Any]
Rows = Generator[Row, None, None]
Condition = Callable[[int], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Held:
    """Rows of one table that belong to an incident; ``without`` names columns left out."""

    name: str
    table: type[SQLModel]
    belongs: Condition
    without: frozenset[str] = frozenset()


def _own(name: str, table: type[SQLModel], *without: str) -> Held:
    """Return the rows of a table whose ``incident_id`` is the incident's."""
    column = table.__table__.c.incident_id  # type: ignore[attr-defined]  # set by SQLModel
    return Held(name, table, lambda number: column == number, frozenset(without))


def _statements(number: int) -> Any:
    return select_any(col(Statement.id)).where(col(Statement.incident_id) == number)


def _revisions(number: int) -> Any:
    return select_any(col(Revision.id)).where(col(Revision.statement_id).in_(_statements(number)))


def _enquiries(number: int) -> Any:
    return select_any(col(Enquiry.id)).where(col(Enquiry.incident_id) == number)


def _about(table: type[AuditEntry] | type[Message], kind: Any, number: int) -> Any:
    """Return what is about the incident, one of its statements or one of their revisions."""
    about = table.object_id if table is AuditEntry else table.subject_id  # type: ignore[union-attr]  # one of the two
    return or_(
        and_(kind == "incident", col(about) == number),
        and_(kind == "statement", col(about).in_(_statements(number))),
        and_(kind == "revision", col(about).in_(_revisions(number))),
        and_(kind == "enquiry", col(about).in_(_enquiries(number))),
    )


HELD: tuple[Held, ...] = (
    Held("incident", Incident, lambda number: col(Incident.id) == number),
    _own("timeline", IncidentEvent),
    _own("findings", Finding),
    _own("facts", Fact),
    _own("statements", Statement),
    Held(
        "revisions", Revision, lambda number: col(Revision.statement_id).in_(_statements(number))
    ),
    Held("decisions", Decision, lambda number: col(Decision.revision_id).in_(_revisions(number))),
    Held(
        "publications",
        Publication,
        lambda number: col(Publication.statement_id).in_(_statements(number)),
    ),
    _own("tasks", Task),
    _own("enquiries", Enquiry),
    _own("questions", Question),
    _own("playbooks", IncidentPlaybook),
    _own("checklist", ChecklistMark),
    _own("clocks", IncidentClock),
    _own("roles", IncidentRole),
    _own("stakeholders", Stakeholder),
    _own("claims", Claim),
    _own("corrections", Correction),
    Held(
        "links",
        IncidentLink,
        lambda number: or_(col(IncidentLink.from_id) == number, col(IncidentLink.to_id) == number),
    ),
    Held(
        "messages",
        Message,
        lambda number: _about(Message, col(Message.subject_type), number),
        # Addresses of chats and what the other side answered are nobody's evidence.
        frozenset(
            (
                *("recipient", "dedupe_key", "remote", "remote_id", "last_error"),
                *("lease_owner", "lease_until", "target_id", "reply_to_id"),
            )
        ),
    ),
    Held(
        "audit",
        AuditEntry,
        lambda number: and_(
            _about(AuditEntry, col(AuditEntry.object_type), number),
            col(AuditEntry.action) != PACKED,
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which posts belong to an incident: its brand's from ``since`` on, up to ``until`` if set.

    All of them, not only the negative ones: what was left out would be doubted. ``also`` are posts
    outside that span which findings or quotations name.
    """

    brand_id: int
    since: datetime
    until: datetime | None
    also: frozenset[int] = frozenset()


def read_held(session: Session, held: Held, incident_id: int) -> Rows:
    """Yield the incident's rows of one table as JSON-able values, in the order of their keys."""
    table = held.table.__table__  # type: ignore[attr-defined]  # set by SQLModel
    columns = [one for one in table.columns if one.name not in held.without]
    query = select_any(*columns).where(held.belongs(incident_id))
    yield from _rows(session, query.order_by(*table.primary_key.columns))


def read_posts(session: Session, scope: Scope) -> Rows:
    """Yield the posts as stored, with source, sentiment and complaint, in the order of their ids.

    A post that was erased on request comes as the empty shell it is.
    """
    left_out = {"search", "stage", "lease_owner", "lease_until", "source_id", "bucket_at"}
    table = Mention.__table__  # type: ignore[attr-defined]  # set by SQLModel
    query = (
        select_any(
            *[one for one in table.columns if one.name not in left_out],
            col(Source.key).label("source"),
            col(Source.name).label("source_name"),
            col(Source.spider).label("source_spider"),
            col(Source.group_name).label("source_group"),
            col(Match.hits).label("matched"),
            col(Match.product).label("product"),
            col(Score.label).label("sentiment"),
            col(Score.negative).label("negative"),
            col(Score.scorer).label("scorer"),
            col(Complaint.is_complaint).label("is_complaint"),
            col(Complaint.type).label("complaint_type"),
            col(Complaint.severity).label("complaint_severity"),
        )
        .join(Match, and_(col(Match.mention_id) == col(Mention.id)))
        .join(Source, col(Source.id) == col(Mention.source_id))
        .outerjoin(Score, col(Score.mention_id) == col(Mention.id))
        .outerjoin(Complaint, col(Complaint.mention_id) == col(Mention.id))
        .where(_in_scope(scope))
        .order_by(col(Mention.id))
    )
    yield from _rows(session, query)


def _in_scope(scope: Scope) -> ColumnElement[bool]:
    spans = [col(Mention.event_at) >= scope.since]
    if scope.until is not None:
        spans.append(col(Mention.event_at) <= scope.until)
    chosen = or_(and_(*spans), col(Mention.id).in_(sorted(scope.also)))
    return and_(col(Match.brand_id) == scope.brand_id, chosen)


def posts_summary(session: Session, scope: Scope) -> tuple[int, int, datetime | None]:
    """Return how many posts are in scope, how many of them negative, and the newest collection."""
    query = (
        select_any(
            func.count(col(Mention.id)),
            func.count(col(Score.mention_id)).filter(col(Score.is_negative)),
            func.max(col(Mention.collected_at)),
        )
        .join(Match, col(Match.mention_id) == col(Mention.id))
        .outerjoin(Score, col(Score.mention_id) == col(Mention.id))
        .where(_in_scope(scope))
    )
    posts, negatives, newest = session.execute(query).one()
    return int(posts), int(negatives), newest


def read_buckets(session: Session, scope: Scope) -> Rows:
    """Yield every bucket of the brand's series in scope: what the figures were counted from."""
    query = (
        select_any(
            col(Series.topic),
            col(Series.source_group),
            col(Bucket.start_at),
            col(Bucket.mentions),
            col(Bucket.negatives),
            col(Bucket.raw_mentions),
            col(Bucket.raw_negatives),
        )
        .join(Series, col(Series.id) == col(Bucket.series_id))
        .where(col(Series.brand_id) == scope.brand_id, col(Bucket.start_at) >= scope.since)
        .order_by(col(Bucket.series_id), col(Bucket.start_at))
    )
    if scope.until is not None:
        query = query.where(col(Bucket.start_at) <= scope.until)
    yield from _rows(session, query)


def read_gaps(session: Session, scope: Scope) -> Rows:
    """Yield the spans in scope in which a source was silent: what could not be heard."""
    query: Any = (
        select_any(
            col(Source.key).label("source"),
            col(Source.name).label("source_name"),
            col(SourceGap.started_at),
            col(SourceGap.ended_at),
            col(SourceGap.reason),
            col(SourceGap.is_recovered),
        )
        .join(Source, col(Source.id) == col(SourceGap.source_id))
        .where(or_(col(SourceGap.ended_at).is_(None), col(SourceGap.ended_at) > scope.since))
        .order_by(col(SourceGap.id))
    )
    if scope.until is not None:
        query = query.where(col(SourceGap.started_at) <= scope.until)
    yield from _rows(session, query)


def brand_words(session: Session, brand_id: int) -> Row:
    """Return what a brand is called and the words that decide what is about it."""
    brand = session.exec(select(Brand).where(Brand.id == brand_id)).one()
    return {"key": brand.key, "name": brand.name, "query": brand.query}


def newest_instant(session: Session, incident_id: int) -> datetime | None:
    """Return when the timeline of the incident was last written to."""
    query = select_any(func.max(col(IncidentEvent.at))).where(
        col(IncidentEvent.incident_id) == incident_id
    )
    found: datetime | None = session.execute(query).scalar_one()
    return found


def first_found_at(session: Session, incident_id: int) -> datetime | None:
    """Return when the earliest finding of the incident began."""
    query = select_any(func.min(col(Finding.started_at))).where(
        col(Finding.incident_id) == incident_id
    )
    found: datetime | None = session.execute(query).scalar_one()
    return found


def named_mentions(session: Session, incident_id: int) -> list[int]:
    """Return the posts that findings of the incident name."""
    query = select(Finding.mention_id).where(
        Finding.incident_id == incident_id, col(Finding.mention_id).is_not(None)
    )
    return sorted({one for one in session.exec(query) if one is not None})


def tables_left_out(names: Collection[str]) -> list[str]:
    """Return the tables that refer to an incident, or to what refers to one, and are not held.

    ``names`` are tables known to be left out on purpose.
    """
    held = {one.table.__table__.name for one in HELD}  # type: ignore[attr-defined]  # set by SQLModel
    roots = {"incident", "statement", "revision"}
    missing = [
        table.name
        for table in SQLModel.metadata.sorted_tables
        if table.name not in held
        and table.name not in names
        and any(key.column.table.name in roots for key in table.foreign_keys)
    ]
    return sorted(missing)


def _rows(session: Session, query: Any) -> Rows:
    found = session.execute(query.execution_options(yield_per=BATCH_ROWS))
    names: Sequence[str] = list(found.keys())
    try:
        for row in found:
            yield {name: _plain(value) for name, value in zip(names, row, strict=True)}
    finally:
        found.close()


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
