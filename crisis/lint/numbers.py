"""Counts and shares of those affected without time stamp, source or known fact behind them."""

import re
from collections.abc import Iterator

from crisis.lint.finding import Hit, Span
from crisis.lint.quantities import SHARE, quantities
from crisis.lint.reading import Reading

_SOURCE = re.compile(
    "截至|截止|截至目前|据|经.{0,12}(?:统计|确认|核查|核实|检测|清点|"
    "盘点|查验|检验|认定|核对|比对|调查|查证|鉴定|统计得|排查)|统计|"
    "抽检|(?:监管|卫生|药监|市监|疾控|食药)[^,。]{0,8}局|"
    "(?:authority|laboratory|lab|inspectors|regulator|auditors?) "
    "(?:tested|checked|found|counted|sampled)|数据显示|记录显示|日志显示|系统显示|后台显示|报告显示|通报|"
    "来源|抽[检验查]|共收到|编号|公布的数据|数据来自|as of|up to|by \\d|according to|"
    "so far|recorded by|confirmed by|counted by|figures from|source|"
    "logs show|records show|our records|data from|audit|reported by|"
    "at \\d{1,2}[:.]\\d\\d|to date"
)
_NOT_AFFECTED = re.compile(
    r"工作日|客服|专员|坐席|工程师|门店均|门店都|门店可|元|医护|专家|"
    r"队员|志愿者|培训|岗位|线路|热线|座席|人手|同事|技术人员|补偿|赔付|"
    r"每人|每位|[前后末尾首][\d一二三四五六八十]+位|每单|每笔|每件|每个|"
    r"券|退一赔|销量|保有量|礼拜|个月|星期|学期|选项|步骤|分钟|小时|"
    r"\b(?:staff|agents|engineers|experts|volunteers|extra|each|per|voucher|"
    r"colleagues|employees have been)\b"
)
# What the company brings up or opens itself is no count of those affected.
_OWN_MEANS = re.compile(
    "加派|增派|派出|调派|调来|增设|加开|新开|新设|启用|新增|撤柜|纳入|位(?:数字|密码|数|验证码)|"
    "[0-9]{3,}批|added|deployed|sent out|brought in"
)
_REMEDY_SHARE = re.compile(
    "全额|赔|补|折|到账|退款|退还|券|返|off|refund|voucher|discount|"
    "compensation|全额|price|safe|安全|满意|放心|natural|天然|保证|pure|"
    "cotton|棉|估|产能|负荷|收了|多收|扣了|手续|违约|fee|charge|back\\b"
)
# A thousand or more of whatever an English plural names.
_MANY = re.compile(
    r"(?<![\w.,$£€-])\d{1,3}(?:,\d{3})+ (?!(?:pounds|dollars|euros|hours|days|miles|metres|volts|"
    r"points|steps|times)\b)[a-z-]{3,}s\b"
)
MIN_COUNT = 3


def unsourced_numbers(reading: Reading) -> Iterator[Hit]:
    """Yield counts of three or more people or items, and shares, that nobody vouches for."""
    known = [fact.value for fact in reading.statement.facts.values() if fact.value]
    for span, words in _candidates(reading):
        sentence = reading.sentence_at(span)
        if _SOURCE.search(reading.of(sentence)) or not reading.is_own(span):
            continue
        title = reading.title
        if title and span.within(title) and _SOURCE.search(reading.flat, title.end):
            continue  # the text below says where it comes from
        if any(words in _flat(value) or _flat(value) in words for value in known):
            continue
        yield Hit("unsourced-number", span, reading.text[span.start : span.end])


def _candidates(reading: Reading) -> Iterator[tuple[Span, str]]:
    for quantity in quantities(reading.flat):
        clause = reading.clause_at(quantity.span)
        if _OWN_MEANS.search(reading.flat, max(0, quantity.span.start - 8), quantity.span.end + 4):
            continue
        if quantity.value >= MIN_COUNT and not _NOT_AFFECTED.search(reading.of(clause)):
            yield quantity.span, quantity.words
    for found in _MANY.finditer(reading.flat):
        if not _NOT_AFFECTED.search(reading.of(reading.clause_at(Span(*found.span())))):
            yield Span(*found.span()), found.group()
    for found in SHARE.finditer(reading.flat):
        span = Span(*found.span())
        if not _REMEDY_SHARE.search(reading.of(reading.clause_at(span))):
            yield span, found.group()


def _flat(value: str) -> str:
    return re.sub(r"\s+", "", value.lower())
