"""What a rule people can say would have raised on stored history; changes nothing.

Reads through ``rule_figures``, as the service does, so that both see the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from listener.detect.rules import RuleEpisode, RuleKind, RuleSpec, follow, judge_rule, swept
from listener.notice import NoticeSettings
from listener.outlook import MOST_PER_WEEK, SETTLING
from listener.rule_figures import REACH, Heard, Hits, figures_at, rule_counts, rule_hits
from listener.rules import AlertRule
from listener.store import series
from listener.store.rows import BUCKET, bucket_start

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """The alerts one setting of a rule would have raised, oldest first, and how many a week."""

    spec: RuleSpec
    alerts: tuple[RuleEpisode, ...]
    per_week: float


@dataclass(frozen=True, slots=True)
class RuleBacktest:
    """What a rule would have raised in [since, until) for one brand.

    ``since`` is None, and nothing is judged, without three days of history. The first outcome is
    the rule as it stands, the others the steps of a sweep of ``swept_key``, most sensitive first.
    """

    since: datetime | None
    until: datetime
    outcomes: tuple[RuleOutcome, ...]
    swept_key: str | None

    @property
    def days(self) -> float:
        """How many days were judged."""
        return 0.0 if self.since is None else (self.until - self.since) / timedelta(days=1)


def run_rule_backtest(
    session: Session,
    rule: AlertRule,
    brand_id: int,
    brand_key: str,
    settings: NoticeSettings,
    *,
    days: int,
    now: datetime,
    is_sweep: bool = False,
) -> RuleBacktest:
    """Replay a rule about a brand over what is stored, in the last ``days``.

    Usual is learned from the four weeks before each window, or from as much as there is; the first
    three days of a history only teach.
    """
    until = bucket_start(now)
    since = until - timedelta(days=days)
    overall = series.overall_id(session, brand_id)
    first = series.first_bucket_at(session, overall, since=since - REACH)
    key, steps = swept(rule.spec) if is_sweep else (None, [])
    specs = [rule.spec, *steps]
    if first is None or first + SETTLING >= until:
        return RuleBacktest(None, until, tuple(RuleOutcome(one, (), 0.0) for one in specs), key)
    since = max(since, first + SETTLING)
    heard = _heard(session, rule, brand_id, brand_key, specs, since=first, until=until, now=now)
    weeks = max((until - since) / _WEEK, 1 / 7)
    outcomes = []
    for spec, one in zip(specs, heard, strict=True):
        alerts = _replay(spec, one, settings, since=since, until=until)
        outcomes.append(RuleOutcome(spec, tuple(alerts), len(alerts) / weeks))
    return RuleBacktest(since, until, tuple(outcomes), key)


def _heard(
    session: Session,
    rule: AlertRule,
    brand_id: int,
    brand_key: str,
    specs: Sequence[RuleSpec],
    *,
    since: datetime,
    until: datetime,
    now: datetime,
) -> list[Heard]:
    """Return what each setting of the rule looks at; read once, however many there are."""
    counts = rule_counts(session, rule, brand_id, since=since, until=until, now=now)
    least = min((spec.followers for spec in specs if spec.followers is not None), default=None)
    hits = rule_hits(
        session,
        rule,
        brand_id,
        since=since,
        until=until,
        live_only=False,
        least_followers=least,
    )
    if rule.spec.kind is not RuleKind.INFLUENCER:
        return [Heard(brand_key, counts, counts, hits)] * len(specs)
    return [
        Heard(
            brand_key,
            counts,
            counts,
            Hits([one for one in hits.said if (one.followers or 0) >= (spec.followers or 0)]),
        )
        for spec in specs
    ]


def _replay(
    spec: RuleSpec, heard: Heard, settings: NoticeSettings, *, since: datetime, until: datetime
) -> list[RuleEpisode]:
    """Return the episodes of one setting; windows that hold too little are not looked at."""
    episodes: list[RuleEpisode] = []
    newest: RuleEpisode | None = None
    end = since + BUCKET
    while end <= until:
        is_off = newest is None or newest.end is not None
        if is_off and not _may_be_met(spec, heard, end):
            end += BUCKET
            continue
        figures = figures_at(spec, heard, end, tz=settings.tz, calendar=settings.calendar)
        after = follow(spec, newest, judge_rule(spec, figures))
        if after is not None and (newest is None or after.start != newest.start):
            episodes.append(after)
        elif after is not None:
            episodes[-1] = after
        newest = after
        end += BUCKET
    return episodes


def _may_be_met(spec: RuleSpec, heard: Heard, end: datetime) -> bool:
    """Whether the window's counts alone could meet the rule; costs next to nothing."""
    start = end - spec.window
    if spec.kind in (RuleKind.WORDS, RuleKind.INFLUENCER):
        return len(heard.hits.between(start, end)) >= spec.least
    mentions, negatives = heard.recent.between(start, end)
    is_any = spec.kind is RuleKind.VOLUME and spec.tone == "any"
    return (mentions if is_any else negatives) >= spec.least


def suggested(found: RuleBacktest, false_counts: Sequence[int]) -> RuleOutcome | None:
    """Return the most sensitive step with at most one false alarm a week; None if there is none.

    ``false_counts`` holds for each outcome how many alerts nobody confirmed. None too when less
    than a week could be judged.
    """
    if found.since is None or found.until - found.since < _WEEK:
        return None
    weeks = (found.until - found.since) / _WEEK
    for outcome, false in zip(found.outcomes[1:], false_counts[1:], strict=True):
        if false / weeks <= MOST_PER_WEEK:
            return outcome
    return None
