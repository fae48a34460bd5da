"""Blind is not calm: tells buckets that say nothing from buckets that are quiet."""

import copy
from math import log1p
from typing import Any, Self

from listener.detect.settings import CrisisSettings


class OutageWatch:
    """Finds outages that the crawl reported and those it did not notice.

    A silent outage is a run of empty buckets that the baseline cannot explain: each adds
    ``2 ln(1 + expected/2)``, the negative logarithm of its chance under a negative binomial of
    size 2.
    """

    __slots__ = (
        "_gap",
        "_least_coverage",
        "_limit",
        "_longest_settling",
        "_settling",
        "_surprise",
    )

    def __init__(self, settings: CrisisSettings) -> None:
        self._least_coverage = settings.outage_coverage
        self._limit = settings.outage_surprise
        self._longest_settling = settings.buckets(settings.settling_minutes)
        self._surprise = 0.0
        self._gap = 0
        self._settling = 0

    @property
    def is_steady(self) -> bool:
        """Whether the last bucket seen is neither in an outage nor in the rush after one."""
        return self._gap == 0 and self._settling == 0

    def see(self, mentions: int, *, expected: float, coverage: float) -> bool:
        """Take one complete bucket into account; return whether it lies in an outage.

        ``expected`` mentions are those of full coverage.
        """
        if mentions:
            self._surprise = 0.0
        else:
            self._surprise += 2.0 * log1p(expected * coverage / 2.0)
        if coverage < self._least_coverage or self._surprise > self._limit:
            self._gap += 1
            return True
        if self._gap:
            self._settling = min(self._gap, self._longest_settling)
            self._gap = 0
        elif self._settling:
            self._settling -= 1
        return False

    def copy(self) -> Self:
        """Return an independent copy."""
        return copy.copy(self)

    def dump(self) -> dict[str, Any]:
        """Return the state as JSON-able values."""
        return {"surprise": self._surprise, "gap": self._gap, "settling": self._settling}

    def load(self, state: dict[str, Any]) -> None:
        """Take over a state that ``dump`` returned."""
        self._surprise = state["surprise"]
        self._gap = state["gap"]
        self._settling = state["settling"]
