"""The form of a statement: blanks, marks of a draft, length, title, topics, emoji, headline."""

import re
from collections.abc import Iterator, Mapping

from crisis.lint.finding import WHOLE, Hit, Span
from crisis.lint.reading import MAX_CHARS, Reading
from listener.text.fold import is_ideograph

# Most characters (CJK) or words (English) for a channel, and how few are advice; domain.md §9.
# 144 characters of full text for a micro-blog lead are recommended, 500 is the limit. A script is
# measured turn by turn: a blank line ends a turn.
LENGTHS: Mapping[str, tuple[int, int]] = {
    "weibo": (30, 500),
    "wechat": (400, 1_000),
    "douyin": (10, 100),
    "xiaohongshu": (30, 500),
    "zhihu": (800, 2_000),
    "website": (600, 1_200),
    "press": (600, 1_000),
    "script": (50, 120),
    "internal": (200, 400),
    "overseas": (120, 250),
    "sms": (10, 70),
}
# A word of English takes about as much room as two characters.
CHARS_PER_WORD = 2
TITLE_LIMITS: Mapping[str, int] = {"wechat": 30, "xiaohongshu": 20}
MARKUP_CHANNELS = frozenset({"website", "zhihu", "internal"})

_SLOT_WORDS = (
    "公司|公司名|公司名称|企业|企业名称|品牌|品牌名|产品|产品名|产品名称|"
    "商品|商品名称|问题|问题描述|日期|时间|时分|年月日|批次|批号|型号|"
    "渠道|人群|措施|已采取措施|已确认|未确认|原因|地点|城市|门店|门店名|"
    "联系方式|电话|客服电话|热线|邮箱|网址|链接|数量|人数|金额|姓名|"
    "发言人|签名|落款|称呼|办理|办理方式|补偿方案|补救办法|范围|影响范围|"
    "数据类型|内容|待补充|待填|待定|待确认|填写|此处填写|具体时间|具体措施|"
    "具体原因|部门|负责人|标题|正文|事件|活动名称|平台|检测机构|报告编号|"
    "编号|订单号|下次更新时间|更新时间|版本|地区|"
    "插入.{0,8}|请填.{0,8}|请补.{0,8}|填入.{0,8}|补充.{0,8}|某某.{0,6}|"
    "待.{1,6}|(?:公司|产品|商品|门店|品牌|活动|机构|顾客|用户|事件|具体|"
    "更新|恢复|预计|到账|退款|发布|公布|截止|发生|下次|填写|客服|联系|"
    "补偿|影响|涉事|报告|订单|官网|登记|责任|负责人|发言人|会员|客户|收件人){1,2}(?:名称|称呼|"
    "名|姓名|时间|日期|电话|金额|数量|原因|措施|编号|链接|网址|型号)|"
    "公司全稱|company|company name|brand|product|product name|date|time|"
    "batch|name|contact|phone|email|url|link|number|amount|cause|issue|"
    "remedy|insert.{0,20}|your .{0,16}|city|store|model|tbd|tbc|xx+|"
    "title|details?|version|reason|placeholder|channel|scope|action|"
    "actions"
)
_BLANKS = (
    re.compile(
        rf"【 ?(?:{_SLOT_WORDS}) ?】|\[ ?(?:{_SLOT_WORDS}) ?\](?!\()|〔(?:{_SLOT_WORDS})〕|"
        rf"「(?:待填|待補|待确认|待確認)」|<(?:{_SLOT_WORDS})>|\((?:待补充|"
        rf"待填写?|待填|待定|待确认|此处填写.{{0,10}}|请填写.{{0,10}}|具体时间|"
        rf"日期|tbd|tbc|insert .{{0,20}})\)|\{{ ?(?:{_SLOT_WORDS}) ?\}}"
    ),
    re.compile(
        r"\{\{[^{}\n]{0,60}\}\}|\{%[^\n]{0,80}?%\}|\$\{[^{}\n]{0,40}\}|%\([a-z_]+\)s|"
        r"\{[a-z_][a-z0-9_.]{0,30}\}|<%[^\n]{0,60}?%>"
    ),
    re.compile(
        r"(?:[x×※○〇*_]{1,4}|\?{2}) ?年 ?(?:[x×※○〇*_\d]{1,3}|\?{2}) ?月 ?(?:[x×※○〇*_\d]{1,3}|"
        r"\?{2}) ?[日号]|(?:[x×※○〇*_]{1,3}|\?{2}) ?月 ?(?:[x×※○〇*_\d]{1,3}|"
        r"\?{2}) ?[日号](?: ?(?:[x×※○〇*_]{1,3}|\?{2}) ?[时点])?|\d{4}年_{0,4} +月 +日|"
        r"\d{1,2}月(?:[x×※○〇_]{1,3}|\?{2}) ?[日号]|(?<!\d)(?:[x×※_]{2,4}) ?[时点](?:(?:[x×"
        r"_]{2})分)?"
    ),
    re.compile(
        r"(?<![a-z0-9])(?:tbd|tbc|todo|fixme|xxx+|lorem ipsum|n/a|placeholder)(?![a-z0-9])|"
        r"_{3,}|…{4,}|\.{7,}|(?<![\w-])x{2,}(?=公司|产品|门店|品牌|先生|女士|"
        r"元|人|例|店|批次|号|型|路|分|款|事件|市|省|[,。\s])|(?<=[^\w])x{2,}(?![\w-])|"
        r"×{2,}|〇〇|○○+|△△+|某某(?:公司|产品|品牌|门店|店|平台|市|路|先生|"
        r"女士)|\bXX\b|□{2,}"
    ),
    re.compile(
        r"(?:待补充?|待填写?|待添加|请在此处|此处填写|此处补充|这里填|请补充|"
        r"占位|insert (?:here|date|time|name|company|product|number|link))(?=[\]】)。,;\s]|"
        r"[^,。\n]{0,12}[\]】)。,]|\Z)"
    ),
    re.compile(
        r"(?:公司|产品|时间|日期|地点|电话|联系方式|批次)[:：] ?(?:_+|\?+|"
        r"无|空|-{2,}|/)(?=[,。\n]|\Z)|\(\s{1,6}\)|[【\[]\s*[】\]]"
    ),
    re.compile(r"(?<!\d)(?:400|800|0800)[- ]?x{3}[- ]?x{3,4}|\bxxx-xxxx\b|(?:example|xxx)@xxx"),
)
_NOT_BLANK = re.compile("【(?:重要通知|公告|声明|通知)】")
_MARKUP = (
    re.compile(
        r"(?m)^#{1,6} \S[^\n]*|\*\*[^*\n]{1,120}\*\*|__[^_\n]{1,120}__|(?m:^[*+] \S[^\n]*)|"
        r"!?\[[^\]\n]{1,60}\]\([^)\n]{1,200}\)|`{1,3}[^`\n]{1,80}`{1,3}|~~[^~\n]{1,80}~~|"
        r"(?m:^> \S[^\n]*)|(?m:^-{3,}$|^\|.+\|$)".replace("(?m)", "", 1),
        re.MULTILINE,
    ),
    re.compile(
        r"<(?P<tag>b|i|u|p|a|h[1-6]|strong|em|span|div|font|ul|li|ol|table|"
        r"center|blockquote)(?: [^<>\n]{0,200})?>(?:[^<\n]{0,200}</(?P=tag)>)?|"
        r"<(?:br|hr|img)[^<>\n]{0,200}/?>|</[a-z][a-z0-9]{0,10}>|&(?:nbsp|"
        r"amp|lt|gt|quot|#\d{2,5});",
        re.IGNORECASE,
    ),
)
_TOPIC = re.compile(r"#[^#\s]{1,40}#|(?<![\w&#])#[\w\u4e00-\u9fff]{2,40}")
_EMOJI = re.compile(
    "(?:[\U0001f1e6-\U0001f1ff]{2}|[\u2600-\u27bf\U0001f300-\U0001faff\u2b50\u2b55\u231a\u231b\u23e9-\u23f3\u2934\u2935\u25fb-\u25fe\u2b1b\u2b1c\u3030\u303d]"
    "[\U0001f3fb-\U0001f3ff\ufe0f]?(?:\u200d[\u2600-\u27bf\U0001f300-\U0001faff]\ufe0f?)*)"
    r"|\[(?:微笑|嘻嘻|哈哈|可爱|泪|心|祈祷|蜡烛|抱抱|鲜花|作揖|允悲|doge|"
    r"笑cry|拜托|加油|爱心|合十|流泪|大哭|握手|赞|强|玫瑰|拥抱|鞠躬|捂脸|"
    r"抱拳)\]"
    r"|(?<![\w:/])(?:[:;]-?[)(DP]|:'\(|<3|\^_\^|T_T|QAQ|orz)(?![\w/])"
)
_NOT_EMOJI = frozenset("☎✉✓✔✕✖★☆☐☑☒❶❷❸❹❺❻❼❽❾❿➀➁➂①②③➤➜➔✦◆●○■□▪▫✱✲✳☏➊➋➌✆❍❏❑▶◀☞☛♦♠♣")
_ABOUT = re.compile(
    "关于|针对|就|有关|statement|notice|response|regarding|about|on (?:the )?(?:claims|"
    "rumours|reports)|clarif|澄清|辟谣|声明|说明|回应|公告|真相",
    re.IGNORECASE,
)
_CLARIFIES = re.compile("关于.{2,40}的(?:声明|说明|澄清|回应|公告)")
_CALLED_FALSE = re.compile("不实|谣言|系谣|假|伪|false|untrue|fake")
_ANSWERED = re.compile(
    "回应|真相|假的|不实|不是真|事实|答案|辟谣|澄清|来了|response|answer|facts|truth|no\\b"
)
# A headline that asks whether the rumour is true; "how to tell a real notice" asks something else.
_ASKED = re.compile(
    r"(?:吗|么|真的|真有|真会|是否|有没有|会不会|是不是|到底|究竟)[^?]{0,12}\?|"
    r"^(?:is|are|was|were|does|do|did|has|have|can|could|will|should) .*\?"
)
_RETOLD = re.compile(
    "(?:网传|传言|谣传|传闻|流传|爆料|有人说|网上说|claims? (?:that|of)|rumou?rs? (?:that|of)|"
    "allegations? (?:that|of))(?!视频|图片|内容|信息|一事|的|说明|消息|截图|事件|文件|报告|照片|"
    "录音|言论|帖文).{4,}"
)
TITLE_GUESS = 40


