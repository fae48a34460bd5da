"""The command ``forecast``: what the next days will probably bring, and how wrong that may be."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from sqlmodel import Session

from listener.campaigns import Calendar, build_calendar
from listener.clock import SystemClock
from listener.commands.common import (
    ConfigOption,
    JsonOption,
    errors_shown,
    fail,
    out,
    print_json,
    print_table,
    read_config,
)
from listener.config import Brand, load_secrets
from listener.detect.forecast import Forecast, peaks
from listener.forecasting import LEAST_TRIED, forecast_series, outlook_record
from listener.home import open_database
from listener.store import series
from listener.store.brands import brand_ids
from listener.store.engine import read_session

_NAMES = {"mentions": "提及", "negatives": "负面"}


def forecast_command(
    brand: Annotated[str | None, typer.Option(help="Key of the brand; all if left out.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forecast mentions and negatives: 48 hours, 7 days, with the error on this brand's past."""
    with errors_shown():
        file = read_config(config)
        wanted = [one for one in file.config.brands if brand in (None, one.key)]
        if not wanted:
            known = ", ".join(one.key for one in file.config.brands) or "none"
            fail(f"forecast: no brand '{brand}' in the configuration (there are: {known})", code=2)
        now, calendar = SystemClock().now(), build_calendar(file.config)
        engine = open_database(file, load_secrets())
        try:
            with read_session(engine) as session:
                found = [
                    _of_brand(session, one, tz=file.config.tz, now=now, calendar=calendar)
                    for one in wanted
                ]
        finally:
            engine.dispose()
    if as_json:
        print_json(found)
        return
    for one in found:
        _print(one, file.config.tz, calendar, now)


def _of_brand(
    session: Session, brand: Brand, *, tz: ZoneInfo, now: datetime, calendar: Calendar
) -> dict[str, Any]:
    id_ = brand_ids(session).get(brand.key)
    overall = next(
        (s for s in series.all_series(session) if s.brand_id == id_ and s.is_overall), None
    )
    result: dict[str, Any] = {"brand": brand.key, "name": brand.name, "history_days": 0.0}
    if overall is None or id_ is None:
        return result | dict.fromkeys(_NAMES) | {"outlook": {"hits": 0, "tried": 0}}
    for name in _NAMES:
        made, result["history_days"] = forecast_series(
            session, overall, tz=tz, now=now, calendar=calendar, negatives=name == "negatives"
        )
        result[name] = None if made is None else _plain(made)
    tried = outlook_record(session, id_, now)
    return result | {"outlook": {"hits": sum(tried), "tried": len(tried)}}


def _plain(made: Forecast) -> dict[str, Any]:
    return asdict(made) | {
        "peak_hours": [asdict(one) for one in peaks(made.hours)],
        "peak_days": [asdict(one) for one in peaks(made.days, most=2)],
    }


def _print(found: dict[str, Any], tz: ZoneInfo, calendar: Calendar, now: datetime) -> None:
    out.print(
        f"{found['name']}（历史 {found['history_days']:.0f} 天）", style="bold", markup=False
    )
    for name, label in _NAMES.items():
        if found[name] is None:
            out.print(f"{label}：不足两周历史，暂不预测；满 14 天后再看", markup=False)
            continue
        _print_series(label, found[name], tz)
    coming = calendar.coming(now, now + timedelta(days=7))
    if coming:
        names = "、".join(one.name for one in coming if one.concerns(found["brand"]))
        out.print(f"未来 7 天的活动与节日：{names or '无'}", markup=False)
    record = found["outlook"]
    if record["tried"] >= LEAST_TRIED:
        out.print(f"事件走势判断过往命中 {record['hits']}/{record['tried']}", markup=False)


def _print_series(label: str, made: dict[str, Any], tz: ZoneInfo) -> None:
    def when(one: dict[str, Any], pattern: str) -> str:
        return f"{one['start'].astimezone(tz):{pattern}}"

    def amount(one: dict[str, Any]) -> str:
        return f"{one['middle']:.1f}（{one['low']:.0f}–{one['high']:.0f}）"

    shown = "；".join(f"{when(one, '%m-%d %H:00')} {amount(one)}" for one in made["peak_hours"])
    out.print(f"{label}高峰：{shown}", markup=False)
    rows = [[when(one, "%m-%d %H:%M"), amount(one)] for one in made["days"]]
    print_table(["起始（24 小时）", f"{label}（80% 区间）"], rows, empty="")
    for part, name in (("hourly", "小时"), ("daily", "天")):
        out.print(f"按{name}：{_trust(made[part])}", markup=False)


def _trust(accuracy: dict[str, Any]) -> str:
    if accuracy["ratio"] is None:
        return "历史太短，误差还无法衡量"
    ratio = accuracy["ratio"]
    word = "优于" if ratio < 1 else "不如"
    covered = accuracy["covered"]
    inside = "区间覆盖率尚无法衡量" if covered is None else f"80% 区间实际覆盖 {covered:.0%}"
    compared = f"比较了 {accuracy['scored']} 次"
    return f"误差为“上周同一时间”的 {ratio:.2f} 倍（{word}它），{inside}，{compared}"
