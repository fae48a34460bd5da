"""One post taking off: its likes, reposts and comments grow far faster than posts of its age do.

**Method.** At every sighting the surest growth (``growth``) of the last hour, or of the whole step
where a source is visited more rarely, gives a speed. A post takes off when that speed stands
``on_distance`` spreads above what posts of its source, age and author reach in their fastest hour
(``norm``), the growth is large enough to mean something, and the post has multiplied by it. A
post that grows far faster than it did itself before, when it should be slowing, needs only
``surge_distance``: it is seen earlier, before it has left the others behind. It has settled once
the speed is back near the usual or a quarter of its peak. Two real sightings are needed: one high
count says nothing about when it came. Pure: the whole track is replayed each time, so nothing has
to be kept, and the future cannot change what was judged.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from math import log
from typing import Literal

from listener.detect.growth import HOUR, Curve, curves, in_order
from listener.detect.norm import GrowthNorm, Speed, Standing, age_class
from listener.errors import ConfigError
from listener.items import Sighting

# The steepest growth is judged over no less than this, even for a post of a minute.
_LEAST_SPAN = timedelta(minutes=10)
# What piled up behind a frozen counter is spread over at most this.
_LONGEST_FREEZE = timedelta(hours=3)
_FROZEN_FROM = timedelta(minutes=30)
# Below this a doubling says nothing: from 1 to 2 is one like.
_LEAST_BASE = 10.0


@dataclass(frozen=True, slots=True)
class TakeoffSettings:
    """Parameters; starting values chosen on generated posts, see ``docs/detection.md``.

    Raises ``ConfigError`` for a figure that cannot work.
    """

    on_distance: float = 3.0
    """Spreads of the logarithm above the usual speed at which a post takes off."""

    surge_distance: float = 1.5
    """Spreads that are enough for a post that surges against its own past. This and the next two
    were chosen on seeds 31 and 32 of ``benchmarks/takeoff.py``: 29 of 32 found with 5 false among
    768 posts, instead of 15 with 1 without them, and 18 with 8 at an ``on_distance`` of 2.5."""

    surge_times: float = 4.0
    """A post surges at this many times its own mean speed before the window."""

    surge_growth: float = 100.0
    """Interactions that a surge must have gained: a dozen people picking up a post is none."""

    surge_least_per_hour: float = 10.0
    """Its own speed before is never taken to be less: from nothing everything is a surge."""

    off_distance: float = 1.0
    """Below this it has settled again."""

    off_part: float = 0.25
    """So has one whose speed fell to this part of its peak."""

    least_growth: float = 60.0
    """Interactions gained in the window."""

    least_ratio: float = 1.5
    """The count must have grown to this many times what it was at the window's start."""

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) <= 0:
                raise ConfigError(f"detect: takeoff.{field.name} must be above 0")
        if not self.off_distance < self.surge_distance <= self.on_distance:
            raise ConfigError(
                "detect: the distances must rise, takeoff.off_distance < surge_distance"
                f" <= on_distance (got {self.off_distance}, {self.surge_distance},"
                f" {self.on_distance})"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeoffJudgement:
    """What one sighting of a post says, with everything that explains it.

    Counts are interactions (likes + reposts + comments). ``before`` and ``interactions`` stand
    ``window_minutes`` apart; ``counters`` holds the same pair for each counter the source gives.
    ``per_hour`` is the speed, ``earlier_per_hour`` that of the window before (None: not
    observed), ``doubling_minutes`` the time to double at this speed (None: not growing).
    ``hours_doubling`` counts the hours back from now in each of which the count doubled.
    ``step_minutes`` lie between the last two sightings: what happened inside is not known.
    """

    at: datetime
    is_on: bool
    turned_on: bool
    turned_off: bool
    interactions: int
    before: int
    window_minutes: int
    counters: dict[str, tuple[int, int]]
    per_hour: float
    earlier_per_hour: float | None
    doubling_minutes: float | None
    hours_doubling: int
    step_minutes: int
    age_minutes: int
    views: int | None
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Which post a track belongs to. ``posted_at`` is None unless the source tells it exactly."""

    key: Hashable
    author: Hashable | None = None
    posted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Measured:
    """One sighting's figures before they are compared, as of ``at``."""

    at: datetime
    since: datetime
    observed_from: datetime
    step: timedelta
    span: timedelta
    known: dict[str, Curve]
    views: int | None
    growth: float
    interactions: int

    @property
    def per_hour(self) -> float:
        return self.growth / (self.span / HOUR)

    def grown(self, since: datetime, until: datetime) -> float | None:
        """Return the growth in a span all of which was observed, else None."""
        if any(curve.begins_at > since for curve in self.known.values()):
            return None
        return sum(curve.growth(since, until, now=self.at) for curve in self.known.values())

    def earlier_per_hour(self) -> float | None:
        """The speed of the window before, where all of it was observed."""
        grown = self.grown(self.since - self.span, self.since)
        return None if grown is None else grown / (self.span / HOUR)

    def own_per_hour(self) -> float | None:
        """The post's own mean speed from its first sighting to the window, if that is a while."""
        span = self.since - self.observed_from
        if span < _LEAST_SPAN:
            return None
        grown = sum(
            curve.growth(self.observed_from, self.since, now=self.at)
            for curve in self.known.values()
        )
        return grown / (span / HOUR)

    def hours_doubling(self) -> int:
        """Count the hours, back from now, in each of which the count at least doubled."""
        hours, now = 0, float(self.interactions)
        while now > 2.0 * _LEAST_BASE:
            start = self.at - (hours + 1) * HOUR
            grown = self.grown(start, start + HOUR) if start >= self.observed_from else None
            if grown is None or now < 2.0 * max(now - grown, _LEAST_BASE):
                break
            hours, now = hours + 1, now - grown
        return hours


def judge_post(
    sightings: Sequence[Sighting], post: Post, norm: GrowthNorm, settings: TakeoffSettings
) -> list[TakeoffJudgement]:
    """Judge every instant at which a post was seen, oldest first; [] with fewer than two.

    Order and repetition of the sightings do not matter, later ones never change an earlier
    judgement. Sightings without any counter are left out.
    """
    result: list[TakeoffJudgement] = []
    is_on, peak = False, 0.0
    for measured in _measured(sightings, post):
        hours = _age(measured, post) / HOUR
        per_hour = measured.per_hour
        standing = norm.standing(per_hour, hours=hours, post=post.key, author=post.author)
        was_on = is_on
        if was_on:
            peak = max(peak, per_hour)
            is_on = (
                standing.distance >= settings.off_distance and per_hour > settings.off_part * peak
            )
        else:
            is_on = _takes_off(measured, standing, settings)
            peak = per_hour if is_on else 0.0
        result.append(_judgement(measured, standing, _age(measured, post), was_on, is_on))
    return result


def speeds_of(sightings: Sequence[Sighting], post: Post) -> list[Speed]:
    """Return the fastest hour of a post in each class of age in which it was observed."""
    fastest: dict[int, float] = {}
    for measured in _measured(sightings, post):
        number = age_class(_age(measured, post) / HOUR)
        fastest[number] = max(fastest.get(number, 0.0), measured.per_hour)
    return [
        Speed(post.key, post.author, number, per_hour)
        for number, per_hour in sorted(fastest.items())
    ]


def _measured(sightings: Sequence[Sighting], post: Post) -> Iterator[_Measured]:
    ordered = in_order(one for one in sightings if one.interactions is not None)
    if not ordered:
        return
    found = curves(ordered, posted_at=post.posted_at)
    begins_at = ordered[0].at if post.posted_at is None else min(post.posted_at, ordered[0].at)
    newest = 0
    instants = sorted({instant for one in ordered for instant in (one.at, one.until)})
    for last, at in pairwise(instants):
        while newest + 1 < len(ordered) and ordered[newest + 1].at <= at:
            newest += 1
        frozen_from = _frozen_from(ordered, newest, at)
        since = max(min(at - HOUR, last, frozen_from), begins_at)
        known = {name: curve for name, curve in found.items() if curve.begins_at <= at}
        yield _Measured(
            at=at,
            since=since,
            observed_from=ordered[0].at,
            step=at - last,
            span=max(at - since, _LEAST_SPAN),
            known=known,
            views=ordered[newest].views,
            growth=sum(curve.growth(since, at, now=at) for curve in known.values()),
            interactions=sum(curve.value(at) for curve in known.values()),
        )


def _frozen_from(ordered: Sequence[Sighting], newest: int, at: datetime) -> datetime:
    """Return when the standstill began that has ended just now, or ``at`` if there was none.

    A counter that stood still and then jumped may have been served from a cache: its first jump
    is spread over the standstill, a second one is believed.
    """
    if newest == 0 or ordered[newest].at != at:
        return at
    before = ordered[newest - 1]
    if before.until - before.at < _FROZEN_FROM:
        return at
    return max(before.at, at - _LONGEST_FREEZE)


def _age(measured: _Measured, post: Post) -> timedelta:
    first = min(curve.begins_at for curve in measured.known.values())
    return measured.at - (post.posted_at if post.posted_at is not None else first)


def _takes_off(measured: _Measured, standing: Standing, settings: TakeoffSettings) -> bool:
    before = measured.interactions - measured.growth
    if (
        standing.distance < settings.surge_distance
        or measured.growth < settings.least_growth
        or measured.interactions < settings.least_ratio * before
    ):
        return False
    return standing.distance >= settings.on_distance or _surges(measured, settings)


def _surges(measured: _Measured, settings: TakeoffSettings) -> bool:
    """Whether it grows far faster than it did; what was not watched before cannot say so."""
    own = measured.own_per_hour()
    if own is None or measured.growth < settings.surge_growth:
        return False
    least = settings.surge_least_per_hour
    return measured.per_hour >= settings.surge_times * max(own, least)


def _judgement(
    measured: _Measured, standing: Standing, age: timedelta, was_on: bool, is_on: bool
) -> TakeoffJudgement:
    at, now, grown = measured.at, measured.interactions, measured.growth
    times = now / max(now - grown, _LEAST_BASE)
    minutes = measured.span / timedelta(minutes=1)
    return TakeoffJudgement(
        at=measured.at,
        is_on=is_on,
        turned_on=is_on and not was_on,
        turned_off=was_on and not is_on,
        interactions=now,
        before=round(now - grown),
        window_minutes=max(1, round((measured.at - measured.since) / timedelta(minutes=1))),
        counters={
            name: (
                round(curve.value(at) - curve.growth(measured.since, at, now=at)),
                curve.value(at),
            )
            for name, curve in measured.known.items()
        },
        per_hour=measured.per_hour,
        earlier_per_hour=measured.earlier_per_hour(),
        doubling_minutes=minutes * log(2.0) / log(times) if times > 1.0 else None,
        hours_doubling=measured.hours_doubling(),
        step_minutes=max(1, round(measured.step / timedelta(minutes=1))),
        age_minutes=round(age / timedelta(minutes=1)),
        views=measured.views,
        standing=standing,
    )


URGENT_REACH = 1_000_000
URGENT_INTERACTIONS = 10_000
URGENT_HOURS_DOUBLING = 3


class TakeoffReason(StrEnum):
    """Why a post that takes off has its severity."""

    TAKING_OFF = "taking_off"
    DOUBLING_HOURLY = "doubling_hourly"
    VAST_REACH = "vast_reach"


def takeoff_severity(
    judgement: TakeoffJudgement, *, followers: int | None = None
) -> tuple[Literal["serious", "urgent"], TakeoffReason]:
    """Return the severity of a negative post that takes off, and its named reason.

    Urgent is a reach (views or followers) of a million, ten thousand interactions, or a count
    that doubled in each of three hours running; else serious.
    """
    reach = max(judgement.views or 0, followers or 0)
    if reach >= URGENT_REACH or judgement.interactions >= URGENT_INTERACTIONS:
        return "urgent", TakeoffReason.VAST_REACH
    if judgement.hours_doubling >= URGENT_HOURS_DOUBLING:
        return "urgent", TakeoffReason.DOUBLING_HOURLY
    return "serious", TakeoffReason.TAKING_OFF
