"""Measures opinion before and after a statement was published, and tells it once.

What was measured is written into the timeline in the transaction that tells it, which is what
makes it come once, however often and on however many machines this runs.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from crisis.announce import INCIDENT, number_of, post_notice
from crisis.desk import Desk
from crisis.intake import SYSTEM, known_names
from crisis.kinds import Kind
from crisis.policy import held_back
from listener.complaints import TYPE_LABELS, ComplaintType
from listener.detect.aftermath import (
    BEFORE_HOURS,
    Aftermath,
    Opinion,
    Verdict,
    measure,
    stretch_after,
    usual_negatives,
)
from listener.detect.terms import new_terms
from listener.store import findings, incidents, mentions, series, sources, statements
from listener.store.records import FirstPublication, IncidentRecord, SeriesRecord

MEASURED = "measured"
HORIZONS_H = (1, 4, 24)
TOLD_H = (1, 24)
OWN_STATEMENT = "own_statement"
# Posts need this long to be collected and scored before an hour can be counted.
SETTLE = timedelta(minutes=10)
# What came due longer ago, after a standstill or a late record, is written down and not told.
NEWS_FOR = timedelta(hours=6)
_LOOK_BACK = timedelta(hours=HORIZONS_H[-1]) + timedelta(days=2)
_NOT_PUBLIC = frozenset({Kind.INTERNAL, Kind.SCRIPT})
_MOST_TEXTS = 2_000
_MOST_TERMS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured of one publication at one horizon.

    ``part`` is the complaint type or source group that the incident's rise was found in; ``own``
    are the comments under our own statements; ``others`` how many other texts went out in the
    same hours; ``blind`` the sources that could not be heard meanwhile.
    """

    overall: Aftermath
    part: Aftermath | None
    part_name: str
    own: Opinion
    terms: tuple[str, ...]
    others: int
    blind: tuple[str, ...]


def is_public(published: FirstPublication) -> bool:
    """Say whether a text goes to the public: notices to staff move no opinion."""
    return published.kind not in _NOT_PUBLIC


def due_hours(published: FirstPublication, now: datetime) -> list[int]:
    """Return the horizons after a publication that can be measured by now."""
    return [
        hours
        for hours in HORIZONS_H
        if published.published_at + timedelta(hours=hours) + SETTLE <= now
    ]


def measured(
    session: Session, desk: Desk, published: FirstPublication, *, hours: int
) -> Measured | None:
    """Measure one publication; None while its brand has no series."""
    incident = incidents.incident(session, published.incident_id)
    mine = [one for one in series.all_series(session) if one.brand_id == incident.brand_id]
    overall = next((one for one in mine if one.is_overall), None)
    if overall is None:
        return None
    judgement = incident.evidence.get("judgement", {})
    scope = (judgement.get("topic", series.ALL), judgement.get("source_group", series.ALL))
    part = next(
        (one for one in mine if not one.is_overall and (one.topic, one.source_group) == scope),
        None,
    )
    start, end = stretch_after(published.published_at, hours)
    in_between = statements.first_publications(session, brand_id=incident.brand_id, since=start)
    return Measured(
        overall=_measure(session, desk, overall, published, hours),
        part=None if part is None else _measure(session, desk, part, published, hours),
        part_name="" if part is None else _part_name(desk, part),
        own=_own(session, mine, start, end),
        terms=_terms(session, desk, incident, start, end),
        others=sum(
            one.revision_id != published.revision_id and is_public(one) and one.published_at < end
            for one in in_between
        ),
        blind=_blind(session, start, end),
    )


def _measure(
    session: Session, desk: Desk, one: SeriesRecord, published: FirstPublication, hours: int
) -> Aftermath:
    start, end = stretch_after(published.published_at, hours)
    since = start - timedelta(hours=BEFORE_HOURS[-1] + 1)
    counts = series.load_counts(session, one, since=since, until=end)
    stored = series.load_baseline(session, one.id, findings.CRISIS)
    usual = usual_negatives(stored.state, desk.tz, desk.calendar.rest) if stored else None
    return measure(counts, published.published_at, hours=hours, usual=usual)


def _part_name(desk: Desk, part: SeriesRecord) -> str:
    if part.topic != series.ALL:
        return TYPE_LABELS[desk.lang][ComplaintType(part.topic)]
    return desk.catalog.words.get(f"group_{part.source_group}", part.source_group)


def _own(session: Session, mine: list[SeriesRecord], start: datetime, end: datetime) -> Opinion:
    for one in mine:
        if one.source_group == OWN_STATEMENT:
            held = series.load_buckets(session, one.id, since=start, until=end).values()
            return Opinion(sum(o.mentions for o in held), sum(o.negatives for o in held))
    return Opinion(0, 0)


