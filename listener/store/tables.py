"""The tables, in the words of the design. Table objects never leave ``listener.store``.

Instants are aware UTC; codes are stored as their text and never change meaning.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlmodel import Field, SQLModel

from listener.store.columns import UtcDateTime, guard_texts

# Constraints need stable names, or a later migration cannot drop them on every engine.
metadata = SQLModel.metadata
metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Json = dict[str, Any]
JsonList = list[Any]


def _at(*, nullable: bool = False, index: bool = False) -> Any:
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=nullable, index=index))


def _json() -> Any:
    return Field(default=None, sa_column=Column(JSON, nullable=False))


def _text(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Text, nullable=nullable))


class Brand(SQLModel, table=True):
    """What is watched."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    name: str
    query: Json = _json()


class Source(SQLModel, table=True):
    """One place listened to, with its schedule and what it told us last."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    name: str
    spider: str
    group_name: str
    kind: str = Field(
        default="people", sa_column=Column(String, nullable=False, server_default="people")
    )
    interval_s: int
    is_enabled: bool
    next_due_at: datetime = _at(index=True)
    lease_owner: str | None = None
    lease_until: datetime | None = _at(nullable=True)
    state: Json = _json()
    failures_in_row: int = 0
    last_attempt_at: datetime | None = _at(nullable=True)
    last_success_at: datetime | None = _at(nullable=True)
    last_failure_kind: str | None = None
    last_failure_detail: str | None = None


class SourceGap(SQLModel, table=True):
    """A span in which a source was silent; recovered once a later pass overlapped what we knew."""

    __tablename__ = "source_gap"
    id: int | None = Field(default=None, primary_key=True)
    source_id: int = Field(foreign_key="source.id", index=True)
    started_at: datetime = _at()
    ended_at: datetime | None = _at(nullable=True)
    reason: str
    is_recovered: bool = False


class Story(SQLModel, table=True):
    """Texts that say the same thing: equal words, near-duplicates, reposts."""

    id: int | None = Field(default=None, primary_key=True)
    fingerprint: str = Field(unique=True)
    first_event_at: datetime | None = _at(nullable=True)
    signature: bytes | None = Field(default=None, sa_column=Column(LargeBinary))


class StoryBand(SQLModel, table=True):
    """Where a story's near-duplicates look for it; kept for young stories only."""

    __tablename__ = "story_band"
    __table_args__ = ({"sqlite_with_rowid": False},)
    band: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    story_id: int = Field(foreign_key="story.id", primary_key=True)


