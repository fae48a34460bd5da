"""How far an incident has spread, as evidence: plain data, what is not known left open."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from listener.detect.spread import Spoken, Spread, spread_of
from listener.store import mentions
from listener.store.records import FindingRecord

MOST_SPOKEN = 3_000


def spread_evidence(
    session: Session, finding: FindingRecord, *, since: datetime, until: datetime
) -> dict[str, Any] | None:
    """Return the spread of the negatives (and of the finding's own story) as JSON values.

    Accounts stand only as the ids of their mentions: no more personal data than elsewhere.
    """
    rows = mentions.spoken_between(
        session,
        brand_id=finding.brand_id,
        since=since,
        until=until,
        mention_id=finding.mention_id,
        limit=MOST_SPOKEN,
    )
    spread = spread_of(
        [
            Spoken(
                id=one.id,
                platform=one.source_name,
                at=one.event_at,
                author=one.author_hash,
                followers=one.author_followers,
                interactions=one.interactions,
                parent=one.parent_id,
                is_repost=one.is_repost,
            )
            for one in rows
        ]
    )
    return None if spread is None else _plain(spread)


def _plain(spread: Spread) -> dict[str, Any]:
    tree = spread.tree
    return {
        "path": [
            {
                "platform": step.platform,
                "mention_id": step.first_id,
                "at": step.first_at.isoformat(),
                "mentions": step.mentions,
            }
            for step in spread.path
        ],
        "amplifiers": [
            {"mention_id": one.id, "followers": one.followers, "interactions": one.interactions}
            for one in spread.amplifiers
        ],
        "tree": tree
        and {
            "linked": tree.linked,
            "depth": tree.depth,
            "width": tree.width,
            "unknown": tree.unknown,
        },
        "is_reach_known": spread.is_reach_known,
        "is_engagement_known": spread.is_engagement_known,
    }
