"""Denials without proof, denials beside an apology, and an apology taken back later."""

import re
from collections.abc import Iterator

from crisis.lint.finding import WHOLE, Hit, Span
from crisis.lint.reading import Reading
from crisis.lint.statement import StatementToCheck

_ANAPHOR = re.compile(
    "为此|对此|因此|由此|就此|这件事|此事|为这|因而|于此|for this|for that|"
    "nevertheless|nonetheless|still,|even so|but |however|though|even though"
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
    if not reading.has("posture.words.evidence"):
        for span in denials:
            if span not in mixed:
                yield Hit("unproven-denial", span, reading.text[span.start : span.end])


def _denials(reading: Reading) -> list[Span]:
    """Return the company's own denials, at most one for each clause."""
    found: list[Span] = []
    blame = reading.spans("wording.blame-staff.hit") + reading.spans("wording.hostile-phrase.hit")
    for span in reading.kept("posture.denial.hit", "posture.denial.except"):
        if not reading.is_own(span) or any(span.overlaps(other) for other in blame):
            continue
        if found and reading.clause_at(found[-1]) == reading.clause_at(span):
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
    if not (_denials(reading) or reading.has("posture.words.lower")):
        return False
    return any(
        _takes_blame(Reading(StatementToCheck(text=text))) for text in reading.statement.earlier
    )


def _takes_blame(reading: Reading) -> bool:
    return bool(
        reading.kept("posture.words.apology", "posture.words.apology_not")
        or reading.kept("posture.words.admission", "posture.denial.hit")
    )
