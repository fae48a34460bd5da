"""The parts a statement needs by kind (domain.md §10, §17): which of them are missing."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from crisis.lint.cues import read_words
from crisis.lint.finding import WHOLE, Hit, Span
from crisis.lint.form import blanks
from crisis.lint.judging import is_part_found
from crisis.lint.reading import Reading
from crisis.lint.times import DATE, has_time

PARTS: Mapping[str, tuple[str, ...]] = {
    "holding": ("event", "care", "checking", "action", "next-update", "contact"),
    "full": ("event", "care", "action", "remedy", "next-update", "contact", "signature"),
    "apology": ("event", "care", "action", "remedy", "contact", "signature"),
    "closing": ("event", "root-cause", "contact", "signature"),
    "correction": ("event", "contact"),
    "press": ("event", "contact", "signature"),
    "sms": ("contact",),
    "internal": ("spokesperson",),
    "qa": (),
    "script": (),
}
NO_REMEDY_NEEDED = frozenset({"C04", "C09"})
# Those hurt by conduct are owed a change with a date; there is nothing to hand in for it.
REFORM_IS_REMEDY = frozenset({"C10", "C11"})
# Words of any statement, of no event: what is left of a clause without them names something.
_GENERIC = re.compile(
    "很不好受|不好受|添麻烦|添乱|每一条|意见|留言|评论|取得联系|来龙去脉|不是滋味|停止使用|心里|滋味|说声|停售|停用|下架|使用|"
    "技术|同事|重启|恢复|提醒|寒心|久等|谢谢|难受|难过|心痛|揪心|联系|产品|"
    "商品|服务|经过|交代|对不起|不起|还在|仍在|排查|原因|时分|"
    "相关|有关|情况|情形|问题|事件|事情|此事|一事|这件事|该事|近日|日前|"
    "近期|今日|今天|昨日|昨天|网上|网络|网友|媒体|大家|各位|广大|公众|"
    "社会|各界|"
    "关注|注意|留意|获悉|得知|了解|收到|接到|接获|看到|知悉|反馈|反映|"
    "讨论|热议|声音|舆论|舆情|消息|信息|内容|传言|说法|报道|事项|我们|"
    "我司|本公司|公司|"
    "品牌|关于|对于|针对|对此|就|的|了|到|在|与|和|并|已经|已|高度|重视|"
    "第一时间|说明|声明|公告|回应|通报|情况说明|致歉信|致歉|道歉|非常|"
    "十分|深感|"
    "抱歉|歉意|不安|诚挚|诚恳|正在|核实|调查|处理|当中|中|进行|成立|"
    "专项|小组|当事人|涉事|人员|停岗|停职|具体|细节|稍后|会|将|给出|"
    "公布|一个|"
    "您|你|对|给|造成|带来|不便|影响|困扰|特此|这|那|该|其|及|等|是|"
    "为|有|也|都|所|之|以|于|上|下|内|后|前|我|们|请|感谢|监督|理解|"
    "支持|全力|认真|严肃|"
    "積極|积极|配合|尊敬|顾客|用户|消费者|客户|朋友|大众|时间|结果|进展|"
    "发生|出现|引发|引起|刚刚|目前|现在|深表|表示|向|一些|某些|部分|"
    "让|相應|最近|曝光|流传|"
    r"[^\u4e00-\u9fff]"
)
# Words for any thing a company has, and what stands before them where they name none.
_THINGS = frozenset(
    {"批次", "产品", "商品", "服务", "系统", "门店", "数据", "资料", "密码", "账号"}
)
_WHICHEVER = re.compile(
    "(?:相关|有关|涉事|涉及的?|该|此|上述|前述|同批|这些|重启了?|恢复了?|登录|修改|更换|验证|提供|本)$"
)
_PHONE = re.compile(
    r"(?<!\d)(?:\+?\d{1,3}[- ])?(?:400|800|0800|1800)[- ]?\d{3,4}[- ]?\d{3,4}(?!\d)|"
    r"(?<!\d)0\d{1,3}[- ]?\d{3,4}[- ]?\d{3,4}(?!\d)"
    r"|(?<!\d)(?:95|96|100|101|123)\d{2,4}(?!\d)|\+\d[\d -]{6,15}\d|"
    r"(?<!\d)\d{3,4}[- ]\d{3,4}[- ]\d{3,4}(?!\d)|"
    r"(?:热线|电说|电话|专线|拨打|致电|洽|call|phone|hotline|helpline|"
    r"tel)[^\d\n]{0,8}\d[\d -]{4,14}\d"
)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,60}(?:\.[\w-]{1,60}){1,5}")
_URL = re.compile(
    r"(?:https?://|www\.)\S+|(?<![a-z0-9.-])[a-z0-9-]{1,60}(?:\.[a-z0-9-]{1,60}){0,4}\.(?:com|cn|"
    r"tw|hk|net|org|example|io|app|co\.uk|gov|info|test)\b(?:/\S*)?"
)
_ADDRESS = re.compile(
    r"[\u4e00-\u9fff]{2}(?:路|街|大道|巷)\d{1,6}号|(?<!\d)\d{1,6} [a-z]{1,20} (?:street|"
    r"road|avenue|lane|square)"
)
_ALREADY = re.compile("已|业经|均")
_ACTED = re.compile(
    r"已(?:经|于|在|对|将|向|把|由|为|就|请|派|与|按|全|同|第|先|连|正|"
    r"紧|立|从|通|委|会|安|停|下|召|封|撤|暂)?[^,。!?;\n]{1,40}"
)
_PLANNED = re.compile(
    "将(?!错|原|所|该|这|其|此|全部|相关|涉事)|[^不]会(?!员|议)|拟|打算|准备|计划|考虑"
)
_NOT_DONE = re.compile(r"已(?:久|知|故|往|逝|$|,)")


def missing_parts(reading: Reading) -> Iterator[Hit]:
    """Yield a finding on the whole text for every part its kind needs and it lacks."""
    statement = reading.statement
    for part in PARTS[statement.kind]:
        if part == "remedy" and statement.crisis in NO_REMEDY_NEEDED:
            continue
        if not _FOUND[part](reading) and not is_part_found(reading, part):
            yield Hit(f"missing-{part}", WHOLE)
    if statement.kind in ("holding", "full") and not _has_crisis_part(reading):
        yield Hit("missing-crisis-part", WHOLE, statement.crisis)


_LEFT_TIME = re.compile("[日号时点]|date|time|tb[dc]|时间|_{3,}|x{2,}")
# Right before a blank: here a way to reach the company was to be written.
_CALLS = re.compile(
    r"(?:拨打|致电|联系|热线|专线|电话|邮箱|call|contact|phone|e-?mail)[^。!?\n]{0,6}\Z",
    re.IGNORECASE,
)


def has_contact(reading: Reading, within: Span | None = None) -> bool:
    """Say whether a phone, mail, address, official page or named in-app entry is given.

    A blank left where one belongs fills the place: what is wrong is the blank.
    """
    start, end = within or Span(0, len(reading.text))
    if any(_CALLS.search(reading.flat, start, blank.start) for blank in blanks(reading)):
        return True
    title = reading.title
    named = [span for span in reading.spans("parts.contact") if not (title and span.within(title))]
    return any(within is None or span.overlaps(within) for span in named) or any(
        pattern.search(reading.flat, start, end) for pattern in (_PHONE, _MAIL, _URL, _ADDRESS)
    )


def _has_event(reading: Reading) -> bool:
    """Say whether a product, service or event is named: by a word for it, or by a name."""
    if any(
        not _is_bare(reading, span) and not _in_contact(reading, span)
        for group in ("parts.event_words", "parts.event_words_en")
        for span in reading.spans(group)
    ):
        return True
    for sentence in reading.sentences[:3]:
        folded = reading.of(sentence)
        if reading.statement.lang == "en":
            words = re.findall(r"[a-z][a-z'-]+", folded)
            if len([word for word in words if word not in _generic_words()]) >= 3:
                return True
        elif any(len(run) >= 3 for run in re.split(_GENERIC, folded)):
            return True
    return False


def _is_bare(reading: Reading, span: Span) -> bool:
    """Say whether a word for a thing stands there without saying which: "相关产品"."""
    if reading.flat.startswith(("服务热线", "数据显示"), span.start):
        return True
    return reading.of(span) in _THINGS and bool(_WHICHEVER.search(reading.flat, 0, span.start))


@cache
def _generic_words() -> frozenset[str]:
    """Return the English words of any statement, of no event."""
    return frozenset(read_words("units")["generic"]["en"])


def _in_contact(reading: Reading, span: Span) -> bool:
    clause = reading.clause_at(span)
    return bool(_PHONE.search(reading.flat, *clause) or _MAIL.search(reading.flat, *clause))


def _has_care(reading: Reading) -> bool:
    return bool(reading.kept("parts.care", "parts.care_not"))


def _has_checking(reading: Reading) -> bool:
    return bool(reading.kept("parts.checking", "parts.checking_not"))


def _has_action(reading: Reading) -> bool:
    """Say whether something was done already; having heard of it is nothing done."""
    if any(
        reading.is_own(span) and not _is_planned(reading, span)
        for span in reading.spans("parts.action")
    ):
        return True
    if reading.statement.lang == "en":
        return reading.has("parts.action_en")
    perceived = reading.spans("parts.action_state")
    for found in _ACTED.finditer(reading.flat):
        span = Span(*found.span())
        head = Span(span.start, span.start + 1)
        if any(head.within(other) for other in perceived) or _NOT_DONE.match(found.group()):
            continue
        if reading.is_own(span) and not reading.flat.startswith("已", span.start - 1):
            return True
    return False


def _is_planned(reading: Reading, action: Span) -> bool:
    """Say whether the clause announces the action: a plan is no deed."""
    before = reading.flat[reading.clause_at(action).start : action.start]
    return bool(_PLANNED.search(before)) and "已" not in before


def _has_remedy(reading: Reading) -> bool:
    """Say whether there is a remedy, and the way to get it in its sentence or the next one."""
    sentences = reading.sentences
    for index, sentence in enumerate(sentences):
        remedies = [
            span
            for span in reading.spans("parts.remedy")
            if span.start >= sentence.start and span.end <= sentence.end
        ]
        if not remedies:
            continue
        if (
            any(
                not span.overlaps(remedy) or span.end - span.start > remedy.end - remedy.start
                for span in reading.spans("parts.remedy_way")
                if span.within(sentence)
                for remedy in remedies
            )
            or _ready(reading, sentence)
            or _address_given(reading, sentence)
        ):
            return True
        if reading.statement.crisis in REFORM_IS_REMEDY and has_time(reading.flat, sentence):
            return True
        if index + 1 < len(sentences) and reading.has("parts.remedy_way", sentences[index + 1]):
            follower = sentences[index + 1]
            if not _PHONE.search(reading.flat, *follower) or "办理" in reading.of(follower):
                return True
    return False


def _address_given(reading: Reading, sentence: Span) -> bool:
    return any(pattern.search(reading.flat, *sentence) for pattern in (_MAIL, _URL))


def _ready(reading: Reading, sentence: Span) -> bool:
    """Say whether the remedy was already carried out, so that nobody has to ask for it."""
    return bool(
        re.search(
            r"(?:已|已经|均)(?:全部|全数|全额|当面|为|给|向)?[^,。\n]{0,10}(?:退|"
            r"赔|补|换|恢复|顺延|捐|办理|承担|垫付)"
            r"|(?:have|has|were|was) (?:all |already |been |fully )*(?:refunded|"
            r"restored|replaced|paid|compensated|extended|credited|returned)",
            reading.of(sentence),
        )
    )


def _has_next_update(reading: Reading) -> bool:
    """Say whether the next news has a date or time: both in one clause, or in neighbours."""
    news = reading.spans("flags.news_verb")
    clauses = reading.clauses
    left_open = [span for span in blanks(reading) if _LEFT_TIME.search(reading.of(span))]
    for index, clause in enumerate(clauses):
        dated = has_time(reading.flat, clause) or any(span.within(clause) for span in left_open)
        if not dated or _is_past(reading, clause):
            continue
        reach = [clause]
        if index + 1 < len(clauses) and reading.text[clause.end - 1] in ",，:：":
            reach.append(clauses[index + 1])
        for before in reversed(clauses[max(0, index - 2) : index]):
            if reading.text[before.end - 1] not in ",，:：、":
                break
            reach.append(before)
        for place in reach:
            if any(span.start >= place.start and span.end <= place.end for span in news) and (
                place is clause or not _is_past(reading, place)
            ):
                return True
    return False


def _is_past(reading: Reading, clause: Span) -> bool:
    folded = reading.of(clause)
    return bool(
        re.search(
            "已|收到|接到|注意到|关注到|获悉|发生|我们发现|拍摄于|指出|曾|发布了|"
            "公布了|截至|据|流传|反映|下单|起,|起$|停售|时起|日起",
            folded,
        )
        or re.search(
            r"\b(?:was|were|received|learned|found|reported on|reported that|"
            r"happened|since|as of|stopped|occurred|told|accessed|posted on|began|"
            r"started)\b",
            folded,
        )
    ) and not re.search("将|会|前|再次|下次|下一|will|next|by ", folded)


def _has_signature(reading: Reading) -> bool:
    """Say whether a company name with a date stands at the end."""
    for index, line in list(enumerate(reading.lines))[-5:]:
        if line == reading.title:
            continue
        tail = reading.of(line)
        cut = max(tail.rfind("。"), tail.rfind("!"), tail.rfind("?"))
        if cut == len(tail) - 1:
            cut = tail.rfind("。", 0, cut)
        stop = tail.rfind(". ")
        tail = tail[max(cut, stop if reading.statement.lang == "en" else -1) + 1 :].strip(" 。.")
        if re.search("关于|公布|发布|公告|update", tail):
            continue
        found = DATE.search(tail)
        if not found or len(tail) > (90 if reading.statement.lang == "en" else 48):
            continue
        name = re.sub(r"[^a-z\u4e00-\u9fff]", "", tail[: found.start()] + tail[found.end() :])
        if len(name) < 2 and index:
            name = re.sub(r"[^a-z\u4e00-\u9fff]", "", reading.of(reading.lines[index - 1])[-40:])
            if reading.of(reading.lines[index - 1]).endswith(("。", ".")) and len(name) > 24:
                continue
        if len(name) >= 2 and not re.search(r"[日号时点分周]前|将[于在]|\b(?:will|by)\b", tail):
            return True
    return False


def _has_root_cause(reading: Reading) -> bool:
    causes = [
        span
        for span in reading.kept("parts.root_cause", "flags.cause_state_not")
        if reading.is_own(span)
    ]
    return bool(causes) and reading.has("parts.prevention")


def _has_spokesperson(reading: Reading) -> bool:
    return reading.has("parts.spokesperson") and reading.has("parts.no_post")


def _has_crisis_part(reading: Reading) -> bool:
    statement = reading.statement
    if statement.crisis == "C01":
        return reading.has("parts.stop_use")
    if statement.crisis == "C03" and statement.kind == "full":
        return reading.has("parts.data_types") and reading.has("parts.people_can")
    if statement.crisis == "C08":
        return reading.has("parts.code_warning")
    return True


_FOUND: Mapping[str, Callable[[Reading], bool]] = {
    "event": _has_event,
    "care": _has_care,
    "checking": _has_checking,
    "action": _has_action,
    "remedy": _has_remedy,
    "next-update": _has_next_update,
    "contact": has_contact,
    "signature": _has_signature,
    "root-cause": _has_root_cause,
    "spokesperson": _has_spokesperson,
}
