"""Rules about our own work: sources that fell silent, incidents and statements nobody takes up.

They are told as notices, never as incidents of a brand. As with the other rules a finding is all
that is kept, so one interruption is one finding.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from listener.detect.rules import RuleKind
from listener.rules import AlertRule, upkeep_rules
from listener.store import findings, incidents, sources, statements
from listener.store.engine import read_session, unit_of_work
from listener.store.records import SourceHealth
from listener.store.rows import BUCKET, bucket_start
from listener.store.rule_hits import count_of_source

# Phases are codes of ``crisis.kinds``, which stands above; this one is where nobody acts yet.
_ALERTED = "alerted"
# A source is quiet by comparison with the same clock time on so many days before.
_COMPARED_DAYS = 14
_LEAST_DAYS = 3
_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Undone:
    """One thing that has lasted too long: ``key`` says what, ``said`` what a notice tells."""

    key: str
    brand_id: int
    since: datetime
    said: Mapping[str, Any]


class UpkeepNoticer:
    """Judges the rules about sources and waiting work, once a minute at most."""

    def __init__(self, rules: Sequence[AlertRule]) -> None:
        """Start with nothing known."""
        self._rules = upkeep_rules(rules)
        self._looked_at: datetime | None = None

    def tick(self, engine: Engine, brands: Mapping[int, str], now: datetime) -> int:
        """Judge every rule; return how many things are undone. ``brands``: keys by id."""
        is_early = self._looked_at is not None and now - self._looked_at < _EVERY
        if not self._rules or is_early or not brands:
            return 0
        self._looked_at = now
        count = 0
        for rule in self._rules:
            with read_session(engine) as session:
                undone = list(undone_of(session, rule, brands, now))
            with unit_of_work(engine) as session:
                keep_undone(session, rule, undone, now)
            count += len(undone)
        return count


def undone_of(
    session: Session, rule: AlertRule, brands: Mapping[int, str], now: datetime
) -> Iterator[Undone]:
    """Yield what meets a rule about sources or waiting work at ``now``."""
    ids = [id_ for id_, key in sorted(brands.items()) if rule.concerns(key)]
    if not ids:
        return
    if rule.spec.kind is RuleKind.SOURCE:
        for source in sources.source_health(session):
            in_group = not rule.entry.groups or source.group_name in rule.entry.groups
            if in_group and (not rule.entry.sources or source.key in rule.entry.sources):
                yield from _silent(session, rule, source, ids[0], now)
        return
    for incident in incidents.open_incidents(session):
        if incident.brand_id not in ids:
            continue
        said = {"incident": incident.id, "title": incident.title}
        is_unclaimed = incident.owner_key is None and incident.phase == _ALERTED
        if is_unclaimed and now - incident.opened_at >= rule.spec.window:
            key = f"incident:{incident.id}"
            yield Undone(key, incident.brand_id, incident.opened_at, {"what": "incident", **said})
        for one in statements.list_statements(session, incident_id=incident.id):
            if one.state != statements.WAITING or one.current_revision_id is None:
                continue
            since = statements.revision(session, one.current_revision_id).created_at
            if now - since >= rule.spec.window:
                key = f"statement:{one.id}"
                yield Undone(key, incident.brand_id, since, {"what": "statement", **said})


def _silent(
    session: Session, rule: AlertRule, source: SourceHealth, brand_id: int, now: datetime
) -> Iterator[Undone]:
    last = source.last_success_at
    if last is None:
        return  # it never worked: that is a matter of setting it up, and doctor says so
    key, said = f"source:{source.key}", {"source": source.name}
    patience = max(rule.spec.window, timedelta(seconds=2 * source.interval_s))
    if now - last >= patience:
        reason = source.last_failure_kind or "overdue"
        yield Undone(key, brand_id, last, {"what": "failing", "reason": reason, **said})
        return
    until = bucket_start(now) + BUCKET
    since = until - rule.spec.window
    if count_of_source(session, source.id, since=since, until=until):
        return
    usual = _usual_of_source(session, source.id, since, until)
    if usual >= rule.spec.least:
        yield Undone(key, brand_id, since, {"what": "quiet", "usual": round(usual), **said})


def _usual_of_source(session: Session, source_id: int, since: datetime, until: datetime) -> float:
    """Return the mean at this clock time over the days since the source first gave anything."""
    counts = [
        count_of_source(
            session,
            source_id,
            since=since - timedelta(days=day),
            until=until - timedelta(days=day),
        )
        for day in range(1, _COMPARED_DAYS + 1)
    ]
    while counts and counts[-1] == 0:
        counts.pop()
    return sum(counts) / len(counts) if len(counts) >= _LEAST_DAYS else 0.0


def keep_undone(
    session: Session, rule: AlertRule, undone: Sequence[Undone], now: datetime
) -> None:
    """Write down what is new, and end what is undone no more.

    Under the brands' locks, so that of two machines the second sees what the first wrote.
    """
    for brand_id in sorted({one.brand_id for one in undone}):
        incidents.lock_brand(session, brand_id)
    keys = {one.key for one in undone}
    for known in findings.rules_on(session):
        kept = known.judgement["rule"]
        if kept["name"] == rule.name and kept.get("subject") not in (None, *keys):
            findings.change_finding(session, known.id, {"ended_at": now, "changed_at": now})
    for one in undone:
        prefix = f"{findings.RULE}:{rule.name}:{one.key}:"
        newest = findings.newest_of_rule(session, prefix)
        if newest is not None and newest.ended_at is None:
            continue  # it is known, and still so
        ended_at = newest.ended_at if newest is not None else None
        if newest is not None and ended_at is not None and now - ended_at < rule.spec.cooldown:
            values = {"ended_at": None, "last_on_at": now, "changed_at": now}
            findings.change_finding(session, newest.id, values)
            continue
        findings.insert_finding(session, _values(rule, one, prefix, now))


def _values(rule: AlertRule, one: Undone, prefix: str, now: datetime) -> dict[str, Any]:
    return {
        "natural_key": prefix + now.isoformat(),
        "brand_id": one.brand_id,
        "channel": findings.RULE,
        "severity": "general",
        "severity_reason": findings.RULE,
        "started_at": one.since,
        "last_on_at": now,
        "ended_at": None,
        "score": 0.0,
        "observed": 0,
        "expected": 0.0,
        "judgement": {
            "rule": {
                "name": rule.name,
                "kind": rule.spec.kind.value,
                "subject": one.key,
                "is_page": False,
                "is_trial": rule.entry.mode == "trial",
                "remind_hours": rule.entry.remind_hours,
                "window_minutes": rule.spec.window // timedelta(minutes=1),
                "said": dict(one.said),
            }
        },
        "found_at": now,
        "changed_at": now,
        "handled_at": now if rule.entry.mode == "trial" else None,
    }
