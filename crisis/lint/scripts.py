"""Script and vocabulary: characters and words of the other side of the strait."""

import re
from collections.abc import Iterator
from functools import cache

import opencc

from crisis.lint.cues import read_words
from crisis.lint.finding import Hit, Span
from crisis.lint.reading import Reading
from listener.text.fold import is_ideograph, simplified_table

_MAX_LATIN_CJK = 1


@cache
def _traditional_only() -> frozenset[str]:
    """Return ideographs that simplified text never has."""
    table = simplified_table()
    return frozenset(chr(code) for code in table) - frozenset(
        "乾瞭著於覆徵藉夥麼餘穀鬥剋囉甯昇堃喆淼祘"
    )


@cache
def _simplified_only() -> frozenset[str]:
    """Return ideographs that traditional text never has: changed by s2t, and made by t2s."""
    to_traditional = opencc.OpenCC("s2t").convert
    to_taiwan = opencc.OpenCC("s2tw").convert
    made = set(simplified_table().values())
    return frozenset(
        char
        for char in made
        if to_traditional(char) != char and to_taiwan(char) != char and char not in _SHARED
    )


# Simplified forms that are also proper traditional characters.
_SHARED = frozenset(
    "丰后里面台才准范谷余斗丑几干云胡松系制征咸克占布并回向志注舍卜只冲划别卷吁升周困岳弦"
    "御扎托折朱杆杰栗欲沈泛涂游熏致表采钟么仆伙佣价借僵党凶出刮咽唇堤寓帘广当恶愿扑挂据"
    "搜斤旋晒曲朴梁死气汇沾洁洒涌淀灾烟秋秘窗"
    "签筑粗累羡臭药蒸虫蚀角象踪辟适酸雕霉须飘鱼麻黄鼓吃床群峰裡為線眾麵著裏啟臺羣污汙凉"
    "況泪綫洩泄唇裙鉤钩栖炮灶烟咤厘仿凄勳勋周哗噪回塚姜姊宁岩布并庄役径恒愈抬担撑暗柜栗"
    "核梅棱欣母毕气洲涩淳温溪熔犹狀疴症痒痱皂盜盗社秆秸稭穗窑粽糍累繃胶脉膝舖艳荫菸蔘蕊"
    "薯蘊虱蛔蠢袖裤角託訊証証註証谘豔贓跡踴蹟逕郄酬醬里針鉴鋪鍊鑑閑雕霸面頹顶颺飢馀骯鬧"
    "魂鳧鴈鷄麪麽黏齊齣"
)


def scripts(reading: Reading) -> Iterator[Hit]:
    """Yield characters of the other script and words of the other region."""
    lang = reading.statement.lang
    if lang == "en":
        yield from _ideographs_in_english(reading)
        return
    wrong = _traditional_only() if lang == "zh-CN" else _simplified_only()
    found = [
        index for index, char in enumerate(reading.text) if char in wrong and is_ideograph(char)
    ]
    strangers = [Span(*run) for run in _runs(reading.text, found)]
    for span in strangers:
        if not any(span.within(other) for other in reading.quoted):
            yield Hit("mixed-script", span, reading.text[span.start : span.end])
    yield from _regional(reading, strangers)


def _runs(text: str, indexes: list[int]) -> Iterator[tuple[int, int]]:
    """Join the strangers of one word: at most one character between them."""
    start = end = -1
    for index in indexes:
        if start >= 0 and index - end <= 1 and all(map(is_ideograph, text[end:index])):
            end = index + 1
            continue
        if start >= 0:
            yield start, end
        start, end = index, index + 1
    if start >= 0:
        yield start, end


def _ideographs_in_english(reading: Reading) -> Iterator[Hit]:
    for match in re.finditer(r"[\u3400-\u9fff]+", reading.text):
        before = reading.text[max(0, match.start() - 1) : match.start()]
        if len(match.group()) > _MAX_LATIN_CJK and before not in (
            "(",
            "（",
            "“",
            "「",
            '"',
            "《",
            "【",
        ):
            yield Hit("mixed-script", Span(*match.span()), match.group())


@cache
def _vocabulary(lang: str) -> tuple[re.Pattern[str], dict[str, str], re.Pattern[str]]:
    table = read_words("vocabulary")
    words: dict[str, str] = table[lang]
    longest_first = sorted(words, key=len, reverse=True)
    clears = sorted(table["except"][lang], key=len, reverse=True)
    return (
        re.compile("|".join(map(re.escape, longest_first))),
        words,
        re.compile("|".join(map(re.escape, clears))),
    )


def _regional(reading: Reading, strangers: list[Span]) -> Iterator[Hit]:
    pattern, words, clears = _vocabulary(reading.statement.lang)
    cleared = [Span(*match.span()) for match in clears.finditer(reading.text)]
    for match in pattern.finditer(reading.text):
        span = Span(*match.span())
        if any(span.overlaps(other) for other in (*strangers, *cleared)):
            continue
        if any(span.within(other) for other in reading.quoted):
            continue
        yield Hit("regional-vocabulary", span, f"{match.group()} → {words[match.group()]}")
