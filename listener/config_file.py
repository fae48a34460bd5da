"""Reads ``config.toml``: every mistake is refused with its line and the remedy."""

import difflib
import ipaddress
import re
import tomllib
import types
import typing
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from listener.config import (
    CONFIG_VARIABLE,
    DEMO_SITE,
    Campaign,
    Config,
    Source,
    split_listen,
)
from listener.config_rules import Rule, RuleFile, rule_problems
from listener.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)
# A user with a password in an address, or a password among its parameters.
_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]+@|[?&]password=")


class _Lines:
    """Finds the line of a key in a TOML file, good enough to point a person at it."""

    _TABLE = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
    _ENTRY = re.compile(
        r"^\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"))*)\s*="
    )

    def __init__(self, text: str) -> None:
        self.lines: dict[tuple[str | int, ...], int] = {(): 1}
        counts: dict[tuple[str | int, ...], int] = {}
        prefix: tuple[str | int, ...] = ()
        for number, line in enumerate(text.splitlines(), 1):
            if table := self._TABLE.match(line):
                names = self._split(table[2])
                prefix = self._resolve(names[:-1], counts)
                if table[1] == "[[":
                    index = counts.get((*prefix, names[-1]), -1) + 1
                    counts[(*prefix, names[-1])] = index
                    self.lines.setdefault((*prefix, names[-1]), number)
                    prefix = (*prefix, names[-1], index)
                else:
                    prefix = self._resolve(names, counts)
                self.lines.setdefault(prefix, number)
            elif entry := self._ENTRY.match(line):
                self.lines.setdefault((*prefix, *self._split(entry[1])), number)

    @staticmethod
    def _split(dotted: str) -> list[str]:
        return [part.strip().strip("\"'") for part in dotted.split(".")]

    @staticmethod
    def _resolve(
        names: list[str], counts: dict[tuple[str | int, ...], int]
    ) -> tuple[str | int, ...]:
        path: tuple[str | int, ...] = ()
        for name in names:
            path = (*path, name)
            if path in counts:
                path = (*path, counts[path])
        return path

    def of(self, path: tuple[str | int, ...]) -> int:
        """Return the line of the key, or of the nearest table around it."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]


class ConfigFile:
    """A parsed configuration together with where each of its keys stands."""

    def __init__(self, path: Path, text: str, config: Config) -> None:
        self.path = path
        self.config = config
        self._text = text
        self._lines = _Lines(text)

    def changed(self, **values: object) -> "ConfigFile":
        """Return the same file with some top-level settings replaced."""
        return ConfigFile(self.path, self._text, self.config.model_copy(update=values))

    def where(self, *key: str | int) -> str:
        """Return ``file:line`` of a key, for messages."""
        return f"{self.path}:{self._lines.of(tuple(key))}"


def load_config(path: Path) -> ConfigFile:
    """Read and check ``path``. Raises ``ConfigError`` with one line per problem."""
    hint = f"run where config.toml is, or name it with --config or {CONFIG_VARIABLE}"
    text, config = _read(path, Config, hint)
    file = ConfigFile(path, text, config)
    problems = [problem for check in _CHECKS for problem in check(file)]
    if problems:
        raise ConfigError("\n".join(problems))
    return file


def load_rules(path: Path, base: Config) -> ConfigFile:
    """Read a file of ``[[rules]]`` to be tried beside ``base``; return it with those rules only.

    Raises ``ConfigError`` with one line per problem, as ``load_config``.
    """
    text, found = _read(path, RuleFile, "name a file that holds [[rules]]")
    return with_rules(base, found.rules, path=path, text=text)


def with_rules(base: Config, rules: tuple[Rule, ...], *, path: Path, text: str = "") -> ConfigFile:
    """Return ``base`` with these rules only; ``path`` and ``text`` are where they came from.

    Raises ``ConfigError`` with one line per rule that cannot work with the brands and sources.
    """
    file = ConfigFile(path, text, base.model_copy(update={"rules": rules}))
    if problems := list(_unworkable_rules(file)):
        raise ConfigError("\n".join(problems))
    return file


def _read(path: Path, model: type[Model], hint: str) -> tuple[str, Model]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read '{path}' ({error.strerror}); {hint}") from None
    try:
        text = raw.decode("utf-8-sig")
        data = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}: not UTF-8; save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    try:
        return text, model.model_validate(data)
    except ValidationError as error:
        lines = _Lines(text)
        problems = [_describe(path, lines, problem) for problem in error.errors()]
        raise ConfigError("\n".join(dict.fromkeys(problems))) from None


def parameters_file(path: Path) -> dict[str, str]:
    """Read a spider's parameters from a TOML file of ``name = value`` lines.

    Raises ``ConfigError`` for a file that cannot be read and for values that are no scalars.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        return Source.model_validate(
            {"key": "params", "name": "params", "spider": "params", "parameters": data}
        ).parameters
    except OSError as error:
        raise ConfigError(f"cannot read '{path}' ({error.strerror})") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML in UTF-8: {error}") from None
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"][1:])
        raise ConfigError(f"{path}: {name}: has to be text, a number, true or false") from None


