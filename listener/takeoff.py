"""Notices posts that take off: feeds stored counters to the pure detector and keeps its findings.

Nothing but findings is kept between two ticks, and nothing in memory but the norms of the hour,
which follow from the stored counters alone. So a restart changes no judgement.
"""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from listener.detect.growth import as_of
from listener.detect.norm import GrowthNorm
from listener.detect.takeoff import (
    Post,
    TakeoffJudgement,
    TakeoffSettings,
    judge_post,
    speeds_of,
    takeoff_severity,
)
from listener.items import Sighting
from listener.store import engagement, findings, mentions, sources
from listener.store.engagement import FollowedPost
from listener.store.engine import read_session, unit_of_work
from listener.store.records import FindingRecord, JudgedMention

# What is usual is learned from the counters of so many days.
NORM_SPAN = timedelta(days=14)
# A sighting older than this is no news; a post not seen for so long is no longer on.
NEWS_FOR = timedelta(hours=6)
# The same story within this is the same episode.
COOLDOWN = timedelta(hours=6)
# A later start of a tick than this behind the last one's sightings loses none.
_OVERLAP = timedelta(minutes=15)
# A notice about a friendly post must be about more than a page about an angry one.
NOTICE_GROWTH = 300


class TakeoffNoticer:
    """Judges every followed post that was sighted since it last looked."""

    def __init__(self, settings: TakeoffSettings | None = None) -> None:
        """Start with nothing known: the first tick looks six hours back."""
        self._settings = settings or TakeoffSettings()
        self._norms: dict[int, tuple[datetime, GrowthNorm]] = {}
        self._looked_at: datetime | None = None
        self._judged: dict[int, tuple[Sighting, int]] = {}

    def tick(self, engine: Engine, brand_ids: Collection[int], now: datetime) -> int:
        """Judge what was sighted again; return how many posts were judged."""
        since = now - NEWS_FOR
        if self._looked_at is not None:
            since = max(since, self._looked_at - _OVERLAP)
        self._looked_at = now
        with read_session(engine) as session:
            seen = engagement.recently_seen(
                session, since=since, least=int(self._settings.least_growth)
            )
            tracks = engagement.tracks(session, [one.id for one in seen], until=now)
            fresh = [one for one in seen if self._has_changed(one, tracks.get(one.id))]
            for one in fresh:
                self._norm(session, one.source_id, now)
        for one in fresh:
            norm = self._norms[one.source_id][1]
            with unit_of_work(engine) as session:
                is_kept = notice_post(
                    session,
                    one,
                    tracks[one.id],
                    norm=norm,
                    settings=self._settings,
                    brand_ids=brand_ids,
                    now=now,
                )
            if is_kept:
                track = tracks[one.id]
                self._judged[one.id] = (track[-1], len(track))
        self._forget(since)
        with unit_of_work(engine) as session:
            _end_unseen(session, now)
        return len(fresh)

    def _has_changed(self, one: FollowedPost, track: list[Sighting] | None) -> bool:
        return track is not None and self._judged.get(one.id) != (track[-1], len(track))

    def _forget(self, since: datetime) -> None:
        old = [key for key, (last, _) in self._judged.items() if last.until < since]
        for key in old:
            del self._judged[key]

    def _norm(self, session: Session, source_id: int, now: datetime) -> None:
        """Learn what is usual on a source up to the full hour, once an hour."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        known = self._norms.get(source_id)
        if known is None or known[0] != hour:
            self._norms[source_id] = (hour, norm_of_source(session, source_id, hour))


def norm_of_source(session: Session, source_id: int, until: datetime) -> GrowthNorm:
    """Return how fast the posts of a source grew in the two weeks before ``until``."""
    posts = engagement.posts_of_source(session, source_id, since=until - NORM_SPAN, until=until)
    tracks = engagement.tracks(session, [one.id for one in posts], until=until)
    return GrowthNorm(
        speed
        for one in posts
        if one.id in tracks
        for speed in speeds_of(as_of(tracks[one.id], until), _post(one))
    )


def _post(one: FollowedPost) -> Post:
    return Post(key=one.id, author=one.author_hash, posted_at=one.posted_at)


def notice_post(
    session: Session,
    one: FollowedPost,
    track: list[Sighting],
    *,
    norm: GrowthNorm,
    settings: TakeoffSettings,
    brand_ids: Collection[int],
    now: datetime,
) -> bool:
    """Judge one post and keep what is found; False if it still waits for its score."""
    judged = mentions.judged_for_brands(session, one.id)
    if not judged:
        return False
    judgements = judge_post(track, _post(one), norm, settings)
    if not judgements or judgements[-1].at < now - NEWS_FOR:
        return True
    last = judgements[-1]
    began_at = next((j.at for j in reversed(judgements) if j.turned_on), last.at)
    for mention, brand_id in judged:
        if brand_id not in brand_ids:
            continue
        told = findings.of_story(
            session, brand_id=brand_id, story_id=one.story_id, channels=[findings.TAKEOFF]
        )
        known = told[0] if told else None
        if last.is_on:
            _keep(session, mention, brand_id, last, began_at=began_at, known=known, now=now)
        elif known is not None and known.ended_at is None and known.mention_id == one.id:
            findings.change_finding(session, known.id, {"ended_at": last.at, "changed_at": now})
    return True


def is_hostile(mention: JudgedMention) -> bool:
    """Whether a text speaks against the brand: a complaint, or negative by tone."""
    return mention.is_negative or mention.is_complaint or mention.label == "negative"


def _keep(
    session: Session,
    mention: JudgedMention,
    brand_id: int,
    judgement: TakeoffJudgement,
    *,
    began_at: datetime,
    known: FindingRecord | None,
    now: datetime,
) -> None:
    """Write the episode down once for its story, and keep its figures current."""
    hostile = is_hostile(mention)
    grown = judgement.interactions - judgement.before
    if not hostile and grown < NOTICE_GROWTH and known is None:
        return
    severity, reason = takeoff_severity(judgement, followers=mention.author_followers)
    values: dict[str, Any] = {
        "severity": severity if hostile else "general",
        "severity_reason": reason,
        "last_on_at": judgement.at,
        "ended_at": None,
        "score": judgement.standing.distance,
        "observed": grown,
        "expected": judgement.standing.usual_per_hour * judgement.window_minutes / 60.0,
        "judgement": _plain(session, mention, judgement, is_hostile=hostile),
    }
    if known is not None and (known.ended_at is None or judgement.at - known.ended_at < COOLDOWN):
        if known.mention_id != mention.id and known.score >= judgement.standing.distance:
            return  # a copy of the same story that grows less fast says nothing new
        if any(getattr(known, name) != value for name, value in values.items()):
            findings.change_finding(session, known.id, values | {"changed_at": now})
        return
    findings.insert_finding(
        session,
        values
        | {
            "natural_key": f"{findings.TAKEOFF}:{brand_id}:{mention.story_id}"
            f":{began_at.isoformat()}",
            "brand_id": brand_id,
            "mention_id": mention.id,
            "channel": findings.TAKEOFF,
            "started_at": began_at,
            "found_at": now,
            "changed_at": now,
        },
    )


def _plain(
    session: Session, mention: JudgedMention, judgement: TakeoffJudgement, *, is_hostile: bool
) -> dict[str, Any]:
    interval_s = sources.interval_of(session, mention.source_key)
    figures = asdict(judgement) | {"at": judgement.at.isoformat()}
    figures["counters"] = {name: list(pair) for name, pair in judgement.counters.items()}
    return {
        "takeoff": figures | {"revisit_minutes": max(1, round(interval_s / 60))},
        "type": mention.type,
        "text_severity": mention.severity,
        "is_hostile": is_hostile,
    }


def _end_unseen(session: Session, now: datetime) -> None:
    """End what nobody has seen for hours: nothing is known of it any more."""
    for one in findings.takeoffs_on(session):
        if now - one.last_on_at > NEWS_FOR:
            findings.change_finding(
                session, one.id, {"ended_at": one.last_on_at, "changed_at": now}
            )
