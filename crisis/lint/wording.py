"""Wording rules: phrases a company must not use, found by cue words and cleared by longer ones."""

import re
from collections.abc import Iterator

from crisis.lint.finding import Hit, Span
from crisis.lint.reading import Reading

# In order of how specific a rule is: of two findings on the same words the first one stays.
WORDING_RULES = (
    "over-promise",
    "unfair-term",
    "secret-request",
    "non-apology",
    "blame-staff",
    "blame-consumer",
    "hostile-phrase",
    "belittling-phrase",
    "promotion-mix",
    "flippant-tone",
)
# An excuse or half apology in two halves is one.
_ONE_A_SENTENCE = frozenset({"blame-staff", "non-apology", "promotion-mix", "over-promise"})
# An excuse goes on to the end of its clause.
_WHOLE_EXCUSE = frozenset({"blame-staff", "blame-consumer"})
# "If anyone was offended" is a half apology only where something like an apology goes with it;
# "if you feel unwell, see a doctor" is advice.
_DID = re.compile("擅自|私自|自行|自己|不当|误|没有|未")
_CONDITION = re.compile("如|若|倘|假|要是|万一|凡|if |should|in case|in the event")
_SORRY = re.compile(
    "歉|对不起|不好意思|谅解|见谅|遗憾|海涵|包涵|原谅|本意|无意|无心|恕|sorry|"
    "apolog|regret|forgive|understanding|intention|meant"
)
_RULES_BROKEN = re.compile("(?:没|未|并未|不).{0,12}(?:规定|流程|规范|制度|要求|承诺|细则)")
_CONSUMER = re.compile(
    "您|你|顾客|用户|消费者|客户|车主|家长|买家|客人|乘客|会员|民众|使用者|旅客"
)
_AGAINST = re.compile("对(?!不|此)|针对|against ")
_WHO = re.compile("者|人|账号|网友|水军|people|those|anyone")
_CANNOT = re.compile("(?:这种|这样的|此类|这类|该类|此)事.*不(?:可能|会)")
_FROM_NOW = re.compile("再|今后|以后|将来|从此|往后|未来|日后|永|保证|承诺|担保")
_CALMS = re.compile("担心|担忧|恐慌|惊慌|紧张|worry|panic|alarmed|concerned")
_REPOST = (
    "转发",
    "转载",
    "转传",
    "转过",
    "转了",
    "转帖",
    "评论",
    "留言",
    "传播者",
    "网友",
    "消费者",
    "顾客",
    "分享",
    "点赞",
    "散布",
    "跟帖",
    "跟风",
    "shared",
    "share",
    "shares",
    "repost",
    "reposts",
    "reposted",
    "comment",
    "comments",
    "commented",
    "everyone",
    "anyone",
    "retweet",
    "forward",
    "spread",
    "传谣",
    "所有人",
    "一切",
    "凡",
    "任何人",
    "用户",
    "客户",
    "网民",
    "民众",
)


def wording(reading: Reading) -> Iterator[Hit]:
    """Yield each phrase that a rule of this family forbids."""
    elsewhere = reading.spans("posture.third-party.hit")
    for rule in WORDING_RULES:
        last: Span | None = None
        for span in _own(reading, f"wording.{rule}"):
            if rule == "blame-consumer" and _is_elsewhere(reading, span, elsewhere):
                continue
            if not _weighs(reading, rule, span):
                continue
            if rule in _ONE_A_SENTENCE and last and _continues(reading, last, span):
                continue
            if rule == "hostile-phrase" and _is_threatened(reading, span):
                continue
            last = span
            end = _end_of_clause(reading, span) if rule in _WHOLE_EXCUSE else span.end
            yield Hit(rule, Span(span.start, end), reading.text[span.start : end])
    for span in _own(reading, "absolute.absolute-word"):
        yield Hit("absolute-word", span, reading.text[span.start : span.end])
    for span in _own(reading, "wording.liability-admission"):
        yield Hit("liability-admission", span, reading.text[span.start : span.end])
    yield from _legal_threats(reading)
    yield from _self_praise(reading)


def _end_of_clause(reading: Reading, span: Span) -> int:
    """Return where the words of a clause end, without the mark after them."""
    end = max(reading.clause_at(span).end, span.end)
    return span.start + len(reading.text[span.start : end].rstrip(" \n，。；,;.!！"))


def _own(reading: Reading, group: str) -> Iterator[Span]:
    """Yield the phrases of a group that are the company's own, at most one for each clause."""
    last: Span | None = None
    for span in reading.kept(f"{group}.hit", f"{group}.except"):
        if not reading.is_own(span):
            continue
        if last is not None and reading.clause_at(span) == reading.clause_at(last):
            continue
        last = span
        yield span


