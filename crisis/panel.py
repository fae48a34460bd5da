"""The keyboard behind 更多: 误报, 非本品牌, 情感判错, step by step in one message of its own.

Nothing is remembered between two presses: each button carries what it is about, so it works after
a restart, and pressed twice it acts once.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from crisis import incidents as incident_cases
from crisis.announce import ALERT, INCIDENT, number_of
from crisis.corrections import Ruling, copies_of, correct_alert, correct_mentions, take_back_batch
from crisis.desk import Desk
from crisis.evidence import quote
from crisis.kinds import Outcome
from crisis.messages import Body, Button
from crisis.permissions import Action, Actor
from crisis.policy import Recipient
from crisis.topstories import top_stories
from listener.callbacks import Press
from listener.errors import Conflict, NotAllowed
from listener.store import corrections, incidents, judgements, outbox
from listener.store.corrections import Aspect
from listener.store.records import IncidentRecord

PANEL = "correcting"
# An older panel has scrolled away: asked for again, it is shown anew below.
STAYS_FOR = timedelta(minutes=10)
FEELINGS = ("negative", "neutral", "positive")


@dataclass(frozen=True, slots=True)
class _Turn:
    """One press: who, when, about which incident, and on what."""

    session: Session
    desk: Desk
    incident: IncidentRecord
    actor: Actor
    now: datetime
    object_id: int

    def text(self, name: str, **values: object) -> str:
        """Return a sentence of the panel."""
        brand = self.desk.brands.get(self.incident.brand_id)
        known = {"name": self.actor.name, "brand": brand.name if brand else ""}
        return self.desk.catalog.correcting[name].format(**(known | values))

    def button(self, action: str, object_id: int | None = None, text: str = "") -> Button:
        """Return a button; about the incident unless something else is named."""
        label = text or self.desk.catalog.buttons[action]
        return (action, label, self.incident.id if object_id is None else object_id)

    def show(
        self,
        text: str,
        *rows: Sequence[Button],
        lines: Sequence[str] = (),
        is_new: bool = False,
    ) -> None:
        """Let the panel say this from now on."""
        body = self.desk.catalog.body(
            PANEL,
            {"number": number_of(self.incident.id), "text": text, "lines": lines},
            buttons=tuple(tuple(row) for row in rows),
            content_hash=str(self.incident.id),
        )
        _put(self, body, is_new=is_new)


def incident_of(press: Press) -> int:
    """Return the incident that a button of a panel, or 更多 itself, is about."""
    if press.action == "more":
        return press.object_id
    if not press.content_hash.isdigit():
        raise NotAllowed("this button was not made here", code="bad_button")
    return int(press.content_hash)


def press_panel(session: Session, desk: Desk, press: Press, *, actor: Actor, now: datetime) -> str:
    """Do what a press asks for; return what to tell the presser.

    Raises ``NotAllowed`` for somebody whose role does not correct, ``Conflict`` where the same was
    said before.
    """
    actor.role_for(Action.CORRECT)
    incident = incidents.incident(session, incident_of(press))
    turn = _Turn(session, desk, incident, actor, now, press.object_id)
    ACTIONS[press.action](turn)
    said = {"not_this": "corrected", **dict.fromkeys(FEELINGS, "corrected")}
    return desk.catalog.done[said.get(press.action, press.action)]


def _menu(turn: _Turn) -> None:
    _show_menu(turn, is_new=True)


def _back(turn: _Turn) -> None:
    _show_menu(turn, is_new=False)


def _show_menu(turn: _Turn, *, is_new: bool) -> None:
    first = [turn.button(name) for name in ("false_alarm", "not_ours", "feeling")]
    turn.show(turn.text("menu"), first, [turn.button("finish")], is_new=is_new)


def _ask_which_not_ours(turn: _Turn) -> None:
    _show_stories(turn, "which_not_ours", "not_this")


def _ask_which_feeling(turn: _Turn) -> None:
    _show_stories(turn, "which_feeling", "which")


def _show_stories(turn: _Turn, question: str, action: str) -> None:
    stories = top_stories(turn.session, turn.incident, turn.now)
    if not stories:
        turn.show(turn.text("no_stories"), [turn.button("back"), turn.button("finish")])
        return
    lines = [
        f"{one.text} {turn.text('told', count=one.count)}" if one.count > 1 else one.text
        for one in stories
    ]
    numbers = [
        turn.button(action, one.mention_id, str(number))
        for number, one in enumerate(stories, start=1)
    ]
    turn.show(turn.text(question), numbers, [turn.button("back")], lines=lines)


def _ask_feeling(turn: _Turn) -> None:
    stored = judgements.stored_judgements(turn.session, [turn.object_id]).get(turn.object_id)
    if stored is None:
        raise Conflict(f"there is no mention {turn.object_id}", code="no_mention")
    text = turn.text(
        "should_be",
        text=quote(stored.text.text),
        label=turn.text(f"label_{stored.score.label}"),
    )
    choices = [turn.button(name, turn.object_id) for name in FEELINGS]
    turn.show(text, choices, [turn.button("back")])


def _not_this(turn: _Turn) -> None:
    ruling = Ruling(aspect=Aspect.BRAND, should_be=corrections.NOT_OURS)
    _correct_story(turn, ruling, "is_not_ours")


def _feeling(label: str) -> Callable[[_Turn], None]:
    def correct(turn: _Turn) -> None:
        ruling = Ruling(aspect=Aspect.SENTIMENT, should_be=label)
        _correct_story(turn, ruling, "is_feeling", label=turn.text(f"label_{label}"))

    return correct


def _correct_story(turn: _Turn, ruling: Ruling, sentence: str, **values: str) -> None:
    brand_id = turn.incident.brand_id
    if not judgements.known_mentions(turn.session, [turn.object_id]):
        raise Conflict(f"there is no mention {turn.object_id}", code="no_mention")
    made = correct_mentions(
        turn.session,
        turn.desk,
        copies_of(turn.session, turn.object_id, brand_id=brand_id),
        ruling,
        brand_id=brand_id,
        actor=turn.actor,
        now=turn.now,
    )
    if not made:
        raise Conflict("somebody has said the same", code="already_corrected")
    stored = judgements.stored_judgements(turn.session, [turn.object_id]).get(turn.object_id)
    shown = quote(stored.text.text) if stored else ""
    turn.show(turn.text(sentence, text=shown, count=len(made), **values), _after(turn, made[0]))


def _after(turn: _Turn, correction_id: int) -> list[Button]:
    return [turn.button("take_back", correction_id), turn.button("back"), turn.button("finish")]


def _false_alarm(turn: _Turn) -> None:
    ruling = Ruling(
        aspect=Aspect.ALERT, should_be=corrections.FALSE_ALARM, why=turn.text("reason")
    )
    made = correct_alert(turn.session, turn.incident.id, ruling, actor=turn.actor, now=turn.now)
    close = [turn.button("close_false")] if turn.incident.is_open else []
    turn.show(turn.text("is_false_alarm"), [*close, *_after(turn, made)])


def _close(turn: _Turn) -> None:
    incident_cases.close(
        turn.session,
        turn.desk,
        turn.incident.id,
        actor=turn.actor,
        reason=turn.text("reason"),
        outcome=Outcome.FALSE_ALARM,
        now=turn.now,
    )
    turn.show(turn.text("is_closed"))


def _take_back(turn: _Turn) -> None:
    made = take_back_batch(turn.session, turn.desk, turn.object_id, actor=turn.actor, now=turn.now)
    turn.show(
        turn.text("is_taken_back", count=len(made)), [turn.button("back"), turn.button("finish")]
    )


def _finish(turn: _Turn) -> None:
    turn.show(turn.text("finished"))


ACTIONS: Mapping[str, Callable[[_Turn], None]] = {
    "more": _menu,
    "back": _back,
    "false_alarm": _false_alarm,
    "close_false": _close,
    "not_ours": _ask_which_not_ours,
    "not_this": _not_this,
    "feeling": _ask_which_feeling,
    "which": _ask_feeling,
    **{name: _feeling(name) for name in FEELINGS},
    "take_back": _take_back,
    "finish": _finish,
}


def _put(turn: _Turn, body: Body, *, is_new: bool) -> None:
    """Change the panel in place, or show it under the alert when it is new or scrolled away."""
    for recipient in turn.desk.audience.recipients:
        panels = outbox.originals(
            turn.session,
            purpose=PANEL,
            subject_type=INCIDENT,
            subject_id=turn.incident.id,
            channel=recipient.channel,
            recipient=recipient.address,
        )
        if is_new and panels:
            is_new = turn.now - outbox.put_at(turn.session, panels[-1]) > STAYS_FOR
        if is_new or not panels:
            _send(turn, recipient, body, target_id=None)
            continue
        for original in panels:
            if outbox.message_body(turn.session, original) != body:
                _send(turn, recipient, body, target_id=original)


def _send(turn: _Turn, recipient: Recipient, body: Body, *, target_id: int | None) -> None:
    reply_to_id = None
    if target_id is None:
        reply_to_id = outbox.newest_message(
            turn.session,
            purpose=ALERT,
            subject_type=INCIDENT,
            subject_id=turn.incident.id,
            channel=recipient.channel,
            recipient=recipient.address,
        )
    outbox.put_message(
        turn.session,
        channel=recipient.channel,
        recipient=recipient.address,
        purpose=PANEL,
        subject_type=INCIDENT,
        subject_id=turn.incident.id,
        # An update is handled exactly once, so each press has a key of its own.
        dedupe_key=f"{PANEL}:{turn.incident.id}:{uuid.uuid4().hex}",
        body=body,
        now=turn.now,
        target_id=target_id,
        reply_to_id=reply_to_id,
    )
