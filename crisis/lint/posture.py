"""Denials without proof, denials beside an apology, and an apology taken back later."""

import re
from collections.abc import Iterator

from crisis.lint.finding import WHOLE, Hit, Span
from crisis.lint.reading import Reading
from crisis.lint.statement import StatementToCheck
from crisis.lint.wording import is_denial

_ANAPHOR = re.compile(
    "为此|对此|因此|由此|就此|这件事|此事|为这|因而|于此|for this|for that|"
    "nevertheless|nonetheless|still,|even so|but |however|though|even though"
)

_PENDING = re.compile(
    "送检|送验|送.{0,8}检[验测]|结果(?:未|还|尚)|公布.{0,10}结果|"
    "送往|尚未|还没|未出炉|还在|仍在|正在|等待|等候|待|等(?!级)|"
    "请(?!您?[查见看参在到登])|委托|"
    "asked|waiting|await|pending|not yet|will be|are being|is being"
)
# What denies nothing, but promises, threatens or blames.
_MORE_SPECIFIC = ("blame-staff", "hostile-phrase", "legal-threat", "over-promise")
# "No card data leaked" beside an apology for the leak denies a part, not the matter.
_PART_OF_IT = re.compile(
    "(?:支付|付款|银行卡|信用卡|卡号|密码|账密|身份证|身分证|财务|交易|指纹|人脸)[^,。\n]{0,8}"
    "(?:没有|未|不|无|均未|并未)|"
    "(?:card|payment|password|bank|financial)[a-z ]{0,30}(?:not|no|never)"
    "|(?:no|not any) (?:card|payment|password|bank|financial)"
)


def posture(reading: Reading) -> Iterator[Hit]:
    """Yield the findings about what the company denies and whether it may."""
    if _lowers_ladder(reading):
        yield Hit("ladder-lowered", WHOLE)
        return
    denials = _denials(reading)
    mixed = [span for span in denials if _is_mixed(reading, span)]
    for span in mixed:
        yield Hit("deny-rebuild-mix", span, reading.text[span.start : span.end])
    if not _is_proven(reading):
        for span in denials:
            if span not in mixed:
                yield Hit("unproven-denial", span, reading.text[span.start : span.end])


def rule_of_denial(reading: Reading, denial: Span) -> str:
    """Return the rule that a denial breaks where it stands; empty when there is proof."""
    if _is_mixed(reading, denial):
        return "deny-rebuild-mix"
    return "" if _is_proven(reading) else "unproven-denial"


def _is_proven(reading: Reading) -> bool:
    return any(_is_at_hand(reading, span) for span in reading.spans("posture.words.evidence"))


def _is_at_hand(reading: Reading, evidence: Span) -> bool:
    """Say whether a proof exists, not only that somebody was asked for one."""
    return not _PENDING.search(reading.of(reading.clause_at(evidence)))


def _denials(reading: Reading) -> list[Span]:
    """Return the company's own denials, at most one for each clause."""
    found: list[Span] = []
    blame = [
        span
        for rule in _MORE_SPECIFIC
        for span in reading.spans(f"wording.{rule}.hit")
        if rule != "over-promise" or not is_denial(reading.of(reading.clause_at(span)))
    ]
    for span in reading.kept("posture.denial.hit", "posture.denial.except"):
        if not reading.is_own(span) or any(span.overlaps(other) for other in blame):
            continue
        clause = reading.clause_at(span)
        if any(excuse.within(clause) for excuse in reading.spans("wording.blame-staff.hit")):
            continue
        if found and reading.clause_at(found[-1]) == clause:
            continue
        found.append(span)
    return found


def _is_mixed(reading: Reading, denial: Span) -> bool:
    """Say whether the same matter is also apologised or paid for."""
    sentences = reading.sentences
    place = reading.sentence_at(denial)
    if place not in sentences:
        return False
    if _apologises(reading, place):
        return True
    if _PART_OF_IT.search(reading.of(reading.clause_at(denial))):
        return False
    if any(
        reading.is_own(span)
        for span in reading.kept("posture.words.compensation", "posture.words.compensation_not")
    ):
        return True
    index = sentences.index(place)
    follower = sentences[index + 1] if index + 1 < len(sentences) else None
    if follower and _apologises(reading, follower):
        return (
            bool(_ANAPHOR.search(reading.of(follower))) or reading.statement.kind == "correction"
        )
    return False


def _apologises(reading: Reading, place: Span) -> bool:
    return any(
        span.within(place)
        for span in reading.kept("posture.words.apology", "posture.words.apology_not")
    )


def _lowers_ladder(reading: Reading) -> bool:
    """Say whether an apology or admission of ``earlier`` became denial, regret or excuse."""
    if not reading.statement.earlier or _takes_blame(reading):
        return False
    blames = any(
        reading.is_own(span)
        for rule in ("blame-consumer", "blame-staff", "belittling-phrase")
        for span in reading.kept(f"wording.{rule}.hit", f"wording.{rule}.except")
    )
    if not (blames or _denials(reading) or reading.has("posture.words.lower")):
        return False
    return any(
        _takes_blame(Reading(StatementToCheck(text=text))) for text in reading.statement.earlier
    )


def _takes_blame(reading: Reading) -> bool:
    return bool(
        reading.kept("posture.words.apology", "posture.words.apology_not")
        or reading.kept("posture.words.admission", "posture.denial.hit")
    )
