"""Media enquiries 媒体问询: a log with deadlines, answered only in words that were approved.

Nothing is sent to anybody outside; people answer, and the log records with which text.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from crisis.announce import number_of, post_notice
from crisis.compare import sentences_of
from crisis.desk import Desk
from crisis.kinds import Kind
from crisis.permissions import Action, Actor, actor_by_key
from listener.errors import Conflict
from listener.store import enquiries, incidents, statements
from listener.store.audit import record_audit
from listener.store.records import EnquiryRecord, RevisionRecord, StatementRecord

ENQUIRY = "enquiry"
NEAR = timedelta(hours=1)
LONGEST_NAME, LONGEST_TEXT = 120, 4_000
# What is written for staff or for one customer is no answer to a journalist.
_NOT_FOR_MEDIA = frozenset({Kind.INTERNAL, Kind.SCRIPT, Kind.SMS})


def record_enquiry(
    session: Session,
    *,
    outlet: str,
    person: str,
    channel: str,
    question: str,
    received_at: datetime,
    deadline_at: datetime | None,
    incident_id: int | None,
    owner_key: str | None,
    actor: Actor,
    now: datetime,
) -> EnquiryRecord:
    """Write down what the media ask. Raises ``Conflict`` for no question, outlet or incident."""
    actor.role_for(Action.ENQUIRY)
    if not question.strip() or not outlet.strip():
        raise Conflict("an enquiry needs an outlet and a question", code="empty_text")
    if received_at > now:
        raise Conflict(f"{received_at.isoformat()} lies ahead; when did the question come?")
    if incident_id is not None:
        incidents.incident(session, incident_id)
    found = enquiries.add_enquiry(
        session,
        {
            "incident_id": incident_id,
            "outlet": outlet.strip()[:LONGEST_NAME],
            "person": person.strip()[:LONGEST_NAME],
            "channel": channel.strip()[:LONGEST_NAME],
            "question": question.strip()[:LONGEST_TEXT],
            "received_at": received_at,
            "deadline_at": deadline_at,
            "owner_key": owner_key,
            "recorded_by": actor.key,
            "recorded_at": now,
        },
    )
    _record(session, found, "asked", found.question, actor=actor, now=now)
    return found


def assign(
    session: Session, desk: Desk, enquiry_id: int, *, owner_key: str, actor: Actor, now: datetime
) -> None:
    """Make a known person the owner of an open enquiry."""
    actor.role_for(Action.ENQUIRY)
    found = _open(session, enquiry_id)
    owner = actor_by_key(desk.people, owner_key, via=actor.via)
    enquiries.change_enquiry(session, enquiry_id, {"owner_key": owner.key})
    _record(session, found, "assigned", owner.name, actor=actor, now=now)


def answer(
    session: Session,
    enquiry_id: int,
    *,
    revision_id: int,
    text: str | None,
    actor: Actor,
    now: datetime,
) -> str:
    """Record that people answered with an approved text; return the answer.

    ``text`` may be a part of it: every sentence must stand there word for word; None is all of it.
    Raises ``Conflict`` naming the approved texts there are when this one is not approved now,
    belongs to another incident, or is not for the media.
    """
    actor.role_for(Action.ENQUIRY)
    found = _open(session, enquiry_id)
    revision = statements.revision(session, revision_id)
    statement = statements.lock_statement(session, revision.statement_id)
    problem = _problem(found, statement, revision, now)
    if problem is not None:
        raise Conflict(f"r{revision_id} {problem}; {_choice(session, found, now)}")
    said = revision.text if text is None else text.strip()
    approved = set(sentences_of(revision.text))
    foreign = [one for one in sentences_of(said) if one not in approved]
    if foreign or not said:
        raise Conflict(
            f"“{foreign[0] if foreign else ''}” does not stand in r{revision_id}: answer in "
            "approved words only, or have a text with these words approved first"
        )
    values = {
        "state": enquiries.ANSWERED,
        "answer": said,
        "revision_id": revision.id,
        "content_hash": revision.content_hash,
        "answered_at": now,
        "answered_by": actor.key,
    }
    enquiries.change_enquiry(session, enquiry_id, values)
    _record(session, found, "answered", f"r{revision.id}", actor=actor, now=now)
    return said


def close(session: Session, enquiry_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Close an enquiry, answered or not, with a reason."""
    actor.role_for(Action.ENQUIRY)
    if not reason.strip():
        raise Conflict("closing an enquiry needs a reason", code="empty_text")
    found = enquiries.lock_enquiry(session, enquiry_id)
    if found.state == enquiries.CLOSED:
        raise Conflict(f"media enquiry {enquiry_id} is closed already")
    values = {
        "state": enquiries.CLOSED,
        "closed_at": now,
        "closed_by": actor.key,
        "close_reason": reason.strip()[:LONGEST_TEXT],
    }
    enquiries.change_enquiry(session, enquiry_id, values)
    _record(session, found, "closed", reason.strip(), actor=actor, now=now)


