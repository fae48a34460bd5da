"""The command ``backtest``: what the rule would have raised on stored history, in plain words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.progress import Progress
from sqlmodel import Session

from crisis.hindsight import Told, told_during
from listener.app import notice_settings
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
from listener.clock import SystemClock
from listener.commands.accuracy import share_json, share_text
from listener.commands.accuracy_text import WORDS as ACCURACY_WORDS
from listener.commands.backtest_rule import backtest_rules
from listener.commands.backtest_text import WORDS
from listener.commands.common import (
    ConfigOption,
    JsonOption,
    err,
    errors_shown,
    fail,
    out,
    print_json,
    read_config,
)
from listener.complaints import SEVERITY_LABELS, TYPE_LABELS, ComplaintType, Severity
from listener.config import Brand, load_secrets
from listener.config_file import ConfigFile
from listener.detect.episodes import Episode
from listener.detect.settings import CrisisSettings
from listener.detect.severity import crisis_severity
from listener.home import open_database
from listener.notice import NoticeSettings
from listener.outlook import PRESETS
from listener.store import series
from listener.store.brands import brand_ids
from listener.store.corrections import labelled_alerts
from listener.store.engine import read_session
from listener.store.records import SeriesRecord
from listener.store.rows import BUCKET

_CURRENT = "current"


class Preset(StrEnum):
    """Which presets are replayed beside the rule in force."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class _Part:
    """What is replayed: a brand, or one source group or complaint type of it."""

    brand: Brand
    topic: str
    group: str
    label: str


@dataclass(frozen=True, slots=True)
class _Found:
    """One part's replay, with what was said during each alert of each rule."""

    part: _Part
    backtest: Backtest
    told: tuple[tuple[Told, ...], ...]
    labelled: tuple[Labelled, ...]

    @property
    def has_labels(self) -> bool:
        return any(one.right or one.wrong for one in self.labelled)


