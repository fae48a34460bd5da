"""What raises the severity of an incident besides its counts: who says what, where and how often.

Pure rules over what was said in one incident; defaults from the domain model. They only ever
raise, and a person may lower with a reason.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Literal

DAY = timedelta(hours=24)
SECOND_PLATFORM_WITHIN = timedelta(hours=4)
SERIOUS_TEXTS = 3
LEGAL_AUTHORS = 3
# One post elsewhere is no spread; two people there are.
PLATFORM_AUTHORS = 2
LOUD_FOLLOWERS = 100_000
URGENT_AUTHORS = 2
SAME_FAULT_AUTHORS = 20
REACH = 1_000_000
NEGATIVE_SHARE = 0.4
LEAST_FOR_SHARE = 20
DOUBLINGS = 3
# Below this in the last hour, doubling is chance.
LEAST_WHEN_DOUBLING = 16
# Accounts that post nearly the same text count once: the volume of a flood is discounted.
FLOOD_AUTHORS = 5
# Rules of a single text that speak of consumer protection, courts and authorities.
LEGAL_RULES = frozenset({"S3", "U4"})
AUTHORITY_RULE = "U4"


class RaiseReason(StrEnum):
    """Why an incident is raised."""

    SERIOUS_TEXTS = "serious_texts"
    NEGATIVE_SHARE = "negative_share"
    LOUD_AUTHOR = "loud_author"
    LEGAL_WORDS = "legal_words"
    SECOND_PLATFORM = "second_platform"
    URGENT_AUTHORS = "urgent_authors"
    AUTHORITY_ACTS = "authority_acts"
    REACH = "reach"
    DOUBLING = "doubling"
    SAME_FAULT = "same_fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One negative text: by whom, in which story, where, how bad, by which rules, how loud."""

    author: Hashable
    story: Hashable
    platform: str
    at: datetime
    severity: str
    rules: frozenset[str] = frozenset()
    faults: frozenset[str] = frozenset()
    followers: int = 0
    reach: int = 0
    is_media: bool = False


@dataclass(frozen=True, slots=True)
class Raise:
    """The severity that follows, and the named reason with its figure."""

    severity: Literal["serious", "urgent"]
    reason: RaiseReason
    figure: int


Rule = Callable[[Sequence[Voice], datetime], int | None]


def independent(voices: Sequence[Voice]) -> list[Voice]:
    """Return one voice per author and story; of a flood of near-equal texts one in all.

    A flood is a story that at least five accounts tell. Reposts and copies are not told apart
    here: what is discounted stays visible, it only does not raise by its number.
    """
    authors: dict[Hashable, set[Hashable]] = defaultdict(set)
    for one in voices:
        authors[one.story].add(one.author)
    chosen: dict[tuple[Hashable, Hashable], Voice] = {}
    for one in voices:
        is_flood = len(authors[one.story]) >= FLOOD_AUTHORS
        chosen.setdefault((one.story, None if is_flood else one.author), one)
    return list(chosen.values())


def escalate(voices: Sequence[Voice], *, mentions: int, now: datetime) -> Raise | None:
    """Return what the texts of the last day raise an incident to, or None.

    ``mentions`` counts all texts of that day, negative or not. Urgent rules come first.
    """
    recent = [one for one in voices if now - DAY < one.at <= now]
    single = independent(recent)
    for reason, rule in _URGENT:
        figure = rule(single, now)
        if figure is not None:
            return Raise("urgent", reason, figure)
    for reason, rule in _SERIOUS:
        figure = rule(single, now)
        if figure is not None:
            return Raise("serious", reason, figure)
    share = len(recent) / mentions if mentions else 0.0
    if mentions >= LEAST_FOR_SHARE and share >= NEGATIVE_SHARE:
        return Raise("serious", RaiseReason.NEGATIVE_SHARE, round(100 * share))
    return None


def _authors(voices: Sequence[Voice]) -> int:
    return len({one.author for one in voices})


def _at_least(count: int, least: int) -> int | None:
    return count if count >= least else None


def _serious_texts(voices: Sequence[Voice], _: datetime) -> int | None:
    bad = [one for one in voices if one.severity in ("serious", "urgent")]
    return _at_least(len({(one.author, one.story) for one in bad}), SERIOUS_TEXTS)


def _loud_author(voices: Sequence[Voice], _: datetime) -> int | None:
    return _at_least(max((one.followers for one in voices), default=0), LOUD_FOLLOWERS)


def _legal_words(voices: Sequence[Voice], _: datetime) -> int | None:
    return _at_least(_authors([one for one in voices if one.rules & LEGAL_RULES]), LEGAL_AUTHORS)


def _second_platform(voices: Sequence[Voice], _: datetime) -> int | None:
    """Return the number of platforms reached within four hours of the first text."""
    if not voices:
        return None
    first = min(one.at for one in voices)
    early = [one for one in voices if one.at <= first + SECOND_PLATFORM_WITHIN]
    authors: dict[str, set[Hashable]] = defaultdict(set)
    for one in early:
        authors[one.platform].add(one.author)
    home = min(early, key=lambda one: one.at).platform
    others = [name for name, who in authors.items() if name != home]
    spread = [name for name in others if len(authors[name]) >= PLATFORM_AUTHORS]
    return len(spread) + 1 if spread else None


def _urgent_authors(voices: Sequence[Voice], _: datetime) -> int | None:
    bad = [one for one in voices if one.severity == "urgent"]
    stories = {one.story for one in bad}
    return _at_least(min(_authors(bad), len(stories)), URGENT_AUTHORS)


def _authority_acts(voices: Sequence[Voice], _: datetime) -> int | None:
    acts = [one for one in voices if one.is_media and AUTHORITY_RULE in one.rules]
    return len(acts) or None


def _reach(voices: Sequence[Voice], _: datetime) -> int | None:
    return _at_least(sum(max(one.reach, 0) for one in voices), REACH)


def _doubling(voices: Sequence[Voice], now: datetime) -> int | None:
    """Return the last hour's count where each of three hours had twice the one before."""
    hours = Counter(int((now - one.at) / timedelta(hours=1)) for one in voices)
    counts = [hours[back] for back in range(DOUBLINGS + 1)]
    doubled = all(older > 0 and newer >= 2 * older for newer, older in pairwise(counts))
    return counts[0] if doubled and counts[0] >= LEAST_WHEN_DOUBLING else None


def _same_fault(voices: Sequence[Voice], _: datetime) -> int | None:
    authors: dict[str, set[Hashable]] = defaultdict(set)
    for one in voices:
        for fault in one.faults:
            authors[fault].add(one.author)
    most = max((len(who) for who in authors.values()), default=0)
    return _at_least(most, SAME_FAULT_AUTHORS)


_URGENT: tuple[tuple[RaiseReason, Rule], ...] = (
    (RaiseReason.URGENT_AUTHORS, _urgent_authors),
    (RaiseReason.AUTHORITY_ACTS, _authority_acts),
    (RaiseReason.SAME_FAULT, _same_fault),
    (RaiseReason.DOUBLING, _doubling),
    (RaiseReason.REACH, _reach),
)
_SERIOUS: tuple[tuple[RaiseReason, Rule], ...] = (
    (RaiseReason.SERIOUS_TEXTS, _serious_texts),
    (RaiseReason.LEGAL_WORDS, _legal_words),
    (RaiseReason.LOUD_AUTHOR, _loud_author),
    (RaiseReason.SECOND_PLATFORM, _second_platform),
)
