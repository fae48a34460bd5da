"""What is checked: a statement with where, why and what is known. Values and their reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from listener.errors import ListenerError

LANGUAGES = ("zh-CN", "zh-TW", "en")
KINDS = (
    "holding",
    "full",
    "closing",
    "correction",
    "apology",
    "press",
    "qa",
    "script",
    "internal",
    "sms",
)
CHANNELS = (
    "weibo",
    "wechat",
    "douyin",
    "xiaohongshu",
    "zhihu",
    "website",
    "press",
    "script",
    "internal",
    "overseas",
    "sms",
    "qa",
)
SEVERITIES = ("none", "general", "serious", "urgent")
STATES = ("known", "unknown", "stale", "missing")


class UnreadableStatement(ListenerError):
    """What was given cannot be checked; the message names the key, the value and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetFact:
    """One line of the fact sheet: ``state`` is known, unknown, stale or missing."""

    state: str
    value: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementToCheck:
    """A statement as it would go out.

    ``facts`` maps names to what is known of them, ``earlier`` holds what was published before,
    oldest first, ``variants`` the same statement for other channels or languages.
    """

    text: str
    lang: str = "zh-CN"
    channel: str = "website"
    kind: str = "full"
    crisis: str = ""
    severity: str = "serious"
    facts: Mapping[str, SheetFact] = field(default_factory=dict)
    earlier: Sequence[str] = ()
    variants: Sequence[str] = ()


def read_statement(
    data: Mapping[str, Any], defaults: StatementToCheck | None = None
) -> StatementToCheck:
    """Return the statement that ``data`` describes; absent keys are taken from ``defaults``.

    Raises ``UnreadableStatement`` when a key has the wrong type or an unknown value.
    """
    base = defaults or StatementToCheck(text="")
    return StatementToCheck(
        text=_text(data, "text", base.text),
        lang=_one_of(data, "lang", LANGUAGES, base.lang),
        channel=_one_of(data, "channel", CHANNELS, base.channel),
        kind=_one_of(data, "kind", KINDS, base.kind),
        crisis=_text(data, "crisis", base.crisis),
        severity=_one_of(data, "severity", SEVERITIES, base.severity),
        facts=read_facts(data["facts"]) if data.get("facts") else base.facts,
        earlier=_texts(data, "earlier", base.earlier),
        variants=_texts(data, "variants", base.variants),
    )


def read_facts(table: Any) -> dict[str, SheetFact]:
    """Return the facts of a table of tables; raise ``UnreadableStatement`` for another shape."""
    if not isinstance(table, Mapping):
        raise UnreadableStatement(f"facts must be a table of facts (got {table!r:.60})")
    facts = {}
    for name, entry in table.items():
        if not isinstance(entry, Mapping):
            raise UnreadableStatement(
                f"fact '{name}' must be a table with state and value (got {entry!r:.60})"
            )
        state = entry.get("state", "known")
        if state not in STATES:
            raise UnreadableStatement(
                f"fact '{name}': state must be one of {', '.join(STATES)} (got {state!r:.60})"
            )
        facts[str(name)] = SheetFact(
            state=state, value=_written(entry.get("value")), source=_written(entry.get("source"))
        )
    return facts


def _written(value: object) -> str:
    if isinstance(value, list | tuple):
        return "、".join(map(str, value))
    return "" if value is None else str(value)


def _text(data: Mapping[str, Any], key: str, default: str) -> str:
    value = data.get(key)
    if value is None:
        return default
    if not isinstance(value, str):
        raise UnreadableStatement(f"'{key}' must be a string (got {value!r:.60})")
    return value


def _one_of(data: Mapping[str, Any], key: str, allowed: tuple[str, ...], default: str) -> str:
    value = _text(data, key, default)
    if value not in allowed:
        raise UnreadableStatement(
            f"'{key}' must be one of {', '.join(allowed)} (got {value[:60]!r})"
        )
    return value


def _texts(data: Mapping[str, Any], key: str, default: Sequence[str]) -> Sequence[str]:
    value = data.get(key)
    if value is None:
        return default
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, list | tuple):
        raise UnreadableStatement(f"'{key}' must be a list of texts (got {value!r:.60})")
    texts = [item.get("text") if isinstance(item, Mapping) else item for item in value]
    if not all(isinstance(item, str) for item in texts):
        raise UnreadableStatement(f"'{key}' must hold texts (got {value!r:.60})")
    return tuple(item for item in texts if isinstance(item, str))
