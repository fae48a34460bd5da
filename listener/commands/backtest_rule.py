"""``backtest --rule``: what a rule of one's own would have raised, beside what is in force."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from crisis.labels import Precision, precision_of
from listener.app import notice_settings
from listener.backtest_report import chosen_brands, named_rule
from listener.clock import SystemClock
from listener.commands.backtest_text import WORDS
from listener.commands.common import errors_shown, out, print_json, read_config, usage_errors
from listener.config import load_secrets
from listener.config_file import ConfigFile, load_rules
from listener.home import open_database
from listener.rule_backtest import RuleOutcome
from listener.rule_report import RuleReport, RuleRun, rule_report_json, suggested_step
from listener.rule_words import says
from listener.rules import AlertRule, compiled_rules
from listener.store.engine import read_session


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
        with usage_errors():
            chosen = chosen_brands(file, brand)
        run = RuleRun(file, notice_settings(file.config), in_force, days, SystemClock().now())
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
        print_json([rule_report_json(one) for one in reports])
        return
    words = WORDS[file.config.language]
    for one in reports:
        lines = _sweep_lines(one, words) if is_sweep else _lines(one, file, words)
        for line in lines:
            out.print(line, markup=False)


def _wanted(wanted: str, file: ConfigFile, in_force: Sequence[AlertRule]) -> Sequence[AlertRule]:
    if wanted.endswith(".toml"):
        return compiled_rules(load_rules(Path(wanted), file.config))
    with usage_errors():
        return named_rule(wanted, in_force)


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


def _lines(one: RuleReport, file: ConfigFile, words: Mapping[str, str]) -> Iterator[str]:
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


def _sweep_lines(one: RuleReport, words: Mapping[str, str]) -> Iterator[str]:
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
    best = suggested_step(one)
    if best is not None:
        value = _value(best, result.swept_key)
        yield words["rule_advice"].format(key=result.swept_key, value=value)
    else:
        yield words["no_week" if result.days < 7 else "noisy"]


def _value(outcome: RuleOutcome, key: str) -> str:
    return f"{getattr(outcome.spec, key):g}" if key != "followers" else str(outcome.spec.followers)
