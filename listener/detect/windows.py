"""Windows over the last buckets: what they hold, should hold, and how far that usually varies."""

import copy
from typing import Any, Self

from listener.detect.history import Sum
from listener.detect.plan import HALF_HOUR_MIN
from listener.detect.settings import CrisisSettings, WindowRule
from listener.detect.tail import HIGHEST_SCORE, tail_score

_LEAST_EVIDENCE = 2.0
_PER_LENGTH = 6


class Window:
    """One window ending with the newest bucket: its sums and its measured dispersion.

    The dispersion is a moment estimate of the squared coefficient of variation beyond the Poisson,
    weighted by the inverse of its own variance, so that a brand with few mentions, whose sums say
    nothing about it, stays near the prior instead of at a random large figure.
    """

    __slots__ = (
        "_clip_squared",
        "_decay",
        "_floor",
        "_least_dispersion",
        "_noise",
        "_poisson",
        "_refill_noise",
        "_refill_weight",
        "_stride",
        "_weight",
        "recent",
        "rule",
        "sum",
    )

    def __init__(self, rule: WindowRule, settings: CrisisSettings) -> None:
        self.rule = rule
        self.sum = Sum(settings.buckets(rule.minutes), skips_told=rule.skips_told)
        self.recent: Sum | None = None
        if rule.recent_minutes:
            self.recent = Sum(settings.buckets(rule.recent_minutes), skips_told=False)
        self._clip_squared = settings.outlier_clip**2
        self._floor = settings.least_expected
        self._least_dispersion = settings.least_dispersion
        self._poisson = settings.poisson_factor
        weight = settings.prior_dispersion_windows / settings.prior_dispersion**2
        self._stride = max(settings.buckets(HALF_HOUR_MIN), self.sum.size // _PER_LENGTH)
        self._decay = settings.decay(settings.dispersion_half_life_days) ** self._stride
        self._weight = weight * max(1.0, self.sum.size / self._stride)
        self._noise = self._weight * settings.prior_dispersion
        self._refill_weight = self._weight * (1.0 - self._decay)
        self._refill_noise = self._noise * (1.0 - self._decay)

    @property
    def dispersion(self) -> float:
        """Squared coefficient of variation of the sum beyond the Poisson."""
        dispersion = self._noise / self._weight
        return dispersion if dispersion > self._least_dispersion else self._least_dispersion

    @property
    def sums(self) -> list[Sum]:
        """The sums that must slide with every bucket."""
        return [self.sum] if self.recent is None else [self.sum, self.recent]

    def measure(self, number: int) -> None:
        """Learn the dispersion from the newest sum, if the window holds only steady buckets.

        ``number`` is the newest bucket's. Sums that overlap hardly differ, so that at most six in
        each length of the window are used, and never more than one in half an hour.
        """
        held = self.sum
        mean = held.expected
        if number % self._stride or held.steady < held.size or mean <= 0.0:
            return
        poisson, decay, mean_squared = self._poisson * mean, self._decay, mean * mean
        variance = poisson + self.dispersion * mean_squared
        away = held.negatives - mean
        squared = min(away * away, self._clip_squared * variance)
        weight = mean_squared / (variance * variance)
        noise = self._noise * decay + weight * (squared - poisson) + self._refill_noise
        self._noise = noise if noise > 0.0 else 0.0
        self._weight = self._weight * decay + weight * mean_squared + self._refill_weight

    def expectations(self, odds: float) -> tuple[float, float]:
        """Return the negatives expected by the baseline, and by the share at ``odds`` p/(1-p)."""
        by_share = (self.sum.mentions - self.sum.negatives) * odds
        return max(self.sum.expected, self._floor), max(by_share, self._floor)

    def score(self, mean: float, evidence: float) -> float:
        """Return how surprising the negatives are for ``mean`` known from ``evidence`` counts."""
        squared = mean * mean
        variance = (
            self._poisson * mean
            + self.dispersion * squared
            + squared / max(evidence, _LEAST_EVIDENCE)
        )
        return min(HIGHEST_SCORE, tail_score(self.sum.negatives, mean, variance))

    def is_over(self, odds: float, ratio: float, least_ratio: float) -> bool:
        """Say whether the last stretch shows that what this window holds is over.

        ``ratio`` is this window's observed over expected; ``least_ratio`` what the stretch needs.
        """
        recent, rule = self.recent, self.rule
        if recent is None:
            return False
        expected = max(recent.expected, (recent.mentions - recent.negatives) * odds)
        needed = max(least_ratio, 1.0 + rule.recent_share * (ratio - 1.0)) * expected
        return recent.negatives < max(needed, rule.recent_least)

    def copy(self) -> Self:
        """Return an independent copy."""
        twin = copy.copy(self)
        twin.sum = copy.copy(self.sum)
        twin.recent = copy.copy(self.recent)
        return twin

    def dump(self) -> dict[str, Any]:
        """Return the state as JSON-able values."""
        return {
            "sum": self.sum.dump(),
            "recent": None if self.recent is None else self.recent.dump(),
            "noise": self._noise,
            "weight": self._weight,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take over a state that ``dump`` returned."""
        self.sum.load(state["sum"])
        if self.recent is not None:
            self.recent.load(state["recent"])
        self._noise = state["noise"]
        self._weight = state["weight"]
