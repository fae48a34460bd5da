"""Changes single settings of ``config.toml`` in place: every other byte, comments too, stays.

The result is read back before it is written, and refused unless it says what was asked for and
nothing else has changed.
"""

import copy
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from listener.config_file import load_config
from listener.errors import ConfigError
from listener.setup.toml import toml_key, toml_value, write_atomically
from listener.setup.writing import keep_copy

Key = tuple[str | int, ...]
_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")


def with_setting(text: str, key: Key, value: Any) -> str:
    """Return a TOML document with one setting changed; ``key`` is like ("brands", 0, "traps").

    A value that is a list keeps the entries it has, with their comments, where the new one only
    adds to them. Raises ``ConfigError`` when the change cannot be made without touching more.
    """
    wanted = _expected(tomllib.loads(text), key, value)
    lines = text.splitlines(keepends=True)
    begin, end = _table(lines, key[:-1])
    if begin is None:
        header = ".".join(toml_key(str(part)) for part in key[:-1])
        gap = "" if text.endswith("\n") or not text else "\n"
        entry = f"{gap}\n[{header}]\n{toml_key(str(key[-1]))} = {toml_value(value)}\n"
        changed = text + entry
    else:
        changed = "".join(_with_entry(lines, begin, end, str(key[-1]), value))
    try:
        same = tomllib.loads(changed) == wanted
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        name = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in key).lstrip(".")
        raise ConfigError(
            f"{name} cannot be changed in place; write it yourself: "
            f"{toml_key(str(key[-1]))} = {toml_value(value)}"
        )
    return changed


def change_setting(path: Path, key: Key, value: Any) -> Path:
    """Change one setting of a configuration file; return where the old one is kept.

    Raises ``ConfigError``, before anything is touched, when the result would not be accepted.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        mode = path.stat().st_mode & 0o777
    except OSError as error:
        raise ConfigError(f"cannot read '{path}' ({error.strerror})") from None
    changed = with_setting(text, key, value)
    trial = path.with_name(f".{path.name}.trial")
    try:
        write_atomically(trial, changed)
        load_config(trial)
        kept = keep_copy(path)
        write_atomically(path, changed, mode=mode)
    except ConfigError as error:
        raise ConfigError(str(error).replace(str(trial), str(path))) from None
    except OSError as error:
        raise ConfigError(f"cannot write '{path}' ({error.strerror})") from None
    finally:
        trial.unlink(missing_ok=True)
    return kept


def _expected(data: dict[str, Any], key: Key, value: Any) -> dict[str, Any]:
    changed: Any = copy.deepcopy(data)
    at: Any = changed
    for part in key[:-1]:
        at = at[part] if isinstance(part, int) else at.setdefault(part, {})
    at[key[-1]] = value
    return dict(changed)


def _table(lines: Sequence[str], path: Key) -> tuple[int | None, int]:
    """Return the lines of a table's own entries, after its header; None when it has no header."""
    wanted = [part for part in path if isinstance(part, str)]
    numbers = [part for part in path if isinstance(part, int)]
    begin, seen = (0 if not path else None), -1
    for number, line in enumerate(lines):
        header = _HEADER.match(line)
        if header is None:
            continue
        if begin is not None:
            return begin, number
        if [part.strip().strip("\"'") for part in header[2].split(".")] == wanted:
            seen += 1
            if seen == (numbers[0] if numbers else 0):
                begin = number + 1
    return begin, len(lines)


def _with_entry(lines: Sequence[str], begin: int, end: int, name: str, value: Any) -> list[str]:
    entry = re.compile(rf"^\s*{re.escape(toml_key(name))}\s*=")
    for number in range(begin, end):
        if entry.match(lines[number]):
            last = _end_of_entry(lines, number, end)
            return [*lines[:number], _changed("".join(lines[number:last]), name, value),
                    *lines[last:]]  # fmt: skip
    after = max((n + 1 for n in range(begin, end) if lines[n].strip()), default=begin)
    return [*lines[:after], f"{toml_key(name)} = {toml_value(value)}\n", *lines[after:]]


def _end_of_entry(lines: Sequence[str], begin: int, end: int) -> int:
    for last in range(begin + 1, end + 1):
        try:
            tomllib.loads("".join(lines[begin:last]))
        except tomllib.TOMLDecodeError:
            continue
        return last
    return begin + 1


def _changed(entry: str, name: str, value: Any) -> str:
    """Return an entry with its new value; comments beside and inside it stay where possible."""
    old = tomllib.loads(entry)[name]
    if isinstance(value, list) and isinstance(old, list) and value[: len(old)] == old:
        return _extended(entry, value[len(old) :], is_empty=not old)
    comment = re.search(r"[ \t]*#[^\n\"']*\n?$", entry)
    tail = comment[0] if comment and "\n" not in entry.rstrip("\n") else "\n"
    indent = entry[: len(entry) - len(entry.lstrip())]
    return f"{indent}{toml_key(name)} = {toml_value(value)}{tail}"


def _extended(entry: str, more: list[Any], *, is_empty: bool) -> str:
    """Return a list entry with values added before its closing bracket."""
    close = _closing_bracket(entry)
    before, after = entry[:close], entry[close:]
    bare = re.sub(r"#[^\n]*$", "", before.rstrip()).rstrip()
    added = ", ".join(toml_value(one) for one in more)
    if is_empty:
        return before + added + after
    # Put the comma right behind the last value, before any comment that explains it.
    comma = "" if bare.endswith(",") else ","
    rest = before[len(bare) :]
    if "\n" in rest:
        indent = re.search(r"\n([ \t]*)\S[^\n]*$", bare)
        space = indent[1] if indent else "    "
        return f"{bare}{comma}{rest.rstrip()}\n{space}{added},\n{after}"
    return f"{bare}{comma} {added}{rest if rest.strip() else ''}{after}"


def _closing_bracket(entry: str) -> int:
    """Return where the list of an entry closes, past brackets in strings and comments."""
    found, at = -1, 0
    pattern = re.compile(r"\"(?:\\.|[^\"\\])*\"|'[^']*'|#[^\n]*|\]")
    while match := pattern.search(entry, at):
        if match[0] == "]":
            found = match.start()
        at = match.end()
    return found
