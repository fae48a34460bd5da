"""Stretches of time in which the alert was on."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from listener.detect.types import Judgement


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert from on to off.

    ``start`` is the start of the first bucket that was on, ``end`` the start of the bucket that
    turned it off, or None while it is on. ``first`` and ``peak`` are the judgements at the first
    alert and at the highest score, and explain them.
    """

    start: datetime
    end: datetime | None
    peak_score: float
    first: Judgement
    peak: Judgement


class EpisodeLog:
    """Collects episodes while judgements come in, in time order; keeps nothing of calm times.

    An alert that was on before the first judgement counts from that judgement.
    """

    def __init__(self) -> None:
        self._ended: list[Episode] = []
        self._first: Judgement | None = None
        self._peak: Judgement | None = None

    def feed(self, judgement: Judgement) -> None:
        """Take the next judgement."""
        if judgement.is_on:
            self._first = self._first or judgement
            if self._peak is None or judgement.score > self._peak.score:
                self._peak = judgement
            return
        self._ended += self._open(judgement.start)
        self._first = self._peak = None

    def found(self) -> list[Episode]:
        """Return the episodes so far in time order; the last one may be on still."""
        return self._ended + self._open(None)

    def _open(self, end: datetime | None) -> list[Episode]:
        if self._first is None or self._peak is None:
            return []
        return [Episode(self._first.start, end, self._peak.score, self._first, self._peak)]


def episodes(judgements: Iterable[Judgement]) -> list[Episode]:
    """Return the episodes of one series in time order; see ``EpisodeLog``."""
    log = EpisodeLog()
    for judgement in judgements:
        log.feed(judgement)
    return log.found()
