"""What goes into detection and what comes out: counted buckets and judgements. Values only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple


@dataclass(frozen=True, slots=True)
class Bucket:
    """Counts of one series in one stretch of time, after collapsing repeats.

    ``start`` is timezone-aware UTC. ``mentions`` and ``negatives`` count distinct (author, story)
    pairs within 24 h, so ``negatives`` never exceeds ``mentions``. ``coverage`` is the share of
    the planned crawls that succeeded, 0 to 1. ``is_partial`` marks one whose time is not over.
    Raises ``ValueError`` for anything else.
    """

    start: datetime
    mentions: int
    negatives: int
    coverage: float = 1.0
    is_partial: bool = False

    def __post_init__(self) -> None:
        if self.start.utcoffset() != timedelta(0):
            raise ValueError(
                f"a bucket starts at a timezone-aware UTC instant (got {self.start!r})"
            )
        if not 0 <= self.negatives <= self.mentions:
            raise ValueError(
                f"bucket {self.start.isoformat()}: negatives must be between 0 and mentions"
                f" (got {self.negatives} of {self.mentions})"
            )
        if not 0.0 <= self.coverage <= 1.0:
            raise ValueError(
                f"bucket {self.start.isoformat()}: coverage must be 0 to 1 (got {self.coverage})"
            )


class Judgement(NamedTuple):
    """What the crisis channel thinks at the end of one bucket, with everything that explains it.

    ``score`` is a strength of evidence from 0 to 50 for ranking and thresholds; it is *not* a
    probability and must never be shown as one. ``observed``, ``total``, ``expected*`` and
    ``coverage`` describe the window of ``window_buckets`` buckets ending with this one that scored
    highest, or the 30-minute window when none scored. ``expected`` is the larger of
    ``expected_baseline`` (the series' own season and level) and ``expected_share`` (the usual
    share, given how many mentions are not negative); ``expected_by`` says which. Expected counts
    are those of full coverage.
    ``baseline_mean`` and ``baseline_total`` are this bucket's expected negatives and mentions.
    ``is_outage`` means that nothing can be concluded from a low count here. A named tuple, because
    one is made for every bucket of every series and a frozen dataclass takes thrice as long.
    """

    start: datetime
    score: float
    is_on: bool
    turned_on: bool
    turned_off: bool
    window_buckets: int
    observed: int
    total: int
    expected: float
    expected_baseline: float
    expected_share: float
    expected_by: Literal["baseline", "share"]
    usual_share: float
    coverage: float
    baseline_hour: int
    is_weekend: bool
    baseline_mean: float
    baseline_total: float
    is_outage: bool
