"""What a rule says, and what it found, as sentences in the three languages."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from listener.complaints import TYPE_LABELS, ComplaintType
from listener.detect.rules import RuleKind
from listener.rules import AlertRule

KIND_LABELS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "zh-CN": {
            "volume": "声量突增",
            "share": "负面占比上升",
            "words": "敏感词",
            "influencer": "大V发声",
            "source": "来源中断",
            "waiting": "投诉久未处理",
        },
        "zh-TW": {
            "volume": "聲量突增",
            "share": "負面佔比上升",
            "words": "敏感詞",
            "influencer": "大V發聲",
            "source": "來源中斷",
            "waiting": "投訴久未處理",
        },
        "en": {
            "volume": "surge in volume",
            "share": "rising negative share",
            "words": "sensitive words",
            "influencer": "an influencer speaks",
            "source": "source interrupted",
            "waiting": "work left waiting",
        },
    }
)

_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "zh-CN": {
            "minutes": "{n} 分钟",
            "hours": "{n} 小时",
            "days": "{n} 天",
            "any": "提及",
            "negative": "负面",
            "scope": "（{parts}）",
            "listed": "、",
            "volume": "过去 {window}{tone}{scope} ≥ {least} 条且达到平时同一钟点的 {times:g} 倍",
            "share": "过去 {window}负面{scope} ≥ {least} 条、占比 ≥ {floor:g}%，且占比比平时高"
            " {rise:g} 个百分点",
            "words": "过去 {window}含“{words}”的{tone}{scope} ≥ {least} 条，"
            "来自 ≥ {authors} 个作者",
            "influencer": "过去 {window}粉丝 ≥ {followers} 的作者发{tone}{scope} ≥ {least} 条",
            "influencer_authors": "，来自 ≥ {authors} 个作者",
            "source": "来源{scope}连续 {window}采集不到，"
            "或在平时会有 ≥ {least} 条的时段里一条也没有",
            "waiting": "事件 {window}无人认领，或声明 {window}无人审批",
            "over": "持续 {calm} 低于阈值的 {release:.0f}% 即解除",
            "told_volume": "{window}内{tone} {count} 条，平时约 {usual:.0f} 条（{times:.1f} 倍）",
            "told_volume_new": "{window}内{tone} {count} 条，平时不足 1 条",
            "told_share": "{window}内负面 {negatives} 条，占比 {share:.0f}%，平时 {usual:.0f}%"
            "（高 {rise:.0f} 个百分点）",
            "told_words": "{window}内含“{words}”的{tone} {hits} 条，来自 {authors} 个作者",
            "told_influencer": "{window}内粉丝 ≥ {followers} 的作者发{tone} {hits} 条",
            "ten_thousand": "{n:g} 万",
        },
        "zh-TW": {
            "minutes": "{n} 分鐘",
            "hours": "{n} 小時",
            "days": "{n} 天",
            "any": "聲量",
            "negative": "負面",
            "scope": "（{parts}）",
            "listed": "、",
            "volume": "過去 {window}{tone}{scope} ≥ {least} 則且達到平常同一鐘點的 {times:g} 倍",
            "share": "過去 {window}負面{scope} ≥ {least} 則、佔比 ≥ {floor:g}%，且佔比比平常高"
            " {rise:g} 個百分點",
            "words": "過去 {window}含「{words}」的{tone}{scope} ≥ {least} 則，"
            "來自 ≥ {authors} 位作者",
            "influencer": "過去 {window}粉絲 ≥ {followers} 的作者發{tone}{scope} ≥ {least} 則",
            "influencer_authors": "，來自 ≥ {authors} 位作者",
            "source": "來源{scope}連續 {window}採集不到，"
            "或在平常會有 ≥ {least} 則的時段裡一則也沒有",
            "waiting": "事件 {window}無人認領，或聲明 {window}無人審批",
            "over": "持續 {calm} 低於門檻的 {release:.0f}% 即解除",
            "told_volume": "{window}內{tone} {count} 則，平常約 {usual:.0f} 則（{times:.1f} 倍）",
            "told_volume_new": "{window}內{tone} {count} 則，平常不足 1 則",
            "told_share": "{window}內負面 {negatives} 則，佔比 {share:.0f}%，平常 {usual:.0f}%"
            "（高 {rise:.0f} 個百分點）",
            "told_words": "{window}內含「{words}」的{tone} {hits} 則，來自 {authors} 位作者",
            "told_influencer": "{window}內粉絲 ≥ {followers} 的作者發{tone} {hits} 則",
            "ten_thousand": "{n:g} 萬",
        },
        "en": {
            "minutes": "{n} min",
            "hours": "{n} h",
            "days": "{n} days",
            "any": "mentions",
            "negative": "negative mentions",
            "scope": " ({parts})",
            "listed": ", ",
            "volume": "in the last {window} at least {least} {tone}{scope}, {times:g} times the"
            " usual at this hour",
            "share": "in the last {window} at least {least} negative mentions{scope} that make"
            " up {floor:g}% or more, and {rise:g} points above the usual share",
            "words": "in the last {window} at least {least} {tone}{scope} with “{words}” by at"
            " least {authors} authors",
            "influencer": "in the last {window} at least {least} {tone}{scope} by authors with"
            " {followers} followers or more",
            "influencer_authors": ", {authors} of them at least",
            "source": "a source{scope} fails for {window}, or gives nothing where {least} or more"
            " are usual",
            "waiting": "an incident without an owner for {window}, or a statement without an"
            " approval for {window}",
            "over": "over after {calm} below {release:.0f}% of the thresholds",
            "told_volume": "{count} {tone} in {window}, usually about {usual:.0f}"
            " ({times:.1f} times)",
            "told_volume_new": "{count} {tone} in {window}, usually less than 1",
            "told_share": "{negatives} negative in {window}, {share:.0f}% of all, usually"
            " {usual:.0f}% ({rise:.0f} points more)",
            "told_words": "{hits} {tone} with “{words}” in {window}, by {authors} authors",
            "told_influencer": "{hits} {tone} in {window} by authors with {followers} followers or"
            " more",
            "ten_thousand": "",
        },
    }
)
_MOST_WORDS = 4


def says(rule: AlertRule, lang: str) -> str:
    """Return when the rule alerts, as one sentence."""
    words, spec = _WORDS[lang], rule.spec
    sentence = words[spec.kind].format(**_values(rule, lang), scope=_scope(rule, lang))
    if spec.kind is RuleKind.INFLUENCER and spec.authors > 1:
        sentence += words["influencer_authors"].format(authors=spec.authors)
    return sentence


def ends(rule: AlertRule, lang: str) -> str:
    """Return when an alert of a rule about a brand is over."""
    return _WORDS[lang]["over"].format(
        calm=duration(rule.spec.calm, lang), release=rule.spec.release * 100
    )


def _values(rule: AlertRule, lang: str) -> dict[str, Any]:
    words, spec, entry = _WORDS[lang], rule.spec, rule.entry
    named = words["listed"].join(entry.words[:_MOST_WORDS]) or entry.query
    return {
        "window": duration(spec.window, lang),
        "tone": words[spec.tone],
        "least": spec.least,
        "times": spec.times,
        "floor": spec.floor_percent,
        "rise": spec.rise_points,
        "words": named + ("…" if len(entry.words) > _MOST_WORDS else ""),
        "authors": spec.authors,
        "followers": followers(spec.followers or 0, lang),
    }


def _scope(rule: AlertRule, lang: str) -> str:
    entry, words = rule.entry, _WORDS[lang]
    labels = [TYPE_LABELS[lang][ComplaintType(code)] for code in entry.types]
    parts = [*entry.brands, *labels, *entry.groups, *entry.sources]
    return words["scope"].format(parts=words["listed"].join(parts)) if parts else ""


def found(rule: Mapping[str, Any], lang: str) -> str:
    """Return what a rule about a brand found, from what is kept with its finding."""
    words, spec, figures = _WORDS[lang], rule["spec"], rule["figures"]
    values: dict[str, Any] = {
        "window": duration(timedelta(minutes=spec["window"]), lang),
        "tone": words[spec["tone"]],
        "words": rule["named"],
        "followers": followers(spec["followers"] or 0, lang),
        "hits": figures["hits"],
        "authors": figures["hit_authors"],
        "negatives": figures["negatives"],
        "share": figures["share"] * 100,
    }
    if rule["kind"] == RuleKind.SHARE:
        usual = figures["usual_share"] * 100
        return words["told_share"].format(**values, usual=usual, rise=values["share"] - usual)
    if rule["kind"] != RuleKind.VOLUME:
        return words[f"told_{rule['kind']}"].format(**values)
    is_any = spec["tone"] == "any"
    count = figures["mentions"] if is_any else figures["negatives"]
    usual = figures["usual_mentions"] if is_any else figures["usual_negatives"]
    if usual < 1:
        return words["told_volume_new"].format(**values, count=count)
    return words["told_volume"].format(**values, count=count, usual=usual, times=count / usual)


def named_in(rule: AlertRule) -> str:
    """Return the words or the query a rule looks for, shortened."""
    shown = "/".join(rule.entry.words[:_MOST_WORDS]) or rule.entry.query
    return shown if len(shown) <= 40 else shown[:39] + "…"


def duration(span: timedelta, lang: str) -> str:
    """Return a length of time in the reader's words: 30 分钟, 2 h, 3 days."""
    minutes = round(span / timedelta(minutes=1))
    for unit, length in (("days", 1_440), ("hours", 60)):
        if minutes >= length and minutes % length == 0:
            return _WORDS[lang][unit].format(n=minutes // length)
    return _WORDS[lang]["minutes"].format(n=minutes)


def followers(count: int, lang: str) -> str:
    """Return a count of followers as people write it: 10 万, 100k."""
    if count < 10_000:
        return str(count)
    if _WORDS[lang]["ten_thousand"]:
        return _WORDS[lang]["ten_thousand"].format(n=count / 10_000)
    return f"{count // 1_000}k"
