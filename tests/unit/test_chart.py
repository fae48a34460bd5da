"""The alert's chart: its size, its glyphs, and that everything it promises is drawn."""

import struct
from datetime import UTC, datetime, timedelta

import pytest
from matplotlib.ft2font import FT2Font

from listener.reports.chart import (
    HEIGHT_PX,
    TITLE_WIDTH,
    WIDTH_PX,
    draw_chart,
    font_path,
    render_chart,
    shortened,
)
from listener.reports.chart_theme import THEMES, WORDS

START = datetime(2026, 11, 10, 22, 0, tzinfo=UTC)
STARTS = [(START + timedelta(minutes=5 * n)).isoformat() for n in range(72)]
SPEC = {
    "starts": STARTS,
    "negatives": [1] * 60 + [9] * 12,
    "others": [2] * 72,
    "expected": [1.0] * 72,
    "band": {"low": [0] * 72, "high": [3] * 72},
    "gaps": [{"start": STARTS[10], "end": STARTS[22], "lost": 0.5}],
    "episode_at": STARTS[60],
    "until": STARTS[71],
    "occasions": [
        {
            "name": "双11",
            "start": "2026-11-10T16:00:00+00:00",
            "end": "2026-11-11T16:00:00+00:00",
        }
    ],
    "marks": [{"at": STARTS[59], "label": "首发"}, {"at": STARTS[65], "label": "扩散最大"}],
    "title": "FS-1 澜白 · 产品质量与安全",
    "lang": "zh-CN",
    "timezone": "Asia/Shanghai",
}


def drawn(spec, gid):
    return draw_chart(spec).findobj(lambda artist: artist.get_gid() == gid)


@pytest.mark.parametrize("theme", list(THEMES))
def test_the_picture_has_its_size_in_both_themes(tmp_path, theme):
    path = tmp_path / "chart.png"
    render_chart(SPEC | {"theme": theme}, path)
    size = struct.unpack(">II", path.read_bytes()[16:24])
    assert size == (WIDTH_PX, HEIGHT_PX)
    assert draw_chart(SPEC | {"theme": theme}).get_facecolor()[:3] != (0.5, 0.5, 0.5)


@pytest.mark.parametrize("gid", ["band", "gap", "episode", "occasion", "mark", "expected"])
def test_everything_promised_is_drawn(gid):
    assert drawn(SPEC, gid)


def test_a_gap_is_hatched_where_it_was_and_named_in_the_legend():
    [gap] = drawn(SPEC, "gap")
    assert gap.get_hatch()
    assert (gap.get_x(), gap.get_width()) == (9.5, 12)
    figure = draw_chart(SPEC)
    assert "采集中断" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_without_gaps_marks_and_band_the_chart_is_drawn_all_the_same():
    bare = {key: SPEC[key] for key in SPEC if key not in ("gaps", "marks", "band", "occasions")}
    figure = draw_chart(bare)
    assert len(figure.legends[0].get_texts()) == 3
    assert not drawn(bare | {"gaps": [{"start": "2026-01-01T00:00:00+00:00",
                                       "end": "2026-01-01T01:00:00+00:00"}]}, "gap")  # fmt: skip


def test_the_span_of_an_incident_ends_where_it_ended():
    [going] = drawn(SPEC, "episode")
    [ended] = drawn(SPEC | {"ended_at": STARTS[66]}, "episode")
    assert (ended.get_x(), ended.get_width()) == (59.5, 6)
    assert going.get_width() > 11


@pytest.mark.parametrize("lang", list(WORDS))
def test_the_font_has_a_glyph_for_every_word(lang):
    known = FT2Font(str(font_path())).get_charmap()
    text = "".join(WORDS[lang].values()) + "…·首发扩散最大首發擴散最大双雙"
    assert [char for char in text if ord(char) not in known] == []


@pytest.mark.parametrize("theme", list(THEMES))
def test_text_and_bars_stand_out_from_the_ground(theme):
    def luminance(color):
        channels = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    def contrast(color):
        pair = sorted([luminance(color), luminance(THEMES[theme].background)])
        return (pair[1] + 0.05) / (pair[0] + 0.05)

    # WCAG 2.1: 4.5 for text, 3 for shapes that carry meaning.
    chosen = THEMES[theme]
    assert min(contrast(chosen.text), contrast(chosen.faint)) >= 4.5
    assert min(contrast(chosen.negative), contrast(chosen.usual), contrast(chosen.gap)) >= 3


def test_a_title_is_cut_to_the_width_of_the_picture():
    assert shortened("FS-1 short") == "FS-1 short"
    cut = shortened("危" * 40)
    assert cut.endswith("…")
    assert len(cut) <= TITLE_WIDTH // 2
