"""Words and colours of the alert's chart."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

# What the legend names, in this order.
LEGEND = ("negatives", "others", "expected", "band", "gap")

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "zh-CN": {
            "negatives": "负面/5分钟",
            "others": "其他提及",
            "expected": "往常负面",
            "band": "往常范围",
            "gap": "采集中断",
            "episode": "开始升高",
            "until": "数据截至",
        },
        "zh-TW": {
            "negatives": "負面/5分鐘",
            "others": "其他聲量",
            "expected": "平常負面",
            "band": "平常範圍",
            "gap": "採集中斷",
            "episode": "開始升高",
            "until": "資料截至",
        },
        "en": {
            "negatives": "Negative/5 min",
            "others": "Others",
            "expected": "Usual",
            "band": "Usual range",
            "gap": "Not heard",
            "episode": "Rise begins",
            "until": "Data until",
        },
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Colours of one appearance."""

    background: str
    text: str
    faint: str
    grid: str
    others: str
    negative: str
    usual: str
    band: str
    gap: str
    occasion: str
    occasion_text: str


THEMES: Mapping[str, Theme] = MappingProxyType(
    {
        "light": Theme(
            background="#ffffff",
            text="#222222",
            faint="#666666",
            grid="#e8e8e8",
            others="#c3ced8",
            negative="#d0342c",
            usual="#1f4e79",
            band="#2a9d8f",
            gap="#8a8a8a",
            occasion="#e0a526",
            occasion_text="#7a5a10",
        ),
        "dark": Theme(
            background="#17212b",
            text="#eef2f5",
            faint="#9fb0bd",
            grid="#2b3945",
            others="#4c6172",
            negative="#ff6b63",
            usual="#7cc4ff",
            band="#3ddc97",
            gap="#9fb0bd",
            occasion="#e0a526",
            occasion_text="#f2c866",
        ),
    }
)
