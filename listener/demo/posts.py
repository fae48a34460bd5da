"""What the demonstration serves: one post, and where it appears."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from listener.demo.grammar import Tone


class Channel(StrEnum):
    """Where a post appears."""

    NEWS = "news"
    FORUM = "forum"
    REVIEWS = "reviews"
    MALL = "mall"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One post as the site shows it.

    ``country``, ``rating`` (1–5) and ``version`` belong to reviews; ``html`` is None there, and
    elsewhere says the same as ``text``. ``tone`` and ``is_crisis`` tell what the post was written
    to be; the site never serves them.
    """

    id: str
    channel: Channel
    author: str
    author_id: str
    title: str
    text: str
    posted_at: datetime
    tone: Tone
    country: str | None = None
    html: str | None = None
    rating: int | None = None
    likes: int = 0
    reposts: int = 0
    comments: int = 0
    followers: int = 0
    verified: bool = False
    version: str | None = None
    is_crisis: bool = False
