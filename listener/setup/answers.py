"""What a person answers while setting up: typed, saved as they go, and read from a file."""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from listener.config import Config, Person, Product, Source
from listener.errors import ConfigError
from listener.setup.toml import dump_toml, write_atomically

SUFFIX = ".init-answers.toml"


class BrandAnswers(BaseModel):
    """The brand: its name, how people write it, and what only looks like it."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    name: str = Field("", max_length=60)
    key: str = ""
    aliases: list[str] = []
    excluded: list[str] = Field([], alias="not")
    context: list[str] = []
    products: list[Product] = []
    contact: str = ""


class Answers(BaseModel):
    """Everything that ``fengsheng init`` asks; what is empty was not answered yet.

    ``links`` are addresses as pasted; ``sources`` is what they turned out to be.
    """

    model_config = ConfigDict(extra="forbid")

    language: Literal["zh-CN", "zh-TW", "en"] = "zh-CN"
    timezone: str = "Asia/Shanghai"
    contact: str = ""
    chat_id: int = 0
    telegram_base_url: str = ""
    send_test: bool = False
    allow_networks: list[str] = []
    brand: BrandAnswers = BrandAnswers()
    people: list[Person] = []
    links: list[str] = []
    sources: list[Source] = []
    answered: list[str] = []


def read_answers(path: Path) -> Answers:
    """Read answers from a TOML file. Raises ``ConfigError`` naming every problem."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        return Answers.model_validate(data)
    except OSError as error:
        raise ConfigError(f"无法读取 '{path}'（{error.strerror}）；请检查路径") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} 不是合法的 TOML（UTF-8）：{error}") from None
    except ValidationError as error:
        problems = [
            f"{path}: {'.'.join(str(part) for part in one['loc'])}: {one['msg']}"
            for one in error.errors()
        ]
        raise ConfigError("\n".join(problems)) from None


def answers_path(config: Path) -> Path:
    """Return where the answers for a configuration are kept until it is finished."""
    return config.with_name(f".{config.stem}{SUFFIX}")


def saved_answers(config: Path) -> Answers | None:
    """Return the answers of an unfinished run, if there are any."""
    path = answers_path(config)
    return read_answers(path) if path.exists() else None


def save_answers(config: Path, answers: Answers) -> None:
    """Keep the answers so far beside the configuration."""
    values = answers.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    write_atomically(answers_path(config), dump_toml(values))


def check_answers(answers: Answers) -> None:
    """Raise ``ConfigError`` naming what has to be answered before a file can be written."""
    missing = []
    if not answers.brand.name.strip():
        missing.append("brand.name（品牌名）")
    if not answers.people:
        missing.append("people（至少一个人）")
    if missing:
        raise ConfigError("还缺：" + "、".join(missing))
    try:
        Config(timezone=answers.timezone)
    except ValidationError:
        raise ConfigError(f"timezone '{answers.timezone}' 不是时区；例如 Asia/Shanghai") from None
