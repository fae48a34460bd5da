"""How severe the incident is that a judgement opens or joins. Severity only ever rises."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from listener.detect.types import Judgement

URGENT_SCORE = 6.0
URGENT_RATIO = 5.0
URGENT_EXCESS = 20.0
EXTREME_SCORE = 10.0
URGENT_SOURCE_GROUPS = 2


class SeverityReason(StrEnum):
    """Why an incident has the severity that the crisis channel gives it."""

    CRISIS_ON = "crisis_on"
    FAR_ABOVE_EXPECTED = "far_above_expected"
    EXTREME_SCORE = "extreme_score"
    SEVERAL_SOURCE_GROUPS = "several_source_groups"


@dataclass(frozen=True, slots=True)
class CrisisSeverity:
    """A severity and the named reason for it."""

    severity: Literal["serious", "urgent"]
    reason: SeverityReason


def crisis_severity(judgement: Judgement, *, source_groups: int = 1) -> CrisisSeverity | None:
    """Return the severity that follows from ``judgement``, or None while the alert is off.

    ``source_groups`` counts the source groups of the brand whose alerts are on at this moment.
    On is serious. Urgent is a score of 10, or one of 6 with five times the expected negatives and
    20 above them, or two source groups at once. Whether an incident's severity changes is for the
    caller: it is raised at once and lowered only by a person.
    """
    if not judgement.is_on:
        return None
    if judgement.score >= EXTREME_SCORE:
        return CrisisSeverity("urgent", SeverityReason.EXTREME_SCORE)
    excess = judgement.observed - judgement.expected
    if (
        judgement.score >= URGENT_SCORE
        and judgement.observed >= URGENT_RATIO * judgement.expected
        and excess >= URGENT_EXCESS
    ):
        return CrisisSeverity("urgent", SeverityReason.FAR_ABOVE_EXPECTED)
    if source_groups >= URGENT_SOURCE_GROUPS:
        return CrisisSeverity("urgent", SeverityReason.SEVERAL_SOURCE_GROUPS)
    return CrisisSeverity("serious", SeverityReason.CRISIS_ON)
