"""Rephrasing a draft without touching what it says: facts are locked before, checked after.

Whatever rephrases sees placeholders instead of facts. Its answer is taken only if each of them
comes back once and nothing that could be a fact has been added. Pure: nothing here asks anybody.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from crisis.compare import differences
from crisis.lint.check import lint_statement
from crisis.lint.finding import Finding, Level
from crisis.lint.statement import StatementToCheck
from listener.errors import Conflict

MOST_CHARS = 6_000
# An answer much shorter has lost something, one much longer has added something.
LEAST_LENGTH, MOST_LENGTH = 0.6, 1.4
_MARK = "⟦F{}⟧"
_MARKS = re.compile(r"⟦F([0-9]{1,3})⟧")
_NUMERALS = "零〇一二三四五六七八九十百千万亿兩两萬億几幾数數半"
# Numbers with what belongs to them, addresses, mail, names in brackets or quotes, Latin words.
_LOCKED = re.compile(
    r"https?://[^\s，。；）)」”]+"
    r"|[\w.+-]+@[\w-]+\.[\w.-]+"
    r"|《[^》\n]{1,40}》|「[^」\n]{1,40}」|“[^”\n]{1,40}”"
    r"|[0-9０-９][0-9０-９,，.．:：/\-—~～年月日号號时時分秒点點%％個个小天周週元万萬亿億起款名人次件批]*"
    r"|[A-Za-z][A-Za-z0-9&.'-]*(?: [A-Z][A-Za-z0-9&.'-]*)*",
)
_LATIN = re.compile(r"[A-Za-z]")
_DIGIT = re.compile(r"[0-9０-９]")
_COUNTED = re.compile(
    rf"[{_NUMERALS}]+[个個]?(?:小时|小時|分钟|分鐘|工作日|星期|[天日月年周週秒元起款名人次件批位家台成倍])"
)
# Words that say something a statement must not gain by a new wording: when, what will be, why,
# what is offered, what is denied.
_NEWS = re.compile(
    "今天|今日|今晚|明天|明日|明早|后天|後天|昨天|昨日|本周|本週|下周|下週|月底|近日|近期|日内|日內|"
    "尽快|盡快|儘快|立即|马上|馬上|即刻|很快|不久|"
    "预计|預計|估计|估計|将会|將會|保证|保證|承诺|承諾|确保|確保|绝不|絕不|一定|"
    "由于|由於|因为|因為|导致|導致|源于|源於|人为|人為|误操作|誤操作|"
    "赔偿|賠償|补偿|補償|退款|退货|退貨|召回|回收|下架|停售|免费|免費|优惠券|優惠券|"
    "并未|並未|没有|沒有|不存在|不属实|不屬實|从未|從未|仅|僅|只有|极少数|極少數|个别|個別|"
    "处分|處分|开除|開除|停职|停職|报警|報警|起诉|起訴|"
    r"\b(?:today|tomorrow|yesterday|tonight|soon|shortly|immediately|will|expect\w*|estimat\w*|"
    r"guarantee\w*|promise\w*|ensure\w*|because|due to|caus\w+|result\w*|refund\w*|compensat\w*|"
    r"recall\w*|free|only|no|not|never|none|isolated)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[。！？!?；;]|\.(?:\s|$)")
_UNLOCKED_LETTERS = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True, slots=True)
class Locked:
    """A draft with its facts taken out: ``text`` with marks, ``values`` by the mark's number."""

    text: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rephrased draft that changed no fact: sentences gone and new, and what lint says of it."""

    text: str
    changes: list[tuple[str, str]]
    findings: list[Finding]


def lock(text: str, facts: Iterable[str], *, lang: str) -> Locked:
    """Replace facts by marks: known values, numbers, names, addresses, headings, signatures.

    ``facts`` are the values as people stated them. In English, single words are no names, so that
    there is something left to rephrase. Raises ``Conflict`` when nothing is left.
    """
    if len(text) > MOST_CHARS:
        raise Conflict(f"the text has {len(text)} characters; at most {MOST_CHARS} are rephrased")
    if _MARKS.search(text) or "⟦" in text:
        raise Conflict("the text holds the signs ⟦ ⟧, which mark locked facts; take them out")
    values: list[str] = []
    known = sorted({value for value in facts if len(value) > 1}, key=len, reverse=True)
    stated = "|".join(re.escape(value) for value in known)
    pattern = re.compile(f"{stated}|{_LOCKED.pattern}" if stated else _LOCKED.pattern)
    is_english = lang == "en"

    def mark(value: str) -> str:
        values.append(value)
        return _MARK.format(len(values))

    def replaced(found: re.Match[str]) -> str:
        value = found.group()
        is_word = is_english and value.isascii() and value not in known
        if is_word and not _DIGIT.search(value) and "@" not in value and "//" not in value:
            return value
        return mark(value)

    lines = []
    for line in text.split("\n"):
        is_prose = _SENTENCE_END.search(line) is not None
        lines.append(pattern.sub(replaced, line) if is_prose or not line.strip() else mark(line))
    locked = "\n".join(lines)
    if not _UNLOCKED_LETTERS.search(_MARKS.sub("", locked)):
        raise Conflict("nothing but facts is in this text; there is nothing to rephrase")
    return Locked(locked, tuple(values))


def unlock(answer: str, locked: Locked, *, lang: str) -> str:
    """Put the facts back into an answer.

    Raises ``Conflict`` naming the first thing that was lost, doubled or added.
    """
    answer = answer.strip()
    wanted = Counter(range(1, len(locked.values) + 1))
    got = Counter(int(number) for number in _MARKS.findall(answer))
    for number in sorted(wanted | got):
        if wanted[number] == got[number]:
            continue
        value = locked.values[number - 1] if number in wanted else _MARK.format(number)
        how = "lost" if not got[number] else "repeated" if number in wanted else "invented"
        raise Conflict(f"refused: the rephrased text {how} the fact '{value:.40}'")
    bare = _MARKS.sub("", answer)
    original = _MARKS.sub("", locked.text)
    if "⟦" in bare or "⟧" in bare:
        raise Conflict("refused: a locked fact came back changed")
    for what, pattern in (("figure", _DIGIT), ("count", _COUNTED), ("statement", _NEWS)):
        for found in pattern.finditer(bare):
            if found.group().casefold() not in original.casefold():
                raise Conflict(f"refused: the rephrased text adds the {what} '{found.group()}'")
    if lang != "en" and (found_latin := _LATIN.search(bare)) is not None:
        rest = bare[found_latin.start() :][:20]
        raise Conflict(f"refused: the rephrased text adds Latin letters at '{rest}'")
    if not LEAST_LENGTH * len(original) <= len(bare) <= MOST_LENGTH * len(original):
        raise Conflict(
            f"refused: {len(bare)} characters instead of about {len(original)}: "
            "something was left out or added"
        )
    return _MARKS.sub(lambda found: locked.values[int(found.group(1)) - 1], answer)


def check_base(statement: StatementToCheck) -> None:
    """Raise ``Conflict`` unless a draft has no error of its own: mending comes before polish."""
    errors = [one for one in lint_statement(statement) if one.level == Level.ERROR]
    if errors:
        first = errors[0]
        raise Conflict(
            f"the draft has {len(errors)} errors, first {first.rule}: {first.message}; "
            "mend them before rephrasing"
        )


def judge(before: StatementToCheck, after: StatementToCheck) -> Proposal:
    """Compare and lint a rephrased draft; raises ``Conflict`` for errors and for new warnings."""
    old = Counter(one.rule for one in lint_statement(before) if one.level == Level.WARNING)
    findings = lint_statement(after)
    for one in findings:
        if one.level == Level.ADVICE:
            continue
        if one.level == Level.WARNING and old[one.rule]:
            old[one.rule] -= 1
            continue
        raise Conflict(f"refused: the rephrased text breaks {one.rule}: {one.message}")
    return Proposal(after.text, differences(before.text, after.text), findings)