def backtest(
    brand: Annotated[str | None, typer.Argument(help="Key of the brand; all if left out.")] = None,
    days: Annotated[int, typer.Option(min=1, max=400, help="Days back from now.")] = 30,
    sensitivity: Annotated[
        Preset | None, typer.Option(help="Preset(s) to replay beside the rule in force.")
    ] = None,
    group: Annotated[str | None, typer.Option(help="One source group only.")] = None,
    topic: Annotated[
        ComplaintType | None, typer.Option("--type", help="One complaint type only.")
    ] = None,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Suggest a threshold for at most one alert a week.")
    ] = False,
    rule: Annotated[
        str | None,
        typer.Option(help="A rule of [[rules]] by name, or a .toml file with rules to be tried."),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what the rule would have raised on the stored history; changes nothing."""
    if rule is not None:
        if (sensitivity, group, topic) != (None, None, None):
            fail("backtest: --rule says itself which part and how readily; leave the rest", code=2)
        backtest_rules(rule, brand, config, days=days, is_sweep=sweep, as_json=as_json)
        return
    if group is not None and topic is not None:
        fail("backtest: --group and --type are two different parts of a brand; give one", code=2)
    with errors_shown():
        file = read_config(config)
        parts = [_part(file, each, group, topic) for each in _brands(file, brand)]
        now = SystemClock().now()
        settings = notice_settings(file.config)
        engine = open_database(file, load_secrets())
        try:
            with read_session(engine) as session:
                found = [
                    _replayed(
                        session,
                        part,
                        _rules(sensitivity, _current(settings, part), is_sweep=sweep),
                        file,
                        days=days,
                        now=now,
                        is_told=not sweep,
                    )
                    for part in parts
                ]
        finally:
            engine.dispose()
    if as_json:
        print_json([_as_json(one, is_sweep=sweep) for one in found])
        return
    words = WORDS[file.config.language]
    for one in found:
        for line in _sweep_lines(one, words) if sweep else _lines(one, file, words):
            out.print(line, markup=False)
    if not sweep and not any(one.has_labels for one in found):
        out.print(words["unlabelled"], markup=False)


def _brands(file: ConfigFile, key: str | None) -> list[Brand]:
    chosen = [brand for brand in file.config.brands if key in (None, brand.key)]
    if not chosen:
        known = ", ".join(brand.key for brand in file.config.brands) or "none"
        fail(f"there is no brand {key!r}; known brands: {known}", code=2)
    return chosen


def _part(file: ConfigFile, brand: Brand, group: str | None, topic: ComplaintType | None) -> _Part:
    label = brand.name
    if group is not None:
        label += f" · {group}"
    if topic is not None:
        label += f" · {TYPE_LABELS[file.config.language][topic]}"
    return _Part(brand, topic or series.ALL, group or series.ALL, label)


def _presets(chosen: Preset | None) -> list[Rule]:
    names = [name for name in PRESETS if chosen in (Preset.ALL, name)]
    return [Rule(name, CrisisSettings.for_sensitivity(name)) for name in names]


def _current(settings: NoticeSettings, part: _Part) -> CrisisSettings:
    """Return the rule in force for a part, its own sensitivity included."""
    one = SeriesRecord(
        id=0,
        brand_id=0,
        brand_key=part.brand.key,
        topic=part.topic,
        source_group=part.group,
    )
    return settings.rule_for(one)


def _rules(
    chosen: Preset | None, current: CrisisSettings, *, is_sweep: bool = False
) -> list[Rule]:
    if is_sweep:
        steps = sweep_rules(_presets(Preset.ALL), CrisisSettings())
        return [Rule(_CURRENT, current), *steps]
    return [Rule(_CURRENT, current), *_presets(chosen)]


def _replayed(
    session: Session,
    part: _Part,
    rules: Sequence[Rule],
    file: ConfigFile,
    *,
    days: int,
    now: datetime,
    is_told: bool,
) -> _Found:
    brand_id = brand_ids(session).get(part.brand.key, 0)
    one = find_series(session, brand_id, topic=part.topic, source_group=part.group)
    if not one:
        fail(f"{part.label}: nothing was ever counted for it; is 'fengsheng run' listening?")
    settings = notice_settings(file.config)
    with _progress(part.label, timedelta(days=days) + settings.history) as advance:
        result = run_backtest(session, one, rules, settings, days=days, now=now, advance=advance)
    told = tuple(
        tuple(told_during(session, one, each, until=result.until) for each in outcome.alerts)
        if is_told
        else ()
        for outcome in result.outcomes
    )
    known = labelled_alerts(session, brand_id)
    held = tuple(labelled(each, known, until=result.until) for each in result.outcomes)
    return _Found(part, result, told, held)


@contextmanager
def _progress(label: str, span: timedelta) -> Iterator[Callable[[timedelta], object]]:
    if not err.is_terminal:
        yield lambda _: None
        return
    with Progress(console=err, transient=True) as bar:
        task = bar.add_task(label, total=span / timedelta(days=1))
        yield lambda passed: bar.advance(task, passed / timedelta(days=1))


def _lines(found: _Found, file: ConfigFile, words: Mapping[str, str]) -> Iterator[str]:
    result = found.backtest
    if result.since is None:
        yield words["never"].format(what=found.part.label)
        return
    shares = ACCURACY_WORDS[file.config.language]
    for outcome, told, held in zip(result.outcomes, found.told, found.labelled, strict=True):
        values = {
            "what": found.part.label,
            "rule": _name(outcome.rule, words),
            "days": result.days,
            "count": len(outcome.alerts),
        }
        yield words["alerts" if outcome.alerts else "calm"].format(**values)
        for number, (alert, said) in enumerate(zip(outcome.alerts, told, strict=True), start=1):
            yield from _alert_lines(number, alert, said, file, words)
        if held.right or held.wrong:
            yield words["labelled"].format(
                right=held.right,
                wrong=held.wrong,
                unlabelled=held.unlabelled,
                share=share_text(held.precision, shares),
            )


def _alert_lines(
    number: int, alert: Episode, said: Told, file: ConfigFile, words: Mapping[str, str]
) -> Iterator[str]:
    lang, peak = file.config.language, alert.peak

    def clock(at: datetime) -> str:
        return f"{at.astimezone(file.config.tz):%m-%d %H:%M}"

    yield words["alert"].format(
        number=number,
        start=clock(alert.start),
        end=clock(alert.end) if alert.end else words["ongoing"],
        severity=SEVERITY_LABELS[lang][Severity(_severity(alert))],
        peak=clock(peak.start),
        window=_window(peak.window_buckets, words),
        observed=peak.observed,
        expected=f"{peak.expected:.1f}",
        score=alert.peak_score,
    )
    if said.types:
        labels = TYPE_LABELS[lang]
        types = ", ".join(f"{labels[ComplaintType(code)]} {count}" for code, count in said.types)
        yield words["types"].format(types=types)
    for one in said.quotes:
        yield words["quote"].format(text=one.text, source=one.source)


def _window(buckets: int, words: Mapping[str, str]) -> str:
    minutes = buckets * (BUCKET // timedelta(minutes=1))
    if minutes >= 60:
        return words["hours"].format(count=minutes // 60)
    return words["minutes"].format(count=minutes)


def _severity(alert: Episode) -> str:
    found = crisis_severity(alert.peak)
    return found.severity if found is not None else "serious"


def _name(rule: Rule, words: Mapping[str, str]) -> str:
    return words[rule.name] if rule.name in words else words["step"].format(score=rule.name)


def _sweep_lines(found: _Found, words: Mapping[str, str]) -> Iterator[str]:
    current, result = found.backtest.outcomes[0], found.backtest
    if result.since is None:
        yield words["never"].format(what=found.part.label)
        return
    yield words["sweep"].format(what=found.part.label, days=result.days)
    for outcome, held in zip(result.outcomes, found.labelled, strict=True):
        line = words["week"].format(rule=_name(outcome.rule, words), rate=outcome.per_week)
        if held.right or held.wrong:
            line += words["week_labelled"].format(right=held.right, wrong=held.wrong)
        yield line
    best = _best(result)
    if not result.has_week:
        yield words["no_week"]
    elif best is None:
        yield words["noisy"]
    elif best.rule.settings.on_score == current.rule.settings.on_score:
        yield words["kept"]
    else:
        yield words["advice"].format(setting=_setting(best.rule), rate=best.per_week)


def _best(result: Backtest) -> Outcome | None:
    rules = Backtest(result.series, result.since, result.until, result.outcomes[1:])
    return calmest_needed(rules)


def _setting(rule: Rule) -> str:
    if rule.name in PRESETS:
        return f'detection.sensitivity = "{rule.name}"'
    return f"detection.on_score = {rule.name}"


def _as_json(found: _Found, *, is_sweep: bool) -> dict[str, Any]:
    result, part = found.backtest, found.part
    best = _best(result) if is_sweep else None
    return {
        "brand": part.brand.key,
        "type": part.topic,
        "group": part.group,
        "since": None if result.since is None else result.since.isoformat(),
        "until": result.until.isoformat(),
        "days": result.days,
        "suggested": _setting(best.rule) if best else None,
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
        "window_minutes": alert.peak.window_buckets * 5,
        "severity": _severity(alert),
        **(asdict(said) if said else {}),
    }
