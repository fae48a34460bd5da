"""The table ``[[rules]]``: alert rules that people can say, and what is wrong with them.

A rule says in a sentence when it alerts. What it leaves out comes from its kind and sensitivity,
see ``listener.detect.rules``.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from listener.config_parts import Key, Section, SensitivityWord

Place = tuple[str | int, ...]
Problem = tuple[Place, str]

_KINDS = {
    "声量突增": "volume",
    "聲量突增": "volume",
    "负面占比上升": "share",
    "負面佔比上升": "share",
    "敏感词": "words",
    "敏感詞": "words",
    "大V发声": "influencer",
    "大V發聲": "influencer",
    "来源中断": "source",
    "來源中斷": "source",
    "投诉久未处理": "waiting",
    "投訴久未處理": "waiting",
}


def _kind(value: object) -> object:
    return _KINDS.get(value, value) if isinstance(value, str) else value


KindWord = Annotated[
    Literal["volume", "share", "words", "influencer", "source", "waiting"], BeforeValidator(_kind)
]
Words = tuple[Annotated[str, Field(min_length=1, max_length=200)], ...]
# The codes of ``listener.complaints``, which stands above the configuration.
TypeCode = Literal[
    "product_quality",
    "order_delivery",
    "service_attitude",
    "refund_return",
    "privacy_security",
    "after_sales",
    "price_promo",
    "payment",
    "false_advertising",
    "tech_support",
    "conduct_ethics",
    "other",
]
# A name stands in natural keys between colons, and in messages.
RuleName = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f:]+$")]


class Rule(Section):
    """An alert rule of the team's own, beside the crisis channel."""

    name: RuleName = Field(description="Name shown in alerts.")
    kind: KindWord = Field(
        description="volume 声量突增, share 负面占比上升, words 敏感词, influencer 大V发声, "
        "source 来源中断 or waiting 投诉久未处理."
    )
    brands: tuple[Key, ...] = Field((), description="Keys of its brands; empty means every one.")
    types: tuple[TypeCode, ...] = Field(
        (), description="Only complaints of these types; empty means whatever is said."
    )
    groups: tuple[Key, ...] = Field((), description="Only these source groups; empty means all.")
    sources: tuple[Key, ...] = Field(
        (), description="Only these sources (source); empty means all of the groups."
    )
    sensitivity: SensitivityWord = Field(
        "normal",
        description="low 较少, normal 均衡 or high 较多: sets whatever is left out below.",
    )
    tone: Literal["negative", "any"] | None = Field(
        None,
        description="Which mentions count; any for volume, negative otherwise, if left out.",
    )
    words: Words = Field((), description="Any of these words alerts (words).")
    query: str = Field(
        "",
        max_length=10_000,
        description="Instead of words: a query in the language of queries.md.",
    )
    followers: int | None = Field(
        None, ge=1, description="Least followers of the author (influencer)."
    )
    least: int | None = Field(
        None, ge=1, le=1_000_000, description="Least count in the window; small numbers lie."
    )
    authors: int | None = Field(
        None, ge=1, le=100_000, description="Least different authors (words, influencer)."
    )
    times: float | None = Field(
        None, ge=1.1, le=100, description="How many times the usual count (volume)."
    )
    floor_percent: float | None = Field(
        None, ge=0, le=100, description="Least share of negatives, in percent (share)."
    )
    rise_points: float | None = Field(
        None, gt=0, le=100, description="Least rise over the usual share, in points (share)."
    )
    window_minutes: int | None = Field(
        None,
        ge=5,
        le=10_080,
        multiple_of=5,
        description="Length of the window; for source and waiting how long it has lasted.",
    )
    release_percent: float = Field(
        70.0, ge=10, le=100, description="Calm means below this part of every threshold."
    )
    calm_minutes: int = Field(
        30, ge=0, le=1_440, description="Minutes of calm after which the alert is over."
    )
    cooldown_minutes: int = Field(
        60, ge=0, le=10_080, description="A new rise so soon after the end is no new alert."
    )
    remind_hours: float | None = Field(
        None,
        ge=0,
        le=168,
        description="Least hours between two reminders while it goes on; 0 none, "
        "if left out alerts.remind_hours.",
    )
    severity: Literal["general", "serious", "urgent"] = Field(
        "serious", description="Severity of the incident that a page opens or joins."
    )
    tell: Literal["page", "notice"] | None = Field(
        None,
        description="page opens or joins an incident, notice is one line in the chat; "
        "page for share, words and influencer if left out.",
    )
    mode: Literal["on", "trial", "off"] = Field(
        "on", description="trial judges and remembers, but tells nobody; off does nothing."
    )


