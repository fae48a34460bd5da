"""The alert's chart: negatives against what is usual, readable on a phone, light or dark.

Chinese labels need a font that bare machines lack. The ``zhplot`` wheel carries one (OFL); only
its file is read.
"""

import importlib.util
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from listener.errors import ConfigError
from listener.reports.chart_theme import LEGEND, THEMES, WORDS, Theme

# A phone shows the picture 375 points wide, about a third: 14 pt then stand 10 points high.
WIDTH_PX, HEIGHT_PX, DPI = 1080, 810, 150
TITLE_PT, TEXT_PT, SMALL_PT = 17, 14, 12
# Characters of the title that fit; a Chinese one counts twice.
TITLE_WIDTH = 52
_MOST_MARKS = 2


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
    figure = draw_chart(spec)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    figure.savefig(unfinished, format="png")
    unfinished.replace(path)


def draw_chart(spec: Mapping[str, Any]) -> Any:
    """Return the figure of an alert.

    ``spec`` holds counts by bucket, and optionally ``band`` (low and high of what is usual),
    ``gaps`` in coverage, ``ended_at``, ``occasions``, ``marks`` and ``theme``. What stands for
    each carries it as its gid.
    """
    import matplotlib as mpl  # noqa: PLC0415 - slow to import, needed in the worker only

    mpl.use("Agg")
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    theme = THEMES[spec.get("theme", "light")]
    words, zone = WORDS[spec["lang"]], ZoneInfo(spec["timezone"])
    figure = Figure(figsize=(WIDTH_PX / DPI, HEIGHT_PX / DPI), dpi=DPI, facecolor=theme.background)
    axes = figure.add_axes((0.085, 0.135, 0.885, 0.655), facecolor=theme.background)
    _draw_bars(axes, spec, words, theme)
    _mark_gaps(axes, spec, words, theme)
    _mark_episode(axes, spec, words, theme)
    _mark_occasions(axes, spec, theme)
    _mark_events(axes, spec, theme)
    _label_hours(axes, spec["starts"], zone, theme)
    figure.text(
        *(0.03, 0.93),
        shortened(spec["title"]),
        fontproperties=_font(TITLE_PT),
        weight="bold",
        color=theme.text,
    )
    until = datetime.fromisoformat(spec["until"]).astimezone(zone)
    figure.text(
        *(0.97, 0.022),
        f"{words['until']} {until:%m-%d %H:%M}",
        fontproperties=_font(SMALL_PT),
        color=theme.faint,
        ha="right",
    )
    _legend(figure, axes, words, theme)
    return figure


def _font(size: float) -> Any:
    from matplotlib.font_manager import FontProperties  # noqa: PLC0415 - as in draw_chart

    return FontProperties(fname=str(font_path()), size=size)


def shortened(title: str) -> str:
    """Return the title cut to what fits on one line of the picture."""
    width = 0
    for index, char in enumerate(title):
        width += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if width > TITLE_WIDTH:
            return title[: index - 1] + "…"
    return title


def _legend(figure: Any, axes: Any, words: Mapping[str, str], theme: Theme) -> None:
    handles, labels = axes.get_legend_handles_labels()
    found = dict(zip(labels, handles, strict=True))
    named = [words[key] for key in LEGEND if words[key] in found]
    figure.legend(
        [found[label] for label in named],
        named,
        loc="upper left",
        bbox_to_anchor=(0.02, 0.925),
        ncols=len(named),
        frameon=False,
        prop=_font(SMALL_PT),
        labelcolor=theme.text,
        handlelength=1.1,
        handletextpad=0.4,
        columnspacing=0.9,
    )


def _draw_bars(axes: Any, spec: Mapping[str, Any], words: Mapping[str, str], theme: Theme) -> None:
    negatives, others = spec["negatives"], spec["others"]
    places = range(len(negatives))
    bars: dict[str, Any] = {"width": 0.9, "linewidth": 0}
    axes.bar(
        places,
        others,
        bottom=negatives,
        color=theme.others,
        label=words["others"],
        gid="others",
        **bars,
    )
    axes.bar(
        places, negatives, color=theme.negative, label=words["negatives"], gid="negatives", **bars
    )
    if band := spec.get("band"):
        axes.fill_between(
            places,
            band["low"],
            band["high"],
            step="mid",
            color=theme.band,
            alpha=0.30,
            linewidth=0,
            zorder=0.8,
            label=words["band"],
            gid="band",
        )
    axes.plot(
        places,
        spec["expected"],
        color=theme.usual,
        linewidth=2.6,
        label=words["expected"],
        gid="expected",
    )
    highest = max([n + o for n, o in zip(negatives, others, strict=True)], default=0)
    axes.set_xlim(-0.6, len(negatives) - 0.4)
    # Room above the bars for what is written there.
    axes.set_ylim(0, max(highest * 1.35, 4))
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(theme.faint)
    axes.yaxis.set_major_locator(_whole_numbers())
    axes.grid(axis="y", color=theme.grid)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=TEXT_PT, colors=theme.text)


