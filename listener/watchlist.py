"""What is watched, as people write it: brands of the configuration or of a brand file.

Turns both into the words that ``listener.matching`` compiles. Reads brand files; knows no
database.
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from listener.config import Brand, Words
from listener.config_file import ConfigFile
from listener.config_parts import Section
from listener.errors import ConfigError
from listener.matching.brand import BrandError, BrandWords
from listener.matching.matcher import BrandMatcher

_LISTS = ("names", "aliases", "people", "context", "traps", "exclude")


class FileBrand(Section):
    """One ``[[brand]]`` of a brand file: words only, no statements, no sources."""

    name: str
    names: Words = ()
    aliases: Words = ()
    products: Words = ()
    people: Words = ()
    context: Words = ()
    traps: Words = ()
    exclude: Words = ()
    events: Words = ()
    regions: Words = ()
    query: str = ""


class BrandFile(Section):
    """A brand file."""

    brand: tuple[FileBrand, ...]


def words_of(brand: Brand, *, allow_regular: bool = False) -> BrandWords:
    """Return what a configured brand says about itself."""
    lists: dict[str, Any] = {name: getattr(brand, name) for name in _LISTS}
    return BrandWords(
        key=brand.key,
        **lists,
        products=[term for one in brand.products if one.decides for term in one.terms],
        noted=[*brand.events, *brand.regions],
        labels=[(product.name, product.terms) for product in brand.products],
        query=brand.query.expression,
        must=brand.query.must,
        any_of=brand.query.any,
        none_of=brand.query.none,
        allow_regular=allow_regular,
    )


def words_as_stored(brand: Brand) -> dict[str, Any]:
    """Return the words of a configured brand as the database keeps them for the record."""
    kept = {*_LISTS, "events", "regions", "query", "products"}
    return brand.model_dump(mode="json", include=kept, exclude_defaults=True)


def configured_brands(file: ConfigFile) -> BrandMatcher:
    """Compile all configured brands. Raises ``ConfigError`` with the line of a bad entry."""
    allow_regular = file.config.matching.regular_expressions
    words = [words_of(brand, allow_regular=allow_regular) for brand in file.config.brands]
    try:
        return BrandMatcher(words)
    except BrandError as error:
        index = [one.key for one in words].index(error.brand)
        where = file.where("brands", index, *error.where.split("."))
        raise ConfigError(f"{where}: {error}") from None


def find_brand(file: ConfigFile, wanted: str) -> BrandWords:
    """Return the configured brand with this key or name. Raises ``ConfigError``."""
    for brand in file.config.brands:
        if wanted in (brand.key, brand.name):
            allow_regular = file.config.matching.regular_expressions
            return words_of(brand, allow_regular=allow_regular)
    known = ", ".join(brand.key for brand in file.config.brands) or "none"
    raise ConfigError(f"{file.path}: there is no brand '{wanted}'; known brands: {known}")


def read_brand_file(path: Path, *, allow_regular: bool = False) -> list[BrandWords]:
    """Read a brand file: ``[[brand]]`` tables with a name and lists of words.

    Raises ``ConfigError`` naming the file, the brand and the key at fault.
    """
    try:
        data = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"cannot read '{path}' ({error.strerror}); name a brand file") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8; save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    try:
        brands = BrandFile.model_validate(data).brand
    except ValidationError as error:
        raise ConfigError("\n".join(_described(path, one) for one in error.errors())) from None
    return [
        BrandWords(
            key=brand.name,
            **{name: getattr(brand, name) for name in (*_LISTS, "products")},
            noted=[*brand.events, *brand.regions],
            query=brand.query,
            allow_regular=allow_regular,
        )
        for brand in brands
    ]


def pick_brand(path: Path, brands: Sequence[BrandWords], wanted: str) -> BrandWords:
    """Return the brand of that name from a brand file. Raises ``ConfigError``."""
    for brand in brands:
        if brand.key == wanted:
            return brand
    known = ", ".join(brand.key for brand in brands) or "none"
    raise ConfigError(f"{path}: there is no brand '{wanted}'; brands in this file: {known}")


def _described(path: Path, problem: Any) -> str:
    place = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in problem["loc"])
    if problem["type"] == "extra_forbidden":
        known = ", ".join(FileBrand.model_fields)
        return f"{path}: {place.lstrip('.')}: unknown key; known keys of [[brand]]: {known}"
    if problem["type"] == "missing":
        return f"{path}: {place.lstrip('.')}: missing; add it"
    message = str(problem["msg"])
    return f"{path}: {place.lstrip('.')}: {message[0].lower()}{message[1:]}"