class RuleFile(Section):
    """A file of rules that are tried before they stand in the configuration."""

    rules: tuple[Rule, ...] = Field(min_length=1)


# Which keys mean something only for some kinds.
_ONLY = {
    "types": ("volume", "share", "words", "influencer"),
    "sources": ("source",),
    "tone": ("volume", "words", "influencer"),
    "words": ("words",),
    "query": ("words",),
    "followers": ("influencer",),
    "authors": ("words", "influencer"),
    "times": ("volume",),
    "floor_percent": ("share",),
    "rise_points": ("share",),
    "severity": ("volume", "share", "words", "influencer"),
    "release_percent": ("volume", "share", "words", "influencer"),
    "groups": ("volume", "share", "words", "influencer", "source"),
    "least": ("volume", "share", "words", "influencer", "source"),
    "calm_minutes": ("volume", "share", "words", "influencer"),
}


def rule_problems(
    rules: Sequence[Rule], brands: Sequence[str], groups: Sequence[str], sources: Sequence[str]
) -> Iterator[Problem]:
    """Yield (place, problem with its remedy) for everything about rules that cannot work."""
    for index, rule in enumerate(rules):
        place: Place = ("rules", index)
        if rule.name in [other.name for other in rules[:index]]:
            yield (*place, "name"), f"rule '{rule.name}' stands twice; give each its own name"
        yield from _foreign_keys(place, rule)
        yield from _unknown(place, rule, "brands", brands)
        yield from _unknown(place, rule, "groups", groups)
        yield from _unknown(place, rule, "sources", sources)
        yield from _contradictions(place, rule)


def _foreign_keys(place: Place, rule: Rule) -> Iterator[Problem]:
    for key in sorted(rule.model_fields_set):
        kinds = _ONLY.get(key)
        if kinds is not None and rule.kind not in kinds:
            yield (
                (*place, key),
                f"rule '{rule.name}': '{key}' means nothing for kind '{rule.kind}', only for "
                f"{', '.join(kinds)}; remove it",
            )


def _unknown(place: Place, rule: Rule, key: str, known: Sequence[str]) -> Iterator[Problem]:
    for wanted in getattr(rule, key):
        if wanted not in known:
            listed = ", ".join(dict.fromkeys(known)) or "none"
            yield (
                (*place, key),
                f"rule '{rule.name}': there is no {key[:-1]} '{wanted}'; known: {listed}",
            )


def _contradictions(place: Place, rule: Rule) -> Iterator[Problem]:
    if rule.kind == "words" and bool(rule.words) == bool(rule.query):
        yield (
            place,
            f"rule '{rule.name}': kind 'words' needs either words = […] or query = \"…\"",
        )
    if rule.types and rule.groups and rule.kind in ("volume", "share"):
        yield (
            (*place, "groups"),
            f"rule '{rule.name}': give types or groups, not both; "
            "complaint types are counted over all groups. Make two rules",
        )
    if rule.types and rule.tone == "any":
        yield (
            (*place, "tone"),
            f"rule '{rule.name}': complaints of a type are negative; remove tone = \"any\"",
        )
    if rule.kind in ("source", "waiting") and rule.tell == "page":
        yield (
            (*place, "tell"),
            f"rule '{rule.name}': kind '{rule.kind}' is told as a notice, it is no incident; "
            "remove 'tell'",
        )
    if rule.kind not in ("source", "waiting") and (rule.window_minutes or 5) > 1_440:
        yield (
            (*place, "window_minutes"),
            f"rule '{rule.name}': the window may be a day at most (1440 minutes)",
        )
