"""The stories that most of an incident's negative mentions tell, to say which are wrong."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from crisis.evidence import MOST_MENTIONS, quote
from listener.store import mentions
from listener.store.records import IncidentRecord, JudgedMention
from listener.store.rows import BUCKET

MOST_STORIES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class TopStory:
    """One story by the mention that shows it best, with how many mentions tell it."""

    mention_id: int
    count: int
    text: str
    label: str


def top_stories(
    session: Session, incident: IncidentRecord, now: datetime, *, most: int = MOST_STORIES
) -> list[TopStory]:
    """Return the stories of an incident that count as negative, most told first.

    What was corrected as not ours or not negative no longer appears.
    """
    said = mentions.mentions_between(
        session,
        brand_id=incident.brand_id,
        since=datetime.fromisoformat(incident.evidence["since"]),
        until=incident.closed_at or now + BUCKET,
        limit=MOST_MENTIONS,
        negative_only=True,
    )
    apart = incident.evidence["judgement"].get("stories")
    stories: dict[int, list[JudgedMention]] = defaultdict(list)
    for one in said:
        if apart is None or one.story_id in apart:
            stories[one.story_id].append(one)
    ordered = sorted(stories.values(), key=lambda told: (-len(told), -_likes(told), told[0].id))
    return [
        TopStory(
            mention_id=told[0].id, count=len(told), text=quote(told[0].text), label=told[0].label
        )
        for told in ordered[:most]
    ]


def _likes(told: list[JudgedMention]) -> int:
    return max(one.likes or 0 for one in told)
