"""The statement library: templates as files, with the facts each one needs."""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from crisis.facts import ShownFact
from listener.errors import TemplateRejected
from listener.text.clean import clean_text

MAX_STATEMENT_CHARS = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One template and what it asks for."""

    lang: str
    crisis_type: str
    kind: str
    version: int
    channel: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    may_be_unknown: tuple[str, ...]

    @property
    def name(self) -> str:
        """The file, relative to the library."""
        return f"{self.lang}/{self.crisis_type}/{self.kind}.md.j2"

    @property
    def facts(self) -> tuple[str, ...]:
        """Every fact it may use."""
        return self.required + self.optional


class StatementLibrary:
    """Finds and renders statement templates below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(folder),
            undefined=StrictUndefined,
            autoescape=False,
            keep_trailing_newline=False,
        )

    def find(self, *, lang: str, crisis_type: str, kind: str) -> Template | None:
        """Return the template for this case, or None when the library has none."""
        meta = self._folder / lang / crisis_type / "_meta.toml"
        if not meta.exists():
            return None
        try:
            entry = tomllib.loads(meta.read_text(encoding="utf-8")).get(kind)
            if entry is None:
                return None
            return Template(
                lang=lang,
                crisis_type=crisis_type,
                kind=kind,
                version=int(entry["version"]),
                channel=str(entry["channel"]),
                required=tuple(entry["required"]),
                optional=tuple(entry["optional"]),
                may_be_unknown=tuple(entry["may_be_unknown"]),
            )
        except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
            raise TemplateRejected(f"{meta}: {type(error).__name__}: {error}") from None

    def render(self, template: Template, facts: Mapping[str, ShownFact]) -> str:
        """Return the text. Raises ``TemplateRejected`` when the template uses another name."""
        try:
            text = self._environment.get_template(template.name).render(dict(facts))
        except Exception as error:
            raise TemplateRejected(f"{template.name}: {type(error).__name__}: {error}") from None
        return clean_text(_spaced(text), max_chars=MAX_STATEMENT_CHARS)


def _spaced(text: str) -> str:
    """Set a space between Chinese and Latin words, as copy editors do; dates stay tight."""
    text = re.sub(r"([\u4e00-\u9fff])([A-Za-z])", r"\1 \2", text)
    return re.sub(r"\b([A-Za-z][A-Za-z0-9.]*)([\u4e00-\u9fff])", r"\1 \2", text)


def content_hash(text: str) -> str:
    """Return the SHA-256 of a statement's exact text: what a decision binds to."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
