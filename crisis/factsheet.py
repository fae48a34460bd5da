"""A sheet of facts written by hand (``facts.toml``): read, checked, and offered as a skeleton."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from crisis.facts import DATE, FactForm, FactState, clean_value, read_instant, value_text
from crisis.library import StatementLibrary
from crisis.template_meta import FactDefinition, Template
from listener.errors import Conflict

_KEYS = frozenset({"state", "value", "source", "as_of"})
_TIMED = (FactForm.TIME, FactForm.DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetFact:
    """One fact as the sheet states it."""

    name: str
    state: FactState
    value: str
    source: str
    as_of: datetime | None


def read_sheet(text: str, tz: ZoneInfo) -> dict[str, SheetFact]:
    """Return the facts of a sheet by name.

    Raises ``Conflict`` naming the fact and the remedy when the sheet cannot be understood.
    """
    try:
        data = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise Conflict(f"the facts are not valid TOML: {error}") from None
    tables = data.get("facts", {})
    if data.keys() - {"facts"} or not isinstance(tables, dict):
        strange = min(data.keys() - {"facts"}, default="facts")
        raise Conflict(f"'{strange}' is not understood; write each fact as [facts.NAME]")
    return {name: _read_fact(name, entry, tz) for name, entry in tables.items()}


def refusals(
    sheet: Mapping[str, SheetFact], names: Iterable[str], forms: Mapping[str, str]
) -> Iterator[str]:
    """Yield why a fact among ``names`` may not be used: stale, unsourced, undated, no time."""
    for name in names:
        fact = sheet.get(name)
        if fact is None:
            continue
        if fact.state == FactState.STALE:
            yield f"fact '{name}' is stale; state its newest value with source and as_of"
        if fact.state != FactState.KNOWN:
            continue
        if not fact.source:
            yield f"fact '{name}' has no source; say who or what vouches for it in source"
        if fact.as_of is None:
            yield f"fact '{name}' has no as_of; say when it held, e.g. as_of = 2026-11-22T10:00:00"
        if forms.get(name) in _TIMED and not any(char.isdigit() for char in fact.value):
            yield (
                f"fact '{name}' names no time ({fact.value}); write e.g. 2026-11-22T12:30 "
                "or the time in words with its figures"
            )


def skeleton(library: StatementLibrary, template: Template, also: Iterable[str] = ()) -> str:
    """Return a sheet to fill in: every fact of the template with its question and an example."""
    definitions = library.definitions(template.lang)
    examples = library.examples(template)
    required = tuple(dict.fromkeys((*template.required, *also)))
    optional = tuple(name for name in template.optional if name not in required)
    blocks = [f"# {library.edition(template)}"]
    for name in (*required, *optional):
        example = examples.get(name, definitions[name].example)
        notes = _notes(template, definitions[name], is_required=name in required)
        blocks.append(_entry(definitions[name], notes, example))
    return "\n\n".join(blocks) + "\n"


def _notes(template: Template, fact: FactDefinition, *, is_required: bool) -> str:
    notes = ["required" if is_required else "optional"]
    if fact.name in template.may_be_unknown:
        notes.append('may be state = "unknown"')
    if fact.form == FactForm.CLAUSE:
        notes.append("a whole sentence without its full stop")
    if fact.name == DATE:
        notes.append("if not stated: the day of the newest fact")
    return "; ".join(notes)


def _entry(fact: FactDefinition, notes: str, example: str) -> str:
    return (
        f"# {fact.label}: {fact.question}\n# {notes}; e.g. {example}\n"
        f'[facts.{fact.name}]\nstate = "missing"\nvalue = ""\nsource = ""\nas_of = ""'
    )


def _read_fact(name: str, entry: Any, tz: ZoneInfo) -> SheetFact:
    if not isinstance(entry, dict):
        raise Conflict(f"fact '{name}' must be a table [facts.{name}]")
    if strange := entry.keys() - _KEYS:
        known = ", ".join(sorted(_KEYS))
        raise Conflict(f"fact '{name}' has an unknown key '{min(strange)}'; keys are {known}")
    try:
        value = clean_value(value_text(entry.get("value", "")))
        state = FactState(entry.get("state", FactState.KNOWN if value else FactState.MISSING))
    except (TypeError, ValueError) as error:
        raise Conflict(f"fact '{name}': {error}") from None
    if state == FactState.KNOWN and not value:
        raise Conflict(f"fact '{name}' is known but has no value; fill it or set \"unknown\"")
    source = entry.get("source", "")
    if not isinstance(source, str):
        raise Conflict(f"fact '{name}': source must be text, got {source!r}")
    return SheetFact(
        name=name,
        state=state,
        value=value if state == FactState.KNOWN else "",
        source=source.strip(),
        as_of=_as_of(name, entry.get("as_of"), tz),
    )


def _as_of(name: str, written: object, tz: ZoneInfo) -> datetime | None:
    if written in (None, ""):
        return None
    if isinstance(written, datetime):
        return written if written.tzinfo else written.replace(tzinfo=tz)
    if isinstance(written, date):
        return datetime.combine(written, time(), tz)
    instant = read_instant(written, tz) if isinstance(written, str) else None
    if instant is None:
        raise Conflict(f"fact '{name}': as_of must be a time such as 2026-11-22T10:00:00")
    return instant
