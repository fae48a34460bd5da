"""Sums of money, spans of time and head-counts in folded text, in Arabic and Chinese numerals."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000, "k": 1000, "w": 10_000}
_FEW = 3.0  # “几” and “好几” as a number
_NUMBER = (
    r"(?:\d[\d,]*(?:\.\d+)?|[零一二两三四五六七八九十百千几半]+)"
    r"(?:多|来|余|几)?[十百千万亿kw]{0,2}(?:[零一二两三四五六七八九]千?百?十?){0,4}(?:多|来|余|几)?"
)
_DIGIT = r"[\d零一二两三四五六七八九十几半]"
_VAGUE = re.compile(r"[多来余好,上]")
_ARABIC = re.compile(r"(\d+(?:\.\d+)?)([十百千万亿kw]*)")


class Quantity(NamedTuple):
    """A number with its folded positions; its unit is that of the function that found it."""

    value: float
    start: int
    end: int


def parse_number(words: str) -> float | None:
    """Return the value of “3,200”, “三千二”, “八千多”, “两万三”, “1.2万”; None if it is none."""
    words = _VAGUE.sub("", words)
    arabic = _ARABIC.fullmatch(words)
    if not arabic:
        return _chinese_number(words)
    value = float(arabic[1])
    for unit in arabic[2]:
        value *= _UNITS[unit]
    return value


def _chinese_number(words: str) -> float | None:
    total = section = digit = 0.0
    last_unit = 1.0
    for char in words:
        if char in _UNITS:
            unit = float(_UNITS[char])
            if unit >= _UNITS["万"]:
                total = (total + section + digit or 1.0) * unit
                section = 0.0
            else:
                section += (digit or 1.0) * unit
            digit, last_unit = 0.0, unit
        elif char == "半":
            digit = 0.5
        elif char == "几":
            digit = _FEW
        elif char == "零":
            last_unit = 10.0  # “一千零五” is 1,005, not 1,500
        elif char in _DIGITS:
            digit = digit * 10 + _DIGITS[char] if digit else _DIGITS[char]
        elif char.isascii() and char.isdigit():
            digit = digit * 10 + int(char)
        else:
            return None
    if digit >= 1 and last_unit > _UNITS["十"]:
        digit *= last_unit / 10  # “三千二” is 3,200
    return total + section + digit


# Rough values in yuan: only whether a sum reaches 1,000 yuan matters.
_YUAN = {
    "$ us$ usd 美元 美金 刀 dollars bucks": 7.0,
    "£ pounds quid gbp 英镑": 9.0,
    "€ euros eur 欧元 欧": 7.8,
    "nt$ ntd 台币 新台币": 0.22,
    "hk$ hkd 港币 港元 蚊": 0.92,
    "¥ rmb 人民币 大洋": 1.0,
    "日元 円 yen": 0.05,
}
_RATES = {name: rate for names, rate in _YUAN.items() for name in names.split()}
_LOCAL = ("块钱", "块", "元")
_SIGNS = "|".join(re.escape(name) for name in ("us$", "nt$", "hk$", "rmb", "$", "£", "€", "¥"))
_WORDS = "|".join(sorted((*_RATES, *_LOCAL), key=len, reverse=True)).replace("$", r"\$")
_AMOUNT = re.compile(
    rf"(?P<sign>{_SIGNS})?\s?(?P<number>{_NUMBER})\s?(?P<word>{_WORDS})?(?P<after>.?)", re.DOTALL
)
_NUMERAL = re.compile(r"[\d零一二两三四五六七八九十百千几半]")
_BEFORE_NUMBER = len("nt$ ")  # the longest sign of a currency and a blank
_PAID = re.compile(
    r"(?:扣|花|付|卖|价|收|要|退|赔|充|刷|转|划|值|交|买|差|亏|金|费|票|款|钱|存|还|用|贷|骗|剩|欠|薪|投|贵"
    r"|涨到|降|标|总共|一共|卡里|余额|就是|张口|张嘴|少给|捐|罚|套)"
    r"(?:了|我|给|着|掉|走|去|出|成|到|得|是|的|上|有|还有|还剩|要)*$"
)
_COUNTED = frozenset(
    "个条人名位户家件台份张笔次回遍天日周年月岁公里米克斤点时分秒度页字集期种平码号楼层瓶盒袋包粉播赞评毫瓦伏"
    "%折针口只颗粒步亩升倍届本多"
)
_ENDS_A_SUM = frozenset(",。!?;\n的买就全没一花交学打")
_LEAST_BARE = 100.0


# What every sum has: a currency or a unit of a hundred or more, or three numerals. Each of these
# begins with one set of characters, which is many times as fast as a choice between words.
_MAYBE_MONEY = re.compile(r"[$£€¥元块刀镑金欧币蚊円洋百千万亿]")
_MAYBE_SHORT = re.compile(r"[\d零一二两三四五六七八九十几半多来余,][kw]")
_MAYBE_BARE = re.compile(rf"{_DIGIT}[,.多来余]*{_DIGIT}[,.多来余]*{_DIGIT}")
_LATIN_WORD = re.compile(r"[a-z]{3}")
_MAYBE_NAMED = re.compile("usd|dollars|bucks|pounds|quid|gbp|eur|ntd|hkd|rmb|yen")


def may_hold_money(text: str) -> bool:
    """Say whether folded ``text`` can hold a sum; most do not, and this is quick to see."""
    return bool(
        _MAYBE_MONEY.search(text)
        or _MAYBE_BARE.search(text)
        or _MAYBE_SHORT.search(text)
        or (_LATIN_WORD.search(text) and _MAYBE_NAMED.search(text))
    )


def sums_of_money(text: str, *, local: float = 1.0) -> Iterator[Quantity]:
    """Yield the sums in folded ``text`` in yuan; ``local`` is the value of an unnamed unit.

    A number without a currency counts if it is at least 100, no counted noun follows, and a verb
    of paying stands before it or it is a colloquial sum such as “三千二”.
    """
    for found in _amounts(text):
        value = parse_number(found["number"])
        if value is None:
            continue
        unit = found["sign"] or found["word"]
        if unit:
            rate = local if unit in _LOCAL else _RATES[unit]
            end = found.end() - len(found["after"])
            yield Quantity(value * rate, found.start("number"), end)
        elif value >= _LEAST_BARE and _looks_like_money(text, found):
            yield Quantity(value * local, found.start("number"), found.end("number"))


def _amounts(text: str) -> Iterator[re.Match[str]]:
    """Yield what ``finditer`` would, tried only where a number is near."""
    position = 0
    while numeral := _NUMERAL.search(text, position):
        found = _AMOUNT.search(text, max(position, numeral.start() - _BEFORE_NUMBER))
        if found is None:
            return
        yield found
        position = found.end()


def _looks_like_money(text: str, found: re.Match[str]) -> bool:
    number, after = found["number"], found["after"]
    if after in _COUNTED or "a" <= after <= "z":
        return False
    if _PAID.search(text, max(0, found.start() - 8), found.start()):
        return True
    is_round = number.startswith(("几", "千", "万"))
    return (
        any(unit in number for unit in "千万")
        and not is_round
        and (not after or after in _ENDS_A_SUM)
    )


_SPAN = re.compile(
    rf"(?P<number>{_NUMBER}|好几|大半|整整?)\s?"
    r"(?P<unit>个?多?(?:工作)?[天日]|个?(?:星期|礼拜|周)|个?[多半]?月|年)(?P<after>.{0,3})",
    re.DOTALL,
)
_SPAN_WORDS = {"好几": _FEW, "大半": 0.6, "整": 1.0, "整整": 1.0}
_UNIT_DAYS = {"天": 1, "日": 1, "期": 7, "拜": 7, "周": 7, "月": 30, "年": 365}
_NOT_WAITING = re.compile(
    r"(?:用|穿|喝|吃|戴|骑|住|练|做|养|学|试|保|近|每|过|前|才|刚|不到|没|工作|坚持|质保|买回来|买|开|走|续航"
    r"|上|合同|签|要等|得等|再等|需要|还要|最快|最多|起码|预计|大概)(?:了|足|满|过|到)?$"
)
_NOT_WAITED = re.compile(
    r"内|之内|以内|无理由|鉴赏|犹豫|保修|质保|经验|后发|一次|一遍|一回|就|前|免费|的|卡|费|里|份|号|能|可|包"
    r"|会员|瘦|白|见效|没穿|要|涨|降"
)
_ENGLISH_SPAN = re.compile(
    r"\b(?P<number>\d+|an?|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|several)\s"
    r"(?P<unit>day|week|month|year)s?\b"
)
_ENGLISH = dict(
    zip(
        (
            "a",
            "an",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "several",
        ),
        (1, 1, *range(2, 13), _FEW),
        strict=True,
    )
)
_ENGLISH_UNIT_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
_LONGEST_COUNT = 400  # larger numbers before 年 or 天 are dates or quantities


_MAYBE_WAIT = re.compile(
    r"[\d零一二两三四五六七八九十百千万亿kw几半多来余整,][\s个多半工作星礼]{0,5}[天日期拜周月年]"
)


def waiting_days(text: str) -> Iterator[Quantity]:
    """Yield spans of time, in days, that can be a wait: not how long a thing was used or lasts."""
    for found in _SPAN.finditer(text) if _MAYBE_WAIT.search(text) else ():
        if _NOT_WAITING.search(text, max(0, found.start() - 4), found.start()):
            continue
        is_ordinal = text.startswith("第", found.start() - 1) and found["unit"][-1] in "月年"
        if is_ordinal or _NOT_WAITED.match(found["after"]):
            continue
        number = _SPAN_WORDS.get(found["number"]) or parse_number(found["number"])
        if number and number < _LONGEST_COUNT:
            days = number * _UNIT_DAYS[found["unit"][-1]]
            yield Quantity(days, found.start(), found.end("unit"))
    if not any(unit in text for unit in _ENGLISH_UNIT_DAYS):
        return
    for found in _ENGLISH_SPAN.finditer(text):
        words = found["number"]
        number = float(words) if words.isdigit() else float(_ENGLISH[words])
        if number < _LONGEST_COUNT:
            days = number * _ENGLISH_UNIT_DAYS[found["unit"]]
            yield Quantity(days, found.start(), found.end())


_CROWD = {
    "上百": 100.0, "上千": 1000.0, "成百上千": 1000.0, "成千上万": 10_000.0, "几十": 30.0,
    "几百": 300.0, "几千": 3000.0, "数百": 300.0, "数十": 30.0, "数千": 3000.0,
}  # fmt: skip
_NOUNS = (
    "人|业主|家长|车主|学员|商家|商户|会员|用户|受害者|苦主|储户|户|家庭|学生|消费者|投资人|乘客|顾客|旅客"
    "|员工|患者|孩子|小孩|老人|司机|店主|买家|住户|考生"
)
_PEOPLE = re.compile(
    rf"(?P<number>{'|'.join(sorted(_CROWD, key=len, reverse=True))}|{_NUMBER})(?:多|来|余)?"
    rf"(?:个|名|位|号|户|家|条)?(?:{_NOUNS})"
)
_MAYBE_PEOPLE = re.compile(
    rf"[\d零一二两三四五六七八九十百千万亿kw几半多来余个名位号户家条,](?:{_NOUNS})"
)


def people_counted(text: str) -> Iterator[Quantity]:
    """Yield counts of people (“三百多户”, “上百人”)."""
    for found in _PEOPLE.finditer(text) if _MAYBE_PEOPLE.search(text) else ():
        value = _CROWD.get(found["number"]) or parse_number(found["number"])
        if value:
            yield Quantity(value, found.start(), found.end())