def remind_of_enquiries(session: Session, desk: Desk, now: datetime) -> None:
    """Say once that an answer is due within the hour, and once that it is overdue."""
    due = enquiries.list_enquiries(session, state=enquiries.OPEN, due_before=now + NEAR)
    for one in due:
        if one.deadline_at is None:
            continue
        when = "overdue" if one.deadline_at <= now else "near"
        at = one.deadline_at.astimezone(desk.tz)
        text = desk.catalog.media[when].format(
            id=one.id,
            incident="" if one.incident_id is None else f"{number_of(one.incident_id)} ",
            outlet=one.outlet,
            owner=desk.name_of(one.owner_key),
            due=f"{at.month}-{at.day:02d} {at:%H:%M}",
        )
        post_notice(
            session,
            desk,
            text,
            subject=(ENQUIRY, one.id),
            key=f"{ENQUIRY}-{when}",
            now=now,
            thread_of=one.incident_id,
        )


def _open(session: Session, enquiry_id: int) -> EnquiryRecord:
    found = enquiries.lock_enquiry(session, enquiry_id)
    if found.state != enquiries.OPEN:
        raise Conflict(f"media enquiry {enquiry_id} is {found.state} already")
    return found


def _problem(
    enquiry: EnquiryRecord, statement: StatementRecord, revision: RevisionRecord, now: datetime
) -> str | None:
    """Return why a text may not answer an enquiry, or None."""
    if statement.kind in _NOT_FOR_MEDIA:
        return f"is of the kind '{statement.kind}', which is not for the media"
    if enquiry.incident_id not in (None, statement.incident_id):
        return f"belongs to another incident, {number_of(statement.incident_id)}"
    return None if _is_approved(statement, revision.id, now) else "is not approved now"


def _is_approved(statement: StatementRecord, revision_id: int, now: datetime) -> bool:
    """Whether this very text holds an approval that has not run out."""
    record = statement.chain
    is_this = statement.current_revision_id == revision_id
    if record is None or not is_this or record["revision"] != revision_id:
        return False
    if statement.state == statements.PUBLISHED:
        return True
    until = datetime.fromisoformat(record["valid_until"])
    return statement.state == statements.APPROVED and now < until


def approved_texts(
    session: Session, incident_id: int | None, now: datetime
) -> Sequence[StatementRecord]:
    """Return the statements that the media may be answered from, questions and answers first."""
    found = [
        one
        for one in statements.list_statements(session, incident_id=incident_id)
        if one.kind not in _NOT_FOR_MEDIA
        and one.current_revision_id is not None
        and _is_approved(one, one.current_revision_id, now)
    ]
    return sorted(found, key=lambda one: (one.kind != Kind.QA, one.id))


def _choice(session: Session, enquiry: EnquiryRecord, now: datetime) -> str:
    texts = approved_texts(session, enquiry.incident_id, now)
    if texts:
        named = [f"r{one.current_revision_id} ({one.kind}, {one.lang})" for one in texts[:10]]
        return "approved texts: " + ", ".join(named)
    number = "N" if enquiry.incident_id is None else enquiry.incident_id
    return (
        "there is no approved text yet; draft one with "
        f"'fengsheng statements draft {number} --kind qa' and have it approved"
    )


def _record(
    session: Session, enquiry: EnquiryRecord, what: str, said: str, *, actor: Actor, now: datetime
) -> None:
    data = {"enquiry": enquiry.id, "what": what, "text": f"{enquiry.outlet}：{said}"[:500]}
    if enquiry.incident_id is not None:
        incidents.add_event(
            session, enquiry.incident_id, at=now, kind=ENQUIRY, actor=actor.key, data=data
        )
    record_audit(
        session,
        at=now,
        actor=actor.key,
        action=Action.ENQUIRY,
        object_type=ENQUIRY,
        object_id=enquiry.id,
        via=actor.via,
        data={"what": what},
    )
