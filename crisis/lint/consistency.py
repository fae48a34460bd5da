"""Values and positions that contradict earlier statements, variants, or the text itself."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from crisis.lint.finding import Hit, Span
from crisis.lint.quantities import Quantity, quantities
from crisis.lint.reading import Reading
from crisis.lint.sheet import CODE
from crisis.lint.statement import StatementToCheck
from crisis.lint.times import dates_in, first_date, hour_after, hours_in

# What a number or a date is about: words of its clause. The first entry that fits decides.
_SUBJECTS: tuple[tuple[str, str], ...] = (
    ("deaths", r"死亡|身亡|遇难|去世|died|death|killed"),
    ("injured", r"受伤|不适|送医|就医|住院|伤者|injured|hurt|hospital|unwell|fell ill|ill\b"),
    ("reports", r"反馈|反映|投诉|报告|报修|来电|客诉|case|report|complaint"),
    ("affected", r"受影响|影响|涉及|波及|泄露|外泄|affected|involved|exposed|accessed"),
    ("refunded", r"退款|退还|返还|赔付|补偿|已退|refund|compensat"),
    ("recalled", r"召回|回收|下架|recall|withdrawn"),
    ("orders", r"订单|包裹|快件|orders?|parcels?"),
    ("stores", r"门店|门市|stores?|shops?"),
    ("sold", r"售出|销售|sold"),
)
_EVENTS: tuple[tuple[str, str], ...] = (
    (
        "update",
        r"公布|发布|更新|通报|进展|进度|下次|再次说明|答复|update|next report|"
        r"report by|publish",
    ),
    ("refund", r"退款|退回|退还|到账|入账|返还|refund|returned to"),
    ("delivery", r"送达|送到|配送|发货|出货|寄出|deliver|ship|arrive"),
    ("result", r"检测结果|调查结果|检验结果|复核结果|结果|results?|findings"),
    ("restore", r"恢复|修复|上线|restor|back online|resolved|fixed"),
    ("stopped", r"停售|下架|停止销售|stopped|withdrawn from sale"),
    (
        "began",
        r"发生|故障|起火|中断|收到|接到|发现|异常|began|started|since|happened|"
        r"received|found|accessed",
    ),
    ("deadline", r"截止|申请|登记|办理|领取|apply|claim|register"),
)
# Two positions that exclude each other, each as an expression over folded text.
_POSITIONS: tuple[tuple[str, str], ...] = (
    (
        r"(?:已|均已|全部|全面|全数)[^,。\n]{0,8}(?:停售|下架|停止销售)|sales? (?:have |"
        r"has |were |was )?(?:been )?(?:stopped|suspended|halted)",
        r"(?:仍|继续|照常|正常|恢复)[^,。\n停禁]{0,4}(?:在售|销售|上架|出售)|"
        r"(?:未曾|没有|并未|无需|从未)[^,。\n]{0,4}(?:停售|下架|停止销售)|"
        r"(?:remains?|still|continues? to be) on sale|"
        r"sales (?:continue|are continuing)",
    ),
    (
        r"(?:不含|未涉及|不涉及|没有涉及|不包括|未包含)[^,。\n]{0,8}(?:支付|"
        r"银行卡|密码|卡号|身份证|信用卡|身分证)|no (?:payment|card|password|"
        r"bank)[a-z ]{0,40}(?:data|details|information)?",
        r"(?<!不)(?<!未)(?<!没有)(?:涉及|包括|包含|含有|波及)[^,。\n]{0,12}(?:支付信息|"
        r"银行卡|密码|卡号|身份证|信用卡|身分证)|(?:including|included|involv\w+|"
        r"expos\w+|took|also) [a-z ,]{0,60}(?:payment|card|password|bank)",
    ),
    (
        r"(?:无人|没有人|无人员|未造成人员|没有人员|未有人|没有顾客)[^,。\n]{0,3}(?:受伤|"
        r"伤亡|不适|送医)|no ?(?:one|body) (?:was|has been|is) (?:hurt|injured)|"
        r"no injuries",
        r"(?:(?<!\d)\d{1,9}|[一二两三四五六七八九十]{1,3}|有)(?:人|名|位)[^,。\n]{0,10}(?:受伤|"
        r"送医|不适|住院|身亡|死亡|就医|烫伤|划伤)|(?<!\w)\w{1,20} (?:people|customers|"
        r"children|person|customer|child) (?:was|were|has been|have been|"
        r"is|are) (?:hurt|injured|taken)",
    ),
    (
        r"(?:没有|未|并未|从未|不存在|无)(?:发生|任何|出现)?(?:任何)?[^,。\n]{0,4}(?:泄露|"
        r"外泄|泄漏|外流)|no (?:data|information) (?:was|has been|were) (?:leaked|"
        r"exposed|taken)|no (?:data )?(?:breach|leak)",
        r"(?:确认|发现|确有|存在|确实|已|遭|造成)[^,。\n没未无]{0,8}(?:泄露|"
        r"外泄|泄漏|外流|异常访问)|(?:data|information|names)[a-z ,]{0,60} (?:was|"
        r"were|has been|have been) (?:leaked|exposed|taken|accessed)",
    ),
    (
        r"(?:原因|成因|起因)[^,。\n]{0,4}(?:已查明|已经查明|已确认|查清)|"
        r"cause (?:has been|is) (?:found|identified|confirmed)",
        r"(?:原因|成因|起因)[^,。\n]{0,4}(?:仍在|尚在|正在|仍|待|尚未|还在)[^,。\n]{0,4}(?:核"
        r"实|调查|检测|排查|查|明)|cause is (?:still|not yet|being)",
    ),
    (
        r"(?:全额|全部)退款|full refund",
        r"(?:不予|不支持|无法|不能|不|仅退|只退|部分)退款|(?:no|partial|not) refund",
    ),
    (
        r"(?:已|已经|均已|全面|全部)[^,。\n]{0,4}恢复|(?:fully|been) restored",
        r"(?:尚未|仍未|还未|没有|还没)[^,。\n]{0,4}恢复|(?:not yet|still not) (?:been )?restored",
    ),
    (
        r"(?:按|照|依)[^,。\n]{0,8}价[^,。\n]{0,4}(?:发货|出货|履行)|(?:照常|全部|继续|正常)"
        r"(?:发货|出货|履行)|orders (?:will|are to) be honou?red",
        r"(?<!被)订单[^,。\n]{0,6}(?:一律|全部|全数|均|都)(?:予以|将|被)?(?:取消|作废|关闭)|"
        r"(?:all|these) orders (?:are|will be|have been) cancell?ed",
    ),
    (
        r"(?:是|系|属)(?:我们|我司|公司)[^,。\n]{0,4}的?(?:责任|错|失误|过失)",
        r"(?:不是|并非|非|没有)(?:我们|我司|公司)[^,。\n]{0,4}的?(?:责任|"
        r"错|失误|过失)",
    ),
)
_COMPILED = tuple((re.compile(one), re.compile(other)) for one, other in _POSITIONS)
_BEGINS = re.compile(r"[时点分\d](?:左右|许)?(?:起|开始|发生)|(?:自|从)\D{0,3}\d|since|from ")
_MEASURE = re.compile(
    "恢复|停售|下架|关闭|暂停|启用|切换|公布|更新|受理|营业|热线|客服|"
    "update|restored|stopped|closed"
)
_AS_OF = re.compile(r"截至|截止|as of|up to|by ")
# So much of what is given: fifteen days of membership, twenty yuan of compensation.
_GIFT = re.compile(
    r"(?<![\d.月])(?P<n>\d{1,5}) ?(?P<unit>天|个月|元|days?|months?)(?:的|无门槛|of |free )?"
    r"(?:会员|时长|补偿|赔偿|代金|优惠券|券|有效期|质保|membership|credit|compensation|warranty)"
)
_NEGATED = re.compile("若|如果|如|未|if |unless|not ")
_BATCH_LABEL = re.compile(
    r"(?:批次|批号|型号|lot|batch|model)[^,。\n\w]{0,2}(?:为|是|号|no\.?|"
    r"number)?[^,。\n\w]{0,2}$"
)


@dataclass(frozen=True, slots=True)
class _Dated:
    subject: str
    day: tuple[int, int]
    hour: tuple[int, int] | None
    span: Span


def contradictions(reading: Reading) -> Iterator[Hit]:
    """Yield the later of two values or positions that cannot both be true."""
    found: list[Span] = []
    others = [Reading(StatementToCheck(text=text)) for text in reading.statement.earlier]
    variants = [Reading(StatementToCheck(text=text)) for text in reading.statement.variants]
    for other in others:
        found += _against(reading, other, growing=True)
    for other in variants:
        found += _against(reading, other, growing=False)
    if not found:
        found += _within(reading)
    for span in dict.fromkeys(found):
        yield Hit("contradiction", span, reading.text[span.start : span.end])


def _against(reading: Reading, other: Reading, *, growing: bool) -> Iterator[Span]:
    before = list(_counts(other))
    for subject, quantity, stamp in _counts(reading):
        for old_subject, old, old_stamp in before:
            if subject != old_subject or quantity.unit != old.unit or quantity.value == old.value:
                continue
            if growing and quantity.value > old.value and (stamp != old_stamp or not stamp):
                continue
            yield quantity.span
            break
    old_dates = list(_dates(other))
    for dated in _dates(reading):
        same = [one for one in old_dates if one.subject == dated.subject]
        if not same or (growing and dated.subject == "update"):
            continue
        if all(
            one.day != dated.day or (one.hour and dated.hour and one.hour != dated.hour)
            for one in same
        ):
            yield dated.span
    yield from _gifts_against(reading, other)
    yield from _starts_against(reading, other)
    yield from _codes_against(reading, other)
    for one, opposite in _COMPILED:
        for said, now in ((one, opposite), (opposite, one)):
            if said.search(other.flat) and not now.search(other.flat):
                changed = now.search(reading.flat)
                if changed and not (growing and now is one and _is_progress(one)):
                    yield Span(*changed.span())


def _gifts_against(reading: Reading, other: Reading) -> Iterator[Span]:
    """Yield what is given (days, money) where another amount of it was promised before."""
    before: dict[str, set[str]] = {}
    for found in _GIFT.finditer(other.flat):
        before.setdefault(found["unit"], set()).add(found["n"])
    for found in _GIFT.finditer(reading.flat):
        known = before.get(found["unit"])
        if known and found["n"] not in known:
            yield Span(found.start("n"), found.end("unit"))


def _starts_against(reading: Reading, other: Reading) -> Iterator[Span]:
    """Yield an hour at which it began that is not the one told before, where no day stands by."""
    before = [hour for _, hour in _starts(other)]
    for span, hour in _starts(reading):
        if before and hour not in before:
            yield span


def _starts(reading: Reading) -> Iterator[tuple[Span, tuple[int, int]]]:
    for span, hour in hours_in(reading.flat, Span(0, len(reading.flat))):
        clause = reading.clause_at(span)
        around = reading.flat[max(clause.start, span.start - 4) : span.start + 14]
        if first_date(reading.flat, clause) or _MEASURE.search(reading.of(clause)):
            continue
        if _BEGINS.search(around):
            yield span, hour


def _is_progress(position: re.Pattern[str]) -> bool:
    """Say whether reaching this position later is progress: stopped, found, restored."""
    return position in {_COMPILED[0][0], _COMPILED[4][0], _COMPILED[6][0]}


def _within(reading: Reading) -> Iterator[Span]:
    """Yield a later date or count for the same thing in one text, and opposed positions."""
    seen: dict[str, _Dated] = {}
    for dated in _dates(reading):
        if dated.subject not in ("delivery", "refund", "restore"):
            continue
        first = seen.setdefault(dated.subject, dated)
        if (
            first.day != dated.day
            and _is_deadline(reading, first)
            and _is_deadline(reading, dated)
        ):
            yield dated.span
    counts: dict[tuple[str, str], Quantity] = {}
    for subject, quantity, _ in _counts(reading):
        if subject not in ("deaths", "injured", "reports"):
            continue
        first_count = counts.setdefault((subject, quantity.unit), quantity)
        if first_count.value != quantity.value and _says_total(reading, first_count, quantity):
            yield quantity.span
    for one, opposite in _COMPILED[:4]:
        said, opposed = one.search(reading.flat), opposite.search(reading.flat)
        if said and opposed and not Span(*said.span()).overlaps(Span(*opposed.span())):
            later = Span(*max(said.span(), opposed.span()))
            if not _NEGATED.search(reading.of(reading.clause_at(later))[:4]):
                yield later


def _is_deadline(reading: Reading, dated: _Dated) -> bool:
    after = reading.flat[dated.span.end : dated.span.end + 8]
    before = reading.flat[max(0, dated.span.start - 10) : dated.span.start]
    return "前" in after or bool(re.search(r"by |before |until |不晚于|最迟|最晚", before))


def _says_total(reading: Reading, first: Quantity, later: Quantity) -> bool:
    """Say whether both counts claim to be the whole, not a part of it."""
    places = [reading.of(reading.clause_at(quantity.span)) for quantity in (first, later)]
    return all(
        re.search("共|总计|合计|截至|一共|累计|in total|altogether|as of", place)
        for place in places
    )


def _counts(reading: Reading) -> Iterator[tuple[str, Quantity, str]]:
    of_text = first_date(reading.flat, Span(0, len(reading.flat)))
    for quantity in quantities(reading.flat):
        clause = reading.clause_at(quantity.span)
        near = reading.flat[
            max(clause.start, quantity.span.start - 16) : min(clause.end, quantity.span.end + 16)
        ]
        subject = next((name for name, words in _SUBJECTS if re.search(words, near)), "")
        if subject:
            sentence = reading.sentence_at(quantity.span)
            stamped = _AS_OF.search(reading.of(sentence))
            day = first_date(reading.flat, sentence) or of_text
            yield subject, quantity, str(day) if stamped and day else ""


def _dates(reading: Reading) -> Iterator[_Dated]:
    for span, day in dates_in(reading.flat, Span(0, len(reading.flat))):
        clause = reading.clause_at(span)
        near = reading.flat[span.end : min(clause.end, span.end + 24)] or ""
        if (
            not re.search("[a-z\u4e00-\u9fff]", near)
            or reading.flat[span.end : span.end + 1] in ",。\n"
        ):
            near = reading.flat[max(clause.start, span.start - 30) : span.start]
        elif reading.statement.lang == "en" or re.search(r"[a-z]{3}", near):
            near = reading.of(clause)
        subject = next((name for name, words in _EVENTS if re.search(words, near)), "")
        if subject:
            after = hour_after(reading.flat, span.end)
            yield _Dated(subject, day, after[1] if after else None, span)


def _codes_against(reading: Reading, other: Reading) -> Iterator[Span]:
    old = {found.group() for found in _labelled_codes(other)}
    if not old:
        return
    for found in _labelled_codes(reading):
        if found.group() not in old and found.group() not in other.flat:
            mine = {one.group() for one in _labelled_codes(reading)}
            if not mine & old:
                yield Span(*found.span())


def _labelled_codes(reading: Reading) -> Iterator[re.Match[str]]:
    for found in CODE.finditer(reading.flat):
        before = reading.flat[max(0, found.start() - 14) : found.start()]
        if len(found.group()) >= 2 and (
            _BATCH_LABEL.search(before)
            or re.match("批次|批(?=产|号|的|商|,)| batch| lot", reading.flat[found.end() :][:6])
        ):
            yield found
