"""``fengsheng correct`` and ``corrections``: what the machine got wrong, from the terminal."""

import sys
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer
from sqlmodel import Session

from crisis import corrections as use_cases
from crisis import incidents
from crisis.announce import number_of
from crisis.corrections import Ruling
from crisis.kinds import Outcome
from crisis.permissions import Actor
from crisis.topstories import TopStory, top_stories
from listener.commands.common import (
    AsOption,
    ConfigOption,
    JsonOption,
    Office,
    errors_shown,
    fail,
    open_office,
    out,
    print_json,
    print_table,
)
from listener.complaints import ComplaintType, Severity
from listener.errors import Conflict
from listener.store import corrections as store
from listener.store import incidents as incident_store
from listener.store.brands import brand_ids
from listener.store.corrections import Aspect
from listener.store.records import CorrectionRecord

ALERT = "alert"
UNDO = "undo"


class SentimentLabel(StrEnum):
    """The three sentiments."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


def correct(
    what: Annotated[
        list[str],
        typer.Argument(metavar="MENTION…|alert N|undo C", help="Mentions, an alert, or undo."),
    ],
    as_: AsOption,
    ours: Annotated[
        bool | None, typer.Option("--ours/--not-ours", help="Is it about the brand?")
    ] = None,
    sentiment: Annotated[SentimentLabel | None, typer.Option(help="The right sentiment.")] = None,
    type_: Annotated[
        ComplaintType | None, typer.Option("--type", help="The right complaint type.")
    ] = None,
    severity: Annotated[Severity | None, typer.Option(help="The right severity.")] = None,
    copies: Annotated[
        bool, typer.Option("--copies", help="Correct every copy of the same story, too.")
    ] = False,
    false_alarm: Annotated[
        bool | None, typer.Option("--false-alarm/--confirmed", help="Was the alert false?")
    ] = None,
    close: Annotated[
        bool | None, typer.Option("--close/--keep-open", help="Close a false alarm's incident.")
    ] = None,
    why: Annotated[str | None, typer.Option(help="The reason, for the record.")] = None,
    brand: Annotated[str | None, typer.Option(help="The brand, if it means several.")] = None,
    config: ConfigOption = None,
) -> None:
    """Set right what the machine got wrong: a mention, an alert; or take a correction back."""
    with errors_shown():
        office = open_office(config)
        actor = office.actor(as_)
        if what[0] == UNDO:
            _undo(office, actor, _numbers(what[1:]))
        elif what[0] == ALERT:
            _alert(office, actor, _one(what[1:]), false_alarm, why, close=close)
        else:
            is_ours = None if ours is None else (store.OURS if ours else store.NOT_OURS)
            said: dict[Aspect, str | None] = {
                Aspect.BRAND: is_ours,
                Aspect.TYPE: type_,
                Aspect.SEVERITY: severity,
                Aspect.SENTIMENT: sentiment,
            }
            rulings = [
                Ruling(aspect=aspect, should_be=str(value), why=why)
                for aspect, value in said.items()
                if value is not None
            ]
            _mentions(office, actor, _numbers(what), rulings, brand, with_copies=copies)


def _numbers(words: list[str]) -> list[int]:
    numbers = [int(word) for word in words if word.isdigit()]
    if not numbers or len(numbers) < len(words):
        fail("correct: give the numbers of mentions, 'alert N', or 'undo C'", code=2)
    return numbers


def _one(words: list[str]) -> int:
    numbers = _numbers([word.removeprefix("FS-") for word in words])
    if len(numbers) > 1:
        fail("correct alert: give the number of one incident", code=2)
    return numbers[0]


def _mentions(
    office: Office,
    actor: Actor,
    ids: list[int],
    rulings: list[Ruling],
    brand: str | None,
    *,
    with_copies: bool,
) -> None:
    if not rulings:
        fail("correct: say what is right: --not-ours, --sentiment, --type or --severity", code=2)
    known = office.read(brand_ids)
    if brand is not None and brand not in known:
        fail(f"there is no brand '{brand}'; known brands: {', '.join(sorted(known)) or 'none'}")
    wanted = known[brand] if brand else None

    def work(session: Session) -> list[int]:
        made: list[int] = []
        for one in ids:
            brand_id = use_cases.brand_of(session, one, wanted=wanted)
            all_of = use_cases.copies_of(session, one, brand_id=brand_id) if with_copies else [one]
            for ruling in rulings:
                made += use_cases.correct_mentions(
                    session,
                    office.desk,
                    all_of,
                    ruling,
                    brand_id=brand_id,
                    actor=actor,
                    now=office.clock.now(),
                )
        return made

    made = office.write(work)
    words = office.desk.catalog.correcting
    if not made:
        out.print(words["nothing_new"], markup=False)
        return
    out.print(words["corrected"].format(count=len(made), first=made[0]), markup=False)


def _undo(office: Office, actor: Actor, ids: list[int]) -> None:
    def work(session: Session) -> None:
        for one in ids:
            use_cases.take_back(session, office.desk, one, actor=actor, now=office.clock.now())

    office.write(work)
    out.print(office.desk.catalog.done["take_back"], markup=False)


def _alert(
    office: Office,
    actor: Actor,
    incident_id: int,
    false_alarm: bool | None,
    why: str | None,
    *,
    close: bool | None,
) -> None:
    if false_alarm is None:
        _show_stories(office, incident_id)
        return
    if not (why or "").strip():
        fail('correct alert: say why, for whoever tunes the rule: --why "…"', code=2)
    should_be = store.FALSE_ALARM if false_alarm else store.CONFIRMED
    ruling = Ruling(aspect=Aspect.ALERT, should_be=should_be, why=why)
    office.write(
        lambda session: use_cases.correct_alert(
            session, incident_id, ruling, actor=actor, now=office.clock.now()
        )
    )
    words = office.desk.catalog.correcting
    out.print(words[f"said_{should_be}"].format(number=number_of(incident_id)), markup=False)
    is_open = office.read(lambda session: incident_store.incident(session, incident_id)).is_open
    if not false_alarm or not is_open:
        return
    if close is None and sys.stdin.isatty():
        close = typer.confirm(words["ask_close"].format(number=number_of(incident_id)))
    if close:
        _close(office, actor, incident_id, str(why))
    else:
        out.print(words["stays_open"].format(number=number_of(incident_id)), markup=False)


def _close(office: Office, actor: Actor, incident_id: int, why: str) -> None:
    office.write(
        lambda session: incidents.close(
            session,
            office.desk,
            incident_id,
            actor=actor,
            reason=why,
            outcome=Outcome.FALSE_ALARM,
            now=office.clock.now(),
        )
    )
    out.print(office.desk.catalog.done["close_false"], markup=False)


def _show_stories(office: Office, incident_id: int) -> None:
    """List what the alert rests on, with the numbers that ``correct`` takes."""

    def look(session: Session) -> list[TopStory]:
        incident = incident_store.incident(session, incident_id)
        return top_stories(session, incident, office.clock.now(), most=20)

    rows = [[str(s.mention_id), f"×{s.count}", s.label, s.text] for s in office.read(look)]
    print_table(["mention", "told", "sentiment", "text"], rows, empty="No negative mentions left.")


def corrections(
    brand: Annotated[str | None, typer.Option(help="Only of this brand.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The newest so many.")] = 50,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what people corrected, newest first; one taken back is followed by its undo."""
    with errors_shown():
        office = open_office(config)
        known = office.read(brand_ids)
        if brand is not None and brand not in known:
            raise Conflict(f"there is no brand '{brand}'; known: {', '.join(sorted(known))}")
        brand_id = known[brand] if brand else None
        found = office.read(
            lambda session: store.list_corrections(session, brand_id=brand_id, limit=limit)
        )
        if as_json:
            print_json([asdict(one) for one in found])
            return
        print_table(
            ["no.", "at", "who", "via", "of", "was", "should be", "why"],
            [_row(office, one) for one in found],
            empty="No corrections yet.",
        )


def _row(office: Office, one: CorrectionRecord) -> list[str]:
    at: datetime = one.at.astimezone(office.desk.tz)
    subject = number_of(one.incident_id) if one.incident_id else f"mention {one.mention_id}"
    return [
        str(one.id),
        f"{at:%m-%d %H:%M}",
        office.desk.name_of(one.by),
        one.via,
        f"{subject} · {one.aspect}",
        one.was,
        one.should_be,
        f"undoes {one.undoes_id}" if one.undoes_id else one.why or "",
    ]
