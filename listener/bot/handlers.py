"""Handles one stored update: one transaction does what it asks and marks it handled.

So an update that comes twice acts once, and one that is cut off by a crash is taken up again.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from crisis import approval, drafting, incidents, panel
from crisis.announce import ALERT, INCIDENT, REVISION, ask, post_notice
from crisis.approval import Verdict
from crisis.desk import Desk
from crisis.draft_message import DRAFT
from crisis.intake import request_draft
from crisis.override import override_lint
from crisis.permissions import Action, Actor, actor_by_telegram_id
from listener.callbacks import Press, verify
from listener.clock import Clock
from listener.errors import Conflict, ListenerError, NotAllowed, Temporary
from listener.failpoints import reach
from listener.store import incidents as incident_store
from listener.store import outbox, statements, updates
from listener.store.engine import unit_of_work
from listener.store.records import QuestionRecord, RevisionRecord, StoredUpdate

logger = logging.getLogger(__name__)

CHANNEL = "telegram"
# What a reply to each kind of question decides.
_DECIDES: Mapping[str, Verdict] = {
    "reason": Verdict.REJECT,
    "changes": Verdict.CHANGES,
    "emergency": Verdict.APPROVE,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What to tell the person at once; None where nothing is to be said."""

    query_id: str | None
    text: str
    is_alert: bool = False


