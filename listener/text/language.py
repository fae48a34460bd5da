"""Tell the language of a short text, simplified and traditional Chinese apart."""

import re
from functools import lru_cache

import opencc

from listener.text.fold import is_ideograph, simplified_table

_NOISE = re.compile(r"https?://\S+|www\.\S+|@[\w\u3400-\u9fff-]+|#[^#\s]+#")
_KANA = re.compile("[\u3041-\u30ff]")
_HANGUL = re.compile("[\uac00-\ud7af]")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")

UNDETERMINED = "und"


@lru_cache(maxsize=1)
def _only_simplified() -> frozenset[str]:
    convert = opencc.OpenCC("s2t").convert
    shared = {
        "后",
        "里",
        "台",
        "才",
        "干",
        "面",
        "只",
        "了",
        "松",
        "板",
        "谷",
        "云",
        "系",
        "征",
        "别",
    }
    found = set()
    for code in range(0x4E00, 0xA000):
        char = chr(code)
        if char not in shared and convert(char) != char and code not in simplified_table():
            found.add(char)
    return frozenset(found)


def detect_language(text: str) -> str:
    """Return ``zh-Hans``, ``zh-Hant``, ``ja``, ``ko``, ``en`` or ``und``.

    ``en`` stands for any text that is mostly Latin words. Addresses, handles and topics are left
    out first, since one of them must not decide. Chinese without a character that tells the two
    scripts apart counts as simplified.
    """
    text = _NOISE.sub(" ", text)
    if len(_KANA.findall(text)) * 8 > len(text):
        return "ja"
    if len(_HANGUL.findall(text)) * 4 > len(text):
        return "ko"
    ideographs = [char for char in text if is_ideograph(char)]
    latin = _LATIN_WORD.findall(text)
    if not ideographs:
        return "en" if latin else UNDETERMINED
    if len(latin) > len(ideographs):
        return "en"
    table = simplified_table()
    traditional = sum(ord(char) in table for char in ideographs)
    simplified = sum(char in _only_simplified() for char in ideographs)
    return "zh-Hant" if traditional > simplified else "zh-Hans"
