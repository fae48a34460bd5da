"""Writes drafts from facts and templates. Missing facts block; nothing fills them but people."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from crisis.announce import (
    number_of,
    post_blocked,
    post_notice,
    post_revision,
    refresh_revision,
)
from crisis.channels import shape
from crisis.desk import Desk
from crisis.facts import SYSTEM, FactState, ShownFact, Stated, clean_value, shown_facts
from crisis.layout import Layout
from crisis.library import StatementLibrary, content_hash
from crisis.permissions import Action, Actor
from crisis.template_meta import Template, missing_names
from crisis.voiding import VoidReason, void_approvals
from crisis.wording import zone_text
from listener.errors import Conflict
from listener.failpoints import reach
from listener.store import incidents, statements
from listener.store.audit import record_audit
from listener.store.records import DecisionRecord, FactRecord, RevisionRecord, StatementRecord


def write_draft(
    session: Session, desk: Desk, statement_id: int, now: datetime
) -> RevisionRecord | None:
    """Write the machine's draft if every required fact is stated; else ask for what is missing.

    Returns the revision that stands now, or None while blocked. A text that a person has edited is
    never overwritten. Running it twice changes nothing.
    """
    statement = statements.lock_statement(session, statement_id)
    template = desk.library.find(
        lang=statement.lang, crisis_type=statement.crisis_type, kind=statement.kind
    )
    if template is None:
        raise Conflict(
            f"no template for {statement.crisis_type} {statement.kind}", code="no_template"
        )
    current = _current(session, statement.current_revision_id)
    if current is not None and current.author != SYSTEM:
        return current
    if current is not None and statement.state == statements.PUBLISHED:
        return current
    known = incidents.facts(session, statement.incident_id)
    missing = missing_facts(template, known)
    if missing:
        if current is not None:
            _void(session, statement, VoidReason.STALE_FACT, SYSTEM, now)
        values = {"state": statements.BLOCKED, "missing": missing}
        statements.change_statement(session, statement_id, values)
        post_blocked(session, desk, statement, missing, now)
        return None
    text = _written(desk, template, known, channel=statement.channel)
    digest = content_hash(text)
    if current is not None and current.content_hash == digest:
        return current
    return _add(
        session,
        desk,
        statement_id,
        text=text,
        author=SYSTEM,
        facts=_used(known, template),
        template=desk.library.edition(template),
        now=now,
    )


def missing_facts(template: Template, known: Mapping[str, FactRecord]) -> list[str]:
    """Return the required facts that nobody has stated, or that may not stay unknown."""
    return missing_names(template, {name: fact.state for name, fact in known.items()})


def compose(
    library: StatementLibrary, template: Template, facts: Mapping[str, Stated], tz: ZoneInfo
) -> Layout:
    """Return the statement in its parts, with every value in the language's own style."""
    definitions = library.definitions(template.lang)
    forms = {name: definitions[name].form for name in template.facts}
    shown: Mapping[str, ShownFact] = shown_facts(facts, forms, tz=tz, lang=template.lang)
    stated = [fact.as_of for fact in facts.values() if fact.as_of is not None]
    zone = zone_text(tz, max(stated)) if stated else ""
    return library.compose(template, shown, zone)


def _written(
    desk: Desk, template: Template, known: Mapping[str, FactRecord], *, channel: str
) -> str:
    """Return the text in the channel's form, or whole where it does not fit: people shorten it."""
    layout = compose(desk.library, template, known, desk.tz)
    try:
        return shape(layout, channel, kind=template.kind, lang=template.lang)
    except Conflict:
        return layout.whole


def _current(session: Session, revision_id: int | None) -> RevisionRecord | None:
    return None if revision_id is None else statements.revision(session, revision_id)


def _used(known: dict[str, FactRecord], template: Template) -> dict[str, Any]:
    return {
        name: {
            "state": known[name].state,
            "value": known[name].value,
            "source": known[name].source,
            "stated_by": known[name].stated_by,
            "as_of": known[name].as_of.isoformat(),
        }
        for name in template.facts
        if name in known
    }


