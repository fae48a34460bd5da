"""What the store hands out: frozen values, never table objects."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from listener.text.near import StoryKey


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedSource:
    """A source whose pass this process has taken on until ``lease_until``."""

    id: int
    key: str
    spider: str
    state: dict[str, Any]
    is_first_pass: bool
    lease_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """How a source is doing, for blind spots and administration."""

    id: int
    key: str
    name: str
    spider: str
    group_name: str
    interval_s: int
    is_enabled: bool
    next_due_at: datetime
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    last_failure_kind: str | None
    last_failure_detail: str | None
    failures_in_row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMention:
    """A mention ready to be stored: normalised, pseudonymised, matched."""

    source_id: int
    external_id: str
    kind: str
    story: StoryKey
    url: str | None
    title: str | None
    text: str
    lang: str
    author_hash: str | None
    author_name: str | None
    author_followers: int | None
    author_verified: bool | None
    parent_external_id: str | None
    thread_title: str | None
    posted_at: datetime | None
    posted_precision: str | None
    collected_at: datetime
    event_at: datetime | None
    rating: float | None
    rating_max: float | None
    likes: int | None
    reposts: int | None
    comments: int | None
    views: int | None
    content_hash: str
    search: str
    extra: dict[str, Any]
    is_backfill: bool
    is_repost: bool
    matches: tuple["NewMatch", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMatch:
    """This mention means this brand."""

    brand_id: int
    hits: list[dict[str, Any]]
    product: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionToScore:
    """What the scorers need of a claimed mention."""

    id: int
    title: str | None
    text: str
    kind: str
    lang: str
    rating: float | None
    rating_max: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionScore:
    """Sentiment and complaint judgement of one mention, ready to be stored."""

    mention_id: int
    scorer: str
    negative: float
    neutral: float
    positive: float
    label: str
    is_negative: bool
    evidence: list[list[Any]]
    is_complaint: bool
    type: str
    secondary: list[str]
    severity: str
    confidence: float
    reasons: list[dict[str, Any]]
    classifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who says a text: the kind of its source and the reach of its author."""

    id: int
    source_kind: str
    followers: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedMention:
    """A scored mention of one brand, for explanations, quotes and lists."""

    id: int
    source_key: str
    source_name: str
    group_name: str
    story_id: int
    url: str | None
    title: str | None
    text: str
    author_hash: str | None
    author_name: str | None
    author_followers: int | None
    author_verified: bool | None
    event_at: datetime
    collected_at: datetime
    is_backfill: bool
    likes: int | None
    reposts: int | None
    comments: int | None
    views: int | None
    product: str | None
    label: str
    negative: float
    is_negative: bool
    is_complaint: bool
    type: str
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenMention:
    """A mention as its spread is seen; ``parent_id`` is the stored one it answers or passes on.

    ``interactions`` is None where the source gives no counter.
    """

    id: int
    source_name: str
    event_at: datetime
    author_hash: str | None
    author_followers: int | None
    interactions: int | None
    parent_id: int | None
    is_repost: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StorySpread:
    """How far one story went in a window.

    ``copies`` are posts that do not say they pass it on; ``is_long`` tells texts long enough that
    equal wording is no accident.
    """

    story_id: int
    mentions: int
    authors: int
    copies: int
    first_at: datetime
    last_at: datetime
    mention_id: int
    is_long: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketCounts:
    """Counts of one series in one bucket, repeats collapsed, and raw."""

    start_at: datetime
    mentions: int
    negatives: int
    raw_mentions: int
    raw_negatives: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesRecord:
    """A series and the brand it belongs to."""

    id: int
    brand_id: int
    brand_key: str
    topic: str
    source_group: str

    @property
    def is_overall(self) -> bool:
        """Whether this is the brand's series of everything."""
        return self.topic == self.source_group == "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineRecord:
    """A stored detector state."""

    as_of: datetime
    on_since: datetime | None
    built_at: datetime
    is_stale: bool
    state: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRecord:
    """A finding as stored."""

    id: int
    natural_key: str
    brand_id: int
    series_id: int | None
    mention_id: int | None
    channel: str
    severity: str
    severity_reason: str
    started_at: datetime
    last_on_at: datetime
    ended_at: datetime | None
    score: float
    observed: int
    expected: float
    judgement: dict[str, Any]
    found_at: datetime
    changed_at: datetime
    handled_at: datetime | None
    incident_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRecord:
    """An incident as stored."""

    id: int
    brand_id: int
    group_key: str
    title: str
    crisis_type: str
    phase: str
    severity: str
    severity_reason: str
    is_unverified: bool
    owner_key: str | None
    first_seen_at: datetime
    opened_at: datetime
    closed_at: datetime | None
    evidence: dict[str, Any]
    refreshed_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether people still work on it."""
        return self.closed_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One line of an incident's timeline."""

    at: datetime
    kind: str
    actor: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRecord:
    """The current value of one fact of an incident."""

    name: str
    state: str
    value: str
    source: str
    stated_by: str
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRecord:
    """A statement and where it stands."""

    id: int
    incident_id: int
    kind: str
    channel: str
    lang: str
    crisis_type: str
    state: str
    current_revision_id: int | None
    requested_at: datetime
    requested_by: str
    missing: list[str]
    chain: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRecord:
    """One immutable text of a statement."""

    id: int
    statement_id: int
    number: int
    text: str
    content_hash: str
    author: str
    created_at: datetime
    facts: dict[str, Any]
    template: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """One decision on one revision."""

    id: int
    revision_id: int
    content_hash: str
    person_key: str
    role: str
    verdict: str
    comment: str | None
    via: str
    decided_at: datetime
    standing: str
    voided_at: datetime | None
    void_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationRecord:
    """Where people published a statement, and what differs there from the approved text."""

    id: int
    statement_id: int
    revision_id: int
    content_hash: str
    channel: str
    url: str
    published_at: datetime
    recorded_by: str
    recorded_at: datetime
    is_approved: bool
    text: str | None
    differences: list[list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPublication:
    """When one exact text was first published, wherever it was."""

    revision_id: int
    statement_id: int
    incident_id: int
    kind: str
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryRecord:
    """A question of the media and where it stands."""

    id: int
    incident_id: int | None
    outlet: str
    person: str
    channel: str
    question: str
    received_at: datetime
    deadline_at: datetime | None
    owner_key: str | None
    state: str
    recorded_by: str
    recorded_at: datetime
    answer: str | None
    revision_id: int | None
    content_hash: str | None
    answered_at: datetime | None
    answered_by: str | None
    closed_at: datetime | None
    closed_by: str | None
    close_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRecord:
    """Something promised or owed by a time."""

    id: int
    kind: str
    incident_id: int
    statement_id: int | None
    due_at: datetime
    created_at: datetime
    done_at: datetime | None
    done_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRecord:
    """Something a reply in the chat answers."""

    id: int
    kind: str
    incident_id: int
    statement_id: int | None
    revision_id: int | None
    fact_name: str | None
    asked_of: str | None
    asked_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """An outgoing message this process has taken on until its lease ends."""

    id: int
    channel: str
    recipient: str
    purpose: str
    subject_type: str
    subject_id: int
    body: dict[str, Any]
    attempts: int
    created_at: datetime
    target_remote: dict[str, Any] | None
    reply_to_remote: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """A message the other side has accepted, found again by its remote id."""

    id: int
    purpose: str
    subject_type: str
    subject_id: int
    remote: dict[str, Any]
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUpdate:
    """One chat update waiting to be handled."""

    update_id: int
    payload: dict[str, Any]
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSource:
    """A place to import files to; ``state`` holds the checkpoints of unfinished files."""

    id: int
    key: str
    name: str
    state: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionRecord:
    """One correction as stored; with ``undoes_id`` it takes an earlier one back."""

    id: int
    at: datetime
    by: str
    via: str
    brand_id: int
    mention_id: int | None
    incident_id: int | None
    aspect: str
    was: str
    should_be: str
    machine: dict[str, Any]
    why: str | None
    undoes_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledAlert:
    """When a finding was on whose incident people called right or wrong."""

    incident_id: int
    series_id: int | None
    is_right: bool
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredJudgement:
    """A judged mention: its text for being judged again, and what stands of it."""

    text: MentionToScore
    story_id: int
    scored_at: datetime
    score: MentionScore
