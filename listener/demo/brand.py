"""The invented brand and how people call it. The default configuration repeats these values."""

import re

BRAND_NAME = "澜白"
COMPANY_NAME = "澜白科技"
APP_NAME = "澜白智家"
APP_ID = "6700000233"
"""Outside the numbers in use; the demonstration site alone answers to it."""

REVIEW_COUNTRIES = ("cn", "tw", "hk")
OFFICIAL_ACCOUNT = "澜白官方"

BRAND_ALIASES = ("澜白科技", "澜白智家", "Lanbai", "@澜白官方", "#澜白#")
PRODUCTS = ("澜白X3", "澜白R7", "澜白A5")
CONTEXT_WORDS = (
    *("洗地机", "扫地机", "净化器", "X3", "R7", "A5", "基站", "滚刷", "滤芯", "充电座", "固件"),
    *("更新", "客服", "售后", "官旗", "会员日", "App"),
)
TRAP_WORDS = ("波澜白", "烟澜白", "沈澜白", "观澜白")
"""Longer words that contain the brand's two characters and mean something else."""

COMPETITORS = ("霁物", "禾澈")

CRISIS_FIRMWARE = "2.3.1"

_NAMED = re.compile("澜白|瀾白|lanbai", re.IGNORECASE)


def names_brand(text: str) -> bool:
    """Say whether the brand's characters occur in the text, whatever they mean there."""
    return _NAMED.search(text) is not None
