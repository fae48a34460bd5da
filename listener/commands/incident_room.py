"""The commands of the crisis room: checklist, decisions, clocks, roles, stakeholders, type."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer
from sqlmodel import Session

from crisis import checklist, clocks, contacts, room
from crisis.contacts import RoomRole, Told
from crisis.countdown import clock_line
from crisis.facts import read_instant
from crisis.kinds import CrisisType
from listener.commands.common import AsOption, Office, errors_shown, open_office, out
from listener.errors import Conflict

IncidentId = Annotated[int, typer.Argument(help="Number of the incident.")]
Because = Annotated[str, typer.Option(help="Why.")]


class ClockDid(StrEnum):
    """What can be done to a clock."""

    START = "start"
    MEET = "meet"
    CANCEL = "cancel"


def register(app: typer.Typer) -> None:
    """Add these commands to ``fengsheng incidents``."""
    for command in (type_, check, decide, clock, role, stakeholder):
        app.command(command.__name__.removesuffix("_"))(command)


def type_(
    context: typer.Context,
    incident: IncidentId,
    to: Annotated[CrisisType, typer.Argument(help="C01 to C12.")],
    as_: AsOption,
    because: Because,
) -> None:
    """Say what kind of crisis it is; its playbook is taken up as it reads now."""
    with errors_shown():
        office = open_office(context.obj)
        actor, now = office.actor(as_), office.clock.now()
        playbook = office.write(
            lambda session: room.change_type(
                session,
                office.desk,
                incident,
                actor=actor,
                crisis_type=to,
                reason=because,
                now=now,
            )
        )
        out.print(f"{to} version {playbook.version} {playbook.content_hash[:12]}", markup=False)


def check(
    context: typer.Context,
    incident: IncidentId,
    item: Annotated[str, typer.Argument(help="Id of the item, as 'incidents show' lists it.")],
    as_: AsOption,
    undo: Annotated[bool, typer.Option("--undo", help="It is not done after all.")] = False,
) -> None:
    """Mark an item of the checklist done."""
    with errors_shown():
        office = open_office(context.obj)
        actor, now = office.actor(as_), office.clock.now()
        changed = office.write(
            lambda session: checklist.check(
                session, office.desk, incident, item, actor=actor, now=now, undo=undo
            )
        )
        _print_done(office, changed)


def decide(
    context: typer.Context,
    incident: IncidentId,
    text: Annotated[str, typer.Argument(help="What was decided.")],
    as_: AsOption,
    why: Annotated[str, typer.Option(help="On what grounds.")],
) -> None:
    """Write a decision and its grounds into the log."""
    with errors_shown():
        office = open_office(context.obj)
        actor, now = office.actor(as_), office.clock.now()
        office.write(
            lambda session: checklist.log_decision(
                session, incident, actor=actor, text=text, why=why, now=now
            )
        )
        _print_done(office, True)


def clock(
    context: typer.Context,
    incident: IncidentId,
    did: Annotated[ClockDid, typer.Argument(help="start, meet or cancel.")],
    code: Annotated[str, typer.Argument(help="Which clock, e.g. cyber_4h.")],
    as_: AsOption,
    because: Annotated[
        str,
        typer.Option(help="On what grounds the trigger is met or not; by what it was met."),
    ],
    at: Annotated[
        str, typer.Option(help="When it was known, or met: 2026-11-22T12:30; now if not given.")
    ] = "",
) -> None:
    """Start a legal clock whose trigger is confirmed, record what met it, or cancel it."""
    with errors_shown():
        office = open_office(context.obj)
        actor, now = office.actor(as_), office.clock.now()
        when = read_instant(at, office.desk.tz) if at else None
        if at and when is None:
            raise Conflict(f"'{at}' is no time; write it like 2026-11-22T12:30")

        def act(session: Session) -> str:
            common = (session, office.desk, incident, code)
            if did is ClockDid.START:
                found = clocks.start(*common, actor=actor, reason=because, since=when, now=now)
            elif did is ClockDid.MEET:
                found = clocks.meet(*common, actor=actor, how=because, at=when, now=now)
            else:
                found = clocks.cancel(*common, actor=actor, reason=because, now=now)
                return office.desk.catalog.done["fact"]
            return clock_line(session, office.desk, found, now)

        out.print(office.write(act), markup=False)


def role(
    context: typer.Context,
    incident: IncidentId,
    role: Annotated[RoomRole, typer.Argument(help="Which role.")],
    person: Annotated[str, typer.Argument(help="Key of the person in config.toml.")],
    as_: AsOption,
    end: Annotated[bool, typer.Option("--end", help="They hold it no longer.")] = False,
) -> None:
    """Give somebody a role in the crisis room: owner, deputy, spokesperson …"""
    with errors_shown():
        office = open_office(context.obj)
        actor, now = office.actor(as_), office.clock.now()
        if end:
            changed = office.write(
                lambda session: contacts.end_role(
                    session, incident, role=role, person=person, actor=actor, now=now
                )
            )
        else:
            changed = office.write(
                lambda session: contacts.give_role(
                    session,
                    office.desk,
                    incident,
                    role=role,
                    person=person,
                    actor=actor,
                    now=now,
                )
            )
        _print_done(office, changed)


def stakeholder(
    context: typer.Context,
    incident: IncidentId,
    code: Annotated[str, typer.Argument(help="Code of the stakeholder, e.g. staff.")],
    state: Annotated[
        Told, typer.Argument(help="not_informed, informed or acknowledged.")
    ] = Told.NOT_INFORMED,
    as_: AsOption = "",
    message: Annotated[str, typer.Option(help="What they were told, or answered.")] = "",
    name: Annotated[str, typer.Option(help="Add this stakeholder under the code.")] = "",
    channel: Annotated[str, typer.Option(help="How a new one is told.")] = "phone",
    within_hours: Annotated[float, typer.Option(help="By when a new one is told.")] = 4.0,
) -> None:
    """Record who has been informed and who has acknowledged; with --name add somebody."""
    with errors_shown():
        office = open_office(context.obj)
        actor, now = office.actor(as_), office.clock.now()

        def act(session: Session) -> bool:
            if name:
                contacts.add_stakeholder(
                    session,
                    incident,
                    code=code,
                    name=name,
                    channel=channel,
                    due_at=now + timedelta(hours=within_hours),
                    actor=actor,
                    now=now,
                )
            told = contacts.tell_stakeholder(
                session, incident, code, state=state, actor=actor, message=message, now=now
            )
            return told or bool(name)

        _print_done(office, office.write(act))


def _print_done(office: Office, changed: bool) -> None:
    text = office.desk.catalog.done["fact"] if changed else "It is so already; nothing changed."
    out.print(text, markup=False)
