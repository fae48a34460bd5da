"""A backtest as a value that other programs can read: what the terminal and the API answer.

``backtest_report`` is the entry for programs; ``fengsheng backtest --json`` and
``POST /api/v1/backtests`` answer what it returns. Reads only.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator
from sqlmodel import Session

from crisis.hindsight import Told, told_during
from listener.accuracy import share_json
from listener.backtest import (
    Backtest,
    Labelled,
    Outcome,
    Rule,
    calmest_needed,
    find_series,
    labelled,
    run_backtest,
    sweep_rules,
)
from listener.complaints import TYPE_LABELS, ComplaintType
from listener.config import Brand
from listener.config_file import ConfigFile, with_rules
from listener.config_parts import Section
from listener.config_rules import Rule as RuleEntry
from listener.detect.episodes import Episode
from listener.detect.settings import CrisisSettings
from listener.detect.severity import crisis_severity
from listener.errors import ConfigError, ListenerError
from listener.notice import NoticeSettings
from listener.outlook import PRESETS
from listener.rule_report import RuleRun, rule_report_json
from listener.rules import AlertRule, compiled_rules
from listener.store import series
from listener.store.brands import brand_ids
from listener.store.corrections import labelled_alerts
from listener.store.records import SeriesRecord
from listener.store.rows import BUCKET

CURRENT = "current"
MOST_RULES = 5
Advance = Callable[[timedelta], object]


class BacktestRequest(Section):
    """What is to be replayed: the crisis channel of brands, or rules people can say.

    The options of ``fengsheng backtest``; ``rules`` holds rules to be tried, with the keys of
    ``[[rules]]``. Raises ``ValidationError`` for what does not go together.
    """

    brand: str | None = Field(None, max_length=64, description="Key of the brand; else every one.")
    days: int = Field(30, ge=1, le=400, description="Days back from now.")
    sensitivity: Literal["high", "normal", "low", "all"] | None = Field(
        None, description="Preset(s) to replay beside the rule in force."
    )
    group: str | None = Field(None, max_length=64, description="One source group only.")
    type: ComplaintType | None = Field(None, description="One complaint type only.")
    sweep: bool = Field(False, description="Try finer thresholds and suggest one.")
    rule: str | None = Field(None, max_length=40, description="Name of a rule of [[rules]].")
    rules: tuple[RuleEntry, ...] = Field(
        (), max_length=MOST_RULES, description="Rules to be tried, as tables of [[rules]]."
    )

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.rule is not None and self.rules:
            raise ValueError("rule names one in force and rules brings others; give one of them")
        is_rule = self.rule is not None or bool(self.rules)
        if is_rule and (self.sensitivity, self.group, self.type) != (None, None, None):
            raise ValueError("a rule says itself which part and how readily; leave out the rest")
        if self.group is not None and self.type is not None:
            raise ValueError("group and type are two different parts of a brand; give one")
        return self


def backtest_report(
    session: Session,
    file: ConfigFile,
    settings: NoticeSettings,
    request: BacktestRequest,
    *,
    now: datetime,
) -> list[dict[str, Any]]:
    """Replay what is asked on the stored history; return JSON-able findings, one for each part.

    ``settings`` are those of ``file``. Raises ``ConfigError`` for a brand or rule that does not
    exist or cannot work, ``ListenerError`` where nothing was ever counted.
    """
    brands = chosen_brands(file, request.brand)
    if request.rule is not None or request.rules:
        in_force = compiled_rules(file)
        run = RuleRun(file, settings, in_force, request.days, now)
        return [
            rule_report_json(report)
            for rule in _wanted_rules(request, file, in_force)
            for report in run.reports(session, rule, brands, is_sweep=request.sweep)
        ]
    found = []
    for brand in brands:
        part = part_of(file, brand, request.group, request.type)
        current = current_rule(settings, part)
        rules = rules_for(request.sensitivity, current, is_sweep=request.sweep)
        one = replayed(
            session,
            part,
            rules,
            settings,
            days=request.days,
            now=now,
            is_told=not request.sweep,
        )
        found.append(found_json(one, is_sweep=request.sweep))
    return found


def chosen_brands(file: ConfigFile, key: str | None) -> list[Brand]:
    """Return the brand of that key, or all of them; ``ConfigError`` if there is none."""
    chosen = [brand for brand in file.config.brands if key in (None, brand.key)]
    if not chosen:
        known = ", ".join(brand.key for brand in file.config.brands) or "none"
        raise ConfigError(f"there is no brand {key!r}; known brands: {known}")
    return chosen


def named_rule(name: str, in_force: Iterable[AlertRule]) -> list[AlertRule]:
    """Return the rule in force of that name; ``ConfigError`` if there is none."""
    rules = list(in_force)
    found = [one for one in rules if one.name == name]
    if not found:
        known = ", ".join(one.name for one in rules) or "none"
        raise ConfigError(f"there is no rule {name!r}; known rules: {known}")
    return found


def _wanted_rules(
    request: BacktestRequest, file: ConfigFile, in_force: Sequence[AlertRule]
) -> Sequence[AlertRule]:
    if request.rule is not None:
        return named_rule(request.rule, in_force)
    return compiled_rules(with_rules(file.config, request.rules, path=Path("rules")))


@dataclass(frozen=True, slots=True)
class Replayed:
    """What is replayed: a brand, or one source group or complaint type of it."""

    brand: Brand
    topic: str
    group: str
    label: str


@dataclass(frozen=True, slots=True)
class Found:
    """One part's replay, with what was said during each alert of each rule."""

    part: Replayed
    backtest: Backtest
    told: tuple[tuple[Told, ...], ...]
    labelled: tuple[Labelled, ...]

    @property
    def has_labels(self) -> bool:
        """Whether people said of any of the alerts what they were."""
        return any(one.right or one.wrong for one in self.labelled)