def form(reading: Reading) -> Iterator[Hit]:
    """Yield what is wrong with how the text is put, whatever it says."""
    found = list(blanks(reading))
    for span in found:
        yield Hit("unfilled-variable", span, reading.text[span.start : span.end])
    for span in _markup(reading):
        if not any(span.overlaps(blank) for blank in found):
            yield Hit("form-mismatch", span, reading.text[span.start : span.end][:40])
    yield from _title_length(reading)
    yield from _length(reading)
    yield from _topics(reading)
    yield from _emoji(reading)
    yield from _headline(reading)


def blanks(reading: Reading) -> Iterator[Span]:
    """Yield the blanks of a template that nobody filled, in order and without overlaps."""
    last_end = -1
    found = sorted(match.span() for pattern in _BLANKS for match in pattern.finditer(reading.flat))
    for start, end in found:
        if start >= last_end and not _NOT_BLANK.fullmatch(reading.flat, start, end):
            last_end = end
            yield Span(start, end)


def _markup(reading: Reading) -> Iterator[Span]:
    if reading.statement.channel in MARKUP_CHANNELS:
        return
    for pattern in _MARKUP:
        for match in pattern.finditer(reading.text):
            yield Span(*match.span())


def _title_length(reading: Reading) -> Iterator[Hit]:
    limit = TITLE_LIMITS.get(reading.statement.channel)
    title = reading.title
    if limit and title and _length_of(reading.text[title.start : title.end], "zh-CN") > limit:
        yield Hit("form-mismatch", title, f"{limit}")


