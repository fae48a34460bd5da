"""``fengsheng media``: what the media ask, by when, who answers, and in which approved words."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from crisis import media as use_cases
from crisis.announce import number_of
from crisis.facts import read_instant
from crisis.permissions import actor_by_key
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
from listener.store import enquiries as store
from listener.store.records import EnquiryRecord

app = typer.Typer(help="Media enquiries (媒体问询).", no_args_is_help=True)

EnquiryId = Annotated[int, typer.Argument(help="Number of the enquiry.")]


@app.callback()
def media(context: typer.Context, config: ConfigOption = None) -> None:
    """Keep a log of media enquiries and answer them in approved words only."""
    context.obj = config


@app.command(name="list")
def list_(
    context: typer.Context,
    incident: Annotated[int | None, typer.Option(help="Only those of this incident.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Settled ones too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List enquiries, the nearest deadline first."""
    with errors_shown():
        office = open_office(context.obj)
        state = None if every else store.OPEN
        found = office.read(
            lambda session: store.list_enquiries(session, incident_id=incident, state=state)
        )
        if as_json:
            print_json([asdict(one) for one in found])
            return
        print_enquiries(office, found)


def print_enquiries(office: Office, found: list[EnquiryRecord]) -> None:
    """Print enquiries as a table; an open one past its deadline is marked."""
    now = office.clock.now()

    def at(value: Any) -> str:
        return f"{value.astimezone(office.desk.tz):%m-%d %H:%M}" if value else "—"

    rows = [
        [
            str(one.id),
            number_of(one.incident_id) if one.incident_id else "—",
            " ".join(part for part in (one.outlet, one.person) if part),
            one.channel,
            one.question,
            at(one.deadline_at),
            office.desk.name_of(one.owner_key),
            "OVERDUE"
            if one.state == store.OPEN and one.deadline_at and one.deadline_at <= now
            else one.state,
            f"r{one.revision_id}" if one.revision_id else "",
        ]
        for one in found
    ]
    columns = ["id", "incident", "who asks", "by", "question", "deadline", "owner", "state"]
    print_table([*columns, "answer"], rows, empty="No media enquiries.")


@app.command()
def add(
    context: typer.Context,
    as_: AsOption,
    outlet: Annotated[str, typer.Option(help="Newspaper, channel, account.")],
    question: Annotated[str, typer.Option(help="What they ask.")],
    person: Annotated[str, typer.Option(help="Who asks.")] = "",
    channel: Annotated[str, typer.Option(help="How: phone, mail, weibo …")] = "",
    received: Annotated[str, typer.Option(help="When it came; now if not given.")] = "",
    deadline: Annotated[str, typer.Option(help="When they need the answer.")] = "",
    incident: Annotated[int | None, typer.Option(help="Number of the incident.")] = None,
    owner: Annotated[str, typer.Option(help="Key of who answers.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Write down what the media ask; times as 2026-11-22T12:30 in the configured zone."""
    with errors_shown():
        office = open_office(context.obj)
        actor, now, tz = office.actor(as_), office.clock.now(), office.desk.tz
        received_at = read_instant(received, tz) if received else now
        deadline_at = read_instant(deadline, tz) if deadline else None
        if received_at is None or (deadline and deadline_at is None):
            fail("a time is not understood; write it as 2026-11-22T12:30")
        if owner:
            actor_by_key(office.desk.people, owner, via="terminal")
        found = office.write(
            lambda session: use_cases.record_enquiry(
                session,
                outlet=outlet,
                person=person,
                channel=channel,
                question=question,
                received_at=received_at,
                deadline_at=deadline_at,
                incident_id=incident,
                owner_key=owner or None,
                actor=actor,
                now=now,
            )
        )
        if as_json:
            print_json(asdict(found))
            return
        out.print(f"{office.desk.catalog.done['fact']}：media {found.id}", markup=False)


@app.command()
def assign(
    context: typer.Context,
    enquiry: EnquiryId,
    to: Annotated[str, typer.Argument(help="Key of who answers.")],
    as_: AsOption,
) -> None:
    """Say who answers."""
    with errors_shown():
        office = open_office(context.obj)
        actor, now = office.actor(as_), office.clock.now()
        office.write(
            lambda session: use_cases.assign(
                session, office.desk, enquiry, owner_key=to, actor=actor, now=now
            )
        )
        out.print(office.desk.catalog.done["fact"], markup=False)


@app.command()
def answer(
    context: typer.Context,
    enquiry: EnquiryId,
    as_: AsOption,
    revision: Annotated[
        str, typer.Option("--from", help="The approved text that was used, such as r7.")
    ],
    file: Annotated[
        Path | None, typer.Option(help="The answer given, if only a part of it; - is input.")
    ] = None,
) -> None:
    """Record the answer given; every sentence must stand in the approved text."""
    with errors_shown():
        office = open_office(context.obj)
        actor, now = office.actor(as_), office.clock.now()
        number = revision.removeprefix("r")
        if not number.isdigit():
            fail(f"'{revision}' is no revision; write it as r7")
        said = office.write(
            lambda session: use_cases.answer(
                session,
                enquiry,
                revision_id=int(number),
                text=_text_of(file),
                actor=actor,
                now=now,
            )
        )
        out.print(f"{office.desk.catalog.done['fact']}：r{number}\n\n{said}", markup=False)


@app.command()
def close(
    context: typer.Context,
    enquiry: EnquiryId,
    as_: AsOption,
    because: Annotated[str, typer.Option(help="Why.")],
) -> None:
    """Close an enquiry, answered or not, with a reason."""
    with errors_shown():
        office = open_office(context.obj)
        actor, now = office.actor(as_), office.clock.now()
        office.write(
            lambda session: use_cases.close(session, enquiry, reason=because, actor=actor, now=now)
        )
        out.print(office.desk.catalog.done["fact"], markup=False)


def _text_of(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"cannot read '{file}' as UTF-8 text ({type(error).__name__})")