def _whole_numbers() -> Any:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - as in draw_chart

    return MaxNLocator(integer=True, nbins=4)


def _span(spec: Mapping[str, Any], start: str, end: str) -> tuple[float, float] | None:
    """Return the stretch of the axis between two instants, or None outside the picture."""
    starts = [datetime.fromisoformat(one) for one in spec["starts"]]
    begin, until = datetime.fromisoformat(start), datetime.fromisoformat(end)
    places = [place for place, at in enumerate(starts) if begin <= at < until]
    return (places[0] - 0.5, places[-1] + 0.5) if places else None


def _mark_gaps(axes: Any, spec: Mapping[str, Any], words: Mapping[str, str], theme: Theme) -> None:
    """Hatch the time in which part of the sources could not be heard: few bars mean nothing."""
    label = words["gap"]
    for gap in spec.get("gaps", ()):
        span = _span(spec, gap["start"], gap["end"])
        if span is None:
            continue
        axes.axvspan(
            *span,
            facecolor="none",
            edgecolor=theme.gap,
            hatch="//",
            linewidth=0,
            label=label,
            gid="gap",
        )
        label = "_nolegend_"


def _mark_episode(
    axes: Any, spec: Mapping[str, Any], words: Mapping[str, str], theme: Theme
) -> None:
    if spec["episode_at"] not in spec["starts"]:
        return
    ended_at = spec.get("ended_at")
    first = spec["starts"].index(spec["episode_at"]) - 0.5
    span = _span(spec, spec["episode_at"], ended_at) if ended_at else None
    last = span[1] if span else len(spec["starts"]) - 0.4
    axes.axvspan(first, last, color=theme.negative, alpha=0.10, linewidth=0, gid="episode")
    axes.axvline(first, color=theme.negative, linewidth=1.4, linestyle="--")
    _write(axes, first, 0.965, words["episode"], theme.negative)


def _mark_occasions(axes: Any, spec: Mapping[str, Any], theme: Theme) -> None:
    """Draw a band along the top where a campaign or festival is on, with its name."""
    for one in spec.get("occasions", ())[:1]:
        span = _span(spec, one["start"], one["end"])
        if span is None:
            continue
        axes.axvspan(
            *span, ymin=0.885, color=theme.occasion, alpha=0.25, linewidth=0, gid="occasion"
        )
        axes.text(
            span[0] + 0.6,
            axes.get_ylim()[1] * 0.94,
            one["name"],
            fontproperties=_font(SMALL_PT),
            color=theme.occasion_text,
            va="center",
        )


def _mark_events(axes: Any, spec: Mapping[str, Any], theme: Theme) -> None:
    """Mark single posts that matter, such as the first one, by a triangle and a word."""
    starts = [datetime.fromisoformat(one) for one in spec["starts"]]
    for number, one in enumerate(spec.get("marks", ())[:_MOST_MARKS]):
        at = datetime.fromisoformat(one["at"])
        places = [place for place, start in enumerate(starts) if start <= at]
        if not places or at > datetime.fromisoformat(spec["until"]):
            continue  # before or after what the picture shows
        height = 0.85 - 0.085 * number
        axes.plot(
            [places[-1]],
            [axes.get_ylim()[1] * height],
            marker="v",
            markersize=9,
            color=theme.text,
            linestyle="none",
            gid="mark",
            zorder=5,
        )
        _write(axes, places[-1], height, one["label"], theme.text)


def _write(axes: Any, place: float, height: float, text: str, color: str) -> None:
    """Write beside a place, on the side that has room, above whatever is drawn there."""
    is_left = place > 0.5 * axes.get_xlim()[1]
    axes.text(
        place + (-0.9 if is_left else 0.9),
        axes.get_ylim()[1] * height,
        text,
        fontproperties=_font(SMALL_PT),
        color=color,
        ha="right" if is_left else "left",
        va="center",
        zorder=6,
    )


def _label_hours(axes: Any, starts: list[str], zone: ZoneInfo, theme: Theme) -> None:
    places, labels = [], []
    for place, start in enumerate(starts):
        at = datetime.fromisoformat(start).astimezone(zone)
        if at.minute == 0:
            places.append(place - 0.5)
            labels.append(f"{at:%H:%M}")
    axes.set_xticks(places, labels, fontproperties=_font(TEXT_PT), color=theme.text)