def _terms(
    session: Session, desk: Desk, incident: IncidentRecord, start: datetime, end: datetime
) -> tuple[str, ...]:
    """Return words new in the negatives after, compared with everything of the day before."""
    said = mentions.mentions_between(
        session,
        brand_id=incident.brand_id,
        since=start,
        until=end,
        limit=_MOST_TEXTS,
        negative_only=True,
    )
    usual = mentions.baseline_texts(
        session,
        brand_id=incident.brand_id,
        since=start - timedelta(days=1),
        until=start,
        limit=_MOST_TEXTS,
    )
    brand = desk.brands.get(incident.brand_id)
    texts = [f"{one.title or ''}\n{one.text}" for one in said]
    found = new_terms(
        texts, usual, most=_MOST_TERMS, ignore=known_names(brand) if brand is not None else ()
    )
    return tuple(one.term for one in found)


def _blind(session: Session, start: datetime, end: datetime) -> tuple[str, ...]:
    names = {one.id: one.name for one in sources.source_health(session)}
    gaps = sources.unrecovered_gaps(session, since=start)
    return tuple(sorted({names[id_] for id_, since, _ in gaps if since < end and id_ in names}))


def aftermath_text(desk: Desk, found: Measured) -> str:
    """Return what was measured in the reader's words, the plain verdict first."""
    words = desk.catalog.aftermath
    parts = [words[found.overall.verdict].format(**_figures(desk, found.overall))]
    if found.overall.verdict is not Verdict.TOO_FEW:
        key = "counts" if found.overall.is_seasonal else "counts_flat"
        parts.append(words[key].format(**_figures(desk, found.overall)))
    if found.part is not None and found.part.verdict is not Verdict.TOO_FEW:
        said = words[found.part.verdict].format(**_figures(desk, found.part))
        parts.append(words["part"].format(part=found.part_name, said=said))
    if found.own.mentions:
        parts.append(words["own"].format(**asdict(found.own)))
    if found.terms:
        parts.append(words["terms"].format(terms=words["listed"].join(found.terms)))
    if found.others:
        parts.append(words["others"].format(others=found.others))
    if found.blind:
        parts.append(words["blind"].format(names=words["listed"].join(found.blind)))
    if found.overall.verdict is not Verdict.TOO_FEW:
        parts.append(words["no_cause"])
    return words["joint"].join(parts)


def _figures(desk: Desk, one: Aftermath) -> Mapping[str, Any]:
    del desk
    return {
        "hours": one.hours,
        "before_hours": one.before_hours,
        "before": f"{one.before.share:.0%}",
        "after": f"{one.after.share:.0%}",
        "before_mentions": one.before.mentions,
        "mentions": one.after.mentions,
        "negatives": one.after.negatives,
        "forecast": round(one.forecast),
    }


def tell_aftermath(session: Session, desk: Desk, now: datetime) -> int:
    """Measure what has come due, write it down, and tell it where it is news; return how many."""
    told = 0
    for published in statements.first_publications(session, since=now - _LOOK_BACK):
        if not is_public(published) or not _missing(session, published, now):
            continue
        incident = incidents.incident(session, published.incident_id)
        incidents.lock_brand(session, incident.brand_id)
        # What another machine wrote before the lock was held is seen only now.
        for hours in _missing(session, published, now):
            told += _tell(session, desk, incident, published, hours=hours, now=now)
    return told


def _missing(session: Session, published: FirstPublication, now: datetime) -> list[int]:
    known = {
        event.data["hours"]
        for event in incidents.timeline(session, published.incident_id)
        if event.kind == MEASURED and event.data["revision"] == published.revision_id
    }
    return [one for one in due_hours(published, now) if one not in known]


def _tell(
    session: Session,
    desk: Desk,
    incident: IncidentRecord,
    published: FirstPublication,
    *,
    hours: int,
    now: datetime,
) -> bool:
    found = measured(session, desk, published, hours=hours)
    if found is None:
        return False
    text = aftermath_text(desk, found)
    data = {"revision": published.revision_id, "hours": hours, "text": text, **asdict(found)}
    incidents.add_event(session, incident.id, at=now, kind=MEASURED, actor=SYSTEM, data=data)
    late = now - (published.published_at + timedelta(hours=hours) + SETTLE)
    if hours not in TOLD_H or late > NEWS_FOR:
        return False
    held = held_back(session, brand_id=incident.brand_id, severity=incident.severity, now=now)
    words = desk.catalog.aftermath
    icon = words["icon_worse" if found.overall.verdict.is_worse else "icon"]
    number = number_of(incident.id)
    post_notice(
        session,
        desk,
        words["told"].format(icon=icon, number=number, revision=published.revision_id, text=text),
        subject=(INCIDENT, incident.id),
        key=f"{MEASURED}:{published.revision_id}:{hours}",
        now=now,
        not_sent=held,
        thread_of=incident.id,
    )
    return True
