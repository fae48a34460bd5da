"""Noticing: feeds stored buckets to the pure detectors and keeps what they find.

Each tick teaches the detector every bucket that has become older than the lateness allowance, and
judges the younger ones again without teaching. So a slowly polled source still alarms, and what
arrives later only teaches and never raises yesterday's alarm again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlmodel import Session

from listener.campaigns import NO_CALENDAR, Calendar
from listener.detect.crisis import CrisisDetector, StateMismatch
from listener.detect.episodes import Episode, episodes
from listener.detect.settings import CrisisSettings
from listener.detect.severity import crisis_severity
from listener.detect.types import Judgement
from listener.detect.volume import VolumeDetector, VolumeJudgement, VolumeSettings
from listener.failpoints import reach
from listener.heard import HISTORY_AGE, Coverage, judged_buckets
from listener.store import findings, imports, mentions, series, sources
from listener.store.engine import read_session, unit_of_work
from listener.store.records import BaselineRecord, FindingRecord, SeriesRecord
from listener.store.rows import BUCKET, bucket_start

LEAST_LATENESS = timedelta(minutes=15)
MOST_LATENESS = timedelta(hours=6)
# A stale baseline is rebuilt at most this often, so that a trickle of late mentions costs little.
REBUILD_EVERY = timedelta(minutes=10)
EPISODE_GAP = timedelta(minutes=30)
_LONGEST_WINDOW = timedelta(hours=25)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSettings:
    """What noticing needs to know of the configuration.

    ``parts`` judges the series of one source group or one complaint type: a brand has a dozen of
    them, so each must be surer than the whole. ``brands`` and ``groups`` hold what is judged
    otherwise, by key of the brand and by source group.
    """

    crisis: CrisisSettings
    parts: CrisisSettings
    volume: VolumeSettings
    tz: ZoneInfo
    history: timedelta
    lateness: timedelta
    calendar: Calendar = NO_CALENDAR
    brands: Mapping[str, CrisisSettings] = field(default_factory=dict)
    groups: Mapping[str, CrisisSettings] = field(default_factory=dict)

    def rule_for(self, one: SeriesRecord) -> CrisisSettings:
        """Return the crisis channel's settings for a series."""
        if one.is_overall:
            return self.brands.get(one.brand_key, self.crisis)
        return self.groups.get(one.source_group, self.parts)


def lateness_allowance(intervals_s: Sequence[int]) -> timedelta:
    """Return twice the longest interval, between 15 minutes and 6 hours."""
    longest = timedelta(seconds=2 * max(intervals_s, default=0))
    return min(max(longest, LEAST_LATENESS), MOST_LATENESS)


def is_learning(session: Session) -> bool:
    """Say whether history is still coming in, so that "usual" cannot be told yet.

    True while a source is in its first pass or a backfilled mention waits for its score.
    """
    return (
        sources.is_first_pass_running(session)
        or mentions.count_waiting(session, is_backfill=True) > 0
    )


class Noticer:
    """Judges every series whose counts, coverage or hour have changed since it last looked."""

    def __init__(self, settings: NoticeSettings) -> None:
        self._settings = settings
        self._least = min(rule.least for rule in settings.parts.windows)
        self._judged: dict[int, tuple[object, ...]] = {}

    def tick(self, engine: Engine, brand_ids: Collection[int], now: datetime) -> int:
        """Judge what has changed, overall series first; return how many series were judged."""
        with read_session(engine) as session:
            every = [one for one in series.all_series(session) if one.brand_id in brand_ids]
            horizon = bucket_start(now - self._settings.lateness)
            young = series.buckets_since(session, horizon)
            coverage = {
                brand_id: Coverage(session, brand_id, now - self._settings.history, now)
                for brand_id in brand_ids
            }
            waits = is_learning(session)
            lately = series.negatives_since(session, now - _LONGEST_WINDOW)
            on = findings.series_on(session)
        overall = {one.brand_id: one.id for one in every if one.is_overall}
        judged = 0
        for one in sorted(every, key=lambda one: (not one.is_overall, one.id)):
            seen = (
                waits,
                bucket_start(now),
                coverage[one.brand_id].at(bucket_start(now)),
                young.get(one.id),
                young.get(overall.get(one.brand_id, 0)),
            )
            if self._judged.get(one.id) == seen:
                continue
            if not one.is_overall and one.id not in on and lately.get(one.id, 0) < self._least:
                continue  # no window can be over: it catches up when it has something to say
            with unit_of_work(engine) as session:
                notice_series(session, one, self._settings, now)
            self._judged[one.id] = seen
            judged += 1
        return judged


