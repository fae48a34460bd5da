"""Noticing by rules: judges the configured rules about brands and keeps what they find.

A finding is all that is kept between two ticks: what is on, since when and until when it held. So
a restart changes nothing, and one episode is one finding however often it is judged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from listener.detect.rules import RuleEpisode, RuleJudgement, follow, judge_rule
from listener.detect.usual import Counts
from listener.notice import NoticeSettings, is_learning
from listener.rule_figures import REACH, Heard, figures_at, rule_counts, rule_hits, rule_series
from listener.rule_words import named_in
from listener.rules import AlertRule, brand_rules
from listener.store import findings, series
from listener.store.engine import read_session, unit_of_work
from listener.store.records import FindingRecord
from listener.store.rows import BUCKET, bucket_start

# A finding's severity as a notice: one line in the chat, no incident.
NOTICE = "general"


@dataclass(slots=True)
class _Known:
    """What is usual, read once an hour, and what was looked at last."""

    hour: datetime
    history: Counts
    seen: object = None


class RuleNoticer:
    """Judges every rule about a brand whose counts or hour have changed since it last looked."""

    def __init__(self, rules: Sequence[AlertRule], settings: NoticeSettings) -> None:
        """Start with nothing known."""
        self._rules = brand_rules(rules)
        self._settings = settings
        self._known: dict[tuple[str, int], _Known] = {}

    def tick(self, engine: Engine, brands: Mapping[int, str], now: datetime) -> int:
        """Judge what has changed; return how many rules were judged. ``brands``: keys by id."""
        if not self._rules:
            return 0
        with read_session(engine) as session:
            if is_learning(session):
                return 0
            young = series.buckets_since(session, bucket_start(now - self._settings.lateness))
            due = [
                (rule, brand_id, heard)
                for rule in self._rules
                for brand_id, key in brands.items()
                if rule.concerns(key)
                and (heard := self._heard(session, rule, brand_id, key, young=young, now=now))
            ]
        for rule, brand_id, heard in due:
            with unit_of_work(engine) as session:
                notice_rule(session, rule, brand_id, heard, settings=self._settings, now=now)
        return len(due)

    def _heard(
        self,
        session: Session,
        rule: AlertRule,
        brand_id: int,
        brand_key: str,
        *,
        young: dict[int, tuple[tuple[Any, ...], ...]],
        now: datetime,
    ) -> Heard | None:
        hour = now.replace(minute=0, second=0, microsecond=0)
        place = (rule.name, brand_id)
        known = self._known.get(place)
        if known is None or known.hour != hour:
            history = rule_counts(
                session,
                rule,
                brand_id,
                since=bucket_start(now - REACH),
                until=hour - timedelta(hours=22),
                now=now,
            )
            known = self._known[place] = _Known(hour, history)
        ids = [one.id for one in rule_series(session, rule, brand_id)]
        seen = (bucket_start(now), [(id_, young.get(id_)) for id_ in ids])
        if known.seen == seen:
            return None
        known.seen = seen
        since = bucket_start(now - self._settings.lateness) - rule.spec.window
        until = bucket_start(now) + BUCKET
        recent = rule_counts(session, rule, brand_id, since=since, until=until, now=now)
        hits = rule_hits(session, rule, brand_id, since=since, until=until, live_only=True)
        return Heard(brand_key, recent, known.history, hits)


def notice_rule(
    session: Session,
    rule: AlertRule,
    brand_id: int,
    heard: Heard,
    *,
    settings: NoticeSettings,
    now: datetime,
) -> FindingRecord | None:
    """Judge one rule on every young bucket; return the finding it made or changed, if any."""
    overall = series.overall_id(session, brand_id)
    series.lock_series(session, overall)
    prefix = f"{findings.RULE}:{rule.name}:{heard.brand_key}:"
    stored = findings.newest_of_rule(session, prefix)
    before = None if stored is None else _episode(stored)
    episode = before
    end, last = bucket_start(now - settings.lateness) + BUCKET, bucket_start(now) + BUCKET
    while end <= last:
        figures = figures_at(rule, heard, end, tz=settings.tz, calendar=settings.calendar)
        episode = follow(rule.spec, episode, judge_rule(rule.spec, figures))
        end += BUCKET
    if episode is None or episode == before:
        return None
    if stored is not None and before is not None and episode.start == before.start:
        changes = _changes(stored, rule, heard, episode, now)
        if all(getattr(stored, key) == changes[key] for key in changes if key != "changed_at"):
            return None
        findings.change_finding(session, stored.id, changes)
        return findings.finding(session, stored.id)
    values = _changes(None, rule, heard, episode, now) | {
        "natural_key": prefix + episode.start.isoformat(),
        "brand_id": brand_id,
        "series_id": overall,
        "channel": findings.RULE,
        "severity": rule.entry.severity if rule.pages else NOTICE,
        "severity_reason": findings.RULE,
        "started_at": episode.start - BUCKET,
        "found_at": now,
        # On trial a rule remembers and tells nobody.
        "handled_at": now if rule.entry.mode == "trial" else None,
    }
    finding_id = findings.insert_finding(session, values)
    return findings.finding(session, finding_id) if finding_id else None


def _episode(stored: FindingRecord) -> RuleEpisode:
    """Return the state a finding stands for. Its own peak is kept unless a window is stronger."""
    return RuleEpisode(
        start=stored.started_at + BUCKET,
        last_held_at=stored.last_on_at,
        end=stored.ended_at,
        peak=None,
    )


def _changes(
    stored: FindingRecord | None,
    rule: AlertRule,
    heard: Heard,
    episode: RuleEpisode,
    now: datetime,
) -> dict[str, Any]:
    values: dict[str, Any] = {
        "last_on_at": episode.last_held_at,
        "ended_at": episode.end,
        "changed_at": now,
    }
    peak = episode.peak
    if peak is None or (stored is not None and peak.strength < stored.judgement["strength"]):
        return values
    return values | {
        "score": 0.0,  # the crisis channel's figures go before any rule's
        "observed": peak.figures.negatives,
        "expected": peak.figures.usual_negatives,
        "judgement": rule_judgement(rule, heard, peak),
    }


def rule_judgement(rule: AlertRule, heard: Heard, peak: RuleJudgement) -> dict[str, Any]:
    """Return what is kept of a rule's peak: the window as alerts show it, and the rule itself.

    The keys are those of the crisis channel's judgement, so that one alert explains both.
    """
    figures, entry = peak.figures, rule.entry
    usual_by_share = max(0, figures.mentions - figures.negatives) * (
        figures.usual_share / max(1e-9, 1 - figures.usual_share)
    )
    hits = heard.hits.between(figures.at - rule.spec.window, figures.at)
    return {
        "start": (figures.at - BUCKET).isoformat(),
        "strength": peak.strength,
        "window_buckets": rule.spec.window // BUCKET,
        "observed": figures.negatives,
        "total": figures.mentions,
        "expected": figures.usual_negatives,
        "expected_baseline": figures.usual_negatives,
        "expected_share": usual_by_share,
        "expected_by": "baseline",
        "usual_share": figures.usual_share,
        "coverage": figures.coverage,
        "topic": entry.types[0] if len(entry.types) == 1 else series.ALL,
        "source_group": entry.groups[0] if len(entry.groups) == 1 else series.ALL,
        "rule": kept_rule(rule, peak, [one.id for one in hits[:20]]),
    }


def kept_rule(rule: AlertRule, peak: RuleJudgement, mention_ids: Sequence[int]) -> dict[str, Any]:
    """Return what says which rule was met, how, and by which mentions, as plain values."""
    figures = peak.figures
    return {
        "name": rule.name,
        "kind": rule.spec.kind.value,
        "named": named_in(rule),
        "is_page": rule.pages,
        "is_trial": rule.entry.mode == "trial",
        "remind_hours": rule.entry.remind_hours,
        "spec": spec_as_json(rule),
        "figures": {**asdict(figures), "at": figures.at.isoformat(), "share": figures.share},
        "mentions": list(mention_ids),
    }


def spec_as_json(rule: AlertRule) -> dict[str, Any]:
    """Return the thresholds of a rule as plain values; lengths of time in minutes."""
    spec = asdict(rule.spec)
    for key in ("window", "calm", "cooldown"):
        spec[key] = spec[key] // timedelta(minutes=1)
    return spec | {"kind": rule.spec.kind.value}


def end_removed(session: Session, rules: Sequence[AlertRule], now: datetime) -> int:
    """End what rules have found that are gone or switched off; return how many were ended."""
    known = {one.name for one in rules if one.entry.mode != "off"}
    gone = [
        one for one in findings.rules_on(session) if one.judgement["rule"]["name"] not in known
    ]
    for one in gone:
        findings.change_finding(session, one.id, {"ended_at": now, "changed_at": now})
    return len(gone)
