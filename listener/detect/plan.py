"""The settings of the crisis channel in buckets instead of minutes, worked out once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from listener.detect.settings import CrisisSettings, WindowRule

HALF_HOUR_MIN = 30


@dataclass(frozen=True, slots=True)
class Plan:
    """Lengths in buckets; ``shown`` is the index of the window told of when none scored."""

    step: timedelta
    guard: int
    lead_up: int
    least_lead_up: int
    pardon: int
    pardon_decay: float
    shown: int

    @classmethod
    def of(cls, settings: CrisisSettings, rules: Sequence[WindowRule]) -> Self:
        """Return the plan for ``settings`` and the window rules in force."""
        away = [abs(rule.minutes - HALF_HOUR_MIN) for rule in rules]
        return cls(
            step=timedelta(minutes=settings.bucket_minutes),
            guard=settings.buckets(settings.guard_minutes),
            lead_up=settings.buckets(settings.lead_up_minutes),
            least_lead_up=settings.buckets(HALF_HOUR_MIN),
            pardon=settings.buckets(settings.pardon_hours * 60),
            pardon_decay=settings.decay(settings.pardon_half_life_days),
            shown=away.index(min(away)),
        )


def rules_by_size(settings: CrisisSettings) -> list[WindowRule]:
    """Return the window rules, only the last of those that long buckets make equally long."""
    return list({settings.buckets(rule.minutes): rule for rule in settings.windows}.values())