class UpdateHandler:
    """Turns presses and replies of known people into use-cases."""

    def __init__(
        self, *, engine: Engine, clock: Clock, desk: Desk, chat_id: int, callback_key: bytes
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._desk = desk
        self._chat_id = chat_id
        self._key = callback_key

    def handle(self, update: StoredUpdate) -> Answer | None:
        """Handle one update and return what to answer. Safe to call again after any crash."""
        payload = update.payload
        try:
            with unit_of_work(self._engine) as session:
                now = self._clock.now()
                text = self._dispatch(session, payload, now)
                outcome = "done" if text is not None else "ignored"
                if not updates.finish_update(session, update.update_id, now=now, outcome=outcome):
                    return None
                reach("update-handled")
        except Temporary:
            raise  # the database is away, nobody refused anything: the update waits
        except ListenerError as error:
            return self._refuse(update, error)
        if text is None or payload["kind"] != "press":
            return None
        return Answer(payload["query_id"], text)

    def _refuse(self, update: StoredUpdate, error: ListenerError) -> Answer | None:
        """Say why nothing was done: in the press's own bubble, or as a message to a reply."""
        text = self._desk.catalog.refusal(error)
        payload = update.payload
        logger.info("refused", extra={"update": update.update_id, "code": error.code})
        with unit_of_work(self._engine) as session:
            now = self._clock.now()
            if payload["kind"] == "text" and error.code != "unknown_person":
                post_notice(
                    session,
                    self._desk,
                    text,
                    subject=("update", update.update_id % 2**31),
                    key=f"refused-{update.update_id}",
                    now=now,
                )
            updates.finish_update(
                session, update.update_id, now=now, outcome=f"refused:{error.code or 'error'}"
            )
        if payload["kind"] != "press":
            return None
        return Answer(payload["query_id"], text, is_alert=True)

    def _dispatch(self, session: Session, payload: Mapping[str, Any], now: datetime) -> str | None:
        if payload["kind"] == "other":
            return None
        if payload["kind"] == "press":
            actor = self._actor(payload)
            if payload["chat_id"] != self._chat_id:
                raise NotAllowed("pressed in another chat", code="other_chat")
            press = verify(self._key, str(payload["chat_id"]), payload["data"])
            self._adopt_copy(session, press, payload, now)
            return self._press(session, press, actor, now)
        if payload["chat_id"] != self._chat_id or payload["reply_to"] is None:
            return None
        message = outbox.sent_message(
            session,
            channel=CHANNEL,
            recipient=str(payload["chat_id"]),
            remote_id=str(payload["reply_to"]),
        )
        if message is None or message.subject_type != "question":
            return None
        question = statements.question(session, message.subject_id)
        return self._reply(session, question, payload["text"], self._actor(payload), now)

    def _adopt_copy(
        self, session: Session, press: Press, payload: Mapping[str, Any], now: datetime
    ) -> None:
        """Let a message that a crash has sent twice be edited in both places."""
        if press.action in panel.ACTIONS and press.action != "more":
            purpose, subject = panel.PANEL, (INCIDENT, panel.incident_of(press))
        elif press.action in ("claim", "mute", "draft", "more"):
            purpose, subject = ALERT, (INCIDENT, press.object_id)
        else:
            purpose, subject = DRAFT, (REVISION, press.object_id)
        outbox.adopt_copy(
            session,
            purpose=purpose,
            subject_type=subject[0],
            subject_id=subject[1],
            channel=CHANNEL,
            recipient=str(payload["chat_id"]),
            remote_id=str(payload["message_id"]),
            remote={"message_id": payload["message_id"], "has_photo": payload["has_photo"]},
            now=now,
        )

    def _actor(self, payload: Mapping[str, Any]) -> Actor:
        return actor_by_telegram_id(self._desk.people, payload["from_id"])

    def _press(self, session: Session, press: Press, actor: Actor, now: datetime) -> str:
        desk = self._desk
        if press.action in panel.ACTIONS:
            return panel.press_panel(session, desk, press, actor=actor, now=now)
        presses: dict[str, Callable[[], object]] = {
            "claim": lambda: incidents.claim(session, desk, press.object_id, actor=actor, now=now),
            "mute": lambda: incidents.mute(session, desk, press.object_id, actor=actor, now=now),
            "draft": lambda: self._draft(session, press.object_id, actor, now),
            "approve": lambda: approval.decide(
                session,
                desk,
                revision_id=press.object_id,
                expected_hash=press.content_hash,
                verdict=Verdict.APPROVE,
                actor=actor,
                now=now,
            ),
            "reject": lambda: self._ask_about(
                session, press, kind="reason", action=Action.DECIDE, actor=actor, now=now
            ),
            "changes": lambda: self._ask_about(
                session, press, kind="changes", action=Action.DECIDE, actor=actor, now=now
            ),
            "emergency": lambda: self._ask_about(
                session, press, kind="emergency", action=Action.DECIDE, actor=actor, now=now
            ),
            "override": lambda: self._ask_about(
                session, press, kind="override", action=Action.OVERRIDE, actor=actor, now=now
            ),
            "edit": lambda: self._ask_about(
                session, press, kind="new_text", action=Action.EDIT, actor=actor, now=now
            ),
        }
        presses[press.action]()
        return desk.catalog.done[press.action]

    def _draft(self, session: Session, incident_id: int, actor: Actor, now: datetime) -> None:
        actor.role_for(Action.DRAFT)
        incident = incident_store.incident(session, incident_id)
        statement_id = request_draft(
            session, self._desk, incident, requested_by=actor.key, now=now
        )
        if statement_id is None:
            raise Conflict("no template for this crisis type", code="no_template")
        drafting.write_draft(session, self._desk, statement_id, now)

    def _ask_about(
        self,
        session: Session,
        press: Press,
        *,
        kind: str,
        action: Action,
        actor: Actor,
        now: datetime,
    ) -> None:
        """Ask the presser for a reason or a new text, if the press could still lead anywhere."""
        actor.role_for(action)
        revision = statements.revision(session, press.object_id)
        statement = statements.statement(session, revision.statement_id)
        if action is Action.DECIDE:
            approval.check_decision(
                statement, revision, expected_hash=press.content_hash, actor=actor
            )
        elif statement.current_revision_id != revision.id:
            raise Conflict("there is a newer revision", code="newer_text")
        ask(
            session,
            self._desk,
            statement,
            kind=kind,
            revision_id=revision.id,
            asked_of=actor.key,
            now=now,
        )

    def _reply(
        self, session: Session, question: QuestionRecord, text: str, actor: Actor, now: datetime
    ) -> str | None:
        if question.asked_of is not None and question.asked_of != actor.key:
            return None
        if not statements.answer_question(session, question.id, now):
            raise Conflict("somebody has answered this", code="already_answered")
        if question.statement_id is None:
            return None
        if question.kind == "fact" and question.fact_name is not None:
            drafting.state_fact(
                session,
                self._desk,
                question.statement_id,
                name=question.fact_name,
                value=text,
                actor=actor,
                now=now,
            )
            return self._desk.catalog.done["fact"]
        if question.revision_id is None:
            return None
        revision = statements.revision(session, question.revision_id)
        if question.kind == "override":
            override_lint(
                session,
                self._desk,
                revision_id=revision.id,
                expected_hash=revision.content_hash,
                reason=text,
                actor=actor,
                now=now,
            )
            return self._desk.catalog.done["override_said"]
        if question.kind in _DECIDES:
            return self._decide(session, question.kind, revision, text, actor=actor, now=now)
        drafting.edit_text(session, self._desk, revision.id, text=text, actor=actor, now=now)
        return self._desk.catalog.done["new_text"]

    def _decide(
        self,
        session: Session,
        kind: str,
        revision: RevisionRecord,
        text: str,
        *,
        actor: Actor,
        now: datetime,
    ) -> str:
        """Decide as the reply to a question says; an emergency has to be confirmed in words."""
        catalog = self._desk.catalog
        is_emergency = kind == "emergency"
        if is_emergency:
            confirm = catalog.questions["confirm"]
            if not text.strip().casefold().startswith(confirm.casefold()):
                raise Conflict("the emergency was not confirmed", code="not_confirmed")
            text = text.strip()[len(confirm) :].strip(" ，,。.:：")
        approval.decide(
            session,
            self._desk,
            revision_id=revision.id,
            expected_hash=revision.content_hash,
            verdict=_DECIDES[kind],
            actor=actor,
            now=now,
            comment=text,
            emergency=is_emergency,
        )
        return catalog.done["reason" if kind == "reason" else f"{kind}_said"]
