"""Finds the spiders: every module of ``spiders`` that exports ``SOURCE`` is one."""

import importlib
import pkgutil
from functools import lru_cache

import spiders
from listener.errors import ConfigError
from listener.items import SourceSpec
from spiders.base import SourceSpider


@lru_cache(maxsize=1)
def spider_classes() -> dict[str, type[SourceSpider]]:
    """Return every spider class by the name of its source."""
    found: dict[str, type[SourceSpider]] = {}
    for info in pkgutil.iter_modules(spiders.__path__):
        module = importlib.import_module(f"spiders.{info.name}")
        source = getattr(module, "SOURCE", None)
        if not isinstance(source, SourceSpec):
            continue
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, SourceSpider)
                and value.__module__ == module.__name__
            ):
                found[source.name] = value
    return dict(sorted(found.items()))


def spider_class(name: str) -> type[SourceSpider]:
    """Return the spider called ``name``. Raises ``ConfigError`` listing the known ones."""
    try:
        return spider_classes()[name]
    except KeyError:
        known = ", ".join(spider_classes())
        raise ConfigError(f"there is no spider '{name}'; known spiders: {known}") from None


def check_parameters(name: str, parameters: dict[str, str]) -> str | None:
    """Return what is wrong with a source's parameters, or None."""
    spec = spider_class(name).spec
    missing = [key for key in spec.parameters if not parameters.get(key)]
    if missing:
        meaning = spec.parameters[missing[0]]
        return f"spider '{name}' needs the parameter '{missing[0]}' ({meaning})"
    unknown = [
        key for key in parameters if key not in spec.parameters and key not in spec.optional
    ]
    if unknown:
        known = ", ".join([*spec.parameters, *spec.optional])
        return f"spider '{name}' knows no parameter '{unknown[0]}'; it takes: {known}"
    return spider_class(name).problem_with(parameters)