def part_of(
    file: ConfigFile, brand: Brand, group: str | None, topic: ComplaintType | None
) -> Replayed:
    """Return the part of a brand that a group or a type names, with what to call it."""
    label = brand.name
    if group is not None:
        label += f" · {group}"
    if topic is not None:
        label += f" · {TYPE_LABELS[file.config.language][topic]}"
    return Replayed(brand, topic or series.ALL, group or series.ALL, label)


def current_rule(settings: NoticeSettings, part: Replayed) -> CrisisSettings:
    """Return the rule in force for a part, its own sensitivity included."""
    one = SeriesRecord(
        id=0,
        brand_id=0,
        brand_key=part.brand.key,
        topic=part.topic,
        source_group=part.group,
    )
    return settings.rule_for(one)


def rules_for(chosen: str | None, current: CrisisSettings, *, is_sweep: bool) -> list[Rule]:
    """Return the rule in force, then the chosen presets, or all and the steps of a sweep."""
    if is_sweep:
        steps = sweep_rules(_presets("all"), CrisisSettings())
        return [Rule(CURRENT, current), *steps]
    return [Rule(CURRENT, current), *_presets(chosen)]


def _presets(chosen: str | None) -> list[Rule]:
    names = [name for name in PRESETS if chosen in ("all", name)]
    return [Rule(name, CrisisSettings.for_sensitivity(name)) for name in names]


def replayed(
    session: Session,
    part: Replayed,
    rules: Sequence[Rule],
    settings: NoticeSettings,
    *,
    days: int,
    now: datetime,
    is_told: bool,
    advance: Advance = lambda _: None,
) -> Found:
    """Replay rules over a part's history; with ``is_told`` also fetch what was said."""
    brand_id = brand_ids(session).get(part.brand.key, 0)
    one = find_series(session, brand_id, topic=part.topic, source_group=part.group)
    if not one:
        raise ListenerError(
            f"{part.label}: nothing was ever counted for it; is 'fengsheng run' listening?"
        )
    result = run_backtest(session, one, rules, settings, days=days, now=now, advance=advance)
    told = tuple(
        tuple(told_during(session, one, each, until=result.until) for each in outcome.alerts)
        if is_told
        else ()
        for outcome in result.outcomes
    )
    known = labelled_alerts(session, brand_id)
    held = tuple(labelled(each, known, until=result.until) for each in result.outcomes)
    return Found(part, result, told, held)


def suggested_rule(result: Backtest) -> Outcome | None:
    """Return what a sweep suggests; the rule in force, which stands first, is no suggestion."""
    rules = Backtest(result.series, result.since, result.until, result.outcomes[1:])
    return calmest_needed(rules)


def setting_of(rule: Rule) -> str:
    """Return the line of the configuration that sets a rule."""
    if rule.name in PRESETS:
        return f'detection.sensitivity = "{rule.name}"'
    return f"detection.on_score = {rule.name}"


def severity_of(alert: Episode) -> str:
    """Return the severity an alert would have had."""
    found = crisis_severity(alert.peak)
    return found.severity if found is not None else "serious"


def found_json(found: Found, *, is_sweep: bool) -> dict[str, Any]:
    """Return one part's replay as JSON-able values."""
    result, part = found.backtest, found.part
    best = suggested_rule(result) if is_sweep else None
    return {
        "brand": part.brand.key,
        "type": part.topic,
        "group": part.group,
        "since": None if result.since is None else result.since.isoformat(),
        "until": result.until.isoformat(),
        "days": result.days,
        "suggested": setting_of(best.rule) if best else None,
        "precision": share_json(found.labelled[0].precision),
        "rules": [
            {
                "rule": outcome.rule.name,
                "on_score": outcome.rule.settings.on_score,
                "per_week": outcome.per_week,
                "right": held.right,
                "wrong": held.wrong,
                "unlabelled": held.unlabelled,
                "precision": share_json(held.precision),
                "alerts": [
                    _alert_json(each, outcome_told[index] if outcome_told else None)
                    for index, each in enumerate(outcome.alerts)
                ],
            }
            for outcome, outcome_told, held in zip(
                result.outcomes, found.told, found.labelled, strict=True
            )
        ],
    }


def _alert_json(alert: Episode, said: Told | None) -> dict[str, Any]:
    return {
        "start": alert.start.isoformat(),
        "end": alert.end.isoformat() if alert.end else None,
        "peak": alert.peak.start.isoformat(),
        "score": alert.peak_score,
        "observed": alert.peak.observed,
        "expected": alert.peak.expected,
        "window_minutes": alert.peak.window_buckets * (BUCKET // timedelta(minutes=1)),
        "severity": severity_of(alert),
        **(asdict(said) if said else {}),
    }
