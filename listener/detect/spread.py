"""How a matter spread: where it was first, which platforms it reached when, who carried it.

Pure. Works on what was collected and says what that leaves open: a platform nobody listens to
cannot be first, and a repost whose original was never collected has no parent here.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

MOST_AMPLIFIERS = 3
MOST_PLATFORMS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One mention as its spread is seen; ``author`` is a pseudonym, ``parent`` a mention's id."""

    id: int
    platform: str
    at: datetime
    author: Hashable | None = None
    followers: int | None = None
    interactions: int | None = None
    parent: int | None = None
    is_repost: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A platform, its first mention, and how many came by now."""

    platform: str
    first_id: int
    first_at: datetime
    mentions: int


@dataclass(frozen=True, slots=True)
class Amplifier:
    """The post of an account that carried it far; counts are None where the source gives none."""

    id: int
    followers: int | None
    interactions: int | None


@dataclass(frozen=True, slots=True)
class Tree:
    """The reposts that are known: ``depth`` counts the passings on, ``width`` the widest level.

    ``unknown`` reposts name no original, or one that was not collected.
    """

    linked: int
    depth: int
    width: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Spread:
    """The path between platforms in order, the loudest posts, and the repost tree.

    ``tree`` is None where no mention has a known parent. ``is_reach_known`` and
    ``is_engagement_known`` tell whether any mention carried followers or counters.
    """

    path: tuple[Step, ...]
    amplifiers: tuple[Amplifier, ...]
    tree: Tree | None
    is_reach_known: bool
    is_engagement_known: bool


def spread_of(spoken: Sequence[Spoken]) -> Spread | None:
    """Return how mentions of one matter spread, in whatever order they come; None without any."""
    by_id = {one.id: one for one in spoken}
    ordered = sorted(by_id.values(), key=lambda one: (one.at, one.id))
    if not ordered:
        return None
    by_platform: dict[str, list[Spoken]] = defaultdict(list)
    for one in ordered:
        by_platform[one.platform].append(one)
    path = [
        Step(platform, said[0].id, said[0].at, len(said)) for platform, said in by_platform.items()
    ]
    return Spread(
        path=tuple(path[:MOST_PLATFORMS]),
        amplifiers=_amplifiers(ordered),
        tree=_tree(ordered, by_id),
        is_reach_known=any(one.followers for one in ordered),
        is_engagement_known=any(one.interactions is not None for one in ordered),
    )


def _amplifiers(ordered: Sequence[Spoken]) -> tuple[Amplifier, ...]:
    """Return the posts of the greatest reach or engagement, one for each author."""
    best: dict[Hashable, Spoken] = {}
    for one in ordered:
        if not one.followers and not one.interactions:
            continue
        key = one.author if one.author is not None else ("alone", one.id)
        if key not in best or _loudness(one) > _loudness(best[key]):
            best[key] = one
    loudest = sorted(best.values(), key=lambda one: (-_loudness(one), one.at, one.id))
    return tuple(
        Amplifier(one.id, one.followers, one.interactions) for one in loudest[:MOST_AMPLIFIERS]
    )


def _loudness(one: Spoken) -> float:
    """Weigh an interaction like a hundred followers: about that part of them reacts at all."""
    return max(float(one.followers or 0), 100.0 * (one.interactions or 0))


def _tree(ordered: Sequence[Spoken], by_id: Mapping[int, Spoken]) -> Tree | None:
    levels: dict[int, int] = {}
    for one in ordered:
        trail: list[int] = []
        at: int | None = one.id
        # A parent that leads back to itself is hostile input, not a tree.
        while at is not None and at in by_id and at not in levels and at not in trail:
            trail.append(at)
            at = by_id[at].parent
        level = levels.get(at, -1) if at is not None else -1
        for id_ in reversed(trail):
            level += 1
            levels[id_] = level
    linked = [id_ for id_, level in levels.items() if level > 0]
    if not linked:
        return None
    widths: dict[int, int] = defaultdict(int)
    for id_ in linked:
        widths[levels[id_]] += 1
    unknown = sum(one.is_repost and levels[one.id] == 0 for one in ordered)
    return Tree(len(linked), max(widths), max(widths.values()), unknown)
