"""The facts a statement may use: known, unknown because a person said so, or missing.

Nothing is invented here. What the system itself states comes from the mentions, with its source,
and is worded as what users report; everything else comes from people or from brand defaults.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from crisis.evidence import main_product, reported_words
from crisis.kinds import FIRST_UPDATE_IN, CrisisType
from crisis.wording import day_text, enumerated, time_text, without_marks
from listener.config import Brand
from listener.text.clean import clean_text

SYSTEM = "system"
MAX_FACT_CHARS = 400
ITEM_MARK = "；"
# The day a statement stands for; stated by nobody, it is the day of its newest fact.
DATE = "date"
_CLOSING = "。.;；，,、 "
# What vouches for a fact that the posts themselves show.
_VOUCHES: Mapping[str, Mapping[str, str]] = {
    "zh-CN": {
        "posts": "{authors} 位用户的 {negatives} 条相关帖文，截至{until}",
        "reported": "用户反馈：{posts}",
        "first": "首条相关帖文：{source}",
        "update": "{crisis_type} 首次更新：{hours:.0f} 小时内",
    },
    "zh-TW": {
        "posts": "{authors} 位使用者的 {negatives} 則相關貼文，截至{until}",
        "reported": "使用者反映：{posts}",
        "first": "首則相關貼文：{source}",
        "update": "{crisis_type} 首次更新：{hours:.0f} 小時內",
    },
    "en": {
        "posts": "{negatives} posts by {authors} people, as of {until}",
        "reported": "reported by users: {posts}",
        "first": "first post found: {source}",
        "update": "{crisis_type}: first update within {hours:.0f} h",
    },
}


class FactState(StrEnum):
    """What is known of a fact; missing means that nobody has said anything."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    MISSING = "missing"
    STALE = "stale"


class FactForm(StrEnum):
    """What the words of a fact are: a phrase, a whole clause, a time, a day."""

    TEXT = "text"
    CLAUSE = "clause"
    TIME = "time"
    DAY = "day"


class Stated(Protocol):
    """What a stored or written fact has in common."""

    @property
    def state(self) -> str:
        """One of ``FactState``."""
        ...

    @property
    def value(self) -> str:
        """The words, empty unless known."""
        ...

    @property
    def as_of(self) -> datetime | None:
        """When it held, with its zone."""
        ...


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
    """A fact as a template sees it; ``items`` are the parts of a value written with ``；``."""

    known: bool
    unknown: bool
    value: str
    as_of: str
    items: tuple[str, ...] = ()


def first_update_at(now: datetime, crisis_type: str = CrisisType.TECH_OUTAGE) -> datetime:
    """Return when the first news is due by the type's cadence, rounded down to a half hour."""
    due = now + FIRST_UPDATE_IN[CrisisType(crisis_type)]
    past = timedelta(minutes=due.minute % 30, seconds=due.second, microseconds=due.microsecond)
    return due - past


def first_facts(
    brand: Brand,
    evidence: Mapping[str, Any],
    *,
    crisis_type: str,
    now: datetime,
    tz: ZoneInfo,
    lang: str,
) -> Iterator[StatedFact]:
    """Yield what is known when an incident opens: brand defaults, then what the mentions show.

    A default meant for other crisis types is left out: the question then goes to the chat.
    """
    stated = set()
    for name, fact in brand.facts.items():
        if fact.only and crisis_type not in fact.only:
            continue
        stated.add(name)
        yield StatedFact(
            name=name,
            state=FactState(fact.state),
            value=fact.value,
            source=fact.source,
            stated_by="config.toml",
        )
    for fact_ in _from_mentions(
        brand, evidence, crisis_type=crisis_type, now=now, tz=tz, lang=lang
    ):
        if fact_.name not in stated:
            yield fact_


