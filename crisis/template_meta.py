"""What a template asks for: its facts, channels, approvers and laws, read from ``_meta.toml``."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from crisis.facts import FactState, ShownFact
from listener.errors import TemplateRejected

_KEYS = frozenset(
    {
        "version",
        "channels",
        "approvers",
        "apology_level",
        "legal",
        "required",
        "optional",
        "may_be_unknown",
        "always_checking",
        "checking",
    }
)

# Laws, hotlines and what people expect of a company change; a year is the longest to trust a text.
REVIEW_WITHIN = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactDefinition:
    """What a fact is called in one language, how it is asked for, and how it stays open."""

    name: str
    form: str
    label: str
    question: str
    example: str
    checking: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One template and what it asks for.

    ``checking`` maps a fact to the words that say it is still being checked; the facts in
    ``always_checking`` are never stated by this kind and always named among them. ``reviewed`` is
    the day its folder was last read by somebody who answers for it. ``is_own`` says that the
    team's own folder has a hand in it.
    """

    lang: str
    crisis_type: str
    kind: str
    version: int
    channels: tuple[str, ...]
    approvers: tuple[str, ...]
    apology_level: int
    legal: tuple[str, ...]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    may_be_unknown: tuple[str, ...]
    always_checking: tuple[str, ...]
    checking: Mapping[str, str]
    reviewed: date | None = None
    is_own: bool = False

    def is_stale(self, on: date) -> bool:
        """Say whether nobody has read it against law, contacts and practice for too long."""
        return self.reviewed is None or on - self.reviewed > REVIEW_WITHIN

    @property
    def name(self) -> str:
        """The file, relative to the library."""
        return f"{self.lang}/{self.crisis_type}/{self.kind}.md.j2"

    @property
    def facts(self) -> tuple[str, ...]:
        """Every fact it may use."""
        return self.required + self.optional

    @property
    def channel(self) -> str:
        """The channel it is written for first."""
        return self.channels[0]

    def open_points(self, shown: Mapping[str, ShownFact]) -> list[str]:
        """Return the words for everything still being checked, in the order of the template."""
        names = (*self.always_checking, *(n for n in self.facts if shown[n].unknown))
        return [self.checking[name] for name in names]


def fact_definitions(folder: Path, lang: str) -> dict[str, FactDefinition]:
    """Return the facts of a language from ``<lang>/_facts.toml`` below a folder."""
    path = folder / lang / "_facts.toml"
    try:
        return {
            name: FactDefinition(
                name=name,
                form=entry["form"],
                label=entry["label"],
                question=entry["question"],
                example=entry["example"],
                checking=entry.get("checking", ""),
            )
            for name, entry in read_toml(path).items()
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise TemplateRejected(f"{path}: {type(error).__name__}: {error}") from None


def missing_names(
    template: Template, states: Mapping[str, str], also: tuple[str, ...] = ()
) -> list[str]:
    """Return the required facts that nobody has stated, or that may not stay unknown.

    ``also`` are facts that the channel needs besides.
    """
    return [
        name
        for name in dict.fromkeys((*template.required, *also))
        if states.get(name, FactState.MISSING) == FactState.MISSING
        or (states[name] == FactState.UNKNOWN and name not in template.may_be_unknown)
    ]


def read_toml(path: Path) -> dict[str, Any]:
    """Return a file's tables, read again only after it has changed; not to be altered."""
    try:
        return _parsed(path, path.stat().st_mtime_ns)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TemplateRejected(f"{path}: {type(error).__name__}: {error}") from None


@lru_cache(maxsize=256)
def _parsed(path: Path, _changed_at_ns: int) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def read_template(
    meta: Path,
    entry: dict[str, Any],
    definitions: Mapping[str, FactDefinition],
    key: tuple[str, str, str],
) -> Template:
    """Return a kind's table as a template. Raises ``TemplateRejected`` naming file and key."""
    lang, crisis_type, kind = key
    where = f"{meta} [{kind}]"
    try:
        if unknown_keys := entry.keys() - _KEYS:
            raise TemplateRejected(f"{where}: unknown key '{min(unknown_keys)}'")
        template = Template(
            lang=lang,
            crisis_type=crisis_type,
            kind=kind,
            version=int(entry["version"]),
            channels=_names(entry["channels"]),
            approvers=_names(entry["approvers"]),
            apology_level=int(entry["apology_level"]),
            legal=_names(entry["legal"]),
            required=_names(entry["required"]),
            optional=_names(entry["optional"]),
            may_be_unknown=_names(entry["may_be_unknown"]),
            always_checking=_names(entry.get("always_checking", [])),
            checking={name: one.checking for name, one in definitions.items()}
            | dict(entry.get("checking", {})),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TemplateRejected(f"{where}: {type(error).__name__}: {error}") from None
    for problem in _problems(template, definitions):
        raise TemplateRejected(f"{where}: {problem}")
    return template


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError(f"a list of texts is needed, got {value!r}")
    return tuple(value)


def _problems(template: Template, definitions: Mapping[str, FactDefinition]) -> Iterator[str]:
    for name in (*template.facts, *template.always_checking):
        if name not in definitions:
            yield f"there is no fact '{name}' in _facts.toml"
    if len(set(template.facts)) != len(template.facts):
        yield "a fact stands twice in required and optional"
    if not template.channels:
        yield "channels must name at least one channel"
    if not 0 <= template.apology_level <= 5:
        yield f"apology_level must be 0 to 5 (got {template.apology_level})"
    for name in template.may_be_unknown:
        if name not in template.facts:
            yield f"may_be_unknown names '{name}', which is neither required nor optional"
    for name in (*template.may_be_unknown, *template.always_checking):
        if name in definitions and not template.checking[name]:
            yield f"'{name}' has no words for 'being checked'; add checking to _facts.toml"
