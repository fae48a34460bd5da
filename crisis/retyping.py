"""What becomes of statements when a person says that it is another kind of crisis."""

from datetime import datetime

from sqlmodel import Session

from crisis.announce import number_of, post_notice
from crisis.desk import Desk
from crisis.drafting import write_draft
from crisis.facts import SYSTEM
from crisis.kinds import CRISIS_LABELS, CrisisType
from listener.store import incidents, statements
from listener.store.records import StatementRecord

_SETTLED = frozenset({statements.APPROVED, statements.PUBLISHED, statements.REJECTED})


def retype_statements(
    session: Session, desk: Desk, incident_id: int, crisis_type: CrisisType, now: datetime
) -> None:
    """Write every untouched machine draft anew for the type; say which texts were left alone.

    Left alone is what a person wrote or changed, what is approved, published or rejected, and a
    kind that the library lacks for this type. Signatures on a draft that is written anew are void.
    """
    left = []
    for one in statements.list_statements(session, incident_id=incident_id):
        if one.crisis_type == crisis_type or one.state == statements.REJECTED:
            continue
        if not _is_untouched(session, one) or not _exists(desk, one, crisis_type):
            left.append(one)
            continue
        statements.change_statement(session, one.id, {"crisis_type": crisis_type})
        data = {"statement": one.id, "from": one.crisis_type, "to": crisis_type}
        incidents.add_event(
            session, incident_id, at=now, kind="redrafted", actor=SYSTEM, data=data
        )
        write_draft(session, desk, one.id, now)
    if left:
        _tell_left(session, desk, left, crisis_type=crisis_type, now=now)


def _is_untouched(session: Session, one: StatementRecord) -> bool:
    if one.state in _SETTLED:
        return False
    if one.current_revision_id is None:
        return True
    return statements.revision(session, one.current_revision_id).author == SYSTEM


def _exists(desk: Desk, one: StatementRecord, crisis_type: CrisisType) -> bool:
    found = desk.library.find(lang=one.lang, crisis_type=crisis_type, kind=one.kind)
    return found is not None


def _tell_left(
    session: Session,
    desk: Desk,
    left: list[StatementRecord],
    *,
    crisis_type: CrisisType,
    now: datetime,
) -> None:
    words, incident_id = desk.catalog.incident, left[0].incident_id
    named = (
        words["text_named"].format(kind=desk.catalog.words[f"kind_{one.kind}"], id=one.id)
        for one in left
    )
    text = words["type_left"].format(
        number=number_of(incident_id),
        type=f"{crisis_type} {CRISIS_LABELS[desk.lang][crisis_type]}",
        statements=words["joint"].join(named),
    )
    key = f"type-left-{crisis_type}-{now.isoformat()}"
    post_notice(session, desk, text, subject=("incident", incident_id), key=key, now=now)
