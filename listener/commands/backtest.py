"""The command ``backtest``: what the rule would have raised on stored history, in plain words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer
from rich.progress import Progress
from sqlmodel import Session

from crisis.hindsight import Told
from listener.app import notice_settings
from listener.backtest import Rule
from listener.backtest_report import (
    Found,
    Replayed,
    chosen_brands,
    current_rule,
    found_json,
    part_of,
    replayed,
    rules_for,
    setting_of,
    severity_of,
    suggested_rule,
)
from listener.clock import SystemClock
from listener.commands.accuracy import share_text
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
    usage_errors,
)
from listener.complaints import SEVERITY_LABELS, TYPE_LABELS, ComplaintType, Severity
from listener.config import load_secrets
from listener.config_file import ConfigFile
from listener.detect.episodes import Episode
from listener.home import open_database
from listener.notice import NoticeSettings
from listener.store.engine import read_session
from listener.store.rows import BUCKET


class Preset(StrEnum):
    """Which presets are replayed beside the rule in force."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"
    ALL = "all"


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
        with usage_errors():
            brands = chosen_brands(file, brand)
        parts = [part_of(file, each, group, topic) for each in brands]
        now = SystemClock().now()
        settings = notice_settings(file.config)
        engine = open_database(file, load_secrets())
        try:
            with read_session(engine) as session:
                found = [
                    _replayed(
                        session,
                        part,
                        rules_for(sensitivity, current_rule(settings, part), is_sweep=sweep),
                        settings,
                        days=days,
                        now=now,
                        is_told=not sweep,
                    )
                    for part in parts
                ]
        finally:
            engine.dispose()
    if as_json:
        print_json([found_json(one, is_sweep=sweep) for one in found])
        return
    words = WORDS[file.config.language]
    for one in found:
        for line in _sweep_lines(one, words) if sweep else _lines(one, file, words):
            out.print(line, markup=False)
    if not sweep and not any(one.has_labels for one in found):
        out.print(words["unlabelled"], markup=False)


def _replayed(
    session: Session,
    part: Replayed,
    rules: Sequence[Rule],
    settings: NoticeSettings,
    *,
    days: int,
    now: datetime,
    is_told: bool,
) -> Found:
    with _progress(part.label, timedelta(days=days) + settings.history) as advance:
        return replayed(
            session,
            part,
            rules,
            settings,
            days=days,
            now=now,
            is_told=is_told,
            advance=advance,
        )


@contextmanager
def _progress(label: str, span: timedelta) -> Iterator[Callable[[timedelta], object]]:
    if not err.is_terminal:
        yield lambda _: None
        return
    with Progress(console=err, transient=True) as bar:
        task = bar.add_task(label, total=span / timedelta(days=1))
        yield lambda passed: bar.advance(task, passed / timedelta(days=1))


def _lines(found: Found, file: ConfigFile, words: Mapping[str, str]) -> Iterator[str]:
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
        severity=SEVERITY_LABELS[lang][Severity(severity_of(alert))],
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


def _name(rule: Rule, words: Mapping[str, str]) -> str:
    return words[rule.name] if rule.name in words else words["step"].format(score=rule.name)


def _sweep_lines(found: Found, words: Mapping[str, str]) -> Iterator[str]:
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
    best = suggested_rule(result)
    if not result.has_week:
        yield words["no_week"]
    elif best is None:
        yield words["noisy"]
    elif best.rule.settings.on_score == current.rule.settings.on_score:
        yield words["kept"]
    else:
        yield words["advice"].format(setting=setting_of(best.rule), rate=best.per_week)