def _from_mentions(
    brand: Brand,
    evidence: Mapping[str, Any],
    *,
    crisis_type: str,
    now: datetime,
    tz: ZoneInfo,
    lang: str,
) -> Iterator[StatedFact]:
    vouches = _VOUCHES[lang]
    posts = vouches["posts"].format(
        authors=evidence["authors"],
        negatives=evidence["negatives"],
        until=time_text(now, tz, lang),
    )
    reported = vouches["reported"].format(posts=posts)

    def known(name: str, value: str, source: str) -> StatedFact:
        return StatedFact(
            name=name, state=FactState.KNOWN, value=value, source=source, stated_by=SYSTEM
        )

    yield known("product", main_product(dict(evidence)) or brand.name, posts)
    symptoms = [phrase for phrase, _ in evidence["symptoms"]]
    phrases = reported_words(symptoms, crisis_type=crisis_type, lang=lang)[:3]
    if phrases:
        joint = ", " if lang == "en" else "、"
        yield known("reported_problem", joint.join(phrases), reported)
    occasion = [evidence["trigger"]] if evidence["trigger"] else []
    for phrase in reported_words(occasion, crisis_type=crisis_type, lang=lang):
        yield known("trigger", phrase, reported)
    if evidence["first"]:
        first_at = datetime.fromisoformat(evidence["first"]["at"])
        yield known(
            "first_seen_at",
            time_text(first_at, tz, lang),
            vouches["first"].format(source=evidence["first"]["source"]),
        )
    hours = FIRST_UPDATE_IN[CrisisType(crisis_type)] / timedelta(hours=1)
    yield known(
        "next_update_at",
        time_text(first_update_at(now, crisis_type), tz, lang),
        vouches["update"].format(crisis_type=crisis_type, hours=hours),
    )


def shown_facts(
    facts: Mapping[str, Stated],
    forms: Mapping[str, str],
    *,
    tz: ZoneInfo,
    lang: str,
) -> dict[str, ShownFact]:
    """Return what a template may see of the facts in ``forms``, times in the language's style.

    Missing facts are neither known nor unknown. ``date`` falls back to the day of the newest fact.
    """
    shown = {name: _shown(facts.get(name), form, tz, lang) for name, form in forms.items()}
    if DATE in shown and not shown[DATE].known:
        days = [fact.as_of for name in forms if (fact := facts.get(name)) and fact.as_of]
        if days:
            day = day_text(max(days).astimezone(tz).date(), lang)
            shown[DATE] = ShownFact(known=True, unknown=False, value=day, as_of="")
    return shown


def _shown(fact: Stated | None, form: str, tz: ZoneInfo, lang: str) -> ShownFact:
    if fact is None:
        return ShownFact(known=False, unknown=False, value="", as_of="")
    value = instant_words(fact.value, form, tz=tz, lang=lang) or without_marks(fact.value)
    items = tuple(part.strip() for part in value.split(ITEM_MARK) if part.strip())
    if len(items) > 1:
        value = enumerated(items, lang, is_clause=form == FactForm.CLAUSE)
    return ShownFact(
        known=fact.state == FactState.KNOWN,
        unknown=fact.state == FactState.UNKNOWN,
        value=value,
        as_of=time_text(fact.as_of, tz, lang) if fact.as_of else "",
        items=items,
    )


def instant_words(value: str, form: str, *, tz: ZoneInfo, lang: str) -> str | None:
    """Return an ISO time or day in the language's style; None for words or another form."""
    if form not in (FactForm.TIME, FactForm.DAY):
        return None
    instant = read_instant(value, tz)
    if instant is None:
        return None
    if form == FactForm.DAY or re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return day_text(instant.astimezone(tz).date(), lang)
    return time_text(instant, tz, lang)


def read_instant(value: str, tz: ZoneInfo) -> datetime | None:
    """Return the instant an ISO text names, in ``tz`` where it names no zone, or None."""
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=tz)


def value_text(value: object) -> str:
    """Return a written value as text: lists joined by ``；``, times and days as ISO.

    Raises ``TypeError`` for anything that is not words, a number, a time or a list of these.
    """
    if isinstance(value, list):
        return ITEM_MARK.join(clean_value(value_text(one)) for one in value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value)
    raise TypeError(f"words, a time or a list of words are needed, got {type(value).__name__}")


def clean_value(text: str) -> str:
    """Return a fact's value as one plain line without closing punctuation."""
    line = " ".join(clean_text(without_marks(text), max_chars=MAX_FACT_CHARS).split())
    return line.rstrip(_CLOSING)
