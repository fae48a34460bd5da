"""What a rule of one's own would have raised, beside what is in force: figures and JSON.

Reads only; the terminal words stand in ``listener.commands.backtest_rule``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from crisis.evidence import quote
from crisis.hindsight import Quote, told_between
from crisis.kinds import Outcome
from crisis.labels import Precision, Span, label_alerts, precision_of
from listener.backtest import Rule as Channel
from listener.backtest import find_series, run_backtest
from listener.config import Brand
from listener.config_file import ConfigFile
from listener.detect.rules import BRAND_KINDS, RuleEpisode, RuleKind
from listener.errors import ListenerError
from listener.notice import NoticeSettings
from listener.rule_backtest import RuleBacktest, RuleOutcome, run_rule_backtest, suggested
from listener.rule_figures import rule_hits
from listener.rule_notice import kept_rule
from listener.rule_past import past_alerts
from listener.rule_words import found as found_words
from listener.rules import AlertRule
from listener.store.brands import brand_ids

_QUOTES = 2


@dataclass(frozen=True, slots=True)
class RuleAlert:
    """One alert as it is shown: when, what the rule found, quotes, and what people said of it."""

    start: datetime
    end: datetime | None
    found: str
    quotes: tuple[Quote, ...]
    label: Outcome | None


@dataclass(frozen=True, slots=True)
class RuleReport:
    """One rule on one brand's history, beside what is in force there."""

    rule: AlertRule
    what: str
    days: float
    alerts: tuple[RuleAlert, ...]
    beside: str
    others: tuple[tuple[Span, Outcome | None], ...]
    result: RuleBacktest | None = None
    steps: tuple[Precision, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleRun:
    """What every replay of one call shares."""

    file: ConfigFile
    settings: NoticeSettings
    in_force: Sequence[AlertRule]
    days: int
    now: datetime

    def reports(
        self, session: Session, rule: AlertRule, brands: Sequence[Brand], *, is_sweep: bool
    ) -> Iterator[RuleReport]:
        """Yield a report for each brand that the rule is about, or one for a rule about none."""
        ids = brand_ids(session)
        if rule.spec.kind not in BRAND_KINDS:
            yield self._upkeep(
                session, rule, {ids[one.key]: one.key for one in brands if one.key in ids}
            )
            return
        for brand in brands:
            if not rule.concerns(brand.key):
                continue
            brand_id = ids.get(brand.key)
            if not brand_id or find_series(session, brand_id) is None:
                raise ListenerError(
                    f"{brand.name}: nothing was ever counted; is 'fengsheng run' listening?"
                )
            yield self._brand(session, rule, brand, brand_id, is_sweep=is_sweep)

    def _brand(
        self, session: Session, rule: AlertRule, brand: Brand, brand_id: int, *, is_sweep: bool
    ) -> RuleReport:
        result = self._replay(session, rule, brand_id, brand.key, is_sweep=is_sweep)
        steps = tuple(
            precision_of(self._labels(session, brand_id, _spans(one.alerts)))
            for one in result.outcomes
        )
        labels = self._labels(session, brand_id, _spans(result.outcomes[0].alerts))
        alerts = tuple(
            self._alert(session, rule, brand_id, one, label)
            for one, label in zip(result.outcomes[0].alerts, labels, strict=True)
        )
        beside, others = self._beside(session, rule, brand, brand_id)
        other_labels = self._labels(session, brand_id, others)
        return RuleReport(
            rule,
            brand.name,
            result.days,
            alerts,
            beside,
            tuple(zip(others, other_labels, strict=True)),
            result,
            steps,
        )

    def _replay(
        self,
        session: Session,
        rule: AlertRule,
        brand_id: int,
        brand_key: str,
        *,
        is_sweep: bool = False,
    ) -> RuleBacktest:
        return run_rule_backtest(
            session,
            rule,
            brand_id,
            brand_key,
            self.settings,
            days=self.days,
            now=self.now,
            is_sweep=is_sweep,
        )

    def _labels(
        self, session: Session, brand_id: int, alerts: Sequence[Span]
    ) -> list[Outcome | None]:
        return label_alerts(session, brand_id, alerts, until=self.now)

    def _beside(
        self, session: Session, rule: AlertRule, brand: Brand, brand_id: int
    ) -> tuple[str, list[Span]]:
        """Return what is in force now: the rule of the same name, else the crisis channel."""
        known = next((one for one in self.in_force if one.name == rule.name), None)
        if known is not None and known.spec != rule.spec and known.spec.kind in BRAND_KINDS:
            result = self._replay(session, known, brand_id, brand.key)
            return "replaced", _spans(result.outcomes[0].alerts)
        one = find_series(session, brand_id)
        if one is None:
            return "builtin", []
        channel = Channel("current", self.settings.rule_for(one))
        found = run_backtest(
            session,
            one,
            [channel],
            self.settings,
            days=self.days,
            now=self.now,
            advance=lambda _: None,
        )
        return "builtin", [(each.start, each.end) for each in found.outcomes[0].alerts]

    def _alert(
        self,
        session: Session,
        rule: AlertRule,
        brand_id: int,
        episode: RuleEpisode,
        label: Outcome | None,
    ) -> RuleAlert:
        text = ""
        if episode.peak is not None:
            text = found_words(kept_rule(rule, episode.peak, []), self.file.config.language)
        until = episode.end or self.now
        if rule.spec.kind in (RuleKind.WORDS, RuleKind.INFLUENCER) and episode.peak is not None:
            quotes = self._hit_quotes(session, rule, brand_id, episode.peak.figures.at)
        else:
            since = episode.start - rule.spec.window
            quotes = told_between(session, brand_id, since=since, until=until).quotes
        return RuleAlert(episode.start, episode.end, text, quotes, label)

    @staticmethod
    def _hit_quotes(
        session: Session, rule: AlertRule, brand_id: int, at: datetime
    ) -> tuple[Quote, ...]:
        found = rule_hits(
            session, rule, brand_id, since=at - rule.spec.window, until=at, live_only=False
        )
        return tuple(Quote(quote(one.text), one.source, one.url) for one in found.said[:_QUOTES])

    def _upkeep(self, session: Session, rule: AlertRule, brands: Mapping[int, str]) -> RuleReport:
        since = self.now - timedelta(days=self.days)
        found = past_alerts(session, rule, brands, since=since, until=self.now)
        alerts = tuple(RuleAlert(one.start, one.end, one.what, (), None) for one in found)
        return RuleReport(rule, ", ".join(brands.values()), self.days, alerts, "", ())


def _spans(alerts: Sequence[RuleEpisode]) -> list[Span]:
    return [(one.start, one.end) for one in alerts]


def suggested_step(one: RuleReport) -> RuleOutcome | None:
    """Return the step of a sweep that is suggested, or None."""
    if one.result is None or one.result.swept_key is None:
        return None
    return suggested(one.result, [step.possibly_false for step in one.steps])


def rule_report_json(one: RuleReport) -> dict[str, Any]:
    """Return a report as JSON-able values."""
    best, result = suggested_step(one), one.result
    return {
        "rule": one.rule.name,
        "kind": one.rule.spec.kind.value,
        "brand": one.what,
        "days": one.days,
        "precision": precision_of([alert.label for alert in one.alerts]).value,
        "alerts": [
            {
                "start": alert.start.isoformat(),
                "end": alert.end.isoformat() if alert.end else None,
                "found": alert.found,
                "quotes": [said.text for said in alert.quotes],
                "label": alert.label,
            }
            for alert in one.alerts
        ],
        "beside": {
            "what": one.beside,
            "precision": precision_of([label for _, label in one.others]).value,
            "alerts": [
                {
                    "start": start.isoformat(),
                    "end": end.isoformat() if end else None,
                    "label": label,
                }
                for (start, end), label in one.others
            ],
        },
        "swept": result.swept_key if result else None,
        "steps": [
            {
                "value": getattr(outcome.spec, result.swept_key),
                "alerts": len(outcome.alerts),
                "not_confirmed": step.possibly_false,
                "per_week": outcome.per_week,
            }
            for outcome, step in zip(result.outcomes[1:], one.steps[1:], strict=True)
        ]
        if result is not None and result.swept_key
        else [],
        "suggested": getattr(best.spec, result.swept_key)
        if best is not None and result is not None and result.swept_key
        else None,
    }