def notice_series(
    session: Session, one: SeriesRecord, settings: NoticeSettings, now: datetime
) -> FindingRecord | None:
    """Judge one series; return the finding that was made or changed, if any."""
    series.lock_series(session, one.id)
    if series.load_baseline(session, one.id, findings.CRISIS) is None and is_learning(session):
        return None
    coverage = Coverage(session, one.brand_id, now - settings.history, now)
    if one.is_overall:
        notice_volume(session, one, settings, coverage, now)
    horizon = bucket_start(now - settings.lateness)
    detector, state = _detector(session, one, settings, horizon, now)
    if state.as_of is not None:
        taught = judged_buckets(session, one, state.as_of, horizon, coverage, now=now)
        for bucket in taught:
            state.note(detector.step(bucket))
    series.save_baseline(
        session,
        one.id,
        findings.CRISIS,
        as_of=horizon,
        on_since=state.on_since,
        built_at=state.built_at,
        state=detector.dump(),
        is_stale=state.is_stale,
    )
    young = judged_buckets(session, one, horizon, bucket_start(now) + BUCKET, coverage, now=now)
    judgements = detector.peek(young)
    changed = None
    for episode in episodes(judgements):
        since = episode.start
        if state.on_since is not None and episode.start == young[0].start:
            since = state.on_since
        changed = _keep(session, one, episode, since, now) or changed
    if not judgements or not judgements[-1].is_on:
        _end(session, one, judgements, now)
    reach("series-noticed")
    return changed


def notice_volume(
    session: Session,
    one: SeriesRecord,
    settings: NoticeSettings,
    coverage: Coverage,
    now: datetime,
) -> None:
    """Judge a brand's volume up to the last bucket that is over, and keep what is told.

    Only buckets old enough to be complete are judged: a notice can wait for the slowest source.
    """
    detector = VolumeDetector(settings.volume, settings.tz, settings.calendar.rest)
    horizon = bucket_start(now - settings.lateness)
    stored = series.load_baseline(session, one.id, findings.VOLUME)
    since = series.first_bucket_at(session, one.id, since=now - settings.history)
    newest_import = imports.newest_import_at(session)
    if stored is not None and not _is_due_for_rebuild(stored, horizon, now, newest_import):
        try:
            detector.load(stored.state)
        except StateMismatch:
            detector = VolumeDetector(settings.volume, settings.tz, settings.calendar.rest)
            stored = None
        else:
            since = stored.as_of
    else:
        stored = None
    if since is None or since >= horizon:
        return
    for bucket in judged_buckets(session, one, since, horizon, coverage, now=now):
        allowance = settings.calendar.allowance(one.brand_key, bucket.start)
        judged = detector.step(bucket, allowance=allowance)
        # History teaches and never alarms: only what is news is told.
        if judged.is_told and bucket.start >= horizon - MOST_LATENESS and stored is not None:
            _tell_volume(session, one, judged, now)
    series.save_baseline(
        session,
        one.id,
        findings.VOLUME,
        as_of=horizon,
        on_since=None,
        built_at=stored.built_at if stored else now,
        state=detector.dump(),
        is_stale=stored.is_stale if stored else False,
    )


def _tell_volume(
    session: Session, one: SeriesRecord, judged: VolumeJudgement, now: datetime
) -> None:
    findings.insert_finding(
        session,
        {
            "natural_key": f"{findings.VOLUME}:{one.id}:{judged.start.isoformat()}",
            "brand_id": one.brand_id,
            "series_id": one.id,
            "channel": findings.VOLUME,
            "severity": "general",
            "severity_reason": "volume",
            "started_at": judged.start,
            "last_on_at": judged.start,
            "ended_at": judged.start + BUCKET,
            "score": judged.score,
            "observed": judged.observed,
            "expected": judged.expected,
            "judgement": {**asdict(judged), "start": judged.start.isoformat()},
            "found_at": now,
            "changed_at": now,
        },
    )


