"""Playbooks: what to do in each crisis type, as files that people who run crisis rooms write.

``playbooks/C01.toml`` … hold what is special, ``_common.toml`` what every crisis needs,
``_clocks.toml`` the limits that laws set. An incident keeps the text it was opened with.
"""

import hashlib
import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from crisis.kinds import CrisisType
from listener.config import Role
from listener.errors import TemplateRejected

COMMON = "_common"
CLOCKS = "_clocks"
_Model = TypeVar("_Model", bound=BaseModel)
_Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
_Words = Annotated[str, Field(min_length=2, max_length=200)]
# From opening to a year: later than that nothing is a step of a crisis.
_Minutes = Annotated[int, Field(ge=5, le=525_600)]
WorkPhase = Literal["alerted", "verifying", "responding", "recovering", "reviewing"]
PHASES: tuple[WorkPhase, ...] = (
    "alerted",
    "verifying",
    "responding",
    "recovering",
    "reviewing",
)
ContactChannel = Literal[
    "phone",
    "in_person",
    "sms",
    "email",
    "letter",
    "portal",
    "group_chat",
    "internal",
    "meeting",
    "announcement",
]


class _Part(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, populate_by_name=True
    )


class Said(_Part):
    """The same words in the three languages."""

    zh_cn: _Words = Field(alias="zh-CN")
    zh_tw: _Words = Field(alias="zh-TW")
    en: _Words

    def said(self, lang: str) -> str:
        """Return the words in a language; in mainland Chinese for one that is not there."""
        return {"zh-TW": self.zh_tw, "en": self.en}.get(lang, self.zh_cn)


class SaidList(_Part):
    """The same list in the three languages, line by line."""

    zh_cn: tuple[_Words, ...] = Field(alias="zh-CN", min_length=1)
    zh_tw: tuple[_Words, ...] = Field(alias="zh-TW")
    en: tuple[_Words, ...]

    @model_validator(mode="after")
    def _as_long(self) -> Self:
        lengths = (len(self.zh_cn), len(self.zh_tw), len(self.en))
        if len(set(lengths)) != 1:
            raise ValueError(
                f"the three languages need as many lines each, got {lengths} for zh-CN, zh-TW, en"
            )
        return self

    def said(self, lang: str) -> tuple[str, ...]:
        """Return the lines in a language; in mainland Chinese for one that is not there."""
        return {"zh-TW": self.zh_tw, "en": self.en}.get(lang, self.zh_cn)


class ChecklistItem(Said):
    """One thing to do: in which phase, by which role, how many minutes after opening."""

    id: _Code
    phase: WorkPhase
    role: Role
    due_minutes: _Minutes


class Audience(Said):
    """Who has to hear of it from us: who tells them, how, how many minutes after opening."""

    id: _Code
    role: Role
    channel: ContactChannel
    due_minutes: _Minutes


class ClockRule(_Part):
    """A limit that a law sets, and when it applies; only a person starts it."""

    code: _Code
    minutes: _Minutes
    law: _Words
    label: Said
    trigger: Said
    to: Said
    note: Said | None = None


