"""``backtest --rule``: what a rule of one's own would have raised, beside what is in force."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session

from crisis.evidence import quote
from crisis.hindsight import Quote, told_between
from crisis.kinds import Outcome
from crisis.labels import Precision, Span, label_alerts, precision_of
from listener.app import notice_settings
from listener.backtest import Rule as Channel
from listener.backtest import find_series, run_backtest
from listener.clock import SystemClock
from listener.commands.backtest_text import WORDS
from listener.commands.common import errors_shown, fail, out, print_json, read_config
from listener.config import Brand, load_secrets
from listener.config_file import ConfigFile, load_rules
from listener.detect.rules import BRAND_KINDS, RuleEpisode, RuleKind
from listener.home import open_database
from listener.notice import NoticeSettings
from listener.rule_backtest import RuleBacktest, RuleOutcome, run_rule_backtest, suggested
from listener.rule_figures import rule_hits
from listener.rule_notice import kept_rule
from listener.rule_past import past_alerts
from listener.rule_words import found as found_words
from listener.rule_words import says
from listener.rules import AlertRule, compiled_rules
from listener.store.brands import brand_ids
from listener.store.engine import read_session

_QUOTES = 2


@dataclass(frozen=True, slots=True)
class _Alert:
    """One alert as it is shown: when, what the rule found, quotes, and what people said of it."""

    start: datetime
    end: datetime | None
    found: str
    quotes: tuple[Quote, ...]
    label: Outcome | None


@dataclass(frozen=True, slots=True)
class _Report:
    """One rule on one brand's history, beside what is in force there."""

    rule: AlertRule
    what: str
    days: float
    alerts: tuple[_Alert, ...]
    beside: str
    others: tuple[tuple[Span, Outcome | None], ...]
    result: RuleBacktest | None = None
    steps: tuple[Precision, ...] = ()


def backtest_rules(
    wanted: str,
    brand: str | None,
    config: Path | None,
    *,
    days: int,
    is_sweep: bool,
    as_json: bool,
) -> None:
    """Replay a rule of the configuration, or those of a file, and print what they would raise."""
    with errors_shown():
        file = read_config(config)
        in_force = compiled_rules(file)
        rules = _wanted(wanted, file, in_force)
        chosen = [one for one in file.config.brands if brand in (None, one.key)]
        if not chosen:
            known = ", ".join(one.key for one in file.config.brands) or "none"
            fail(f"there is no brand {brand!r}; known brands: {known}", code=2)
        run = _Run(file, notice_settings(file.config), in_force, days, SystemClock().now())
        engine = open_database(file, load_secrets())
        try:
            with read_session(engine) as session:
                reports = [
                    report
                    for rule in rules
                    for report in run.reports(session, rule, chosen, is_sweep=is_sweep)
                ]
        finally:
            engine.dispose()
    if as_json:
        print_json([_as_json(one) for one in reports])
        return
    words = WORDS[file.config.language]
    for one in reports:
        lines = _sweep_lines(one, words) if is_sweep else _lines(one, file, words)
        for line in lines:
            out.print(line, markup=False)


def _wanted(wanted: str, file: ConfigFile, in_force: Sequence[AlertRule]) -> Sequence[AlertRule]:
    if wanted.endswith(".toml"):
        return compiled_rules(load_rules(Path(wanted), file.config))
    found = [one for one in in_force if one.name == wanted]
    if not found:
        known = ", ".join(one.name for one in in_force) or "none"
        fail(f"there is no rule {wanted!r}; known rules: {known}; a file ends in .toml", code=2)
    return found


