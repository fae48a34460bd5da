"""The statement library: templates as files, with the facts each one needs.

A folder per language and crisis type holds ``<kind>.md.j2`` and ``_meta.toml``; ``_facts.toml``
per language names every fact. Whole texts stand in one file each: a lawyer reads and a diff shows
them as they go out, so only the phrases for what is still being checked are shared.
"""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from crisis.facts import FactState, ShownFact
from crisis.kinds import CrisisType, Kind
from crisis.layout import Layout, read_layout
from crisis.template_syntax import check_template
from crisis.wording import listed, mark_value, sentence, settle
from listener.errors import TemplateRejected
from listener.text.clean import clean_text

# What a template may print; a loop stops there too.
MAX_RENDERED_CHARS = 12_000
CAUSE = "cause"
LANGUAGES = ("zh-CN", "zh-TW", "en")
WORDS = frozenset({"checking", "zone"})
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
    the day its folder was last read by somebody who answers for it.
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


class StatementLibrary:
    """Finds and renders statement templates below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environments = {lang: _environment(lang) for lang in LANGUAGES}
        self._ready: dict[tuple[str, str, tuple[str, ...]], jinja2.Template] = {}

    def find(self, *, lang: str, crisis_type: str, kind: str) -> Template | None:
        """Return the template for this case, or None when the library has none."""
        if lang not in LANGUAGES or crisis_type not in set(CrisisType) or kind not in set(Kind):
            return None
        meta = self._folder / lang / crisis_type / "_meta.toml"
        if not meta.exists():
            return None
        entry = _toml(meta).get(kind)
        if entry is None:
            return None
        reviewed = _toml(meta).get("reviewed")
        if reviewed is not None and type(reviewed) is not date:
            raise TemplateRejected(f"{meta}: reviewed must be a day such as 2026-11-22")
        found = _template(meta, entry, self.definitions(lang), (lang, crisis_type, kind))
        return replace(found, reviewed=reviewed)

    def templates(self) -> Iterator[Template]:
        """Yield every template there is, by language, crisis type and kind."""
        for lang in LANGUAGES:
            for crisis_type in CrisisType:
                for kind in Kind:
                    found = self.find(lang=lang, crisis_type=crisis_type, kind=kind)
                    if found is not None:
                        yield found

    def definitions(self, lang: str) -> dict[str, FactDefinition]:
        """Return every fact a statement in this language may use, by name."""
        return fact_definitions(self._folder, lang)

    def examples(self, template: Template) -> dict[str, str]:
        """Return an example value for each fact: the folder's own case, else the general one."""
        path = self._folder / template.lang / template.crisis_type / "_example.toml"
        own = _toml(path) if path.exists() else {}
        definitions = self.definitions(template.lang)
        return {name: str(own.get(name, definitions[name].example)) for name in template.facts}

    def source(self, template: Template) -> str:
        """Return the template's text. Raises ``TemplateRejected`` when it is not there."""
        path = self._folder / template.name
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TemplateRejected(f"{template.name}: {type(error).__name__}") from None

    def compose(
        self, template: Template, facts: Mapping[str, ShownFact], zone: str = ""
    ) -> Layout:
        """Return the statement in its parts; ``facts`` holds every fact of the template.

        Raises ``TemplateRejected`` when the template uses more than the safe subset or prints more
        than ``MAX_RENDERED_CHARS``.
        """
        compiled = self._compiled(template)
        values = {**facts, "checking": template.open_points(facts), "zone": zone}
        try:
            text = _joined(compiled.generate(values), template.name)
        except (TemplateError, TypeError, AttributeError) as error:
            raise TemplateRejected(f"{template.name}: {type(error).__name__}: {error}") from None
        return read_layout(clean_text(settle(text), max_chars=MAX_RENDERED_CHARS))

    def _compiled(self, template: Template) -> jinja2.Template:
        """Return the checked template, compiled again only when its text or facts change."""
        source = self.source(template)
        key = (template.lang, source, template.facts)
        if key not in self._ready:
            environment = self._environments[template.lang]
            check_template(
                environment, source, name=template.name, facts=template.facts, words=WORDS
            )
            try:
                self._ready[key] = environment.from_string(source)
            except (TemplateError, RecursionError, SyntaxError) as error:
                raise TemplateRejected(f"{template.name}: {type(error).__name__}") from None
        return self._ready[key]


def fact_definitions(folder: Path, lang: str) -> dict[str, FactDefinition]:
    """Return the facts of a language from ``<lang>/_facts.toml`` below the library's folder."""
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
            for name, entry in _toml(path).items()
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise TemplateRejected(f"{path}: {type(error).__name__}: {error}") from None


def content_hash(text: str) -> str:
    """Return the SHA-256 of a statement's exact text: what a decision binds to."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


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


def _environment(lang: str) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        keep_trailing_newline=False,
        finalize=_printed,
    )
    environment.globals.clear()
    environment.tests.clear()
    environment.filters = {
        "listed": lambda phrases: _listed(phrases, lang),
        "sentence": sentence,
    }
    return environment


def _printed(value: object) -> str:
    """Return what ``{{ … }}`` prints: texts and the number of a turn in a loop, nothing else."""
    if isinstance(value, str):
        return mark_value(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise TemplateRejected(f"a {type(value).__name__} cannot be printed; use .value or listed")


def _listed(phrases: object, lang: str) -> str:
    if not isinstance(phrases, list | tuple):
        raise TemplateRejected("'listed' takes a list, such as checking or the items of a fact")
    return listed(phrases, lang)


def _joined(parts: Iterator[str], name: str) -> str:
    pieces: list[str] = []
    room = MAX_RENDERED_CHARS
    for part in parts:
        room -= len(part)
        if room < 0:
            raise TemplateRejected(f"{name}: prints more than {MAX_RENDERED_CHARS} characters")
        pieces.append(part)
    return "".join(pieces)


def _toml(path: Path) -> dict[str, Any]:
    """Return a file's tables, read again only after it has changed; not to be altered."""
    try:
        return _parsed(path, path.stat().st_mtime_ns)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TemplateRejected(f"{path}: {type(error).__name__}: {error}") from None


@lru_cache(maxsize=256)
def _parsed(path: Path, _changed_at_ns: int) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _template(
    meta: Path,
    entry: dict[str, Any],
    definitions: Mapping[str, FactDefinition],
    key: tuple[str, str, str],
) -> Template:
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
