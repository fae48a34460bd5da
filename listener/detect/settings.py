"""Every figure the crisis channel depends on, with its unit and where it comes from.

"Measured" compares with and without on 1,152 generated series (936 crises, 4,153 series-weeks);
see ``crisis`` for how the whole was then checked on others. "Chosen" means that values from half
to twice made little difference there. What says neither is a starting value that was kept.
"""

import hashlib
from dataclasses import dataclass, fields, replace
from typing import Literal, Self

from listener.errors import ConfigError

Sensitivity = Literal["high", "normal", "low"]

# How far above a threshold of the user's own a single bucket must score; as in the presets.
AT_ONCE_STEP = 1.0

_THRESHOLDS: dict[str, tuple[float, float]] = {
    "high": (3.7, 5.0),
    "normal": (4.5, 5.5),
    "low": (5.5, 6.5),
}


@dataclass(frozen=True, slots=True)
class WindowRule:
    """One window ending now, and what it must show before its score counts.

    ``minutes``: length. ``least``: negatives it must hold. ``excess``: negatives above those
    expected; six within half an hour is more than the three to six accounts of a small coordinated
    posting (measured: half as many false alarms from those, one crisis of 891 lost).
    ``recent_minutes`` (0 = none), ``recent_share`` and ``recent_least``: the last stretch of the
    window must hold that many negatives, stand ``CrisisSettings.recent_ratio`` above expectation,
    and be at least that share as far above it, relatively, as the window as a whole; so that a
    burst that is over does not keep the alert on or raise another. ``skips_told``: leave out
    buckets that an alert has already covered, for the same reason (measured, both: 26 false alarms
    instead of 930).
    """

    minutes: int
    least: int
    excess: float
    recent_minutes: int = 0
    recent_share: float = 0.0
    recent_least: int = 0
    skips_told: bool = False


_WINDOWS = (
    WindowRule(5, 6, 6.0),
    WindowRule(30, 6, 6.0),
    WindowRule(180, 4, 3.0, recent_minutes=60, recent_share=0.5),
    WindowRule(
        1440, 6, 4.0, recent_minutes=180, recent_share=0.8, recent_least=2, skips_told=True
    ),
)


