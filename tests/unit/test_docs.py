"""The documentation is tested: every setting, command and spider stands in it."""

import typing

import pytest
import typer.main
from pydantic import BaseModel

from listener.cli import make_app
from listener.config import Config, Secrets
from listener.config_file import inner_model
from listener.crawl.registry import spider_classes
from tests.conftest import ROOT

SETTINGS = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
SOURCES = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")


def settings(model: type[BaseModel], prefix: str = "") -> typing.Iterator[str]:
    for name, field in model.model_fields.items():
        key = field.alias or name
        inner = inner_model(field.annotation)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from settings(inner, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


@pytest.mark.parametrize("name", list(settings(Config)))
def test_every_setting_is_documented(name):
    assert f"`{name}`" in SETTINGS


@pytest.mark.parametrize("name", list(Secrets.model_fields))
def test_every_secret_is_documented(name):
    assert f"`FENGSHENG_{name.upper()}`" in SETTINGS


def commands() -> typing.Iterator[str]:
    for name, command in typer.main.get_command(make_app()).commands.items():
        yield name
        for inner in getattr(command, "commands", {}):
            yield f"{name} {inner}"


@pytest.mark.parametrize("name", list(commands()))
def test_every_command_is_documented(name):
    assert f"`fengsheng {name}" in COMMANDS


@pytest.mark.parametrize("name", list(spider_classes()))
def test_every_spider_is_documented(name):
    assert f"`{name}`" in SOURCES
