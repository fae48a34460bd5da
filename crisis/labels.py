"""Whether alerts were right, by what people said of them and when they closed incidents.

What a person said of an incident is said of every alert that a rule would have raised during it;
what was said of the alert itself (误报, 属实) goes before the outcome.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from crisis.kinds import Outcome
from listener.store import corrections, incidents

# An incident is first seen when its figures turn; another rule may be so much earlier.
LEAD = timedelta(hours=3)
_LONGEST = timedelta(days=60)

Span = tuple[datetime, datetime | None]


@dataclass(frozen=True, slots=True)
class Precision:
    """How many alerts people called right and false, of how many; the rest nobody judged."""

    alerts: int
    confirmed: int
    false: int

    @property
    def value(self) -> float | None:
        """The share of right ones among those that were judged, or None without any."""
        judged = self.confirmed + self.false
        return self.confirmed / judged if judged else None

    @property
    def possibly_false(self) -> int:
        """How many alerts nobody called right: what a sweep counts as false."""
        return self.alerts - self.confirmed


def label_alerts(
    session: Session, brand_id: int, alerts: Sequence[Span], *, until: datetime
) -> list[Outcome | None]:
    """Return what people said of each alert (start, end; None while on), None if nothing.

    An alert belongs to the closed incident that it overlaps, up to three hours before; one that
    was confirmed goes before a false one.
    """
    if not alerts:
        return []
    since = min(start for start, _ in alerts) - _LONGEST
    known = incidents.labelled_incidents(session, brand_id=brand_id, since=since, until=until)
    told = corrections.labelled_alerts(session, brand_id)
    said: list[Outcome | None] = []
    for start, end in alerts:
        verdicts = {
            one.is_right
            for one in told
            if start <= one.ended_at and (end or until) >= one.started_at - LEAD
        }
        met = {
            Outcome(outcome)
            for first_at, closed_at, outcome in known
            if start < closed_at and (end or until) >= first_at - LEAD
        }
        if True in verdicts:
            met = {Outcome.CONFIRMED}
        elif verdicts:
            met = met & {Outcome.NOT_OUR_BRAND} or {Outcome.FALSE_ALARM}
        order = (Outcome.CONFIRMED, Outcome.FALSE_ALARM, Outcome.NOT_OUR_BRAND)
        said.append(next((one for one in order if one in met), None))
    return said


def precision_of(labels: Sequence[Outcome | None]) -> Precision:
    """Count the labels of a rule's alerts."""
    confirmed = sum(one is Outcome.CONFIRMED for one in labels)
    judged = sum(one is not None for one in labels)
    return Precision(len(labels), confirmed, judged - confirmed)