@dataclass(frozen=True, slots=True)
class CrisisSettings:
    """Parameters of the crisis channel; the defaults are the normal sensitivity.

    Raises ``ConfigError`` for a figure that cannot work.
    """

    bucket_minutes: int = 5
    """Length of a bucket in minutes, a divisor of a day. Five keeps delays short."""

    windows: tuple[WindowRule, ...] = _WINDOWS
    """Windows judged at every bucket: 5 min and 30 min for bursts, 3 h for smaller brands, one day
    for slow burns (measured: with the day 4 of 120 slow burns are missed instead of 9)."""

    on_score: float = _THRESHOLDS["normal"][0]
    """Score that turns the alert on when it holds for ``on_minutes``. The three presets are points
    on one curve, measured in ``crisis``."""

    on_at_once_score: float = _THRESHOLDS["normal"][1]
    """Score that turns the alert on by itself. Chosen."""

    on_minutes: int = 10
    """Minutes running at ``on_score`` that turn the alert on: two buckets of five minutes."""

    off_score: float = 2.0
    """Below this score a bucket counts towards turning off."""

    off_minutes: int = 30
    """Minutes running below ``off_score`` that turn the alert off."""

    least_ratio: float = 1.8
    """Observed negatives must be this many times the expected ones in any window. Chosen."""

    recent_ratio: float = 1.4
    """Least ratio of observed to expected in the last stretch of a long window. Chosen."""

    share_gain: float = 1.3
    """Factor on the share test's score before the lesser of both tests is taken: it is the weaker
    test of the same crisis, for its expectation holds part of the burst. Measured: recall 0.951
    instead of 0.916 with 1.0; without the share test 348 false alarms instead of 26."""

    guard_minutes: int = 1440
    """A bucket teaches only after this long, so that what is being judged is not in what it is
    judged by (the guard gap of Farrington 1996). Measured: recall 0.951
    instead of 0.858 without, at equal false alarms; most of all for small brands."""

    guard_growth: int = 8
    """While history is short the gap is history / this. Chosen."""

    season_half_life_days: float = 21.0
    """Half-life of the 48 seasonal bins."""

    rate_half_life_days: float = 7.0
    """Half-life of the overall rate that the bins lean on."""

    level_half_life_days: float = 4.0
    """Half-life of the level relative to the season."""

    share_half_life_days: float = 7.0
    """Half-life of the usual share of negatives. Chosen."""

    dispersion_half_life_days: float = 14.0
    """Half-life of the extra variance of each window's sum."""

    residual_half_life_days: float = 4.0
    """Half-life of the Pearson residual that sets how far an outlier may teach."""

    prior_rate_per_hour: float = 0.6
    """Mentions an hour assumed before anything was seen."""

    prior_rate_hours: float = 1.0
    """Hours of evidence behind that assumption. Chosen."""

    pooled_hours: float = 3.0
    """Hours of evidence at the overall rate added to each hour of the day."""

    bin_hours: float = 2.0
    """Hours of evidence at the rate of its hour added to each of the 48 bins. Chosen."""

    prior_level: float = 2.0
    """Mentions of evidence that the level is 1. Chosen."""

    prior_share: float = 0.15
    """Share of negatives assumed before anything was seen."""

    prior_share_mentions: float = 10.0
    """Mentions of evidence behind that assumption."""

    prior_dispersion: float = 0.05
    """Squared coefficient of variation assumed for each window's sum beyond the Poisson."""

    prior_dispersion_windows: float = 2.0
    """Full, separate windows of evidence behind that assumption. Chosen."""

    least_dispersion: float = 0.03
    """The extra variance is never taken to be less than this."""

    poisson_factor: float = 1.15
    """Variance of a count over its mean when the rate is known: one person often posts twice."""

    outlier_clip: float = 3.0
    """Standard deviations up to which a count teaches. Chosen."""

    least_expected: float = 0.02
    """Expected negatives of a window are never taken to be less."""

    outage_surprise: float = 12.0
    """A run of empty buckets is a silent outage beyond this sum of 2 ln(1 + expected/2), that is
    beyond a chance of e^-12 under a negative binomial of size 2."""

    outage_coverage: float = 0.5
    """A bucket covered less than this teaches nothing."""

    settling_minutes: int = 30
    """After an outage the dispersion learns nothing for the length of the gap, at most this."""

    pardon_hours: float = 24.0
    """Buckets of an alert do not teach, for as many hours as this in recent memory; after that
    what goes on is the new normal and is learned (past outbreaks are left out in Farrington 1996).
    Measured: with no limit 493 false alarms instead of 26, for a lasting change alerts for ever;
    with no pardon at all recall 0.932 instead of 0.951."""

    pardon_half_life_days: float = 7.0
    """Half-life of that memory. Chosen."""

    lead_up_minutes: int = 180
    """When an alert turns on, the window that raised it does not teach either, at most so much."""

    def __post_init__(self) -> None:
        if self.bucket_minutes < 1 or 1440 % self.bucket_minutes:
            raise ConfigError(
                f"detect: bucket_minutes must divide a day of 1440 (got {self.bucket_minutes})"
            )
        if not self.off_score < self.on_score <= self.on_at_once_score:
            raise ConfigError(
                "detect: the scores must rise, off_score < on_score <= on_at_once_score"
                f" (got {self.off_score}, {self.on_score}, {self.on_at_once_score})"
            )
        if not self.poisson_factor >= 1.0:
            raise ConfigError(
                f"detect: poisson_factor must be at least 1 (got {self.poisson_factor})"
            )
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int | float) and value <= 0:
                raise ConfigError(f"detect: {field.name} must be above 0 (got {value})")
        if not self.prior_share < 1.0:
            raise ConfigError(f"detect: prior_share must be below 1 (got {self.prior_share})")
        if not self.windows:
            raise ConfigError("detect: windows must hold at least one window")

    @classmethod
    def for_sensitivity(cls, name: str, *, bucket_minutes: int = 5) -> Self:
        """Return the settings of the preset ``high``, ``normal`` or ``low``.

        Raises ``ConfigError`` for another name. What each preset costs in false alarms is measured
        in ``crisis``.
        """
        if name not in _THRESHOLDS:
            known = ", ".join(_THRESHOLDS)
            raise ConfigError(f"detect: sensitivity must be one of {known} (got {name!r})")
        on_score, at_once = _THRESHOLDS[name]
        return cls(bucket_minutes=bucket_minutes, on_score=on_score, on_at_once_score=at_once)

    def at_score(self, on_score: float) -> Self:
        """Return the same settings with another threshold, one point more for "at once".

        Raises ``ConfigError`` for one that is not above ``off_score``.
        """
        return replace(self, on_score=on_score, on_at_once_score=on_score + AT_ONCE_STEP)

    def buckets(self, minutes: float) -> int:
        """Return how many buckets make up ``minutes``, at least one."""
        return max(1, round(minutes / self.bucket_minutes))

    def decay(self, half_life_days: float) -> float:
        """Return the factor by which one bucket's passing reduces old evidence."""
        return float(0.5 ** (self.bucket_minutes / (1440.0 * half_life_days)))

    def fingerprint(self) -> str:
        """Return a short text that differs whenever any figure differs."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]
