"""The command ``rules``: what alerts beside the crisis channel, in words, and its state."""

from datetime import datetime
from typing import Any

from listener.commands.common import (
    ConfigOption,
    JsonOption,
    errors_shown,
    print_json,
    print_table,
    read_config,
)
from listener.config import load_secrets
from listener.detect.rules import BRAND_KINDS
from listener.home import open_database
from listener.rule_words import KIND_LABELS, ends, says
from listener.rules import AlertRule, compiled_rules
from listener.store.engine import read_session
from listener.store.findings import RuleState, rule_states


def rules(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the rules of the configuration with what they say, their state and when they fired."""
    with errors_shown():
        file = read_config(config)
        compiled = compiled_rules(file)
        engine = open_database(file, load_secrets())
        try:
            with read_session(engine) as session:
                states = rule_states(session)
        finally:
            engine.dispose()
    lang, tz = file.config.language, file.config.tz

    def row(one: AlertRule) -> list[str]:
        known = states.get(one.name)
        last = known.last_at.astimezone(tz) if known else None
        return [
            _state(one, known),
            one.name,
            KIND_LABELS[lang][one.spec.kind],
            says(one, lang),
            "page" if one.pages else "notice",
            f"{last:%Y-%m-%d %H:%M}" if last else "never",
        ]

    if as_json:
        print_json([_as_json(one, states.get(one.name), lang) for one in compiled])
        return
    columns = ["state", "name", "kind", "says", "tells", "last fired"]
    print_table(columns, [row(one) for one in compiled], empty="No [[rules]] in config.toml.")


def _state(rule: AlertRule, known: RuleState | None) -> str:
    if rule.entry.mode == "off":
        return "off"
    name = "trial" if rule.entry.mode == "trial" else "on"
    return f"{name}, firing" if known is not None and known.is_on else name


def _as_json(rule: AlertRule, known: RuleState | None, lang: str) -> dict[str, Any]:
    last: datetime | None = known.last_at if known else None
    return {
        "name": rule.name,
        "kind": rule.spec.kind.value,
        "mode": rule.entry.mode,
        "is_firing": known is not None and known.is_on,
        "last_fired_at": last.isoformat() if last else None,
        "times_fired": known.count if known else 0,
        "says": says(rule, lang),
        "ends": ends(rule, lang) if rule.spec.kind in BRAND_KINDS else None,
        "tells": "page" if rule.pages else "notice",
    }
