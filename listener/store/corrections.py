"""What people set right, and how it overrules the machine.

A correction is a row that is never changed; the newest one of its kind that nobody took back is in
force. ``overruled`` is the one place where it meets a judgement, so that scoring a mention again
keeps it.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from listener.store.engine import insert_new
from listener.store.records import CorrectionRecord, LabelledAlert, MentionScore
from listener.store.rows import record_of, records_of
from listener.store.tables import Correction, Finding, Incident, IncidentEvent

NONE = "none"
NEGATIVE = "negative"
GENERAL = "general"


class Aspect(StrEnum):
    """What was set right: 非本品牌, 情感判错, 类型判错, 严重程度, 误报."""

    BRAND = "brand"
    SENTIMENT = "sentiment"
    TYPE = "type"
    SEVERITY = "severity"
    ALERT = "alert"


OURS = "ours"
NOT_OURS = "not_ours"
FALSE_ALARM = "false_alarm"
CONFIRMED = "confirmed"
RAISED = "raised"

# The values in force for one mention: aspect → what it should be. Brands are not among them.
Rulings = Mapping[str, str]


def insert_correction(session: Session, values: Mapping[str, Any]) -> int | None:
    """Write a correction down; return its id, or None when ``undoes_id`` was taken back before."""
    return insert_new(session, Correction, dict(values))


def correction(session: Session, correction_id: int) -> CorrectionRecord | None:
    """Return one correction, or None when there is none with this number."""
    row = session.get(Correction, correction_id)
    return None if row is None else record_of(CorrectionRecord, row)


def list_corrections(
    session: Session, *, brand_id: int | None = None, limit: int = 50
) -> list[CorrectionRecord]:
    """Return the newest corrections, those taken back included, newest first."""
    query = select(Correction).order_by(col(Correction.id).desc()).limit(limit)
    if brand_id is not None:
        query = query.where(Correction.brand_id == brand_id)
    return records_of(CorrectionRecord, session.exec(query))


def _standing() -> Any:
    undo = aliased(Correction)
    taken_back = select(undo.id).where(col(undo.undoes_id) == Correction.id)
    return (
        select(Correction)
        .where(col(Correction.undoes_id).is_(None), ~taken_back.exists())
        .order_by(col(Correction.id))
    )


def standing_labels(
    session: Session, *, brand_id: int, aspect: Aspect | None = None
) -> list[CorrectionRecord]:
    """Return the corrections of a brand in force, oldest first: one per subject and aspect."""
    query = _standing().where(Correction.brand_id == brand_id)
    if aspect is not None:
        query = query.where(Correction.aspect == aspect)
    newest: dict[tuple[object, ...], CorrectionRecord] = {}
    for one in records_of(CorrectionRecord, session.exec(query)):
        newest[one.aspect, one.mention_id, one.incident_id] = one
    return sorted(newest.values(), key=lambda one: one.id)


def standing_of(
    session: Session, aspect: Aspect, *, brand_id: int, mention_id: int
) -> CorrectionRecord | None:
    """Return the correction in force of one aspect of a mention."""
    query = _standing().where(Correction.mention_id == mention_id, Correction.aspect == aspect)
    if aspect is Aspect.BRAND:
        query = query.where(Correction.brand_id == brand_id)
    rows = session.exec(query).all()
    return record_of(CorrectionRecord, rows[-1]) if rows else None


def standing_alert(session: Session, incident_id: int) -> CorrectionRecord | None:
    """Return the correction in force that calls an incident's alert false, if there is one."""
    query = _standing().where(
        Correction.incident_id == incident_id, Correction.aspect == Aspect.ALERT
    )
    rows = session.exec(query).all()
    return record_of(CorrectionRecord, rows[-1]) if rows else None


def batch_of(session: Session, correction_id: int) -> list[int]:
    """Return the corrections in force that were given together with this one."""
    first = session.get(Correction, correction_id)
    if first is None:
        return []
    query = _standing().where(
        Correction.at == first.at,
        Correction.by == first.by,
        Correction.brand_id == first.brand_id,
        Correction.aspect == first.aspect,
        Correction.should_be == first.should_be,
    )
    return [row.id or 0 for row in session.exec(query)]


def labelled_alerts(session: Session, brand_id: int) -> list[LabelledAlert]:
    """Return the spans of a brand's alerts of which people said whether they were right.

    What was said of the alert decides; otherwise the outcome its incident was closed with.
    """
    verdicts = _outcomes(session, brand_id)
    for label in standing_labels(session, brand_id=brand_id, aspect=Aspect.ALERT):
        verdicts[label.incident_id or 0] = label.should_be == CONFIRMED
    rows = session.exec(
        select(Finding)
        .where(col(Finding.incident_id).in_(verdicts), Finding.brand_id == brand_id)
        .order_by(col(Finding.id))
    )
    return [
        LabelledAlert(
            incident_id=row.incident_id or 0,
            series_id=row.series_id,
            is_right=verdicts[row.incident_id or 0],
            started_at=row.started_at,
            ended_at=row.ended_at or row.last_on_at,
        )
        for row in rows
    ]


def _outcomes(session: Session, brand_id: int) -> dict[int, bool]:
    """Return of each closed incident whether it was closed as a real one."""
    query = (
        select(IncidentEvent.incident_id, IncidentEvent.data)
        .join(Incident, col(Incident.id) == IncidentEvent.incident_id)
        .where(
            Incident.brand_id == brand_id,
            col(Incident.closed_at).is_not(None),
            IncidentEvent.kind == "close",
        )
        .order_by(col(IncidentEvent.id))
    )
    return {
        incident_id: data["outcome"] == CONFIRMED
        for incident_id, data in session.exec(query)
        if "outcome" in data
    }


def rulings_of(session: Session, mention_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """Return what people said of these mentions, by mention; those nobody corrected are absent."""
    query = _standing().where(
        col(Correction.mention_id).in_(mention_ids), Correction.aspect != Aspect.BRAND
    )
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for row in session.exec(query):
        found[row.mention_id or 0][row.aspect] = row.should_be
    return found


def overrule(session: Session, scores: Sequence[MentionScore]) -> list[MentionScore]:
    """Return the judgements with what people said of these mentions put in force."""
    said = rulings_of(session, [score.mention_id for score in scores])
    return [overruled(one, said.get(one.mention_id, {})) for one in scores]


def overruled(machine: MentionScore, said: Rulings) -> MentionScore:
    """Return a judgement with people's in the place of the machine's. Pure.

    Probabilities, evidence and versions stay the machine's: they tell how sure it was, and which
    version has to be replaced one day.
    """
    if not said:
        return machine
    changed = machine
    if Aspect.TYPE in said:
        changed = _with_type(changed, said[Aspect.TYPE])
    if Aspect.SEVERITY in said and changed.is_complaint:
        changed = replace(changed, severity=said[Aspect.SEVERITY])
    if Aspect.TYPE in said:
        changed = replace(changed, is_negative=changed.is_complaint)
    if Aspect.SENTIMENT in said:
        label = said[Aspect.SENTIMENT]
        changed = replace(changed, label=label, is_negative=label == NEGATIVE)
    return changed


def _with_type(machine: MentionScore, type_: str) -> MentionScore:
    if type_ == NONE:
        return replace(
            machine, is_complaint=False, type=NONE, secondary=[], severity=NONE, confidence=1.0
        )
    return replace(
        machine,
        is_complaint=True,
        type=type_,
        secondary=[one for one in machine.secondary if one != type_],
        severity=GENERAL if machine.severity == NONE else machine.severity,
        confidence=1.0,
    )
