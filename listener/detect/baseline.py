"""What a count normally is at this hour of this kind of day: season times level, learned online.

One object serves one count (mentions, or negatives). Nothing here knows about alerts.
"""

import copy
from array import array
from math import sqrt
from typing import Any, Self

from listener.detect.seasons import BINS, Place
from listener.detect.settings import CrisisSettings

_HOURS = BINS // 2
_LEAST_MEAN = 0.02
_HIGHEST_RESIDUAL = 50.0
_RESCALE_BELOW = 1e-9


class SeasonalBaseline:
    """Expected counts per bucket from 48 decayed bins, shrunk twice, times a recent level.

    Bins hold winsorised counts ``B`` and exposure ``T`` (covered buckets). With the overall rate
    ``L``, ``pooled_h = (sum_w B + pL) / (sum_w T + p)`` and ``R = (B + b pooled_h) / (T + b)``;
    the season is interpolated between hour centres; the level is the mean of a Gamma posterior
    that forgets, and ``evidence`` its shape. All updates cost the same however long the history.
    """

    __slots__ = (
        "_counts",
        "_exposure",
        "_level_counts",
        "_level_expected",
        "_plan",
        "_rate_counts",
        "_rate_exposure",
        "_residual",
        "_scale",
    )

    def __init__(self, settings: CrisisSettings) -> None:
        self._plan = _Plan(settings)
        self._counts = array("d", bytes(8 * BINS))
        self._exposure = array("d", bytes(8 * BINS))
        # Bins store evidence divided by _scale, so that one multiplication ages all of them.
        self._scale = 1.0
        self._rate_exposure = self._plan.prior_exposure
        self._rate_counts = self._plan.prior_exposure * self._plan.prior_rate
        self._level_counts = settings.prior_level
        self._level_expected = settings.prior_level
        self._residual = 1.0

    @property
    def evidence(self) -> float:
        """Counts behind the level: the shape of its Gamma posterior."""
        return self._level_counts

    def expect(self, place: Place) -> float:
        """Return the expected count of one fully covered bucket at ``place``."""
        return self._season(place) * self._level_counts / self._level_expected

    def learn(self, count: int, place: Place, *, coverage: float, is_steady: bool) -> float:
        """Take one bucket into account; return the count after cutting off what is outlying.

        ``coverage`` is above 0; ``is_steady`` lets the bucket widen or narrow the cut for others.
        """
        plan = self._plan
        season = self._season(place)
        mean = season * self._level_counts / self._level_expected * coverage
        limit = mean + plan.clip * sqrt(self._residual * mean + mean * mean / 4.0)
        kept = min(float(count), limit + 1.0 if mean < 1.0 else limit)

        self._scale *= plan.season_decay
        if self._scale < _RESCALE_BELOW:
            self._rescale()
        self._counts[place.own] += kept / self._scale
        self._exposure[place.own] += coverage / self._scale
        self._rate_counts = self._rate_counts * plan.rate_decay + kept
        self._rate_exposure = self._rate_exposure * plan.rate_decay + coverage
        decay, refill = plan.level_decay, plan.level_refill
        self._level_counts = self._level_counts * decay + kept + refill
        self._level_expected = self._level_expected * decay + season * coverage + refill
        if is_steady:
            away = kept - mean
            squared = min(away * away / max(mean, _LEAST_MEAN), _HIGHEST_RESIDUAL)
            decay = plan.residual_decay
            self._residual = max(1.0, self._residual * decay + squared * (1.0 - decay))
        return kept

    def skip(self) -> None:
        """Let one bucket pass that teaches nothing; only the season ages."""
        self._scale *= self._plan.season_decay

    def copy(self) -> Self:
        """Return an independent copy."""
        twin = copy.copy(self)
        twin._counts = self._counts[:]
        twin._exposure = self._exposure[:]
        return twin

    def dump(self) -> dict[str, Any]:
        """Return the state as JSON-able values."""
        return {name: getattr(self, f"_{name}") for name in _STATE} | {
            "counts": self._counts.tolist(),
            "exposure": self._exposure.tolist(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take over a state that ``dump`` returned."""
        for name in _STATE:
            setattr(self, f"_{name}", state[name])
        self._counts = array("d", state["counts"])
        self._exposure = array("d", state["exposure"])

    def _season(self, place: Place) -> float:
        # Written out for both bins: this runs four times a bucket and is a fifth of all time.
        counts, exposure, scale = self._counts, self._exposure, self._scale
        pooled, alone = self._plan.pooled, self._plan.bin
        overall = pooled * self._rate_counts / self._rate_exposure
        index = place.earlier
        other = index - _HOURS  # The same hour of the other kind of day.
        held, seen = counts[index] * scale, exposure[index] * scale
        hour = (held + counts[other] * scale + overall) / (seen + exposure[other] * scale + pooled)
        earlier = (held + alone * hour) / (seen + alone)
        index = place.later
        other = index - _HOURS
        held, seen = counts[index] * scale, exposure[index] * scale
        hour = (held + counts[other] * scale + overall) / (seen + exposure[other] * scale + pooled)
        later = (held + alone * hour) / (seen + alone)
        return earlier + (later - earlier) * place.weight

    def _rescale(self) -> None:
        self._counts = array("d", [value * self._scale for value in self._counts])
        self._exposure = array("d", [value * self._scale for value in self._exposure])
        self._scale = 1.0


_STATE = (
    "level_counts",
    "level_expected",
    "rate_counts",
    "rate_exposure",
    "residual",
    "scale",
)


class _Plan:
    """The settings in buckets, worked out once and shared by copies."""

    __slots__ = (
        "bin",
        "clip",
        "level_decay",
        "level_refill",
        "pooled",
        "prior_exposure",
        "prior_rate",
        "rate_decay",
        "residual_decay",
        "season_decay",
    )

    def __init__(self, settings: CrisisSettings) -> None:
        per_hour = 60.0 / settings.bucket_minutes
        self.bin = settings.bin_hours * per_hour
        self.clip = settings.outlier_clip
        self.level_decay = settings.decay(settings.level_half_life_days)
        self.pooled = settings.pooled_hours * per_hour
        self.prior_exposure = settings.prior_rate_hours * per_hour
        self.level_refill = settings.prior_level * (1.0 - self.level_decay)
        self.prior_rate = settings.prior_rate_per_hour / per_hour
        self.rate_decay = settings.decay(settings.rate_half_life_days)
        self.residual_decay = settings.decay(settings.residual_half_life_days)
        self.season_decay = settings.decay(settings.season_half_life_days)
