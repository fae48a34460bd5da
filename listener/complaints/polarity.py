"""Negation scope: which cues are denied by the words just before them.

Only what denies that a problem exists counts (“没有漏电”, “从没坏过”). A refusal (“不给退”) is a
problem of its own and stands among the cue words.
"""

import re
from functools import cache

from listener.complaints.lexicon import Hit

_REACH = 16
_CLAUSE_BREAK = re.compile(r"[,。!?;\n]")
_MAY_DENY = re.compile(r"[没不无未非]|no|n't|without|never|zero")
# A denial, then fillers that keep it open, up to the cue.
_DENIAL = re.compile(
    r"(?P<denial>没有|并没|从没|从来没|从来不|从未|从不|毫无|并无|绝无|未曾|不曾|不存在|不会|不再|不用担心"
    r"|不是|不系|并非|没|无|未|不|\bnot|\bnothing|\bno|\bnever|\bwithout|n't|\bzero)"
    r"(?:有|过|试过|遇到|遇过|遇见|碰到|碰上|出现|发现|发生|收到|闻到|看到|感觉到|存在|任何|一点|一丝|半点|丝毫"
    r"|什么|啥|半个|一个|一次|一条|再|怎么|那么|太|很|明显|所谓|想象|传说中|的|被"
    r"|[^,。!?;\n]{1,6}(?:说|提到|吐槽|反映|担心)的(?:那样|那么|那种)?"
    r"|an?|any|single|had|have|been|be|ever|once|the|more| )*$"
)
_DOUBLE = re.compile(r"(?:没有|没|无|不是|不得|不能|无一|莫|非|并非|未必)$")
_RHETORICAL = re.compile(r"(?:这|那|难道|岂|可)$")
_OWN_NEGATION = tuple("不没无未拒")
_DENIABLE_STANCE = frozenset(("stance.against.praise",))


def can_deny(text: str) -> bool:
    """Say whether folded ``text`` holds anything that could deny a cue."""
    return _MAY_DENY.search(text) is not None


def is_negated(text: str, hit: Hit) -> bool:
    """Say whether the cue is denied by the words before it in its clause.

    Topics and signs of stance other than praise cannot be denied, nor can a cue that begins with
    a negation itself. A double negation and a rhetorical “这不是…吗” affirm.
    """
    if not _is_deniable(hit.group):
        return False
    window = text[max(0, hit.start - _REACH) : hit.start]
    if not _MAY_DENY.search(window) or text.startswith(_OWN_NEGATION, hit.start):
        return False
    clause = _CLAUSE_BREAK.split(window)[-1]
    found = _DENIAL.search(clause)
    if not found:
        return False
    before = clause[: found.start()]
    if _DOUBLE.search(before):
        return False
    if found["denial"] in ("不是", "不系"):
        return not (_RHETORICAL.search(before) or _asks(text, hit.end))
    return True


@cache
def _is_deniable(group: str) -> bool:
    if group.startswith("stance."):
        return group in _DENIABLE_STANCE
    return not group.endswith(".topic")


def _asks(text: str, position: int) -> bool:
    rest = _CLAUSE_BREAK.split(text[position:], maxsplit=1)[0]
    return rest.endswith(("吗", "么", "嘛"))
