"""The commands that join and part incidents, and those for claims."""

from enum import StrEnum
from typing import Annotated

import typer
from sqlmodel import Session

from crisis import claims, merging, splitting
from crisis.announce import number_of
from crisis.claims import ClaimState
from crisis.evidence import quote
from crisis.kinds import CrisisType
from listener.commands.common import AsOption, errors_shown, open_office, out, print_table
from listener.errors import Conflict
from listener.store import incidents as store

IncidentId = Annotated[int, typer.Argument(help="Number of the incident.")]
Because = Annotated[str, typer.Option(help="Why.")]
NOTHING = "It is so already; nothing changed."


class ClaimDid(StrEnum):
    """What can be done to a claim."""

    ADD = "add"
    TRUE = "true"
    FALSE = "false"
    UNVERIFIED = "unverified"
    FACT = "fact"


def register(app: typer.Typer) -> None:
    """Add these commands to ``fengsheng incidents``."""
    for command in (merge, stories, split, link, claim_):
        app.command("rumour" if command is claim_ else command.__name__)(command)


def merge(
    context: typer.Context,
    gone: Annotated[int, typer.Argument(help="The incident that ends.")],
    into: Annotated[int, typer.Argument(help="The incident that goes on.")],
    as_: AsOption,
    because: Because,
    keep: Annotated[
        list[str] | None,
        typer.Option(help="NAME=INCIDENT: whose value of a contradicting fact holds."),
    ] = None,
) -> None:
    """Merge one incident into another of the same brand; 'reopen' takes it back."""
    with errors_shown():
        office = open_office(context.obj)
        actor, now = office.actor(as_), office.clock.now()
        chosen = dict(_choice(one) for one in keep or [])
        done = office.write(
            lambda session: merging.merge(
                session,
                office.desk,
                gone,
                into,
                actor=actor,
                reason=because,
                keep=chosen,
                now=now,
            )
        )
        counts = ", ".join(f"{len(ids)} {what}" for what, ids in done.moved.items() if ids)
        out.print(f"{number_of(gone)} → {number_of(into)}: {counts or 'nothing'}", markup=False)
        if done.stays:
            texts = ", ".join(map(str, done.stays))
            out.print(f"  statements that stay with {number_of(gone)}: {texts}", markup=False)


def _choice(written: str) -> tuple[str, int]:
    name, equals, number = written.partition("=")
    if not equals or not number.isascii() or not number.isdecimal():
        raise Conflict(f"--keep '{written}': write NAME=INCIDENT, e.g. scope=5")
    return name.strip(), int(number)


def stories(context: typer.Context, incident: IncidentId) -> None:
    """List the stories of an incident, for 'split'."""
    with errors_shown():
        office = open_office(context.obj)
        now = office.clock.now()

        def rows(session: Session) -> list[list[str]]:
            found = splitting.stories_said(session, store.incident(session, incident), now)
            return [
                [str(story), str(len(said)), said[0].source_name, quote(said[0].text)]
                for story, said in list(found.items())[:200]
            ]

        print_table(["story", "texts", "source", "first"], office.read(rows), empty="No stories.")


def split(
    context: typer.Context,
    incident: IncidentId,
    as_: AsOption,
    because: Because,
    stories: Annotated[str, typer.Option(help="Numbers of the stories, e.g. 3,7.")],
    crisis: Annotated[
        CrisisType | None, typer.Option(help="Crisis type; that of most texts if not given.")
    ] = None,
) -> None:
    """Open an incident of their own for some stories; 'merge' takes it back."""
    with errors_shown():
        numbers = [part.strip() for part in stories.split(",") if part.strip()]
        if not all(part.isascii() and part.isdecimal() for part in numbers):
            raise Conflict(f"--stories '{stories}': write numbers, e.g. 3,7")
        office = open_office(context.obj)
        actor, now = office.actor(as_), office.clock.now()
        new_id = office.write(
            lambda session: splitting.split(
                session,
                office.desk,
                incident,
                [int(part) for part in numbers],
                actor=actor,
                reason=because,
                crisis_type=crisis,
                now=now,
            )
        )
        out.print(number_of(new_id), markup=False)


def link(
    context: typer.Context,
    incident: IncidentId,
    other: Annotated[int, typer.Argument(help="Number of the other incident.")],
    as_: AsOption,
    undo: Annotated[bool, typer.Option("--undo", help="They do not belong together.")] = False,
) -> None:
    """Say that two incidents belong together."""
    with errors_shown():
        office = open_office(context.obj)
        actor, now = office.actor(as_), office.clock.now()
        changed = office.write(
            lambda session: merging.link(session, incident, other, actor=actor, now=now, undo=undo)
        )
        out.print(office.desk.catalog.done["fact"] if changed else NOTHING, markup=False)


def claim_(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="Incident for add, else number of the claim.")],
    did: Annotated[ClaimDid, typer.Argument(help="add, true, false, unverified or fact.")],
    as_: AsOption,
    text: Annotated[str, typer.Option(help="What is claimed, or the fact in your words.")] = "",
    source: Annotated[str, typer.Option(help="Who claims it; what a judgement rests on.")] = "",
    url: Annotated[str, typer.Option(help="Where it is claimed.")] = "",
    fact: Annotated[str, typer.Option(help="Name of the fact to state, e.g. true_fact.")] = "",
) -> None:
    """Record a rumour or accusation (说法), judge it, or make a fact of what was found."""
    with errors_shown():
        office = open_office(context.obj)
        actor, now = office.actor(as_), office.clock.now()

        def act(session: Session) -> str:
            done = office.desk.catalog.done["fact"]
            if did is ClaimDid.ADD:
                claim_id = claims.raise_claim(
                    session, number, text=text, source=source, url=url, actor=actor, now=now
                )
                return f"claim {claim_id}"
            if did is ClaimDid.FACT:
                claims.make_fact(
                    session, office.desk, number, name=fact, value=text, actor=actor, now=now
                )
                return done
            changed = claims.judge_claim(
                session, number, state=ClaimState(did), basis=source, actor=actor, now=now
            )
            return done if changed else NOTHING

        out.print(office.write(act), markup=False)
