"""The registry of rules: level, law, and what to say about a finding in three languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from crisis.lint.cues import read_rules
from crisis.lint.finding import Level

LEVELS = {"E": Level.ERROR, "W": Level.WARNING, "A": Level.ADVICE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; ``messages`` and ``suggestions`` by language, with ``{detail}`` to fill."""

    code: str
    level: Level
    law: str
    messages: Mapping[str, str]
    suggestions: Mapping[str, str]


@cache
def rules() -> Mapping[str, Rule]:
    """Return every rule by its code; the file is read on the first call."""
    return {
        code: Rule(
            code=code,
            level=LEVELS[table["level"]],
            law=table.get("law", ""),
            messages=table["message"],
            suggestions=table["suggestion"],
        )
        for code, table in read_rules().items()
    }
