"""What a rule would have raised on stored history; reads through ``heard`` and changes nothing.

Several rules are replayed in one pass over the buckets, holding a week of them at a time.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from listener.accuracy import Share
from listener.detect.crisis import CrisisDetector
from listener.detect.episodes import Episode, EpisodeLog
from listener.detect.settings import CrisisSettings
from listener.heard import heard_buckets
from listener.notice import EPISODE_GAP, NoticeSettings
from listener.outlook import MOST_PER_WEEK, SETTLING
from listener.store import series
from listener.store.records import LabelledAlert, SeriesRecord
from listener.store.rows import BUCKET, bucket_start

# Thresholds that a sweep tries besides the presets.
STEPS = (3.0, 3.5, 4.0, 5.0, 6.0, 6.5, 7.0, 8.0, 9.0, 10.0, 12.0, 15.0)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule to replay, and what to call it."""

    name: str
    settings: CrisisSettings


@dataclass(frozen=True, slots=True)
class Outcome:
    """The alerts one rule would have raised, oldest first, and how many that is a week."""

    rule: Rule
    alerts: tuple[Episode, ...]
    per_week: float


@dataclass(frozen=True, slots=True)
class Backtest:
    """What each rule would have raised on a series in [since, until).

    ``since`` is None, and nothing is judged, for a series without three days of history.
    ``has_week`` says whether a number "a week" rests on a week at least.
    """

    series: SeriesRecord
    since: datetime | None
    until: datetime
    outcomes: tuple[Outcome, ...]

    @property
    def days(self) -> float:
        """How many days were judged."""
        return 0.0 if self.since is None else (self.until - self.since) / timedelta(days=1)

    @property
    def has_week(self) -> bool:
        """Whether a number of alerts a week can be told from so many days."""
        return self.days >= _WEEK / timedelta(days=1)


def find_series(
    session: Session, brand_id: int, *, topic: str = series.ALL, source_group: str = series.ALL
) -> SeriesRecord | None:
    """Return a series of the brand, or None if nothing was ever counted in it."""
    wanted = (brand_id, topic, source_group)
    every = series.all_series(session)
    return next((s for s in every if (s.brand_id, s.topic, s.source_group) == wanted), None)


def run_backtest(
    session: Session,
    one: SeriesRecord,
    rules: Sequence[Rule],
    settings: NoticeSettings,
    *,
    days: int,
    now: datetime,
    advance: Callable[[timedelta], object],
) -> Backtest:
    """Replay the rules over what is stored and return what they raise in the last ``days``.

    As the service, it learns from ``settings.history`` before the first judged bucket, or from as
    much as there is; the first three days of a history only teach. ``advance`` hears how much
    time has passed since it was last told.
    """
    until = bucket_start(now)
    judged_from = until - timedelta(days=days)
    overall = series.overall_id(session, one.brand_id)
    first = series.first_bucket_at(session, overall, since=judged_from - settings.history)
    if first is None or first + SETTLING >= until:
        return Backtest(one, None, until, tuple(Outcome(rule, (), 0.0) for rule in rules))
    judged_from = max(judged_from, first + SETTLING)
    watches = [
        (CrisisDetector(rule.settings, settings.tz, settings.calendar.rest), EpisodeLog())
        for rule in rules
    ]
    for number, bucket in enumerate(heard_buckets(session, one, first, until, now=now), start=1):
        for detector, log in watches:
            log.feed(detector.step(bucket))
        if number % (_WEEK // BUCKET) == 0:
            advance(_WEEK)
    weeks = max((until - judged_from) / _WEEK, 1 / 7)
    outcomes = []
    for rule, (_, log) in zip(rules, watches, strict=True):
        alerts = [each for each in merged(log.found()) if each.start >= judged_from]
        outcomes.append(Outcome(rule, tuple(alerts), len(alerts) / weeks))
    return Backtest(one, judged_from, until, tuple(outcomes))


def merged(found: Iterable[Episode]) -> list[Episode]:
    """Join episodes that the service tells as one, because little time lies between them."""
    joined: list[Episode] = []
    for each in found:
        last = joined[-1] if joined else None
        if last is None or last.end is None or each.start - last.end > EPISODE_GAP:
            joined.append(each)
            continue
        peak = max(last.peak, each.peak, key=lambda judgement: judgement.score)
        joined[-1] = Episode(last.start, each.end, peak.score, last.first, peak)
    return joined


@dataclass(frozen=True, slots=True)
class Labelled:
    """Of the alerts of a rule, how many fall on what people called right, wrong, or not at all."""

    right: int
    wrong: int
    unlabelled: int

    @property
    def precision(self) -> Share:
        """How many of the labelled ones were right."""
        return Share(self.right, self.right + self.wrong)


def labelled(outcome: Outcome, known: Sequence[LabelledAlert], *, until: datetime) -> Labelled:
    """Hold the alerts of a rule against what people said of the alerts there were.

    An alert is what a labelled one is that was on at the same time, give or take the half hour
    that joins two episodes; one that touches both kinds is right.
    """
    right = wrong = 0
    for alert in outcome.alerts:
        begin, end = alert.start - EPISODE_GAP, (alert.end or until) + EPISODE_GAP
        said = {one.is_right for one in known if one.started_at <= end and one.ended_at >= begin}
        right += True in said
        wrong += said == {False}
    return Labelled(right, wrong, len(outcome.alerts) - right - wrong)


def sweep_rules(presets: Sequence[Rule], base: CrisisSettings) -> list[Rule]:
    """Return the presets and finer steps of the threshold, most sensitive first."""
    steps = [Rule(f"{score:g}", base.at_score(score)) for score in STEPS]
    return sorted([*presets, *steps], key=lambda rule: rule.settings.on_score)


def calmest_needed(found: Backtest) -> Outcome | None:
    """Return the most sensitive rule that raised at most one alert a week.

    None when every rule raised more, or when less than a week could be judged. Nobody has said
    which alerts were false: all of them count, so the advice errs towards calm.
    """
    if not found.has_week:
        return None
    return next((one for one in found.outcomes if one.per_week <= MOST_PER_WEEK), None)
