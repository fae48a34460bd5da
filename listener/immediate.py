"""Single texts that cannot wait for a series: urgent ones, and those whose speaker weighs much.

A text becomes a finding in the transaction that stores its judgement, so that no crash can lose
it. One story alarms once for each severity, however often it is passed on.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from sqlmodel import Session

from listener.detect.rules import INFLUENCER_FOLLOWERS
from listener.store import findings, mentions
from listener.store.records import JudgedMention, MentionScore, Speaker
from listener.text.fold import fold

LIKELY = 0.8
NEGATIVE_ENOUGH = 0.7
# Followers from which one voice is serious, and urgent.
GREAT_INFLUENCER = 1_000_000
# An urgent text older than this is history, not news; in a backfill, much sooner.
MAX_AGE = timedelta(hours=6)
MAX_AGE_IN_BACKFILL = timedelta(hours=1)
_DENIAL_REACH = 4


class SourceKind(StrEnum):
    """Who speaks in a source; the configuration says so."""

    PEOPLE = "people"
    REGULATOR = "regulator"
    MEDIA = "media"
    HOTLIST = "hotlist"


class Loud(StrEnum):
    """Why one text alarms by its speaker; urgent texts have their own codes, U1 to U5."""

    REGULATOR = "regulator"
    MEDIA = "media"
    HOTLIST = "hotlist"
    INFLUENCER = "influencer"


@dataclass(frozen=True, slots=True)
class AtOnce:
    """How severe one text is by itself, and the named reason. ``general`` is a notice."""

    severity: Literal["general", "serious", "urgent"]
    reason: str


def names_risk(text: str) -> bool:
    """Whether a text tells of harm, measures or proceedings in words it does not deny."""
    folded = fold(text)
    words, denials = _risk_words()
    for word in words:
        at = folded.find(word)
        while at >= 0:
            before = folded[max(0, at - _DENIAL_REACH) : at]
            if not any(denial in before for denial in denials):
                return True
            at = folded.find(word, at + 1)
    return False


@lru_cache(maxsize=1)
def _risk_words() -> tuple[tuple[str, ...], tuple[str, ...]]:
    path = files("listener").joinpath("data/lexicons/risk.toml")
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    words = tuple(fold(word) for word in (*found["zh"], *found["en"]))
    return words, tuple(fold(word) for word in found["denied"])


def at_once(
    score: MentionScore, *, text: str, kind: SourceKind, followers: int | None
) -> AtOnce | None:
    """Say whether one text alarms by itself. Pure.

    Urgent texts do. So does what a regulator says of the brand, unless it is friendly; what media
    or a hot list say if it is negative or tells of harm in sober words; and a negative text of an
    account with a hundred thousand followers.
    """
    if score.severity == "urgent" and score.confidence >= LIKELY:
        return AtOnce("urgent", _urgent_code(score))
    is_bad = (
        score.is_negative
        or (score.is_complaint and score.confidence >= LIKELY)
        or (score.label == "negative" and score.negative >= NEGATIVE_ENOUGH)
    )
    if kind is not SourceKind.PEOPLE:
        if is_bad or names_risk(text):
            return AtOnce("urgent", Loud(kind))
        if kind is SourceKind.REGULATOR and score.label != "positive":
            return AtOnce("serious", Loud.REGULATOR)
        return None if kind is SourceKind.MEDIA else AtOnce("general", Loud(kind))
    if is_bad and (followers or 0) >= INFLUENCER_FOLLOWERS:
        is_great = (followers or 0) >= GREAT_INFLUENCER
        return AtOnce("urgent" if is_great else "serious", Loud.INFLUENCER)
    return None


def _urgent_code(score: MentionScore) -> str:
    codes = (str(reason["rule"]) for reason in score.reasons)
    # Without a rule it is the learned words that say so.
    return next((code for code in codes if code.startswith("U")), "urgent_text")


def note_at_once(session: Session, scores: Sequence[MentionScore], now: datetime) -> None:
    """Write a finding for each text that alarms by itself; imported files never do."""
    wanted = {
        score.mention_id
        for score in scores
        if score.severity == "urgent" and score.confidence >= LIKELY
    }
    speakers = mentions.speakers(
        session,
        [score.mention_id for score in scores],
        wanted=wanted,
        followers=INFLUENCER_FOLLOWERS,
    )
    for score in scores:
        speaker = speakers.get(score.mention_id)
        if speaker is None:
            continue
        kind = SourceKind(speaker.source_kind)
        found = at_once(score, text=speaker.text, kind=kind, followers=speaker.followers)
        if found is not None:
            _note(session, score, speaker, found, now)


def _note(
    session: Session, score: MentionScore, speaker: Speaker, found: AtOnce, now: datetime
) -> None:
    for mention, brand_id in mentions.judged_for_brands(session, score.mention_id):
        oldest = MAX_AGE_IN_BACKFILL if mention.is_backfill else MAX_AGE
        if mention.event_at < now - oldest or _is_told(session, mention, brand_id, found):
            continue
        suffix = "" if found.severity == "urgent" else f":{found.severity}"
        findings.insert_finding(
            session,
            {
                "natural_key": f"{findings.IMMEDIATE}:{brand_id}:{mention.story_id}{suffix}",
                "brand_id": brand_id,
                "mention_id": mention.id,
                "channel": findings.IMMEDIATE,
                "severity": found.severity,
                "severity_reason": found.reason,
                "started_at": mention.event_at,
                "last_on_at": mention.event_at,
                "ended_at": mention.event_at,
                "score": 0.0,
                "observed": 1,
                "expected": 0.0,
                "judgement": {
                    "type": score.type,
                    "reasons": score.reasons,
                    "single": {"why": found.reason, "followers": speaker.followers},
                },
                "found_at": now,
                "changed_at": now,
            },
        )


_RANK = {"general": 0, "serious": 1, "urgent": 2}


def _is_told(session: Session, mention: JudgedMention, brand_id: int, found: AtOnce) -> bool:
    """Whether the story has alarmed already, at this severity or above."""
    known = findings.of_story(
        session, brand_id=brand_id, story_id=mention.story_id, channels=[findings.IMMEDIATE]
    )
    return any(_RANK[one.severity] >= _RANK[found.severity] for one in known)
