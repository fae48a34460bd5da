"""The demonstration's world: every post it will ever show, as a function of seed and anchor.

The anchor is the instant the service started. Three weeks of history end there, the crisis began
16 minutes before, and posts go on appearing for 90 minutes after.
"""

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from listener.demo.brand import (
    APP_ID,
    APP_NAME,
    BRAND_ALIASES,
    BRAND_NAME,
    COMPANY_NAME,
    COMPETITORS,
    CONTEXT_WORDS,
    CRISIS_FIRMWARE,
    OFFICIAL_ACCOUNT,
    PRODUCTS,
    REVIEW_COUNTRIES,
    TRAP_WORDS,
)
from listener.demo.crisis import CRISIS_LEAD, RELEASE_NOTE_LEAD, crisis_posts
from listener.demo.desk import Desk
from listener.demo.grammar import Tone, load_library
from listener.demo.history import HISTORY, LIVE, ordinary_posts
from listener.demo.people import Crowd, forum_people
from listener.demo.posts import Channel, Post

__all__ = [
    "APP_ID",
    "APP_NAME",
    "BRAND_ALIASES",
    "BRAND_NAME",
    "COMPANY_NAME",
    "COMPETITORS",
    "CONTEXT_WORDS",
    "CRISIS_FIRMWARE",
    "CRISIS_LEAD",
    "DEFAULT_SEED",
    "HISTORY",
    "LIVE",
    "OFFICIAL_ACCOUNT",
    "PRODUCTS",
    "RELEASE_NOTE_LEAD",
    "REVIEW_COUNTRIES",
    "TRAP_WORDS",
    "Channel",
    "Post",
    "Tone",
    "World",
    "build_world",
]

DEFAULT_SEED = 7

_FORUM_PEOPLE = 1_500


@dataclass(frozen=True, slots=True)
class World:
    """Everything the demonstration shows, oldest first."""

    anchor: datetime
    seed: int
    posts: tuple[Post, ...]

    @property
    def crisis_began_at(self) -> datetime:
        """The instant before which nobody complains of the update."""
        return self.anchor - CRISIS_LEAD

    @property
    def ends_at(self) -> datetime:
        """The instant after which nothing new appears."""
        return self.anchor + LIVE


def build_world(anchor: datetime, *, seed: int = DEFAULT_SEED) -> World:
    """Return the world of an anchor: the same arguments give the same posts.

    Ids differ between anchors, so that a second demonstration in the same database is new to it.
    Raises ``ValueError`` for an anchor without a time zone.
    """
    if anchor.tzinfo is None:
        raise ValueError(f"the anchor needs a time zone, e.g. +00:00 (got {anchor!r})")
    anchor = anchor.astimezone(UTC).replace(microsecond=0)
    library = load_library()
    population = _random(seed, "people")
    crowd = Crowd(forum_people(library.names["forum"], _FORUM_PEOPLE, population))
    past, now = _random(seed, "history"), _random(seed, "crisis")
    posts = [
        *ordinary_posts(library, Desk(library, past), crowd, anchor, past),
        *crisis_posts(library, Desk(library, now), crowd, anchor, now),
    ]
    posts.sort(key=lambda post: post.posted_at)
    first_id = int(anchor.timestamp()) * 10_000
    numbered = (replace(post, id=str(first_id + number)) for number, post in enumerate(posts, 1))
    return World(anchor, seed, tuple(numbered))


def _random(seed: int, stream: str) -> random.Random:
    return random.Random(f"{seed}:{stream}")  # noqa: S311 - not security
