"""What in a text calls for legal review, besides what its template is known to touch."""

import re
from collections.abc import Mapping

# Money, admissions, courts and police, denials, threats, harm, recalls, personal data: the
# triggers that can be seen in words. Names of persons cannot; people have to see those.
_TRIGGERS: Mapping[str, tuple[str, ...]] = {
    "money": (
        r"\d[\d,.]*\s*(?:万|千|百)?(?:元|块钱|人民币|港币|新台币|美元)",
        r"[¥￥$€£]\s*\d|(?:NT|HK|US)\$",
        r"\d\s*(?:yuan|dollars|RMB|CNY|USD)\b",
        r"退一赔[三十]|[三十]倍赔",
    ),
    "compensation": (r"赔偿|賠償|赔付|理赔|补偿|補償|compensat",),
    "admission": (
        r"(?:承担|負起|承擔)(?:全部|相应|法律|相應)*(?:责任|責任)",
        r"我们的(?:过错|过失|失职|责任)|我們的(?:過錯|疏失|責任)",
        r"our (?:fault|mistake)|we were (?:at fault|wrong)",
    ),
    "proceedings": (
        r"警方|公安|报警|報警|报案|報案|法院|起诉|起訴|诉讼|訴訟|仲裁|立案|刑事",
        r"\bpolice\b|\bcourt\b|lawsuit|prosecut",
    ),
    "denial": (
        r"不属实|不屬實|纯属(?:谣言|捏造|虚构)|純屬|谣言|謠言|造谣|造謠",
        r"\b(?:untrue|false rumou?r|fabricated)\b",
    ),
    "threat": (r"追究.{0,8}(?:责任|責任)|律师函|律師函|法律手段|法律途径|legal action",),
    "harm": (
        r"死亡|身亡|去世|遇难|罹難|伤亡|傷亡|受伤|受傷|烧伤|燒傷|烫伤|中毒|住院|触电",
        r"\b(?:injur\w+|died|deaths?|hospitali[sz]ed)\b",
    ),
    "recall": (r"召回|停售|下架|\brecall(?:s|ed|ing)?\b",),
    "personal_data": (
        r"(?:信息|資料|数据|數據|个资|個資|隐私|隱私).{0,6}(?:泄露|泄漏|洩露|外洩|外泄)",
        r"data (?:leak|breach)|leaked",
    ),
    "absolute": (
        r"国家级|國家級|世界级|最高级|最先进|全网最|史无前例",
        r"100%|百分百|百分之百|零风险|绝对(?:安全|不会)",
    ),
}
_COMPILED = {
    name: re.compile("|".join(patterns), re.IGNORECASE) for name, patterns in _TRIGGERS.items()
}


def legal_triggers(text: str) -> tuple[str, ...]:
    """Return the names of the triggers the text hits, in a fixed order; a hint, no judgement."""
    return tuple(name for name, pattern in _COMPILED.items() if pattern.search(text))
