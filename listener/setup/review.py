"""The first look at what was heard: what matched, what did not and why, and how much is usual."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from listener.campaigns import build_calendar
from listener.config import Brand, Config
from listener.matching.brand import Reason
from listener.matching.matcher import BrandMatcher, Record
from listener.outlook import maturity, maturity_line, suggest, suggestion_lines
from listener.store import overview, series
from listener.text.fold import fold
from listener.watchlist import words_of

SHOWN = 5
_MOST_CHARS = 60


_REASONS = {
    Reason.NOTHING: "没有出现品牌词",
    Reason.NO_CONTEXT: "只有品牌名，没有语境词",
    Reason.TRAP: "“{word}”说明它指的是别的事物",
    Reason.EXCLUDED: "被排除词“{word}”排除",
}


def why_unmatched(brand: Brand, *, title: str | None, text: str) -> str:
    """Return why a text does not mean the brand (zh-CN)."""
    [decision] = next(BrandMatcher([words_of(brand)]).judge_many([Record(text=text, title=title)]))
    if decision.is_meant:
        return "当时的设置没有命中；现在的设置会命中"
    words = brand.exclude if decision.reason is Reason.EXCLUDED else brand.traps
    said = fold(f"{title or ''} {text}")
    word = next((word for word in words if fold(word) in said), "")
    return _REASONS[decision.reason].format(word=word)


def review_values(session: Session, config: Config, ids: dict[str, int]) -> dict[str, Any]:
    """Return samples and counts as plain values."""
    brand = config.brands[0]
    matched = overview.newest_texts(session, is_matched=True, limit=SHOWN)
    others = overview.newest_texts(session, is_matched=False, limit=SHOWN)
    return {
        "sources": [
            {
                "key": one.key,
                "name": one.name,
                "mentions": one.mentions,
                "matched": one.matched,
                "negatives": one.negatives,
            }
            for one in overview.source_counts(session)
        ],
        "matched": [{"source": one.source, "text": _short(one)} for one in matched],
        "unmatched": [
            {
                "source": one.source,
                "text": _short(one),
                "reason": why_unmatched(brand, title=one.title, text=one.text),
            }
            for one in others
        ],
        "days": _days(session, ids[brand.key], config),
    }


def _short(one: overview.HeardText) -> str:
    text = " ".join(f"{one.title or ''} {one.text}".split())
    return text if len(text) <= _MOST_CHARS else text[: _MOST_CHARS - 1] + "…"


def _days(session: Session, brand_id: int, config: Config) -> dict[str, Any]:
    """Return mentions and negatives a day and by hour of the day, in the brand's zone."""
    days: Counter[str] = Counter()
    hours: Counter[int] = Counter()
    negatives = total = 0
    for one in series.all_series(session):
        if one.brand_id != brand_id or (one.topic, one.source_group) != (series.ALL, series.ALL):
            continue
        first = series.first_bucket_at(session, one.id, since=_LONG_AGO)
        if first is None:
            continue
        held = series.load_buckets(session, one.id, since=first, until=_FAR_OFF)
        for at, count in held.items():
            local = at.astimezone(config.tz)
            days[f"{local:%Y-%m-%d}"] += count.mentions
            hours[local.hour] += count.mentions
            total += count.mentions
            negatives += count.negatives
    return {
        "mentions": total,
        "negatives": negatives,
        "per_day": dict(sorted(days.items())[-14:]),
        "busiest_hours": [hour for hour, count in hours.most_common(3) if count],
    }


_LONG_AGO = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
_FAR_OFF = datetime.fromisoformat("2200-01-01T00:00:00+00:00")


def review_lines(values: dict[str, Any]) -> Iterator[str]:
    """Yield the first look in words (zh-CN)."""
    yield "各来源听到多少："
    for one in values["sources"]:
        yield (
            f"  {one['name']}：{one['mentions']} 条，提到品牌 {one['matched']}，"
            f"其中负面 {one['negatives']}"
        )
    if not values["sources"]:
        yield "  还没有听到任何内容"
    yield "算作提到品牌的（若有误，请补充排除词）："
    yield from (f"  ✓ [{one['source']}] {one['text']}" for one in values["matched"])
    yield "没有算作品牌的（若有误，请补充别名或删去排除词）："
    yield from (
        f"  · [{one['source']}] {one['text']} —— {one['reason']}" for one in values["unmatched"]
    )
    days = values["days"]
    count = len(days["per_day"])
    if count:
        mean = sum(days["per_day"].values()) / count
        hours = "、".join(f"{hour} 时" for hour in days["busiest_hours"])
        yield (
            f"初步基线：有内容的 {count} 天，日均 {mean:.0f} 条；共 {days['mentions']} 条，"
            f"负面 {days['negatives']} 条；最热闹的是 {hours}"
        )


def outlook_lines(
    session: Session, config: Config, ids: dict[str, int], *, now: datetime
) -> Iterator[str]:
    """Yield how far each baseline is, and what each sensitivity would have raised (zh-CN)."""
    history = timedelta(days=config.detection.history_days)
    for brand in config.brands:
        brand_id = ids[brand.key]
        found = maturity(session, brand_id, now=now, history=history)
        if found.is_young:
            yield maturity_line(brand.name, found, config.tz)
        suggestion = suggest(
            session,
            brand_id,
            tz=config.tz,
            now=now,
            history=history,
            rest=build_calendar(config).rest,
        )
        yield from suggestion_lines(brand.name, suggestion, config.detection.sensitivity)
