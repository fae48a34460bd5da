"""How far a brand's baseline has come, and what each sensitivity would have raised on its history.

Reads buckets and runs the pure detector over them; changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from listener.detect.episodes import episodes
from listener.detect.replay import replay
from listener.detect.seasons import NO_REST_DAYS, RestDays
from listener.detect.settings import CrisisSettings, Sensitivity
from listener.detect.types import Bucket
from listener.store import series
from listener.store.rows import BUCKET, bucket_start

# Every hour of working days and of weekends was seen at least twice after two weeks.
LEARNING = timedelta(days=14)
# In its first days a replayed detector knows nothing yet; what it raises there says little.
SETTLING = timedelta(days=3)
LEAST_JUDGED = timedelta(days=7)
# More alerts than this a week without a crisis, and people stop reading them.
MOST_PER_WEEK = 1.0
PRESETS: tuple[Sensitivity, ...] = ("high", "normal", "low")


@dataclass(frozen=True, slots=True)
class Maturity:
    """Days of history behind a brand's baseline; at ``ready_at`` it is no longer young."""

    days: float
    is_young: bool
    ready_at: datetime


@dataclass(frozen=True, slots=True)
class Replayed:
    """What one preset would have raised over the judged days."""

    sensitivity: Sensitivity
    alerts: int
    per_week: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Every preset, high first, and the one to choose; ``has_history`` if that rests on a week."""

    judged_days: float
    presets: tuple[Replayed, ...]
    recommended: Sensitivity
    has_history: bool


def maturity(session: Session, brand_id: int, *, now: datetime, history: timedelta) -> Maturity:
    """Return how old the baseline of a brand is."""
    first = _first(session, brand_id, now - history)
    age = now - first if first is not None else timedelta(0)
    return Maturity(age / timedelta(days=1), age < LEARNING, now - age + LEARNING)


def suggest(
    session: Session,
    brand_id: int,
    *,
    tz: ZoneInfo,
    now: datetime,
    history: timedelta,
    rest: RestDays = NO_REST_DAYS,
) -> Suggestion:
    """Replay the stored history at every preset and recommend one.

    Recommended is the most sensitive preset that raised at most one alert a week; with less than a
    week to judge by, the normal one.
    """
    first = _first(session, brand_id, now - history)
    until = bucket_start(now)
    buckets = _buckets(session, brand_id, first, until) if first is not None else []
    judged_from = (first or until) + SETTLING
    judged = max(until - judged_from, timedelta(0))
    weeks = max(judged / timedelta(days=7), 1 / 7)
    found = []
    for name in PRESETS:
        judgements = replay(buckets, CrisisSettings.for_sensitivity(name), tz, rest)
        alerts = sum(one.start >= judged_from for one in episodes(judgements))
        found.append(Replayed(name, alerts, alerts / weeks))
    has_history = judged >= LEAST_JUDGED
    calm = [one.sensitivity for one in found if one.per_week <= MOST_PER_WEEK]
    recommended: Sensitivity = (calm or ["low"])[0] if has_history else "normal"
    return Suggestion(judged / timedelta(days=1), tuple(found), recommended, has_history)


def _first(session: Session, brand_id: int, since: datetime) -> datetime | None:
    found = (
        series.first_bucket_at(session, one.id, since=since)
        for one in series.all_series(session)
        if one.brand_id == brand_id and one.topic == series.ALL and one.source_group == series.ALL
    )
    return min((at for at in found if at is not None), default=None)


def _buckets(session: Session, brand_id: int, first: datetime, until: datetime) -> list[Bucket]:
    stored: dict[datetime, tuple[int, int]] = {}
    for one in series.all_series(session):
        if one.brand_id == brand_id and (one.topic, one.source_group) == (series.ALL, series.ALL):
            held = series.load_buckets(session, one.id, since=first, until=until)
            stored = {at: (count.mentions, count.negatives) for at, count in held.items()}
    buckets = []
    while first < until:
        buckets.append(Bucket(first, *stored.get(first, (0, 0))))
        first += BUCKET
    return buckets


def maturity_line(name: str, found: Maturity, tz: ZoneInfo) -> str:
    """Return the sentence (zh-CN) that says how far a young baseline is."""
    return (
        f"{name}：基线尚在学习：仅 {found.days:.0f} 天数据，预警按保守阈值；"
        f"约 {found.ready_at.astimezone(tz):%m-%d} 起按完整的周内节律判断"
    )


def suggestion_lines(name: str, found: Suggestion, chosen: str) -> list[str]:
    """Return what the replay says (zh-CN): alerts a week at each preset, and the advice."""
    words = {"high": "高", "normal": "标准", "low": "低"}
    rates = "，".join(
        f"{words[one.sensitivity]}（{one.sensitivity}）每周 {one.per_week:.1f} 次"
        for one in found.presets
    )
    lines = [f"{name}：以最近 {found.judged_days:.0f} 天历史回放，各灵敏度会预警：{rates}"]
    if not found.has_history:
        lines.append(
            "历史不足 7 天，先用标准灵敏度（normal）；满一周后请再看一次 fengsheng doctor"
        )
    elif found.recommended != chosen:
        lines.append(f'建议 detection.sensitivity = "{found.recommended}"（现为 "{chosen}"）')
    else:
        lines.append(f'建议保持 detection.sensitivity = "{chosen}"')
    return lines
