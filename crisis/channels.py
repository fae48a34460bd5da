"""What each channel makes of one approved source text: which parts, how long, in what form.

Lengths are the recommended ones of each platform; a text that does not fit is refused with the
reason, never cut in the middle of a thought.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from crisis.kinds import Kind
from crisis.layout import Layout
from listener.errors import Conflict


class Channel(StrEnum):
    """Where a statement goes out."""

    WEIBO = "weibo"
    WECHAT = "wechat"
    DOUYIN = "douyin"
    XIAOHONGSHU = "xiaohongshu"
    ZHIHU = "zhihu"
    WEBSITE = "website"
    PRESS = "press"
    SCRIPT = "script"
    INTERNAL = "internal"
    OVERSEAS = "overseas"
    SMS = "sms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a channel wants a text. ``limit`` counts characters, words where ``counts_words``."""

    kinds: frozenset[Kind]
    why_not: str
    chinese_only: bool = False
    title_limit: int | None = None
    lead_limit: int | None = None
    limit: int | None = None
    counts_words: bool = False
    signed: bool = False


_PUBLIC = frozenset({Kind.HOLDING, Kind.FULL, Kind.CLOSING, Kind.CORRECTION, Kind.APOLOGY})
_OVERSEAS_WORDS = 250
# One message holds 160 Latin characters, two that a phone joins 306; ideographs 70.
_SMS_CHARS: Mapping[str, int] = {"en": 306}

FORMS: Mapping[Channel, Form] = {
    Channel.WEIBO: Form(
        kinds=_PUBLIC,
        why_not="weibo carries public statements only",
        chinese_only=True,
        lead_limit=140,
        limit=500,
    ),
    Channel.WECHAT: Form(
        kinds=_PUBLIC,
        why_not="a WeChat article is a formal statement with title, company and date",
        chinese_only=True,
        title_limit=30,
        signed=True,
    ),
    Channel.DOUYIN: Form(
        kinds=frozenset({Kind.HOLDING, Kind.CORRECTION}),
        why_not="a video caption holds 100 characters; only a first reply or a correction fits",
        chinese_only=True,
        limit=100,
    ),
    Channel.XIAOHONGSHU: Form(
        kinds=frozenset({Kind.HOLDING, Kind.CORRECTION}),
        why_not="a note is short and practical; link the full statement from the first reply",
        chinese_only=True,
        title_limit=20,
        limit=500,
    ),
    Channel.ZHIHU: Form(
        kinds=frozenset({Kind.FULL, Kind.CLOSING, Kind.CORRECTION, Kind.QA}),
        why_not="readers there expect mechanism and evidence, which this kind does not have",
        chinese_only=True,
    ),
    Channel.WEBSITE: Form(
        kinds=_PUBLIC | {Kind.QA, Kind.PRESS},
        why_not="the website carries public texts only",
        title_limit=80,
        signed=True,
    ),
    Channel.PRESS: Form(
        kinds=frozenset({Kind.PRESS}), why_not="journalists get the press release: --kind press"
    ),
    Channel.SCRIPT: Form(
        kinds=frozenset({Kind.SCRIPT, Kind.QA}),
        why_not="agents speak in turns; use --kind script or qa",
    ),
    Channel.INTERNAL: Form(
        kinds=frozenset({Kind.INTERNAL}), why_not="staff get the internal notice: --kind internal"
    ),
    Channel.OVERSEAS: Form(
        kinds=_PUBLIC, why_not="overseas carries public statements only", counts_words=True
    ),
    Channel.SMS: Form(
        kinds=frozenset({Kind.SMS}), why_not="a text message is written as --kind sms"
    ),
}

# The kind that a channel means when nobody names one.
DEFAULT_KIND: Mapping[Channel, Kind] = {
    Channel.PRESS: Kind.PRESS,
    Channel.SCRIPT: Kind.SCRIPT,
    Channel.INTERNAL: Kind.INTERNAL,
    Channel.SMS: Kind.SMS,
    Channel.ZHIHU: Kind.FULL,
}
_TITLED = frozenset({Kind.QA, Kind.SCRIPT, Kind.INTERNAL, Kind.PRESS})
_FULL_TEXT: Mapping[str, str] = {"zh-CN": "全文见", "zh-TW": "全文請見"}
# A sentence with its closing quotation marks; English ones end at a full stop before a space.
_SENTENCES = re.compile(r".+?(?:[。！？][”」』）]*|[.!?](?=\s)|$)", re.DOTALL)


def needed_facts(channel: str, kind: str) -> tuple[str, ...]:
    """Return the facts that the channel's form needs besides the template's own."""
    signed = FORMS[Channel(channel)].signed and kind not in _TITLED
    return ("company",) if signed else ()