def _length(reading: Reading) -> Iterator[Hit]:
    statement = reading.statement
    if len(statement.text) > MAX_CHARS:
        yield Hit("length-over", WHOLE, f"{len(statement.text)}>{MAX_CHARS}")
        return
    limits = LENGTHS.get(statement.channel)
    if limits is None or statement.kind == "qa":
        return
    least, most = limits
    is_english = statement.lang == "en"
    if statement.channel == "overseas" and not is_english:
        least, most = least * CHARS_PER_WORD, most * CHARS_PER_WORD
    length = _length_of(statement.text, statement.lang)
    if statement.channel == "script" and length > most:
        turns = re.split(r"\n\s*\n", statement.text)
        length = max(least, *(_length_of(turn, statement.lang) for turn in turns))
    if length > most:
        yield Hit("length-over", WHOLE, f"{length}>{most}")
    elif length < least // 2:
        yield Hit("length-short", WHOLE, f"{length}<{least}")


def _length_of(text: str, lang: str) -> int:
    """Count words in English; else characters without blanks."""
    if lang == "en":
        return len(text.split())
    return sum(1 for char in text if not char.isspace())


def _topics(reading: Reading) -> Iterator[Hit]:
    topics = [Span(*match.span()) for match in _TOPIC.finditer(reading.text)]
    statement = reading.statement
    grave = reading.has("flags.injury") or (
        statement.crisis == "C01" and statement.severity == "urgent"
    )
    for span in topics if grave else topics[1:]:
        yield Hit("hashtag-misuse", span, reading.text[span.start : span.end])


