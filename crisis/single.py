"""Findings about one text: what an incident keeps of them, and the notice about harmless ones."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from crisis.announce import post_notice
from crisis.desk import Desk
from crisis.evidence import quote
from crisis.single_words import growth_words
from listener.store import findings, incidents, mentions
from listener.store.records import FindingRecord

SINGLE = "single"
_CHANNELS = (findings.TAKEOFF, findings.IMMEDIATE)


def incidents_of_story(session: Session, finding: FindingRecord) -> set[int]:
    """Return the incidents that texts of the same story have opened or joined."""
    if finding.mention_id is None:
        return set()
    mention = mentions.judged_mention(
        session, mention_id=finding.mention_id, brand_id=finding.brand_id
    )
    if mention is None:
        return set()
    told = findings.of_story(
        session, brand_id=finding.brand_id, story_id=mention.story_id, channels=_CHANNELS
    )
    return {one.incident_id for one in told if one.incident_id is not None}


def told_posts(evidence: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of an evidence that are about one text, if it is about one."""
    if evidence.get("post") is None:
        return {}
    return {name: evidence.get(name) for name in ("post", "single", "takeoff")}


def tell_friendly(session: Session, desk: Desk, finding: FindingRecord, now: datetime) -> None:
    """Say in one line that a harmless text spreads or stands in a hot list.

    Not while an incident of the brand is open: then it is no news.
    """
    if incidents.open_incidents(session, brand_id=finding.brand_id):
        return
    if finding.mention_id is None:
        raise ValueError(f"finding {finding.id} is about no text")
    mention = mentions.judged_mention(
        session, mention_id=finding.mention_id, brand_id=finding.brand_id
    )
    if mention is None:
        return
    words = desk.catalog.words
    takeoff = finding.judgement.get("takeoff")
    text = words["post_notice" if takeoff else "single_notice"].format(
        brand=desk.brands[finding.brand_id].name,
        source=mention.source_name,
        growth=growth_words(desk, takeoff) if takeoff else "",
        text=quote(mention.title or mention.text),
    )
    if mention.url:
        text = f"{text} {mention.url}"
    post_notice(
        session, desk, text, subject=(SINGLE, finding.id), key=f"{SINGLE}:{finding.id}", now=now
    )
