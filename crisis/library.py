"""The statement library: templates as files, with the facts each one needs.

A folder per language and crisis type holds ``<kind>.md.j2`` and ``_meta.toml``; ``_facts.toml``
per language names every fact. Whole texts stand in one file each: a lawyer reads and a diff shows
them as they go out, so only the phrases for what is still being checked are shared.

A team lays its own folder of the same layout over it: a text alone replaces the text, a table of
``_meta.toml`` replaces that kind's needs, and ``_facts.toml`` adds facts or renames them.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from crisis.facts import ShownFact
from crisis.kinds import CrisisType, Kind
from crisis.layout import Layout, read_layout
from crisis.template_meta import (
    FactDefinition,
    Template,
    fact_definitions,
    read_template,
    read_toml,
)
from crisis.template_syntax import check_template
from crisis.wording import listed, mark_value, sentence, settle
from listener.errors import TemplateRejected
from listener.text.clean import clean_text

# What a template may print; a loop stops there too.
MAX_RENDERED_CHARS = 12_000
CAUSE = "cause"
LANGUAGES = ("zh-CN", "zh-TW", "en")
WORDS = frozenset({"checking", "zone"})


class StatementLibrary:
    """Finds and renders statement templates below one folder."""

    def __init__(self, folder: Path, own: Path | None = None) -> None:
        """Read ``folder``, and before it ``own``, the team's folder of the same layout."""
        self._folders = (folder,) if own is None else (own, folder)
        self._bundled = folder
        self._environments = {lang: _environment(lang) for lang in LANGUAGES}
        self._ready: dict[tuple[str, str, tuple[str, ...]], jinja2.Template] = {}

    def find(self, *, lang: str, crisis_type: str, kind: str) -> Template | None:
        """Return the template for this case, or None when the library has none."""
        if lang not in LANGUAGES or crisis_type not in set(CrisisType) or kind not in set(Kind):
            return None
        for folder in self._folders:
            meta = folder / lang / crisis_type / "_meta.toml"
            tables = read_toml(meta) if meta.exists() else {}
            if kind not in tables:
                continue
            reviewed = tables.get("reviewed")
            if reviewed is not None and type(reviewed) is not date:
                raise TemplateRejected(f"{meta}: reviewed must be a day such as 2026-11-22")
            key = (lang, crisis_type, kind)
            found = read_template(meta, tables[kind], self.definitions(lang), key)
            is_own = (folder, self._home(found.name)) != (self._bundled, self._bundled)
            return replace(found, reviewed=reviewed, is_own=is_own)
        return None

    def _home(self, name: str) -> Path:
        """Return the first folder that has a file of this name, or the bundled one."""
        return next((one for one in self._folders if (one / name).exists()), self._bundled)

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
        known: dict[str, FactDefinition] = {}
        for folder in reversed(self._folders):
            if folder == self._bundled or (folder / lang / "_facts.toml").exists():
                known |= fact_definitions(folder, lang)
        return known

    def examples(self, template: Template) -> dict[str, str]:
        """Return an example value for each fact: the folder's own case, else the general one."""
        own: dict[str, Any] = {}
        for folder in reversed(self._folders):
            path = folder / template.lang / template.crisis_type / "_example.toml"
            own |= read_toml(path) if path.exists() else {}
        definitions = self.definitions(template.lang)
        return {name: str(own.get(name, definitions[name].example)) for name in template.facts}

    def source(self, template: Template) -> str:
        """Return the template's text. Raises ``TemplateRejected`` when it is not there."""
        path = self._home(template.name) / template.name
        try:
            return path.read_text(encoding="utf-8").removeprefix("\ufeff")
        except (OSError, UnicodeDecodeError) as error:
            raise TemplateRejected(f"{template.name}: {type(error).__name__}") from None

    def edition(self, template: Template) -> str:
        """Return what a text was written from: name and version, and of an own one its hash."""
        named = f"{template.name}@{template.version}"
        if not template.is_own:
            return named
        return f"{named}+{content_hash(self.source(template))[:8]}"

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


def content_hash(text: str) -> str:
    """Return the SHA-256 of a statement's exact text: what a decision binds to."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


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
