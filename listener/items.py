"""What a spider hands over: mentions as collected, failures by kind, and its own description.

Field names are those of the record every parser must produce; nothing here touches storage.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class MentionKind(StrEnum):
    """What sort of text a mention is."""

    POST = "post"
    COMMENT = "comment"
    REVIEW = "review"
    COMPLAINT = "complaint"
    ARTICLE = "article"
    TICKET = "ticket"
    MESSAGE = "message"


class Precision(StrEnum):
    """How exactly a source told when something was posted."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


class FailureKind(StrEnum):
    """Why a fetch or a body gave no mentions; one enum for all spiders."""

    EMPTY = "empty"
    LOGIN_REQUIRED = "login_required"
    BLOCKED = "blocked"
    CAPTCHA = "captcha"
    RATE_LIMITED = "rate_limited"
    GONE = "gone"
    BAD_PAYLOAD = "bad_payload"
    SCHEMA_DRIFT = "schema_drift"
    SERVER_ERROR = "server_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionItem:
    """One post, review, comment, article or ticket exactly as a source gave it.

    ``text`` and ``title`` are plain text. ``posted_at`` is an aware UTC instant, None when the
    source gives none. Counts are None when the source does not say:
    missing is not zero. ``author_id`` is the source's own identifier of the author; it is hashed
    before anything is stored and never leaves the process that collected it otherwise.
    """

    source_id: str
    text: str
    kind: MentionKind = MentionKind.POST
    title: str | None = None
    url: str | None = None
    html: str | None = None
    parent_id: str | None = None
    root_id: str | None = None
    thread_title: str | None = None
    author_name: str | None = None
    author_id: str | None = None
    author_followers: int | None = None
    author_verified: bool | None = None
    posted_at: datetime | None = None
    posted_precision: Precision | None = None
    posted_raw: str | None = None
    lang: str | None = None
    rating: float | None = None
    rating_max: float | None = None
    likes: int | None = None
    reposts: int | None = None
    comments: int | None = None
    views: int | None = None
    query: str | None = None
    extra: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)


COUNTERS = ("likes", "reposts", "comments")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What a source said of one post: seen first ``at`` and unchanged up to ``until``.

    Instants are aware UTC. A counter the source does not give is None, which is not zero.
    """

    at: datetime
    until: datetime
    likes: int | None = None
    reposts: int | None = None
    comments: int | None = None
    views: int | None = None

    @property
    def interactions(self) -> int | None:
        """The sum of likes, reposts and comments, or None where none of them is known."""
        known = [value for name in COUNTERS if (value := getattr(self, name)) is not None]
        return sum(known) if known else None


@dataclass(frozen=True, slots=True)
class SourceFailure:
    """A body or an answer that is not a list of mentions, and why.

    ``is_final`` says that the source itself wants never to be asked again.
    """

    kind: FailureKind
    detail: str
    retry_after_s: float | None = None
    is_final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """How a spider describes itself: shown by ``fengsheng sources`` and in the documentation."""

    name: str
    description: str
    parameters: Mapping[str, str]
    example: Mapping[str, str]
    terms: str
    optional: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None
    needs_secret: bool = False