@dataclass(frozen=True, slots=True)
class _Run:
    """What every replay of one call shares."""

    file: ConfigFile
    settings: NoticeSettings
    in_force: Sequence[AlertRule]
    days: int
    now: datetime

    def reports(
        self, session: Session, rule: AlertRule, brands: Sequence[Brand], *, is_sweep: bool
    ) -> Iterator[_Report]:
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
                fail(f"{brand.name}: nothing was ever counted; is 'fengsheng run' listening?")
            yield self._brand(session, rule, brand, brand_id, is_sweep=is_sweep)

    def _brand(
        self, session: Session, rule: AlertRule, brand: Brand, brand_id: int, *, is_sweep: bool
    ) -> _Report:
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
        return _Report(
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
    ) -> _Alert:
        text = ""
        if episode.peak is not None:
            text = found_words(kept_rule(rule, episode.peak, []), self.file.config.language)
        until = episode.end or self.now
        if rule.spec.kind in (RuleKind.WORDS, RuleKind.INFLUENCER) and episode.peak is not None:
            quotes = self._hit_quotes(session, rule, brand_id, episode.peak.figures.at)
        else:
            since = episode.start - rule.spec.window
            quotes = told_between(session, brand_id, since=since, until=until).quotes
        return _Alert(episode.start, episode.end, text, quotes, label)

    @staticmethod
    def _hit_quotes(
        session: Session, rule: AlertRule, brand_id: int, at: datetime
    ) -> tuple[Quote, ...]:
        found = rule_hits(
            session, rule, brand_id, since=at - rule.spec.window, until=at, live_only=False
        )
        return tuple(Quote(quote(one.text), one.source, one.url) for one in found.said[:_QUOTES])

    def _upkeep(self, session: Session, rule: AlertRule, brands: Mapping[int, str]) -> _Report:
        since = self.now - timedelta(days=self.days)
        found = past_alerts(session, rule, brands, since=since, until=self.now)
        alerts = tuple(_Alert(one.start, one.end, one.what, (), None) for one in found)
        return _Report(rule, ", ".join(brands.values()), self.days, alerts, "", ())


def _spans(alerts: Sequence[RuleEpisode]) -> list[Span]:
    return [(one.start, one.end) for one in alerts]


def precision_line(found: Precision, words: Mapping[str, str]) -> str:
    """Return the sentence that says how many alerts people called right."""
    if found.value is None:
        return words["unlabelled"]
    return words["precision"].format(
        judged=found.confirmed + found.false,
        confirmed=found.confirmed,
        false=found.false,
        value=found.value,
        open=found.alerts - found.confirmed - found.false,
    )


def _lines(one: _Report, file: ConfigFile, words: Mapping[str, str]) -> Iterator[str]:
    if one.result is not None and one.result.since is None:
        yield words["never"].format(what=one.what)
        return

    def clock(at: datetime | None) -> str:
        return words["ongoing"] if at is None else f"{at.astimezone(file.config.tz):%m-%d %H:%M}"

    yield words["rule_alerts"].format(
        what=one.what, rule=one.rule.name, days=one.days, count=len(one.alerts)
    )
    yield words["rule_says"].format(says=says(one.rule, file.config.language))
    for number, alert in enumerate(one.alerts, start=1):
        yield words["rule_alert"].format(
            number=number, start=clock(alert.start), end=clock(alert.end), found=alert.found
        )
        for said in alert.quotes:
            yield words["quote"].format(text=said.text, source=said.source)
        if alert.label is not None:
            yield words["said"].format(label=words[f"label_{alert.label}"])
    if one.alerts and one.result is not None:
        yield precision_line(precision_of([alert.label for alert in one.alerts]), words)
    if one.beside:
        yield words[one.beside].format(count=len(one.others))
        for (start, end), label in one.others:
            said_of = f" ({words[f'label_{label}']})" if label is not None else ""
            yield words["other"].format(start=clock(start), end=clock(end), label=said_of)


def _sweep_lines(one: _Report, words: Mapping[str, str]) -> Iterator[str]:
    result = one.result
    if result is None or result.swept_key is None:
        yield words["no_sweep"]
        return
    if result.since is None:
        yield words["never"].format(what=one.what)
        return
    yield words["rule_alerts"].format(
        what=one.what, rule=one.rule.name, days=one.days, count=len(one.alerts)
    )
    for outcome, precision in zip(result.outcomes[1:], one.steps[1:], strict=True):
        yield words["rule_step"].format(
            key=result.swept_key,
            value=_value(outcome, result.swept_key),
            mark=words["rule_mark"] if outcome.spec == one.rule.spec else "",
            count=len(outcome.alerts),
            false=precision.possibly_false,
            rate=outcome.per_week,
        )
    best = _best(one)
    if best is not None:
        value = _value(best, result.swept_key)
        yield words["rule_advice"].format(key=result.swept_key, value=value)
    else:
        yield words["no_week" if result.days < 7 else "noisy"]


def _best(one: _Report) -> RuleOutcome | None:
    if one.result is None or one.result.swept_key is None:
        return None
    return suggested(one.result, [step.possibly_false for step in one.steps])


def _value(outcome: RuleOutcome, key: str) -> str:
    return f"{getattr(outcome.spec, key):g}" if key != "followers" else str(outcome.spec.followers)


def _as_json(one: _Report) -> dict[str, Any]:
    best, result = _best(one), one.result
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