class Mention(SQLModel, table=True):
    """One post, review, comment, article or ticket: immutable facts as collected."""

    __table_args__ = (
        UniqueConstraint("source_id", "external_id"),
        Index("ix_mention_stage", "stage", "lease_until"),
        Index("ix_mention_story_author", "story_id", "author_hash", "event_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    source_id: int = Field(foreign_key="source.id")
    external_id: str
    kind: str
    story_id: int = Field(foreign_key="story.id")
    url: str | None = None
    title: str | None = _text(nullable=True)
    text: str = _text()
    lang: str
    author_hash: str | None = None
    author_name: str | None = None
    author_followers: int | None = None
    author_verified: bool | None = None
    parent_external_id: str | None = None
    thread_title: str | None = None
    posted_at: datetime | None = _at(nullable=True)
    posted_precision: str | None = None
    collected_at: datetime = _at()
    event_at: datetime | None = _at(nullable=True)
    bucket_at: datetime | None = _at(nullable=True, index=True)
    rating: float | None = None
    rating_max: float | None = None
    likes: int | None = None
    reposts: int | None = None
    comments: int | None = None
    views: int | None = None
    content_hash: str
    search: str = _text()
    extra: Json = _json()
    is_backfill: bool = False
    is_repost: bool = Field(
        default=False, sa_column=Column(Boolean, nullable=False, server_default=false())
    )
    stage: str
    lease_owner: str | None = None
    lease_until: datetime | None = _at(nullable=True)


class Engagement(SQLModel, table=True):
    """The counters of one mention as seen from ``observed_at`` to ``seen_until``, unchanged."""

    mention_id: int = Field(foreign_key="mention.id", primary_key=True)
    observed_at: datetime = Field(sa_column=Column(UtcDateTime, primary_key=True))
    seen_until: datetime = _at(index=True)
    likes: int | None = None
    reposts: int | None = None
    comments: int | None = None
    views: int | None = None


class Match(SQLModel, table=True):
    """This mention means this brand, and why."""

    mention_id: int = Field(foreign_key="mention.id", primary_key=True)
    brand_id: int = Field(foreign_key="brand.id", primary_key=True, index=True)
    hits: JsonList = _json()
    product: str | None = None


class Score(SQLModel, table=True):
    """Sentiment of one mention by one version of one scorer."""

    mention_id: int = Field(foreign_key="mention.id", primary_key=True)
    scorer: str
    negative: float
    neutral: float
    positive: float
    label: str
    is_negative: bool
    evidence: JsonList = _json()
    scored_at: datetime = _at()


class Complaint(SQLModel, table=True):
    """Complaint type and severity of one mention."""

    mention_id: int = Field(foreign_key="mention.id", primary_key=True)
    is_complaint: bool
    type: str
    secondary: JsonList = _json()
    severity: str
    confidence: float
    reasons: JsonList = _json()
    classifier: str


class Series(SQLModel, table=True):
    """Counts of one brand, topic and source group over time."""

    __table_args__ = (UniqueConstraint("brand_id", "topic", "source_group"),)
    id: int | None = Field(default=None, primary_key=True)
    brand_id: int = Field(foreign_key="brand.id")
    topic: str
    source_group: str


class Bucket(SQLModel, table=True):
    """Five minutes of one series; always recomputed from the mentions, never incremented."""

    series_id: int = Field(foreign_key="series.id", primary_key=True)
    start_at: datetime = Field(sa_column=Column(UtcDateTime, primary_key=True))
    mentions: int
    negatives: int
    raw_mentions: int
    raw_negatives: int


class Baseline(SQLModel, table=True):
    """What a detector has learned of a series up to ``as_of``; rebuilt from buckets when stale."""

    series_id: int = Field(foreign_key="series.id", primary_key=True)
    channel: str = Field(primary_key=True)
    as_of: datetime = _at()
    on_since: datetime | None = _at(nullable=True)
    built_at: datetime = _at()
    is_stale: bool = False
    state: Json = _json()


class Finding(SQLModel, table=True):
    """An episode that is abnormal, or one urgent text, with the evidence as it stood."""

    __table_args__ = (UniqueConstraint("natural_key"), Index("ix_finding_open", "handled_at"))
    id: int | None = Field(default=None, primary_key=True)
    natural_key: str
    brand_id: int = Field(foreign_key="brand.id")
    series_id: int | None = Field(default=None, foreign_key="series.id", index=True)
    mention_id: int | None = Field(default=None, foreign_key="mention.id")
    channel: str
    severity: str
    severity_reason: str
    started_at: datetime = _at()
    last_on_at: datetime = _at()
    ended_at: datetime | None = _at(nullable=True)
    score: float
    observed: int
    expected: float
    judgement: Json = _json()
    found_at: datetime = _at()
    changed_at: datetime = _at()
    handled_at: datetime | None = _at(nullable=True)
    incident_id: int | None = Field(default=None, foreign_key="incident.id", index=True)


class Incident(SQLModel, table=True):
    """What people work on."""

    __table_args__ = (
        Index(
            "uq_incident_open_group",
            "group_key",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    brand_id: int = Field(foreign_key="brand.id", index=True)
    group_key: str
    title: str
    crisis_type: str
    phase: str
    severity: str
    severity_reason: str
    is_unverified: bool
    owner_key: str | None = None
    first_seen_at: datetime = _at()
    opened_at: datetime = _at()
    closed_at: datetime | None = _at(nullable=True)
    evidence: Json = _json()
    refreshed_at: datetime = _at()


class IncidentEvent(SQLModel, table=True):
    """One line of an incident's timeline; never changed."""

    __tablename__ = "incident_event"
    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    at: datetime = _at()
    kind: str
    actor: str
    data: Json = _json()


class Fact(SQLModel, table=True):
    """One value a statement needs, in one of three states; superseded, never overwritten."""

    __table_args__ = (
        Index(
            "uq_fact_current",
            "incident_id",
            "name",
            unique=True,
            sqlite_where=text("superseded_at IS NULL"),
            postgresql_where=text("superseded_at IS NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    name: str
    state: str
    value: str
    source: str
    stated_by: str
    as_of: datetime = _at()
    superseded_at: datetime | None = _at(nullable=True)


class Statement(SQLModel, table=True):
    """A text to be made public, of one kind, for one channel, in one language."""

    __table_args__ = (UniqueConstraint("incident_id", "kind", "channel", "lang"),)
    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    kind: str
    channel: str
    lang: str
    crisis_type: str
    state: str
    current_revision_id: int | None = None
    requested_at: datetime = _at()
    requested_by: str
    missing: JsonList = _json()
    chain: Json | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))


class Revision(SQLModel, table=True):
    """One immutable text of a statement."""

    __table_args__ = (UniqueConstraint("statement_id", "number"),)
    id: int | None = Field(default=None, primary_key=True)
    statement_id: int = Field(foreign_key="statement.id")
    number: int
    text: str = _text()
    content_hash: str
    author: str
    created_at: datetime = _at()
    facts: Json = _json()
    template: str


class Decision(SQLModel, table=True):
    """Approve, reject or request changes of exactly one revision; void ones stay on record.

    Of those that hold there is one per person and revision, and one approval per role.
    """

    __table_args__ = (
        Index(
            "uq_decision_person",
            "revision_id",
            "person_key",
            unique=True,
            sqlite_where=text("voided_at IS NULL"),
            postgresql_where=text("voided_at IS NULL"),
        ),
        Index(
            "uq_decision_seat",
            "revision_id",
            "role",
            unique=True,
            sqlite_where=text("verdict = 'approve' AND voided_at IS NULL"),
            postgresql_where=text("verdict = 'approve' AND voided_at IS NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    revision_id: int = Field(foreign_key="revision.id")
    content_hash: str
    person_key: str
    role: str
    verdict: str
    comment: str | None = _text(nullable=True)
    via: str
    decided_at: datetime = _at()
    standing: str = Field(
        default="holder", sa_column_kwargs={"server_default": "holder", "nullable": False}
    )
    voided_at: datetime | None = _at(nullable=True)
    void_reason: str | None = None


class Publication(SQLModel, table=True):
    """Where and when people published a statement, and how it differs from what was approved."""

    __table_args__ = (UniqueConstraint("statement_id", "channel", "url"),)
    id: int | None = Field(default=None, primary_key=True)
    statement_id: int = Field(foreign_key="statement.id")
    revision_id: int = Field(foreign_key="revision.id")
    content_hash: str
    channel: str
    url: str
    published_at: datetime = _at()
    recorded_by: str
    recorded_at: datetime = _at()
    is_approved: bool
    text: str | None = _text(nullable=True)
    differences: JsonList = _json()


class Task(SQLModel, table=True):
    """Something promised or owed by a time: the next update, the review of an emergency."""

    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        Index("ix_task_open", "done_at", "due_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    kind: str
    incident_id: int = Field(foreign_key="incident.id", index=True)
    statement_id: int | None = Field(default=None, foreign_key="statement.id")
    dedupe_key: str
    due_at: datetime = _at()
    created_at: datetime = _at()
    done_at: datetime | None = _at(nullable=True)
    done_by: str | None = None


class Enquiry(SQLModel, table=True):
    """A question of the media: who asks, by when, who answers, and with which approved text."""

    __table_args__ = (Index("ix_enquiry_due", "state", "deadline_at"),)
    id: int | None = Field(default=None, primary_key=True)
    incident_id: int | None = Field(default=None, foreign_key="incident.id", index=True)
    outlet: str
    person: str
    channel: str
    question: str = _text()
    received_at: datetime = _at()
    deadline_at: datetime | None = _at(nullable=True)
    owner_key: str | None = None
    state: str
    recorded_by: str
    recorded_at: datetime = _at()
    answer: str | None = _text(nullable=True)
    revision_id: int | None = Field(default=None, foreign_key="revision.id")
    content_hash: str | None = None
    answered_at: datetime | None = _at(nullable=True)
    answered_by: str | None = None
    closed_at: datetime | None = _at(nullable=True)
    closed_by: str | None = None
    close_reason: str | None = _text(nullable=True)


class Question(SQLModel, table=True):
    """Something asked in the chat that a reply answers: a missing fact, a reason, a new text."""

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    incident_id: int = Field(foreign_key="incident.id")
    statement_id: int | None = Field(default=None, foreign_key="statement.id")
    revision_id: int | None = Field(default=None, foreign_key="revision.id")
    fact_name: str | None = None
    asked_of: str | None = None
    asked_at: datetime = _at()
    answered_at: datetime | None = _at(nullable=True)


class Message(SQLModel, table=True):
    """One outgoing notification: the transactional outbox."""

    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        Index("ix_message_due", "state", "due_at"),
        Index("ix_message_remote", "channel", "recipient", "remote_id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    channel: str
    recipient: str
    purpose: str
    subject_type: str
    subject_id: int
    dedupe_key: str
    target_id: int | None = Field(default=None, foreign_key="message.id", index=True)
    reply_to_id: int | None = Field(default=None, foreign_key="message.id")
    body: Json = _json()
    state: str
    not_sent_reason: str | None = None
    attempts: int = 0
    last_error: str | None = None
    created_at: datetime = _at()
    due_at: datetime = _at()
    lease_owner: str | None = None
    lease_until: datetime | None = _at(nullable=True)
    sent_at: datetime | None = _at(nullable=True)
    remote_id: str | None = None
    remote: Json = _json()


class ChatUpdate(SQLModel, table=True):
    """One update from the chat, stored before it is confirmed and handled exactly once."""

    __tablename__ = "chat_update"
    update_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    payload: Json = _json()
    received_at: datetime = _at()
    handled_at: datetime | None = _at(nullable=True, index=True)
    attempts: int = 0
    outcome: str | None = None


class Silence(SQLModel, table=True):
    """Repeats about a brand are held back until then."""

    id: int | None = Field(default=None, primary_key=True)
    brand_id: int = Field(foreign_key="brand.id", index=True)
    until: datetime = _at()
    severity: str
    by: str
    created_at: datetime = _at()


class AuditEntry(SQLModel, table=True):
    """Who did what, to what, when and from where; never changed."""

    __tablename__ = "audit_entry"
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = _at(index=True)
    actor: str
    action: str
    object_type: str
    object_id: int
    via: str
    data: Json = _json()


class Correction(SQLModel, table=True):
    """What a person set right; never changed. Taking it back is a later row that names it.

    ``mention_id`` refers to no table: a label outlives the text it was given for.
    """

    __table_args__ = (UniqueConstraint("undoes_id"),)
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = _at()
    by: str
    via: str
    brand_id: int = Field(foreign_key="brand.id", index=True)
    mention_id: int | None = Field(default=None, index=True)
    incident_id: int | None = Field(default=None, foreign_key="incident.id", index=True)
    aspect: str
    was: str
    should_be: str
    machine: Json = _json()
    why: str | None = _text(nullable=True)
    undoes_id: int | None = Field(default=None, foreign_key="correction.id")


def _holds(column: str) -> dict[str, Any]:
    """Return the options of an index over the rows that are not ended."""
    return {
        "unique": True,
        "sqlite_where": text(f"{column} IS NULL"),
        "postgresql_where": text(f"{column} IS NULL"),
    }


class IncidentPlaybook(SQLModel, table=True):
    """The playbook an incident is run by, as it read when it was taken up; superseded, kept."""

    __tablename__ = "incident_playbook"
    __table_args__ = (
        Index("uq_incident_playbook_current", "incident_id", **_holds("superseded_at")),
    )
    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    crisis_type: str
    version: int
    content_hash: str
    content: Json = _json()
    adopted_at: datetime = _at()
    adopted_by: str
    superseded_at: datetime | None = _at(nullable=True)


class ChecklistMark(SQLModel, table=True):
    """Somebody did an item of the checklist; an undone mark stays on record."""

    __tablename__ = "checklist_mark"
    __table_args__ = (
        Index("uq_checklist_mark_done", "incident_id", "item", **_holds("undone_at")),
    )
    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    item: str
    done_at: datetime = _at()
    done_by: str
    undone_at: datetime | None = _at(nullable=True)
    undone_by: str | None = None


class IncidentClock(SQLModel, table=True):
    """A time limit that runs: the first statement, a report that the law asks for."""

    __tablename__ = "incident_clock"
    __table_args__ = (
        Index("uq_incident_clock_code", "incident_id", "code", **_holds("cancelled_at")),
        Index("ix_incident_clock_due", "met_at", "due_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    code: str
    started_at: datetime = _at()
    started_by: str
    reason: str = _text()
    due_at: datetime = _at()
    met_at: datetime | None = _at(nullable=True)
    met_by: str | None = None
    met_how: str | None = _text(nullable=True)
    cancelled_at: datetime | None = _at(nullable=True)
    cancelled_by: str | None = None


class IncidentRole(SQLModel, table=True):
    """Who holds a role in the crisis room, and since when; ended, never deleted."""

    __tablename__ = "incident_role"
    __table_args__ = (
        Index("uq_incident_role_held", "incident_id", "role", "person_key", **_holds("ended_at")),
    )
    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    role: str
    person_key: str
    assigned_at: datetime = _at()
    assigned_by: str
    ended_at: datetime | None = _at(nullable=True)


class Stakeholder(SQLModel, table=True):
    """Somebody who has to hear of the incident from us, how, by when, and whether they have."""

    __table_args__ = (UniqueConstraint("incident_id", "code"),)
    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    code: str
    name: str
    channel: str
    role: str
    due_at: datetime = _at()
    message: str = _text()
    informed_at: datetime | None = _at(nullable=True)
    informed_by: str | None = None
    acknowledged_at: datetime | None = _at(nullable=True)
    acknowledged_by: str | None = None


class IncidentLink(SQLModel, table=True):
    """Two incidents that belong together: related, one merged into the other, one split off."""

    __tablename__ = "incident_link"
    __table_args__ = (
        Index("uq_incident_link_held", "kind", "from_id", "to_id", **_holds("ended_at")),
        Index("ix_incident_link_to", "to_id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    kind: str
    from_id: int = Field(foreign_key="incident.id", index=True)
    to_id: int = Field(foreign_key="incident.id")
    data: Json = _json()
    at: datetime = _at()
    by: str
    ended_at: datetime | None = _at(nullable=True)


class IncidentStory(SQLModel, table=True):
    """A story that people moved to an incident; its later texts go there."""

    __tablename__ = "incident_story"
    incident_id: int = Field(foreign_key="incident.id", primary_key=True)
    story_id: int = Field(foreign_key="story.id", primary_key=True, index=True)


class Claim(SQLModel, table=True):
    """A rumour or accusation: unverified until people judge it true or false with a basis."""

    __table_args__ = (UniqueConstraint("incident_id", "text"),)
    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    text: str
    source: str
    url: str | None = None
    state: str
    raised_at: datetime = _at()
    raised_by: str
    judged_at: datetime | None = _at(nullable=True)
    judged_by: str | None = None
    basis: str | None = _text(nullable=True)
    fact_name: str | None = None


guard_texts(metadata)
