"""Writes TOML and files: just what configuration and answers need, atomically."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def toml_value(value: Any) -> str:
    """Return a value as TOML; strings are basic strings, tables are inline."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for DEL, which TOML wants escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        inner = ", ".join(f"{toml_key(k)} = {toml_value(v)}" for k, v in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_value(one) for one in value)}]"
    return str(value)


def toml_key(key: str) -> str:
    """Return a key, quoted where it has to be."""
    is_bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if is_bare else toml_value(key)


def dump_toml(values: Mapping[str, Any]) -> str:
    """Return plain data as a TOML document: scalars first, then tables, then lists of tables."""
    lines = [
        f"{toml_key(name)} = {toml_value(_without_none(value))}"
        for name, value in values.items()
        if value is not None
    ]
    return "\n".join(lines) + "\n"


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        return [_without_none(one) for one in value]
    return value


def write_atomically(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write a file so that it is there completely or not at all; ``mode`` are its permissions."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)  # noqa: PTH101 - a temporary name, not a path of ours
        os.replace(name, path)  # noqa: PTH105 - one atomic step
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
