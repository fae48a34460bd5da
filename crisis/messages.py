"""Renders what goes out: alerts, drafts, questions. Channel-neutral HTML and abstract buttons.

Collected text only ever enters through autoescaped templates, so it can be nothing but text.
"""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from crisis.template_meta import FactDefinition
from listener.errors import ListenerError

Body = dict[str, Any]
Button = tuple[str, str, int]


class Catalog:
    """The words and message templates of one language."""

    def __init__(
        self, folder: Path, lang: str, tz: ZoneInfo, *, facts: Mapping[str, FactDefinition]
    ) -> None:
        words = tomllib.loads((folder / lang / "words.toml").read_text(encoding="utf-8"))
        self.words: Mapping[str, str] = words["words"]
        self.buttons: Mapping[str, str] = words["buttons"]
        incident = tomllib.loads((folder / lang / "incident.toml").read_text(encoding="utf-8"))
        self.incident: Mapping[str, str] = incident["words"]
        self.fact_names: Mapping[str, str] = {name: one.label for name, one in facts.items()}
        self.questions: Mapping[str, str] = words["questions"] | {
            name: one.question for name, one in facts.items()
        }
        self.refusals: Mapping[str, str] = words["refusals"]
        self.done: Mapping[str, str] = words["done"]
        self.approval: Mapping[str, str] = words["approval"]
        self.correcting: Mapping[str, str] = words["correcting"]
        self.aftermath: Mapping[str, str] = words["aftermath"]
        self.media: Mapping[str, str] = words["media"]
        self.terminal: Mapping[str, str] = words["terminal"]
        self.failures: Mapping[str, str] = words["failures"]
        self.reasons: Mapping[str, str] = words["severity_reasons"]
        self.unknown_words = frozenset(word.casefold() for word in words["unknown"]["said"])
        self._tz = tz
        self._environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(folder / lang),
            undefined=StrictUndefined,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {
            "clock": self._clock,
            "percent": _percent,
            "count": _count,
            "followers": self._followers,
        }

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Render ``name.html.j2``; blank lines at the ends are dropped."""
        template = self._environment.get_template(f"{name}.html.j2")
        return template.render({**values, "words": self.words}).strip()

    def body(
        self,
        name: str,
        values: Mapping[str, Any],
        *,
        buttons: tuple[tuple[Button, ...], ...] = (),
        chart: Mapping[str, Any] | None = None,
        asks_reply: bool = False,
        content_hash: str | None = None,
    ) -> Body:
        """Return a message: HTML, rows of (action, label, object id), chart, reply wish.

        ``content_hash`` is the text that the buttons of a draft decide on.
        """
        return {
            "html": self.render(name, values),
            "buttons": [
                [
                    {"action": action, "text": text, "id": object_id}
                    for action, text, object_id in row
                ]
                for row in buttons
            ],
            "chart": dict(chart) if chart else None,
            "asks_reply": asks_reply,
            "content_hash": content_hash,
        }

    def refusal(self, error: ListenerError) -> str:
        """Return a refusal in the reader's language, or the English message if it has no code."""
        return self.refusals.get(error.code, str(error))

    def _clock(self, value: str | datetime, now: str | datetime | None = None) -> str:
        """Show a time of day, with the date unless it is today's."""
        at = _instant(value).astimezone(self._tz)
        if now is not None and _instant(now).astimezone(self._tz).date() != at.date():
            return f"{at.month}-{at.day:02d} {at:%H:%M}"
        return f"{at:%H:%M}"

    def _followers(self, value: int) -> str:
        """Show a count of followers as people write it: 38万, 12k."""
        if value < 10_000:
            return str(value)
        if self.words["ten_thousand"]:
            return f"{value / 10_000:.1f}".removesuffix(".0") + self.words["ten_thousand"]
        return f"{value / 1000:.0f}k"


def _instant(value: str | datetime) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _percent(share: float) -> str:
    return f"{share * 100:.0f}%"


def _count(value: float) -> str:
    """Show an expected count: whole from 10 up, else one decimal."""
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")
