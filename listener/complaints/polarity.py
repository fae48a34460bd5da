"""Negation scope: which cues are denied by the words just before them.

Only what denies that a problem exists counts (“没有漏电”, “从没坏过”). A refusal (“不给退”) is a
problem of its own and stands among the cue words.
"""

import re

import numpy as np

from listener.complaints.following import Flags, ends_of_clauses
from listener.complaints.lexicon import Integers, JoinedTexts

_REACH = 16
_CLAUSE_BREAK = re.compile(r"[,。!?;\n]")
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
_DENIABLE_STANCE = frozenset(("stance.against.praise",))


def denied(texts: JoinedTexts, start: Integers, end: Integers, deniable: Flags) -> Flags:
    """Say which cues are denied by the words before them in their clause.

    Only the ``deniable`` can be; nor can a cue that begins with a negation itself. A double
    negation and a rhetorical “这不是…吗” affirm.
    """
    first, last_denying = _clause_before(texts, start)
    own = _OWN_NEGATION.take(texts.codes.take(start), mode="clip")
    maybe = np.flatnonzero(deniable & ~own & (last_denying >= first))
    found = np.zeros(len(start), dtype=np.bool_)
    found[maybe] = [
        _denies(texts.text[before:begin], texts.text, position, stop)
        for before, begin, position, stop in zip(
            first[maybe].tolist(),
            start[maybe].tolist(),
            end[maybe].tolist(),
            texts.ends[np.searchsorted(texts.ends, start[maybe])].tolist(),
            strict=True,
        )
    ]
    return found


def _clause_before(texts: JoinedTexts, start: Integers) -> tuple[Integers, Integers]:
    """Return where the clause before each cue begins, and where it last holds what may deny."""
    places = np.arange(len(texts.codes))
    stops = ends_of_clauses(texts.codes)
    stops[texts.ends] = True
    begins = np.maximum.accumulate(np.where(stops, places, -1)) + 1
    denying = _MAY_DENY.take(texts.codes, mode="clip")
    last = np.maximum.accumulate(np.where(denying, places, -1))
    before = np.maximum(start - 1, 0)
    first = np.where(start > 0, begins.take(before), 0)
    return np.maximum(first, start - _REACH), np.where(start > 0, last.take(before), -1)


def _denies(clause: str, text: str, position: int, stop: int) -> bool:
    """Say whether ``clause`` denies what ends at ``position`` of ``text[:stop]``."""
    found = _DENIAL.search(clause)
    if not found:
        return False
    before = clause[: found.start()]
    if _DOUBLE.search(before):
        return False
    if found["denial"] in ("不是", "不系"):
        return not (_RHETORICAL.search(before) or _asks(text[position:stop]))
    return True


def is_deniable(group: str) -> bool:
    """Say whether cues of ``group`` can be denied: no topics, and of the stance only praise."""
    if group.startswith("stance."):
        return group in _DENIABLE_STANCE
    return not group.endswith(".topic")


def _asks(rest: str) -> bool:
    return _CLAUSE_BREAK.split(rest, maxsplit=1)[0].endswith(("吗", "么", "嘛"))


def _is_one_of(chars: str) -> Flags:
    """Return a table by code point; its last entry, which is false, serves all beyond."""
    table = np.zeros(max(map(ord, chars)) + 2, dtype=np.bool_)
    table[list(map(ord, chars))] = True
    return table


# Every denial has one of these; n, w and z are of no, n't, without, never and zero.
_MAY_DENY = _is_one_of("没不无未非nwz")
_OWN_NEGATION = _is_one_of("不没无未拒")
