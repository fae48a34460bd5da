"""A whole stored series at once: for rebuilding a state, for backtests and for evaluation."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from listener.detect.crisis import CrisisDetector
from listener.detect.seasons import NO_REST_DAYS, RestDays
from listener.detect.settings import CrisisSettings
from listener.detect.types import Bucket, Judgement
from listener.detect.volume import VolumeDetector, VolumeJudgement, VolumeSettings


def replay(
    buckets: Iterable[Bucket],
    settings: CrisisSettings,
    tz: ZoneInfo,
    rest: RestDays = NO_REST_DAYS,
) -> list[Judgement]:
    """Judge complete buckets in time order with a new detector, as if they came one by one.

    Raises ``ValueError`` as ``CrisisDetector.step`` does.
    """
    detector = CrisisDetector(settings, tz, rest)
    return [detector.step(bucket) for bucket in buckets]


def replay_volume(
    buckets: Iterable[Bucket], settings: VolumeSettings, tz: ZoneInfo
) -> list[VolumeJudgement]:
    """Judge complete buckets in time order for volume; see ``replay``."""
    detector = VolumeDetector(settings, tz)
    return [detector.step(bucket) for bucket in buckets]
