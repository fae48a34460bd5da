"""Turns a score that wavers into an alert that is on or off (hysteresis)."""

import copy
from typing import Any, Self

from listener.detect.settings import CrisisSettings


class AlertSwitch:
    """On when the score is high once or for a while, off when it has been low for a while."""

    __slots__ = (
        "_at_once_score",
        "_high_run",
        "_low_run",
        "_off_run",
        "_off_score",
        "_on_run",
        "_on_score",
        "is_on",
    )

    def __init__(self, settings: CrisisSettings) -> None:
        self._on_score = settings.on_score
        self._at_once_score = settings.on_at_once_score
        self._off_score = settings.off_score
        self._on_run = settings.buckets(settings.on_minutes)
        self._off_run = settings.buckets(settings.off_minutes)
        self._high_run = 0
        self._low_run = 0
        self.is_on = False

    def feed(self, score: float, *, is_partial: bool) -> bool:
        """Take the score of the next bucket; return whether the switch changed.

        A partial bucket may turn the alert on, for its counts can only grow, but never off.
        """
        self._high_run = self._high_run + 1 if score >= self._on_score else 0
        if self.is_on:
            if not is_partial:
                self._low_run = self._low_run + 1 if score < self._off_score else 0
            if self._low_run < self._off_run:
                return False
            self.is_on = False
            self._low_run = 0
            return True
        if self._high_run >= self._on_run or score >= self._at_once_score:
            self.is_on = True
            self._low_run = 0
            return True
        return False

    def copy(self) -> Self:
        """Return an independent copy."""
        return copy.copy(self)

    def dump(self) -> dict[str, Any]:
        """Return the state as JSON-able values."""
        return {"is_on": self.is_on, "high_run": self._high_run, "low_run": self._low_run}

    def load(self, state: dict[str, Any]) -> None:
        """Take over a state that ``dump`` returned."""
        self.is_on = state["is_on"]
        self._high_run = state["high_run"]
        self._low_run = state["low_run"]