def _describe(path: Path, lines: _Lines, problem: Any) -> str:
    location = tuple(part for part in problem["loc"] if part != "[key]")
    name = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in location).lstrip(".")
    where = f"{path}:{lines.of(location)}: {name}"
    if problem["type"] == "extra_forbidden":
        known = _known_keys(location[:-1])
        close = difflib.get_close_matches(str(location[-1]), known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"known keys here: {', '.join(known)}"
        return f"{where}: unknown key; {hint}"
    if problem["type"] == "missing":
        return f"{where}: missing; add '{location[-1]} = …' to this table"
    message = str(problem["msg"]).removeprefix("Value error, ")
    shown = _PASSWORD.sub("://…@", repr(problem["input"]))
    return f"{where}: {message[0].lower()}{message[1:]} (got {shown[:80]})"


def _known_keys(location: tuple[str | int, ...]) -> list[str]:
    model: Any = Config
    for part in location:
        if isinstance(part, int) or not (isinstance(model, type) and issubclass(model, BaseModel)):
            continue
        field = next(
            (f for name, f in model.model_fields.items() if part in (name, f.alias)), None
        )
        if field is None:
            return []
        model = inner_model(field.annotation)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [field.alias or name for name, field in model.model_fields.items()]
    return []


def inner_model(annotation: Any) -> Any:
    """Return the model inside an annotation such as ``tuple[Brand, ...]``, or the annotation."""
    if typing.get_origin(annotation) in (tuple, list, dict, typing.Union, types.UnionType):
        models = [inner_model(arg) for arg in typing.get_args(annotation)]
        return next((m for m in models if isinstance(m, type) and issubclass(m, BaseModel)), None)
    return annotation


def _twice(file: ConfigFile) -> Iterator[str]:
    config = file.config
    for table, keys in (
        ("people", [person.key for person in config.people]),
        ("brands", [brand.key for brand in config.brands]),
        ("sources", [source.key for source in config.sources]),
    ):
        for index, key in enumerate(keys):
            if key in keys[:index]:
                where = file.where(table, index, "key")
                yield f"{where}: {table}[{index}].key: '{key}' stands twice; give each its own"


def _shared_ids(file: ConfigFile) -> Iterator[str]:
    seen: dict[int, str] = {}
    for index, person in enumerate(file.config.people):
        number = person.telegram_id
        if number is None:
            continue
        if number in seen:
            where = file.where("people", index, "telegram_id")
            yield f"{where}: telegram_id {number} already belongs to '{seen[number]}'; correct one"
        seen.setdefault(number, person.key)


def _unknown_brands(file: ConfigFile) -> Iterator[str]:
    keys = [brand.key for brand in file.config.brands]
    for index, source in enumerate(file.config.sources):
        if source.brand is not None and source.brand not in keys:
            where = file.where("sources", index, "brand")
            known = ", ".join(keys) or "none"
            yield f"{where}: there is no brand '{source.brand}'; known brands: {known}"


def _impossible_campaigns(file: ConfigFile) -> Iterator[str]:
    keys = [brand.key for brand in file.config.brands]
    for index, one in enumerate(file.config.campaigns):
        start, end = _as_date(one.start), _as_date(one.end)
        is_empty = type(one.start) is type(one.end) is datetime and not _precedes(one)
        if end < start or is_empty:
            where = file.where("campaigns", index, "end")
            yield f"{where}: campaign '{one.name}' ends before it starts; correct one of them"
        elif one.repeats_yearly and end - start >= timedelta(days=365):
            where = file.where("campaigns", index, "end")
            yield f"{where}: campaign '{one.name}' repeats yearly and lasts a year; shorten it"
        for key in one.brands:
            if key not in keys:
                where = file.where("campaigns", index, "brands")
                known = ", ".join(keys) or "none"
                yield f"{where}: there is no brand '{key}'; known brands: {known}"


def _unworkable_rules(file: ConfigFile) -> Iterator[str]:
    config = file.config
    groups = [one.group for one in config.sources]
    groups += [one.group for one in config.imports.values()]
    for group in config.detection.groups:
        if group not in groups:
            where = file.where("detection", "groups", group)
            known = ", ".join(dict.fromkeys(groups)) or "none"
            yield f"{where}: no source is of group '{group}'; known groups: {known}"
    found = rule_problems(
        config.rules,
        brands=[one.key for one in config.brands],
        groups=groups,
        sources=[one.key for one in config.sources],
    )
    for place, problem in found:
        yield f"{file.where(*place)}: {problem}"


def _as_date(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


def _precedes(one: Campaign) -> bool:
    """Say whether two date-times are in order; without an offset both are local times."""
    start, end = datetime.fromisoformat(str(one.start)), datetime.fromisoformat(str(one.end))
    if (start.tzinfo is None) != (end.tzinfo is None):
        start, end = start.replace(tzinfo=None), end.replace(tzinfo=None)
    return start < end


def _wordless_brands(file: ConfigFile) -> Iterator[str]:
    for index, brand in enumerate(file.config.brands):
        query, where = brand.query, file.where("brands", index, "query")
        has_lists = bool(query.must or query.any)
        if query.expression and (has_lists or query.none):
            yield f"{where}: give either an expression or must, any and not; remove one of them"
        decisive = any(product.decides for product in brand.products)
        words = (brand.names, brand.aliases, brand.people, query.expression)
        if not (any(words) or has_lists or decisive):
            yield f"{where}: brand '{brand.key}' has nothing to find it by; add names = […]"


def _empty_facts(file: ConfigFile) -> Iterator[str]:
    for index, brand in enumerate(file.config.brands):
        for name, fact in brand.facts.items():
            if fact.state == "known" and not fact.value:
                where = file.where("brands", index, "facts", name)
                yield f'{where}: a known fact needs a value; write it, or set state = "unknown"'


def _demo_sources(file: ConfigFile) -> Iterator[str]:
    if file.config.demo.enabled:
        return
    for index, source in enumerate(file.config.sources):
        if any(DEMO_SITE in value for value in source.parameters.values()):
            where = file.where("sources", index, "parameters")
            yield (
                f"{where}: source '{source.key}' points at the bundled site, "
                "but demo.enabled is false; remove this source"
            )


def _open_to_others(file: ConfigFile) -> Iterator[str]:
    settings = file.config.operation
    if not settings.listen or settings.allow_remote:
        return
    host, _ = split_listen(settings.listen)
    if not ipaddress.ip_address(host).is_loopback:
        yield (
            f"{file.where('operation', 'listen')}: operation.listen: other machines can reach "
            f"'{host}' and the pages ask for no password; listen on 127.0.0.1, or set "
            "operation.allow_remote = true behind a firewall"
        )


def _open_password(file: ConfigFile) -> Iterator[str]:
    if _PASSWORD.search(file.config.database.url):
        where = file.where("database", "url")
        yield (
            f"{where}: database.url holds a password; put the whole address into "
            "FENGSHENG_DATABASE_URL or the file that FENGSHENG_DATABASE_URL_FILE names"
        )


_CHECKS = (
    _open_password,
    _twice,
    _shared_ids,
    _unknown_brands,
    _impossible_campaigns,
    _unworkable_rules,
    _wordless_brands,
    _empty_facts,
    _demo_sources,
    _open_to_others,
)
