"""The cue words of the checks, read once when first needed, and the scan that finds them.

They are data (``words/*.toml``) in the small language of ``listener.complaints.pattern``;
``<name>`` stands for a shared piece of ``words/_macros.toml``. A group is named ``file.key`` or
``file.table.key``.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from listener.complaints.lexicon import Lexicon

_MACRO = re.compile(r"<(\w+)>")
# Files whose keys are no cue groups.
_OTHER = frozenset({"_macros", "vocabulary", "legal", "facts", "units"})


def read_words(name: str) -> dict[str, Any]:
    """Return one file of ``words`` as it is written."""
    path = files("crisis.lint").joinpath("words", f"{name}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def statement_lexicon() -> Lexicon:
    """Return the cue words of all checks; the files are read on the first call."""
    macros = {name: f"{{{'|'.join(pieces)}}}" for name, pieces in read_words("_macros").items()}
    groups: dict[str, list[str]] = {}
    for path in sorted(files("crisis.lint").joinpath("words").iterdir(), key=str):
        name = path.name.removesuffix(".toml")
        if path.name.endswith(".toml") and name not in _OTHER:
            groups.update(_flatten(name, read_words(name)))
    for trigger, table in read_words("legal").items():
        groups[f"legal.{trigger}"] = list(table["cues"])
    return Lexicon({name: [_filled(cue, macros) for cue in cues] for name, cues in groups.items()})


def _filled(cue: str, macros: Mapping[str, str]) -> str:
    return _MACRO.sub(lambda found: macros[found.group(1)], cue)


def _flatten(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flatten(f"{prefix}.{key}", value)
        else:
            yield f"{prefix}.{key}", list(value)


def read_rules() -> dict[str, Any]:
    """Return the registry of rules as it is written."""
    path = files("crisis.lint").joinpath("rules.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
