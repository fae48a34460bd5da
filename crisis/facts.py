"""The facts a statement may use: known, unknown because a person said so, or missing.

Nothing is invented here. What the system itself states comes from the mentions, with its source,
and is worded as what users report; everything else comes from people or from brand defaults.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from crisis.evidence import main_product
from listener.config import Brand
from listener.store.records import FactRecord
from listener.text.clean import clean_text

SYSTEM = "system"
MAX_FACT_CHARS = 400
# An outage asks for news every 30 to 60 minutes.
FIRST_UPDATE_IN = timedelta(minutes=60)


class FactState(StrEnum):
    """What is known of a fact; missing means that nobody has said anything."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedFact:
    """A fact as somebody states it."""

    name: str
    state: FactState
    value: str
    source: str
    stated_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFact:
    """A fact as a template sees it."""

    known: bool
    unknown: bool
    value: str
    as_of: str


def day_and_time(instant: datetime, tz: ZoneInfo) -> str:
    """Return 11月22日12时30分, without the minutes on the full hour."""
    local = instant.astimezone(tz)
    minutes = f"{local.minute:02d}分" if local.minute else ""
    return f"{local.month}月{local.day}日{local.hour}时{minutes}"


def first_update_at(now: datetime) -> datetime:
    """Return when the first update is due: 30 to 60 minutes from now, on a half hour."""
    due = now + FIRST_UPDATE_IN
    past = timedelta(minutes=due.minute % 30, seconds=due.second, microseconds=due.microsecond)
    return due - past


def first_facts(
    brand: Brand, evidence: Mapping[str, Any], *, now: datetime, tz: ZoneInfo
) -> Iterator[StatedFact]:
    """Yield what is known when an incident opens: brand defaults, then what the mentions show."""
    for name, fact in brand.facts.items():
        yield StatedFact(
            name=name,
            state=FactState(fact.state),
            value=fact.value,
            source=fact.source,
            stated_by="config.toml",
        )
    stated = set(brand.facts)
    for fact_ in _from_mentions(brand, evidence, now=now, tz=tz):
        if fact_.name not in stated:
            yield fact_


def _from_mentions(
    brand: Brand, evidence: Mapping[str, Any], *, now: datetime, tz: ZoneInfo
) -> Iterator[StatedFact]:
    until = day_and_time(now, tz)
    basis = f"{evidence['authors']} 位用户的 {evidence['negatives']} 条相关帖文，截至{until}"

    def known(name: str, value: str, source: str) -> StatedFact:
        return StatedFact(
            name=name, state=FactState.KNOWN, value=value, source=source, stated_by=SYSTEM
        )

    yield known("product", main_product(dict(evidence)) or brand.name, basis)
    if evidence["symptoms"]:
        phrases = [phrase for phrase, _ in evidence["symptoms"][:3]]
        yield known("reported_problem", "、".join(phrases), f"用户反馈：{basis}")
    if evidence["trigger"]:
        yield known("trigger", evidence["trigger"], f"用户反馈：{basis}")
    if evidence["first"]:
        first_at = datetime.fromisoformat(evidence["first"]["at"])
        yield known(
            "first_seen_at",
            day_and_time(first_at, tz),
            f"首条相关帖文：{evidence['first']['source']}",
        )
    yield known(
        "next_update_at", day_and_time(first_update_at(now), tz), "技术故障首次更新：一小时内"
    )


def shown_facts(
    facts: Mapping[str, FactRecord], names: tuple[str, ...], tz: ZoneInfo
) -> dict[str, ShownFact]:
    """Return what a template may see; missing facts are neither known nor unknown."""
    shown = {}
    for name in names:
        fact = facts.get(name)
        shown[name] = ShownFact(
            known=fact is not None and fact.state == FactState.KNOWN,
            unknown=fact is not None and fact.state == FactState.UNKNOWN,
            value=fact.value if fact else "",
            as_of=day_and_time(fact.as_of, tz) if fact else "",
        )
    return shown


def clean_value(text: str) -> str:
    """Return a fact's value as one plain line without closing punctuation."""
    return " ".join(clean_text(text, max_chars=MAX_FACT_CHARS).split()).rstrip("。.;； ")