def _add(
    session: Session,
    desk: Desk,
    statement_id: int,
    *,
    text: str,
    author: str,
    facts: dict[str, Any],
    template: str,
    now: datetime,
) -> RevisionRecord:
    _void(session, statements.statement(session, statement_id), VoidReason.EDITED, author, now)
    revision = statements.add_revision(
        session,
        statement_id,
        text=text,
        content_hash=content_hash(text),
        author=author,
        created_at=now,
        facts=facts,
        template=template,
    )
    statements.change_statement(
        session,
        statement_id,
        {
            "state": statements.WAITING,
            "current_revision_id": revision.id,
            "missing": [],
            "chain": None,
        },
    )
    statement = statements.statement(session, statement_id)
    incidents.add_event(
        session,
        statement.incident_id,
        at=now,
        kind="revision",
        actor=author,
        data={
            "statement": statement_id,
            "revision": revision.number,
            "hash": revision.content_hash,
        },
    )
    reach("revision-added")
    post_revision(session, desk, statement_id, revision, now)
    return revision


def _void(
    session: Session, statement: StatementRecord, reason: VoidReason, actor: str, now: datetime
) -> list[DecisionRecord]:
    """Void every approval the statement has collected."""
    if statement.current_revision_id is None:
        return []
    decided = statements.holding_decisions(session, statement.current_revision_id)
    return void_approvals(session, statement, decided, reason=reason, actor=actor, now=now)


def void_stale(
    session: Session, desk: Desk, statement_id: int, *, name: str, said: str, now: datetime
) -> None:
    """Void what was approved with another value of the fact; a machine draft is written anew."""
    statement = statements.lock_statement(session, statement_id)
    revision = _current(session, statement.current_revision_id)
    if revision is None or statement.state == statements.PUBLISHED:
        return
    used = revision.facts.get(name)
    if used is None or used["value"] == said:
        return
    if not _void(session, statement, VoidReason.STALE_FACT, SYSTEM, now):
        return
    if statement.state == statements.APPROVED:
        statements.change_statement(session, statement_id, {"state": statements.WAITING})
    post_notice(
        session,
        desk,
        desk.catalog.approval["stale"].format(
            number=number_of(statement.incident_id),
            fact=desk.catalog.fact_names.get(name, name),
        ),
        subject=("statement", statement_id),
        key=f"stale-{revision.id}-{name}-{now.isoformat()}",
        now=now,
    )
    refresh_revision(session, desk, revision.id, now)


def draft_requested(session: Session, desk: Desk, now: datetime) -> int:
    """Write every draft that was asked for; return how many."""
    waiting = statements.list_statements(session, state=statements.REQUESTED)
    for statement in waiting:
        write_draft(session, desk, statement.id, now)
    return len(waiting)


def state_fact(
    session: Session,
    desk: Desk,
    statement_id: int,
    *,
    name: str,
    value: str,
    actor: Actor,
    now: datetime,
) -> RevisionRecord | None:
    """Record what a person says of a fact, then write the draft anew if that is possible.

    A value such as “正在核实” or ``unknown`` states that it is unknown, and the text says so.
    """
    actor.role_for(Action.STATE_FACT)
    value = clean_value(value)
    if not value:
        raise Conflict(f"the value of '{name}' is empty", code="empty_text")
    statement = statements.lock_statement(session, statement_id)
    state_incident_fact(
        session, desk, statement.incident_id, name=name, value=value, actor=actor, now=now
    )
    return write_draft(session, desk, statement_id, now)


