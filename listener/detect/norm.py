"""How fast posts of a source usually grow at an age: what one post's speed is compared with.

Pure. Speeds have heavy tails, so they are compared on a logarithmic scale. Every estimate leans on
what stands above it while it rests on little: an author's on the source's, a source's on a prior.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from math import erf, expm1, fsum, log1p, sqrt

# Upper ends of the classes of age, in hours; the last class has none.
AGE_HOURS = (1.0, 3.0, 6.0, 12.0, 24.0, 48.0, 96.0, 168.0)
# Median interactions an hour (the fastest hour in the class) assumed of a source nobody knows.
# Chosen: a community where a usual post gathers some dozens in its life.
_PRIOR_PER_HOUR = (6.0, 4.0, 2.5, 1.6, 1.0, 0.6, 0.4, 0.25, 0.2)
_PRIOR_SPREAD = 1.3
_PRIOR_POSTS = 20.0
# Posts of an author that weigh as much as all that is known of the source.
_AUTHOR_POSTS = 3.0
_LEAST_SPREAD = 0.6
# A former outbreak teaches no more than this many prior spreads above the prior's median.
_CLIP = 4.0
# From so many posts on, the rank among them is told instead of the fitted one.
ENOUGH_PEERS = 50


def age_class(hours: float) -> int:
    """Return the class of an age in hours, 0 for the first hour of a post."""
    return bisect_right(AGE_HOURS, hours)


@dataclass(frozen=True, slots=True)
class Speed:
    """The fastest hour of one post within one class of age, in interactions an hour."""

    post: Hashable
    author: Hashable | None
    age_class: int
    per_hour: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a speed stands among posts of the same age.

    ``distance`` is in standard deviations of the logarithm; ``quantile`` the share of posts of
    that age that never were as fast, by rank among ``peers`` if ``is_ranked``, else by the fit.
    ``usual_per_hour`` is the middle of what is usual for this author here.
    """

    distance: float
    quantile: float
    is_ranked: bool
    peers: int
    author_posts: int
    usual_per_hour: float


@dataclass(frozen=True, slots=True)
class _Class:
    """The speeds of one class of age, ready to be compared with; sums are of logarithms."""

    by_post: dict[Hashable, Speed]
    ranked: list[float]
    total: float
    squares: float
    by_author: dict[Hashable, list[Speed]]


class GrowthNorm:
    """The speeds of other posts of one source."""

    def __init__(self, speeds: Iterable[Speed] = ()) -> None:
        """Take in speeds in any order; of several for one post and class the fastest counts."""
        fastest: dict[int, dict[Hashable, Speed]] = defaultdict(dict)
        for one in speeds:
            known = fastest[one.age_class].get(one.post)
            if known is None or one.per_hour > known.per_hour:
                fastest[one.age_class][one.post] = one
        self._classes = {number: _class_of(found) for number, found in fastest.items()}

    def standing(
        self, per_hour: float, *, hours: float, post: Hashable, author: Hashable | None
    ) -> Standing:
        """Say where a speed stands among posts of its age; ``post`` itself is left out."""
        number = age_class(hours)
        known = self._classes.get(number, _NOBODY)
        itself = known.by_post.get(post)
        peers = len(known.by_post) - (itself is not None)
        own_log = 0.0 if itself is None else _clipped(itself)
        centre, spread = _fit(
            number, peers, known.total - own_log, known.squares - own_log * own_log
        )
        said = [one for one in known.by_author.get(author, ()) if one.post != post]
        if said:
            mean = fsum(log1p(max(one.per_hour, 0.0)) for one in said) / len(said)
            centre += (mean - centre) * len(said) / (len(said) + _AUTHOR_POSTS)
        distance = (log1p(max(per_hour, 0.0)) - centre) / spread
        is_ranked = peers >= ENOUGH_PEERS
        if is_ranked:
            below = bisect_left(known.ranked, per_hour)
            below -= itself is not None and itself.per_hour < per_hour
            quantile = below / peers
        else:
            quantile = 0.5 * (1.0 + erf(distance / sqrt(2.0)))
        return Standing(
            distance=distance,
            quantile=quantile,
            is_ranked=is_ranked,
            peers=peers,
            author_posts=len(said),
            usual_per_hour=max(0.0, expm1(centre)),
        )


def _class_of(found: dict[Hashable, Speed]) -> _Class:
    logs = sorted(_clipped(one) for one in found.values())
    by_author: dict[Hashable, list[Speed]] = defaultdict(list)
    for one in found.values():
        if one.author is not None:
            by_author[one.author].append(one)
    return _Class(
        by_post=found,
        ranked=sorted(one.per_hour for one in found.values()),
        total=fsum(logs),
        squares=fsum(one * one for one in logs),
        by_author=dict(by_author),
    )


_NOBODY = _Class({}, [], 0.0, 0.0, {})


def _fit(number: int, peers: int, total: float, squares: float) -> tuple[float, float]:
    """Return centre and spread of the logarithms, shrunk towards the prior."""
    prior = log1p(_PRIOR_PER_HOUR[number])
    weight = _PRIOR_POSTS + peers
    centre = (_PRIOR_POSTS * prior + total) / weight
    away = squares - 2.0 * centre * total + peers * centre * centre
    variance = (_PRIOR_POSTS * _PRIOR_SPREAD**2 + max(away, 0.0)) / weight
    return centre, max(sqrt(variance), _LEAST_SPREAD)


def _clipped(one: Speed) -> float:
    most = log1p(_PRIOR_PER_HOUR[one.age_class]) + _CLIP * _PRIOR_SPREAD
    return min(log1p(max(one.per_hour, 0.0)), most)