def _emoji(reading: Reading) -> Iterator[Hit]:
    if reading.statement.severity not in ("serious", "urgent"):
        return
    for match in _EMOJI.finditer(reading.text):
        if match.group()[0] not in _NOT_EMOJI:
            yield Hit("emoji-use", Span(*match.span()), match.group())


def _headline(reading: Reading) -> Iterator[Hit]:
    """Yield the first line of a correction that repeats what it corrects."""
    if reading.statement.kind != "correction" or not reading.lines:
        return
    line = reading.lines[0]
    first = reading.sentences[0] if reading.sentences else line
    head = (
        line
        if line.end - line.start <= 2 * TITLE_GUESS
        else Span(line.start, min(line.end, first.end))
    )
    folded = reading.of(head)
    bad = [
        span
        for span in reading.spans("flags.bad_claim")
        if span.within(head)
        and not re.search(
            "(?:不|未|无|没有?|非|从未|不含|不会|no |not |never |without |free of |free from )$",
            reading.flat[max(head.start, span.start - 8) : span.start],
        )
    ]
    marked = any(span.within(head) for span in reading.spans("flags.rumour_marks"))
    quoted = any(span.within(head) and _is_claim(reading, span) for span in reading.quoted)
    denied = any(span.within(head) for span in reading.spans("flags.title_true"))
    framed = marked or quoted or "?" in folded or bool(_ABOUT.search(folded))
    if (
        (bad and framed and (not denied or marked or quoted or _CLARIFIES.search(folded)))
        or (quoted and (marked or _ABOUT.search(folded) or _CALLED_FALSE.search(folded)))
        or ("?" in folded and (_ANSWERED.search(folded) or _ASKED.search(folded)))
        or (marked and not denied and _RETOLD.search(folded))
    ):
        yield Hit("rumour-in-title", head, folded)


def _is_claim(reading: Reading, span: Span) -> bool:
    inner = reading.text[span.start + 1 : span.end - 1]
    return (
        reading.text[span.start] != "《" and len(inner) >= 4 and sum(map(is_ideograph, inner)) != 2
    )
