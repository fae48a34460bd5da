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


def episodes(judgements: Iterable[Judgement]) -> list[Episode]:
    """Return the episodes of one series in time order.

    An alert that was on before the first judgement counts from that judgement.
    """
    found: list[Episode] = []
    first: Judgement | None = None
    peak: Judgement | None = None
    for judgement in judgements:
        if judgement.is_on:
            first = first or judgement
            if peak is None or judgement.score > peak.score:
                peak = judgement
        elif first is not None and peak is not None:
            found.append(Episode(first.start, judgement.start, peak.score, first, peak))
            first = peak = None
    if first is not None and peak is not None:
        found.append(Episode(first.start, None, peak.score, first, peak))
    return found
