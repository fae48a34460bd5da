"""What a rule about a brand looks at: counts of its series, what is usual, and what it hits.

The service and a backtest read through here, so that both see the same.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from listener.campaigns import Calendar
from listener.detect.rules import Figures, RuleKind, RuleSpec
from listener.detect.usual import COMPARED_DAYS, Counts, usual_at
from listener.heard import Coverage, heard_counts
from listener.rules import AlertRule
from listener.store import series
from listener.store.records import SeriesRecord
from listener.store.rows import BUCKET
from listener.store.rule_hits import Said, said_between

# Usual is told by windows of up to a day that ended a day to four weeks ago.
REACH = timedelta(days=COMPARED_DAYS + 2)
_PAGE = 2_000
_MOST_HITS = 200_000


class Hits:
    """What a rule about words or people is about, in time order."""

    def __init__(self, said: Sequence[Said]) -> None:
        """Take hits of which repeats are gone."""
        self.said = sorted(said, key=lambda one: (one.event_at, one.id))
        self._times = [one.event_at for one in self.said]

    def between(self, start: datetime, end: datetime) -> list[Said]:
        """Return the hits in [start, end)."""
        return self.said[bisect_left(self._times, start) : bisect_left(self._times, end)]


NO_HITS = Hits(())


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard for one rule about one brand: to be judged, to compare with, and hits."""

    brand_key: str
    recent: Counts
    history: Counts
    hits: Hits = NO_HITS


def figures_at(
    rule: AlertRule | RuleSpec, heard: Heard, end: datetime, *, tz: ZoneInfo, calendar: Calendar
) -> Figures:
    """Return the figures of the rule's window that ends at ``end``, a bucket boundary."""
    spec = rule.spec if isinstance(rule, AlertRule) else rule
    start = end - spec.window
    mentions, negatives = heard.recent.between(start, end)
    usual = usual_at(heard.history, end, spec.window, tz=tz, rest=calendar.rest)
    hits = heard.hits.between(start, end)
    return Figures(
        at=end,
        mentions=mentions,
        negatives=negatives,
        usual_mentions=usual.mentions,
        usual_negatives=usual.negatives,
        usual_share=usual.share,
        usual_days=usual.days,
        coverage=heard.recent.coverage(start, end),
        allowance=calendar.allowance(heard.brand_key, end - BUCKET),
        hits=len(hits),
        hit_authors=len({one.author_hash or one.id for one in hits}),
    )


def rule_series(session: Session, rule: AlertRule, brand_id: int) -> list[SeriesRecord]:
    """Return the series whose counts a rule adds up: the whole brand's, or those of its parts."""
    own = [one for one in series.all_series(session) if one.brand_id == brand_id]
    if rule.entry.types:
        return [one for one in own if one.topic in rule.entry.types]
    groups = rule.entry.groups or (series.ALL,)
    return [one for one in own if one.topic == series.ALL and one.source_group in groups]


def rule_counts(
    session: Session,
    rule: AlertRule,
    brand_id: int,
    *,
    since: datetime,
    until: datetime,
    now: datetime,
) -> Counts:
    """Return mentions and negatives as the rule counts them in [since, until).

    Complaints of several types are counted among all mentions of the brand.
    """
    total: dict[datetime, tuple[int, int]] = {}
    for one in rule_series(session, rule, brand_id):
        for start, (mentions, negatives) in heard_counts(
            session, one, since, until, now=now
        ).items():
            known = total.get(start, (0, 0))
            both = max(known[0], mentions) if rule.entry.types else known[0] + mentions
            total[start] = (both, known[1] + negatives)
    gaps = Coverage(session, brand_id, since, now).gaps
    return Counts(total, since=since, until=until, gaps=gaps)


def rule_hits(
    session: Session,
    rule: AlertRule,
    brand_id: int,
    *,
    since: datetime,
    until: datetime,
    live_only: bool,
    least_followers: int | None = None,
) -> Hits:
    """Return what a rule about words or people is about in [since, until); else nothing.

    ``least_followers`` goes before the rule's own, for a sweep. Read in pages, so that a long span
    costs little memory besides what is hit.
    """
    if rule.spec.kind not in (RuleKind.WORDS, RuleKind.INFLUENCER):
        return NO_HITS
    found: list[Said] = []
    after_id = 0
    while len(found) < _MOST_HITS:
        page = said_between(
            session,
            brand_id=brand_id,
            since=since,
            until=until,
            limit=_PAGE,
            after_id=after_id,
            negative_only=rule.spec.tone == "negative",
            least_followers=least_followers or rule.spec.followers,
            types=rule.entry.types,
            groups=rule.entry.groups,
            live_only=live_only,
        )
        found += rule.matching(page)
        if len(page) < _PAGE:
            break
        after_id = page[-1].id
    return Hits(rule.without_repeats(found))