def _weighs(reading: Reading, rule: str, span: Span) -> bool:
    """Say whether the words around a phrase let it mean what the rule is about."""
    sentence = reading.sentence_at(span)
    if rule == "non-apology" and _CONDITION.match(reading.of(span)):
        return bool(_SORRY.search(reading.of(sentence))) or sentence.end - sentence.start < 14
    if rule == "blame-consumer" and _RULES_BROKEN.match(reading.of(span)):
        return bool(_CONSUMER.search(reading.flat, sentence.start, span.start))
    if rule == "belittling-phrase" and reading.statement.kind == "correction":
        # Who has the proof in hand may tell people that they need not worry.
        proven = reading.has("posture.words.evidence")
        return not (proven and _CALMS.search(reading.of(span)))
    if rule == "over-promise":
        return not is_denial(reading.of(reading.clause_at(span)))
    if rule == "unfair-term" and reading.statement.kind == "internal":
        return False  # staff may be told what not to post
    if rule == "promotion-mix" and reading.statement.crisis == "C06":
        return not re.match(
            "满|全场|低至|立减|直降|半价|第二|买[一二]送|优惠码|早鸟|预售", reading.of(span)
        )
    return True


def is_denial(clause: str) -> bool:
    """Say whether "this cannot happen here" speaks of what is said to have happened."""
    return bool(_CANNOT.search(clause)) and not _FROM_NOW.search(clause)


def third_parties(reading: Reading) -> Iterator[Hit]:
    """Yield what makes somebody else the whole answer."""
    if not takes_its_share(reading):
        for span in _own(reading, "posture.third-party"):
            yield Hit("blame-third-party", span, reading.text[span.start : span.end])


def _continues(reading: Reading, before: Span, span: Span) -> bool:
    """Say whether two phrases stand in one sentence: an excuse in two halves is one excuse."""
    return reading.sentence_at(before) == reading.sentence_at(span)


def takes_its_share(reading: Reading) -> bool:
    """Say whether the text takes its own share: another's part is then not the whole answer."""
    return bool(reading.kept("posture.words.admission", "posture.denial.hit"))


def _is_elsewhere(reading: Reading, span: Span, elsewhere: list[Span]) -> bool:
    """Say whether the phrase is about a third party, not about what the customer did."""
    return not _DID.search(reading.of(span)) and any(span.overlaps(other) for other in elsewhere)


def _is_threatened(reading: Reading, span: Span) -> bool:
    """Say whether the clause threatens those it insults: the threat is the finding then."""
    clause = reading.clause_at(span)
    threats = reading.kept("wording.legal-threat.hit", "wording.legal-threat.except")
    if _AGAINST.match(reading.of(clause)) and not _WHO.search(reading.of(clause)):
        # "Against such clips, we shall sue": the threat is all there is.
        clause = reading.sentence_at(span)
    return any(threat.overlaps(clause) for threat in threats)


def _legal_threats(reading: Reading) -> Iterator[Hit]:
    """Yield threats of legal action; in a correction only those aimed at people who repost."""
    last: Span | None = None
    for span in _own(reading, "wording.legal-threat"):
        if last and _continues(reading, last, span):
            continue
        last = span
        if reading.statement.kind != "correction" or is_aimed_at_reposts(reading, span):
            yield Hit("legal-threat", span, reading.text[span.start : span.end])


def is_aimed_at_reposts(reading: Reading, span: Span) -> bool:
    """Say whether the part of the sentence that threatens speaks of people who repost."""
    sentence = reading.sentence_at(span)
    start = max(reading.flat.rfind(";", sentence.start, span.start) + 1, sentence.start)
    end = reading.flat.find(";", span.end, sentence.end)
    words = reading.flat[start : end if end >= 0 else sentence.end]
    return any(word in words for word in _REPOST)


def _self_praise(reading: Reading) -> Iterator[Hit]:
    """Yield praise of oneself in a holding text, or before care for those affected."""
    for span in _own(reading, "wording.self-praise"):
        if is_praise_in_place(reading, span):
            yield Hit("self-praise", span, reading.text[span.start : span.end])


def is_praise_in_place(reading: Reading, span: Span) -> bool:
    """Say whether praise stands in a holding text, or before care for those affected."""
    title = reading.title
    care = [
        span
        for span in reading.kept("parts.care", "parts.care_not")
        if title is None or not span.within(title)
    ]
    first_care = care[0].start if care else len(reading.text)
    return reading.statement.kind == "holding" or span.start < first_care