def check_channel(channel: str, *, kind: str, lang: str) -> None:
    """Raise ``Conflict`` with the reason when the channel does not carry this kind or language."""
    form = FORMS[Channel(channel)]
    if kind not in form.kinds:
        raise _misfit(channel, f"does not carry kind '{kind}': {form.why_not}")
    if form.chinese_only and lang == "en":
        raise _misfit(channel, "is read in Chinese; for English use overseas or website")
    if channel == Channel.OVERSEAS and lang != "en":
        raise _misfit(channel, f"is written in English; add --lang en (got '{lang}')")


def shape(layout: Layout, channel: str, *, kind: str, lang: str, link: str = "") -> str:
    """Return the text as the channel takes it; ``link`` is the address of the full statement.

    Raises ``Conflict`` with the counts when a part does not fit.
    """
    check_channel(channel, kind=kind, lang=lang)
    form = FORMS[Channel(channel)]
    if form.title_limit is not None and len(layout.title) > form.title_limit:
        what = f"takes titles of {form.title_limit} characters, '{layout.title}' has"
        raise _misfit(channel, f"{what} {len(layout.title)}; shorten the product's name")
    if channel == Channel.WEIBO:
        return _weibo(layout, form, kind=kind, lang=lang, link=link)
    if channel == Channel.DOUYIN:
        return _caption(layout, form)
    if channel == Channel.SMS:
        return _within(layout.body, channel, _SMS_CHARS.get(lang, 70))
    if channel == Channel.XIAOHONGSHU:
        _within(layout.body, channel, form.limit)
        return f"{layout.title}\n\n{layout.body}" if layout.title else layout.body
    if form.counts_words and len(layout.whole.split()) > _OVERSEAS_WORDS:
        words = len(layout.whole.split())
        raise _misfit(channel, f"takes {_OVERSEAS_WORDS} words, the text has {words}")
    return layout.whole


def _weibo(layout: Layout, form: Form, *, kind: str, lang: str, link: str) -> str:
    """Put everything a reader must see into the part that shows without expanding."""
    lead, rest = _lead(layout.paragraphs, form.lead_limit or 0)
    signature = "" if kind == Kind.HOLDING else " ".join(layout.signature.splitlines())
    heading = f"【{layout.title}】" if layout.title and kind != Kind.HOLDING else ""
    if len(heading) + len(lead) > (form.lead_limit or 0):
        heading = ""
    text = "\n\n".join(part for part in (heading + lead, *rest, signature) if part)
    if len(text) <= (form.limit or 0):
        return text
    if link and lang in _FULL_TEXT:
        return "\n\n".join((heading + lead, *rest[-1:], f"{_FULL_TEXT[lang]}：{link}"))
    remedy = "publish the full text on the website and state fact 'statement_url'"
    raise _misfit(
        Channel.WEIBO, f"takes {form.limit} characters, the text has {len(text)}; {remedy}"
    )


def _lead(paragraphs: tuple[str, ...], limit: int) -> tuple[str, list[str]]:
    """Return the first paragraph, ended at a sentence within the limit, and what follows."""
    first, *rest = paragraphs
    if len(first) <= limit:
        return first, rest
    lead = ""
    for part in _SENTENCES.findall(first):
        if len(lead) + len(part) > limit:
            break
        lead += part
    if not lead:
        raise _misfit(
            Channel.WEIBO,
            f"shows {limit} characters, the first sentence is longer; shorten its facts",
        )
    return lead, [first[len(lead) :].strip(), *rest]


def _caption(layout: Layout, form: Form) -> str:
    """Return the first sentence and the last paragraph's: what happened, when news comes."""
    limit = form.limit or 0
    first: list[str] = _SENTENCES.findall(layout.paragraphs[0])
    last: list[str] = _SENTENCES.findall(layout.paragraphs[-1])
    if len(layout.paragraphs) == 1:
        return _within(layout.body, Channel.DOUYIN, limit)
    best = first[0] + last[0]
    _within(best, Channel.DOUYIN, limit)
    for fuller in (first[0] + "".join(last), "".join(first) + last[0], "".join(first + last)):
        if len(fuller) <= limit:
            best = fuller
    return best


def _within(text: str, channel: str, limit: int | None) -> str:
    if limit is not None and len(text) > limit:
        raise _misfit(
            channel, f"takes {limit} characters, the text has {len(text)}; shorten its facts"
        )
    return text


def _misfit(channel: str, why: str) -> Conflict:
    return Conflict(f"channel '{channel}' {why}", code="channel_misfit")
