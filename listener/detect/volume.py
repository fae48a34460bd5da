"""The volume channel: are there far more mentions, of whatever tone, than this hour explains?

A notice, never a page: volume alone says nothing about harm.

**Method.** The mentions of the last half hour against the seasonal baseline, in units of the
standard deviation that such half hours really had. Mentions of a brand have far heavier tails than
any count model, so that deviation is an exponentially weighted mean of *unclipped* squared
residuals: a brand that bursts every week must burst harder to be told. One notice a day; none in
the first day.

**Measured** on the development tickers of the Numenta Anomaly Benchmark (realTweets: five tickers,
55 days each, NAB's own rules) with the threshold chosen on the four other tickers: see
``docs/detection.md``.
"""

import hashlib
from collections import deque
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from math import sqrt
from typing import Any
from zoneinfo import ZoneInfo

from listener.detect.baseline import SeasonalBaseline
from listener.detect.crisis import StateMismatch
from listener.detect.outage import OutageWatch
from listener.detect.seasons import NO_REST_DAYS, RestDays, minute_of, place_of
from listener.detect.settings import CrisisSettings
from listener.detect.types import Bucket
from listener.errors import ConfigError

STATE_VERSION = 2


@dataclass(frozen=True, slots=True)
class VolumeSettings:
    """Parameters of the volume channel. Raises ``ConfigError`` for a figure that cannot work."""

    bucket_minutes: int = 5
    """Length of a bucket in minutes, a divisor of a day."""

    window_minutes: int = 30
    """Mentions are summed over this long. Measured: 5 minutes doubles the false notices."""

    on_score: float = 9.5
    """Standard deviations above the baseline that are told."""

    least_ratio: float = 2.0
    """Observed mentions must be this many times the expected ones: a notice must mean something
    to a person, whatever the deviation."""

    least_excess: float = 10.0
    """Observed mentions must be this many above the expected ones."""

    variance_half_life_days: float = 4.0
    """Half-life of the squared residual."""

    silent_minutes: int = 1440
    """Nothing is told before this much was seen."""

    cooldown_minutes: int = 1440
    """After a notice there is none for this long."""

    def __post_init__(self) -> None:
        if self.bucket_minutes < 1 or 1440 % self.bucket_minutes:
            raise ConfigError(
                f"detect: bucket_minutes must divide a day of 1440 (got {self.bucket_minutes})"
            )
        for field in fields(self):
            value = getattr(self, field.name)
            if value <= 0:
                raise ConfigError(f"detect: volume.{field.name} must be above 0 (got {value})")

    def buckets(self, minutes: float) -> int:
        """Return how many buckets make up ``minutes``, at least one."""
        return max(1, round(minutes / self.bucket_minutes))

    def fingerprint(self) -> str:
        """Return a short text that differs whenever any figure differs."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class VolumeJudgement:
    """What the volume channel thinks at the end of one bucket.

    ``score`` is in standard deviations of such windows, not a probability. ``observed`` and
    ``expected`` count the mentions of the window that ends with this bucket, as usual without any
    campaign, while ``score`` is what exceeds the campaign too. ``is_told`` marks the
    one bucket that raises the notice.
    """

    start: datetime
    score: float
    is_told: bool
    observed: int
    expected: float
    is_outage: bool


class VolumeDetector:
    """Judges the buckets of one series in time order, in constant time and memory each."""

    def __init__(
        self, settings: VolumeSettings, tz: ZoneInfo, rest: RestDays = NO_REST_DAYS
    ) -> None:
        """Start without any history; see ``CrisisDetector`` for ``tz`` and ``rest``."""
        self._settings = settings
        self._tz = tz
        self._rest = rest
        self._fingerprint = f"{settings.fingerprint()} {tz.key} {rest.fingerprint()}".rstrip()
        base = CrisisSettings(bucket_minutes=settings.bucket_minutes)
        self._mentions = SeasonalBaseline(base)
        self._outage = OutageWatch(base)
        self._decay = 0.5 ** (settings.bucket_minutes / (1440 * settings.variance_half_life_days))
        size = settings.buckets(settings.window_minutes)
        self._counts: deque[int] = deque(maxlen=size)
        self._expected: deque[float] = deque(maxlen=size)
        self._allowed: deque[float] = deque(maxlen=size)
        self._squares = 0.0
        self._weight = 0.0
        self._seen = 0
        self._told_at = -1
        self._last_start: datetime | None = None

    def step(self, bucket: Bucket, *, allowance: float = 1.0) -> VolumeJudgement:
        """Judge the next complete bucket and learn.

        ``allowance`` ≥ 1 multiplies what is expected: a campaign that was announced. Raises
        ``ValueError`` for a partial bucket, for one that does not follow the last one directly,
        and for an allowance below 1.
        """
        self._check(bucket, allowance)
        place = place_of(minute_of(bucket.start.astimezone(self._tz), self._rest))
        usual = self._mentions.expect(place)
        is_outage = self._outage.see(bucket.mentions, expected=usual, coverage=bucket.coverage)
        # What piled up during an outage and arrives at once says nothing about this half hour.
        heard = bucket.mentions if self._outage.is_steady else min(bucket.mentions, round(usual))
        self._counts.append(heard)
        self._expected.append(usual * bucket.coverage)
        self._allowed.append(usual * bucket.coverage * allowance)
        observed, calm = sum(self._counts), sum(self._expected)
        expected = sum(self._allowed)
        away = observed - expected
        score = away / sqrt(self._variance() + 1.0)
        is_told = self._is_told(score, observed, expected, is_outage)
        if is_told:
            self._told_at = self._seen
        if is_outage:
            self._mentions.skip()
        else:
            if self._outage.is_steady:
                # Between usual and allowed nothing is astonishing, so nothing widens the scale.
                surprise = observed - min(max(observed, calm), expected)
                self._squares = self._squares * self._decay + surprise * surprise
                self._weight = self._weight * self._decay + 1.0
            self._mentions.learn(
                bucket.mentions, place, coverage=bucket.coverage, is_steady=self._outage.is_steady
            )
        self._seen += 1
        self._last_start = bucket.start
        return VolumeJudgement(bucket.start, max(score, 0.0), is_told, observed, calm, is_outage)

    def dump(self) -> dict[str, Any]:
        """Return the whole state as JSON-able values; floats survive the round trip exactly."""
        return {
            "version": STATE_VERSION,
            "fingerprint": self._fingerprint,
            "mentions": self._mentions.dump(),
            "outage": self._outage.dump(),
            "counts": list(self._counts),
            "expected": list(self._expected),
            "allowed": list(self._allowed),
            "squares": self._squares,
            "weight": self._weight,
            "seen": self._seen,
            "told_at": self._told_at,
            "last_start": None if self._last_start is None else self._last_start.isoformat(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take over a state that ``dump`` returned; ``StateMismatch`` as the crisis channel."""
        found = (state.get("version"), state.get("fingerprint"))
        if found != (STATE_VERSION, self._fingerprint):
            raise StateMismatch(
                f"volume detector state {found!r} is of no use: replay the buckets"
            )
        self._mentions.load(state["mentions"])
        self._outage.load(state["outage"])
        self._counts.extend(state["counts"])
        self._expected.extend(state["expected"])
        self._allowed.extend(state["allowed"])
        self._squares, self._weight = state["squares"], state["weight"]
        self._seen, self._told_at = state["seen"], state["told_at"]
        last = state["last_start"]
        self._last_start = None if last is None else datetime.fromisoformat(last)

    def _variance(self) -> float:
        return self._squares / self._weight if self._weight else 1.0

    def _is_told(self, score: float, observed: int, expected: float, is_outage: bool) -> bool:
        settings = self._settings
        if is_outage or not self._outage.is_steady:
            return False
        if self._seen < settings.buckets(settings.silent_minutes):
            return False
        quiet = settings.buckets(settings.cooldown_minutes)
        if self._told_at >= 0 and self._seen - self._told_at < quiet:
            return False
        return (
            score >= settings.on_score
            and observed >= settings.least_ratio * expected
            and observed - expected >= settings.least_excess
        )

    def _check(self, bucket: Bucket, allowance: float) -> None:
        if bucket.is_partial:
            raise ValueError(f"bucket {bucket.start.isoformat()} is partial: step when it is over")
        if allowance < 1.0:
            raise ValueError(f"a campaign's allowance must be at least 1 (got {allowance})")
        step = timedelta(minutes=self._settings.bucket_minutes)
        if self._last_start is not None and bucket.start - self._last_start != step:
            raise ValueError(
                f"bucket {bucket.start.isoformat()} does not follow {self._last_start.isoformat()}"
                f" directly: fill holes with coverage 0"
            )
