"""The alert's chart: negatives against what is usual, readable on a phone.

Chinese labels need a font that bare machines lack. The ``zhplot`` wheel carries one (OFL); only
its file is read.
"""

import importlib.util
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from listener.errors import ConfigError

WIDTH_PX, HEIGHT_PX, DPI = 1080, 680, 150
_WORDS = {
    "zh-CN": {
        "negatives": "负面（每 5 分钟）",
        "others": "其他提及",
        "expected": "往常负面",
        "episode": "开始升高",
        "until": "数据截至",
    },
    "zh-TW": {
        "negatives": "負面（每 5 分鐘）",
        "others": "其他聲量",
        "expected": "平常負面",
        "episode": "開始升高",
        "until": "資料截至",
    },
    "en": {
        "negatives": "Negative (per 5 min)",
        "others": "Other mentions",
        "expected": "Usual negatives",
        "episode": "Rise begins",
        "until": "Data until",
    },
}


def font_path() -> Path:
    """Return the bundled font file. Raises ``ConfigError`` when the wheel is not there."""
    spec = importlib.util.find_spec("zhplot")
    for folder in spec.submodule_search_locations or () if spec else ():
        fonts = sorted(Path(folder).rglob("*.[ot]tf"))
        if fonts:
            return fonts[0]
    raise ConfigError("the chart font is missing; reinstall Fengsheng with its package 'zhplot'")


def render_chart(spec: Mapping[str, Any], path: Path) -> None:
    """Draw the chart of an alert into a PNG file, written whole or not at all."""
    import matplotlib as mpl  # noqa: PLC0415 - slow to import, needed in the worker only

    mpl.use("Agg")
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above
    from matplotlib.font_manager import FontProperties  # noqa: PLC0415 - as above

    font = FontProperties(fname=str(font_path()))
    words = _WORDS[spec["lang"]]
    zone = ZoneInfo(spec["timezone"])
    figure = Figure(figsize=(WIDTH_PX / DPI, HEIGHT_PX / DPI), dpi=DPI, facecolor="white")
    axes = figure.add_axes((0.075, 0.125, 0.9, 0.70))
    _draw_bars(axes, spec, words)
    _mark_episode(axes, spec, words, font)
    _mark_occasions(axes, spec, font)
    _label_hours(axes, spec["starts"], zone, font)
    figure.text(
        0.075, 0.935, _shortened(spec["title"]), fontproperties=font, fontsize=12.5, weight="bold"
    )
    until = datetime.fromisoformat(spec["until"]).astimezone(zone)
    figure.text(
        0.975,
        0.02,
        f"{words['until']} {until:%m-%d %H:%M}",
        fontproperties=font,
        fontsize=8,
        color="#666666",
        ha="right",
    )
    figure.legend(
        loc="upper left",
        bbox_to_anchor=(0.065, 0.92),
        ncols=3,
        frameon=False,
        prop=FontProperties(fname=str(font_path()), size=9),
        handlelength=1.4,
        columnspacing=1.4,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    figure.savefig(unfinished, format="png")
    unfinished.replace(path)


def _shortened(title: str) -> str:
    return title if len(title) <= 34 else title[:33] + "…"


def _draw_bars(axes: Any, spec: Mapping[str, Any], words: Mapping[str, str]) -> None:
    places = range(len(spec["starts"]))
    negatives, others = spec["negatives"], spec["others"]
    axes.bar(places, others, bottom=negatives, width=0.9, color="#c9d3dc", label=words["others"])
    axes.bar(places, negatives, width=0.9, color="#d64541", label=words["negatives"])
    axes.plot(places, spec["expected"], color="#1f4e79", linewidth=1.8, label=words["expected"])
    axes.set_xlim(-0.6, len(negatives) - 0.4)
    highest = max([n + o for n, o in zip(negatives, others, strict=True)], default=0)
    axes.set_ylim(0, max(highest * 1.18, 4))
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#999999")
    axes.yaxis.set_major_locator(_whole_numbers())
    axes.grid(axis="y", color="#eeeeee")
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=9, colors="#444444")


def _whole_numbers() -> Any:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - as in render_chart

    return MaxNLocator(integer=True, nbins=5)


def _mark_episode(axes: Any, spec: Mapping[str, Any], words: Mapping[str, str], font: Any) -> None:
    if spec["episode_at"] not in spec["starts"]:
        return
    place = spec["starts"].index(spec["episode_at"])
    axes.axvspan(place - 0.5, len(spec["starts"]) - 0.4, color="#d64541", alpha=0.08, linewidth=0)
    axes.axvline(place - 0.5, color="#d64541", linewidth=1, linestyle="--")
    axes.text(
        place - 0.9,
        axes.get_ylim()[1] * 0.97,
        words["episode"],
        fontproperties=font,
        fontsize=9,
        color="#b03a36",
        ha="right",
        va="top",
    )


def _mark_occasions(axes: Any, spec: Mapping[str, Any], font: Any) -> None:
    """Draw a band along the top where a campaign or festival is on, with its name."""
    starts = [datetime.fromisoformat(start) for start in spec["starts"]]
    for one in spec.get("occasions", ())[:2]:
        begin, end = datetime.fromisoformat(one["start"]), datetime.fromisoformat(one["end"])
        places = [place for place, start in enumerate(starts) if begin <= start < end]
        if not places:
            continue
        first, last = places[0] - 0.5, places[-1] + 0.5
        axes.axvspan(first, last, ymin=0.955, color="#e0a526", alpha=0.25, linewidth=0)
        axes.text(
            first + 0.4,
            axes.get_ylim()[1] * 0.995,
            one["name"],
            fontproperties=font,
            fontsize=8,
            color="#7a5a10",
            va="top",
        )


def _label_hours(axes: Any, starts: list[str], zone: ZoneInfo, font: Any) -> None:
    places, labels = [], []
    for place, start in enumerate(starts):
        at = datetime.fromisoformat(start).astimezone(zone)
        if at.minute == 0:
            places.append(place - 0.5)
            labels.append(f"{at:%H:%M}")
    axes.set_xticks(places, labels, fontproperties=font)