def state_incident_fact(
    session: Session,
    desk: Desk,
    incident_id: int,
    *,
    name: str,
    value: str,
    actor: Actor,
    now: datetime,
    source: str = "",
) -> None:
    """Record what a person says of a fact; every statement that used another value is stale.

    Approvals of those are void, machine drafts are written anew, and of a published text the chat
    is told. ``source`` is what vouches for it, the person if not given.
    """
    is_unknown = value.casefold() in desk.catalog.unknown_words
    incidents.set_fact(
        session,
        incident_id,
        name=name,
        state=FactState.UNKNOWN if is_unknown else FactState.KNOWN,
        value="" if is_unknown else value,
        source=source or actor.name,
        stated_by=actor.key,
        as_of=now,
    )
    data = {"fact": name, "state": "unknown" if is_unknown else "known", "value": value}
    incidents.add_event(session, incident_id, at=now, kind="fact", actor=actor.key, data=data)
    record_audit(
        session,
        at=now,
        actor=actor.key,
        action=Action.STATE_FACT,
        object_type="incident",
        object_id=incident_id,
        via=actor.via,
        data=data,
    )
    spread_fact(session, desk, incident_id, name=name, said="" if is_unknown else value, now=now)


def spread_fact(
    session: Session, desk: Desk, incident_id: int, *, name: str, said: str, now: datetime
) -> None:
    """Bring every statement of an incident in line with the value of a fact that holds now."""
    for statement in reversed(statements.list_statements(session, incident_id=incident_id)):
        for question in statements.open_questions(session, statement.id):
            if question.fact_name == name:
                statements.answer_question(session, question.id, now)
        if statement.state == statements.PUBLISHED:
            _tell_published(session, desk, statement, name=name, said=said, now=now)
            continue
        void_stale(session, desk, statement.id, name=name, said=said, now=now)
        template = desk.library.find(
            lang=statement.lang, crisis_type=statement.crisis_type, kind=statement.kind
        )
        if template is not None and name in template.facts:
            write_draft(session, desk, statement.id, now)


def stale_facts(session: Session, statement: StatementRecord) -> list[str]:
    """Return the facts of which the newest text says another value than the one that holds."""
    revision = _current(session, statement.current_revision_id)
    if revision is None:
        return []
    known = incidents.facts(session, statement.incident_id)
    return [
        name
        for name, used in revision.facts.items()
        if name in known
        and (known[name].state, known[name].value) != (used["state"], used["value"])
    ]


def _tell_published(
    session: Session,
    desk: Desk,
    statement: StatementRecord,
    *,
    name: str,
    said: str,
    now: datetime,
) -> None:
    revision = _current(session, statement.current_revision_id)
    used = revision.facts.get(name) if revision else None
    if revision is None or used is None or used["value"] == said:
        return
    text = desk.catalog.incident["published_stale"].format(
        number=number_of(statement.incident_id),
        fact=desk.catalog.fact_names.get(name, name),
    )
    post_notice(
        session,
        desk,
        text,
        subject=("statement", statement.id),
        key=f"published-stale-{revision.id}-{name}-{now.isoformat()}",
        now=now,
    )


def edit_text(
    session: Session,
    desk: Desk,
    revision_id: int,
    *,
    text: str,
    actor: Actor,
    now: datetime,
) -> RevisionRecord:
    """Store a person's text as the next revision; every earlier decision is void for it.

    Raises ``Conflict`` when the revision it is based on is no longer the newest.
    """
    actor.role_for(Action.EDIT)
    base = statements.revision(session, revision_id)
    statement = statements.lock_statement(session, base.statement_id)
    if statement.current_revision_id != revision_id:
        raise Conflict("the text has changed since; edit the newest revision", code="newer_text")
    text = text.strip()
    if not text:
        raise Conflict("the new text is empty", code="empty_text")
    if content_hash(text) == base.content_hash:
        return base
    record_audit(
        session,
        at=now,
        actor=actor.key,
        action=Action.EDIT,
        object_type="statement",
        object_id=statement.id,
        via=actor.via,
        data={"from": base.content_hash, "to": content_hash(text)},
    )
    return _add(
        session,
        desk,
        statement.id,
        text=text,
        author=actor.key,
        facts=base.facts,
        template=base.template,
        now=now,
    )
