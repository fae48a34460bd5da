"""What every table of the configuration is made of."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]

_SENSITIVITIES = {
    "较少": "low",
    "均衡": "normal",
    "较多": "high",
    "fewer": "low",
    "balanced": "normal",
    "more": "high",
}


class Section(BaseModel):
    """Base of every table in the file: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def _sensitivity(value: object) -> object:
    return _SENSITIVITIES.get(value, value) if isinstance(value, str) else value


# How readily something alerts; 较少 均衡 较多 and fewer, balanced, more say the same.
SensitivityWord = Annotated[Literal["low", "normal", "high"], BeforeValidator(_sensitivity)]