class Playbook(_Part):
    """Everything an incident of one crisis type is run by."""

    crisis_type: CrisisType
    version: int = Field(ge=1)
    common_version: int = Field(ge=1)
    responsibility: Literal["victim", "accidental", "preventable"]
    cadence_minutes: _Minutes
    cadence: Said
    checklist: tuple[ChecklistItem, ...]
    stakeholders: tuple[Audience, ...]
    must_say: SaidList
    must_not_say: SaidList
    remedies: SaidList
    clocks: tuple[ClockRule, ...]

    @property
    def content(self) -> dict[str, Any]:
        """The whole playbook as JSON values, from which it can be read again."""
        return self.model_dump(mode="json", by_alias=True)

    @property
    def content_hash(self) -> str:
        """SHA-256 of the content in a fixed order: the same text has the same hash."""
        text = json.dumps(self.content, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()

    def items(self, *phases: str) -> tuple[ChecklistItem, ...]:
        """Return the items of these phases, or all, in the order of the work."""
        chosen = [one for one in self.checklist if not phases or one.phase in phases]
        return tuple(sorted(chosen, key=lambda one: (PHASES.index(one.phase), one.due_minutes)))


class _TypeFile(_Part):
    version: int = Field(ge=1)
    responsibility: Literal["victim", "accidental", "preventable"]
    cadence_minutes: _Minutes
    cadence: Said
    clocks: tuple[_Code, ...]
    checklist: tuple[ChecklistItem, ...] = Field(min_length=1)
    stakeholders: tuple[Audience, ...] = Field(min_length=1)
    must_say: SaidList
    must_not_say: SaidList
    remedies: SaidList


class _CommonFile(_Part):
    version: int = Field(ge=1)
    checklist: tuple[ChecklistItem, ...]
    stakeholders: tuple[Audience, ...]


class _ClocksFile(_Part):
    clocks: dict[_Code, ClockRule]


class PlaybookLibrary:
    """Reads the playbooks below one folder; each time anew, so an edit needs no restart.

    A file of the team's own folder stands in place of the bundled one of the same name.
    """

    def __init__(self, folder: Path, own: Path | None = None) -> None:
        self._folder = folder
        self._own = own

    def find(self, crisis_type: str) -> Playbook:
        """Return the playbook of a crisis type.

        Raises ``TemplateRejected`` naming the file, the key and the remedy.
        """
        code = CrisisType(crisis_type)
        own = self._read(code, _TypeFile)
        common = self._read(COMMON, _CommonFile)
        rules = self.clocks()
        for name in own.clocks:
            if name not in rules:
                known = ", ".join(rules)
                raise TemplateRejected(
                    f"{code}.toml: key 'clocks': '{name}' is not in {CLOCKS}.toml; it has {known}"
                )
        checklist, stakeholders = (
            common.checklist + own.checklist,
            common.stakeholders + own.stakeholders,
        )
        _check_unique(f"{code}.toml", "checklist", (one.id for one in checklist))
        _check_unique(f"{code}.toml", "stakeholders", (one.id for one in stakeholders))
        return Playbook(
            crisis_type=code,
            version=own.version,
            common_version=common.version,
            responsibility=own.responsibility,
            cadence_minutes=own.cadence_minutes,
            cadence=own.cadence,
            checklist=checklist,
            stakeholders=stakeholders,
            must_say=own.must_say,
            must_not_say=own.must_not_say,
            remedies=own.remedies,
            clocks=tuple(rules[name] for name in own.clocks),
        )

    def clocks(self) -> dict[str, ClockRule]:
        """Return every limit there is, by code. Raises ``TemplateRejected``."""
        data = self._toml(CLOCKS)
        coded = {
            name: {**entry, "code": name} if isinstance(entry, dict) else entry
            for name, entry in data.items()
        }
        return dict(_checked(f"{CLOCKS}.toml", _ClocksFile, {"clocks": coded}).clocks)

    def problems(self) -> Iterator[str]:
        """Yield what is wrong with each file, by name and key; nothing when all is well."""
        told = set()
        for code in CrisisType:
            try:
                self.find(code)
            except TemplateRejected as error:
                if str(error) not in told:
                    told.add(str(error))
                    yield str(error)

    def _read(self, name: str, kind: type[_Model]) -> _Model:
        return _checked(f"{name}.toml", kind, self._toml(name))

    def _toml(self, name: str) -> dict[str, Any]:
        path = self._folder / f"{name}.toml"
        if self._own is not None and (self._own / path.name).exists():
            path = self._own / path.name
        try:
            return tomllib.loads(path.read_text(encoding="utf-8").removeprefix("\ufeff"))
        except OSError as error:
            reason = type(error).__name__
            raise TemplateRejected(f"{path.name} cannot be read ({reason})") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise TemplateRejected(f"{path.name} is not valid TOML in UTF-8: {error}") from None


def _checked(file: str, kind: type[_Model], data: dict[str, Any]) -> _Model:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        got = "" if first["type"] == "missing" else f" (got {str(first['input'])[:60]!r})"
        raise TemplateRejected(f"{file}: key '{key}': {first['msg']}{got}") from None


def _check_unique(file: str, key: str, ids: Iterable[str]) -> None:
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        raise TemplateRejected(
            f"{file}: key '{key}': the id '{twice[0]}' occurs twice, perhaps in {COMMON}.toml"
        )