@dataclass(slots=True)
class _Progress:
    as_of: datetime | None
    on_since: datetime | None
    built_at: datetime
    is_stale: bool

    def note(self, judgement: Judgement) -> None:
        if judgement.turned_on:
            self.on_since = judgement.start
        if not judgement.is_on:
            self.on_since = None


def _detector(
    session: Session,
    one: SeriesRecord,
    settings: NoticeSettings,
    horizon: datetime,
    now: datetime,
) -> tuple[CrisisDetector, _Progress]:
    """Load what was learned, or begin anew from the oldest bucket in reach."""
    rule = settings.rule_for(one)
    detector = CrisisDetector(rule, settings.tz, settings.calendar.rest)
    stored = series.load_baseline(session, one.id, findings.CRISIS)
    newest_import = imports.newest_import_at(session)
    if stored is not None and not _is_due_for_rebuild(stored, horizon, now, newest_import):
        try:
            detector.load(stored.state)
        except StateMismatch:
            detector = CrisisDetector(rule, settings.tz, settings.calendar.rest)
        else:
            return detector, _Progress(
                stored.as_of, stored.on_since, stored.built_at, stored.is_stale
            )
    overall = series.overall_id(session, one.brand_id)
    first = series.first_bucket_at(session, overall, since=now - settings.history)
    start = None if first is None or first >= horizon else first
    return detector, _Progress(start, None, now, False)


def _is_due_for_rebuild(
    stored: BaselineRecord, horizon: datetime, now: datetime, newest_import: datetime | None
) -> bool:
    if stored.as_of > horizon:
        return True  # the allowance has grown, or the clock was set back
    if newest_import is not None and stored.built_at < newest_import + HISTORY_AGE <= now:
        return True  # what was imported is old enough to teach now
    return stored.is_stale and now - stored.built_at >= REBUILD_EVERY


def _keep(
    session: Session, one: SeriesRecord, episode: Episode, since: datetime, now: datetime
) -> FindingRecord | None:
    """Write the episode down once, and keep its figures current while it lasts."""
    peak = episode.peak
    groups = findings.count_groups_on(session, one.brand_id) if one.is_overall else 1
    severity = crisis_severity(peak, source_groups=groups)
    if severity is None:
        raise ValueError("an episode whose peak is off")
    values: dict[str, Any] = {
        "severity": severity.severity,
        "severity_reason": severity.reason,
        "last_on_at": episode.end or peak.start,
        "ended_at": None,
        "score": peak.score,
        "observed": peak.observed,
        "expected": peak.expected,
        "judgement": _plain(peak) | {"topic": one.topic, "source_group": one.source_group},
    }
    known = findings.overlapping_finding(
        session, series_id=one.id, channel=findings.CRISIS, since=since - EPISODE_GAP
    )
    if known is None:
        finding_id = findings.insert_finding(
            session,
            values
            | {
                "natural_key": f"{findings.CRISIS}:{one.id}:{since.isoformat()}",
                "brand_id": one.brand_id,
                "series_id": one.id,
                "channel": findings.CRISIS,
                "started_at": since,
                "found_at": now,
                "changed_at": now,
            },
        )
        return findings.finding(session, finding_id) if finding_id else None
    if peak.score < known.score and known.ended_at is None:
        # The peak has moved out of the young buckets; what was seen at the peak stays.
        values = {"last_on_at": max(known.last_on_at, values["last_on_at"])}
    if _same(known, values):
        return None
    findings.change_finding(session, known.id, values | {"changed_at": now})
    return findings.finding(session, known.id)


def _same(known: FindingRecord, values: Mapping[str, Any]) -> bool:
    return all(getattr(known, name) == value for name, value in values.items())


def _end(
    session: Session, one: SeriesRecord, judgements: Sequence[Judgement], now: datetime
) -> None:
    known = findings.overlapping_finding(
        session, series_id=one.id, channel=findings.CRISIS, since=now + EPISODE_GAP
    )
    if known is None or known.ended_at is not None:
        return
    ended_at = next((j.start for j in reversed(judgements) if j.turned_off), now)
    findings.change_finding(session, known.id, {"ended_at": ended_at, "changed_at": now})


def _plain(judgement: Judgement) -> dict[str, Any]:
    return {**judgement._asdict(), "start": judgement.start.isoformat()}
