"""``fengsheng incidents``: list, show, claim, mute, move, note, close, reopen."""

from dataclasses import asdict
from typing import Annotated

import typer

from crisis import incidents as use_cases
from crisis.announce import current_alert, number_of
from crisis.desk import Desk
from crisis.kinds import Outcome, Phase
from listener.commands import incident_links, incident_room, packs
from listener.commands.aftermath import aftermath_of, print_aftermath
from listener.commands.common import (
    AsOption,
    ConfigOption,
    JsonOption,
    Office,
    errors_shown,
    open_office,
    out,
    print_json,
    print_table,
)
from listener.commands.incident_text import print_room, room_json
from listener.commands.media import print_enquiries
from listener.complaints import Severity
from listener.notify.markup import to_plain
from listener.store import enquiries, statements
from listener.store import incidents as store

app = typer.Typer(help="Incidents: what people work on.", invoke_without_command=True)

IncidentId = Annotated[int, typer.Argument(help="Number of the incident.")]


@app.callback()
def list_(
    context: typer.Context,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List incidents, newest first."""
    context.obj = config
    if context.invoked_subcommand is not None:
        return
    with errors_shown():
        office = open_office(config)
        found = office.read(store.list_incidents)
        if as_json:
            print_json([asdict(one) for one in found])
            return
        zone = office.desk.tz
        rows = [
            [
                number_of(one.id),
                one.severity,
                one.phase,
                one.title,
                office.desk.name_of(one.owner_key),
                f"{one.opened_at.astimezone(zone):%m-%d %H:%M}",
            ]
            for one in found
        ]
        columns = ["id", "severity", "phase", "title", "owner", "opened"]
        print_table(columns, rows, empty="No incidents.")


@app.command()
def show(context: typer.Context, incident: IncidentId, as_json: JsonOption = False) -> None:
    """Show one incident: its alert as it stands, facts, statements and timeline."""
    with errors_shown():
        office = open_office(context.obj)
        one = office.read(lambda session: store.incident(session, incident))
        facts = office.read(lambda session: store.facts(session, incident))
        texts = office.read(lambda s: statements.list_statements(s, incident_id=incident))
        events = office.read(lambda session: store.timeline(session, incident))
        after = aftermath_of(office, incident)
        asked = office.read(lambda s: enquiries.list_enquiries(s, incident_id=incident))
        if as_json:
            print_json(
                {
                    "incident": asdict(one),
                    "facts": {name: asdict(fact) for name, fact in facts.items()},
                    "statements": [asdict(text) for text in texts],
                    "timeline": [asdict(event) for event in events],
                    **office.read(lambda s: room_json(s, incident, office.clock.now())),
                    "aftermath": after,
                    "media": [asdict(one) for one in asked],
                }
            )
            return
        zone = office.desk.tz
        now = office.clock.now()
        body = office.read(lambda s: current_alert(s, office.desk, one, now))
        out.print(to_plain(body["html"]), markup=False)
        fact_rows = [
            [office.desk.catalog.fact_names.get(name, name), fact.state, fact.value, fact.source]
            for name, fact in facts.items()
        ]
        print_table(["fact", "state", "value", "source"], fact_rows, empty="No facts yet.")
        statement_rows = [
            [str(text.id), text.kind, text.lang, text.state, ", ".join(text.missing)]
            for text in texts
        ]
        columns = ["statement", "kind", "lang", "state", "missing"]
        print_table(columns, statement_rows, empty="No statements yet.")
        print_room(office, incident)
        event_rows = [
            [
                f"{event.at.astimezone(zone):%m-%d %H:%M:%S}",
                _what(event.kind, event.data),
                office.desk.name_of(event.actor),
                _told(event.data, office.desk),
            ]
            for event in events
        ]
        print_table(["at", "what", "who", "said"], event_rows, empty="Nothing happened yet.")
        print_aftermath(after)
        print_enquiries(office, asked)


def _what(kind: str, data: dict[str, object]) -> str:
    """Return what happened; splits and undoings are recorded under what they belong to."""
    what = "split" if data.get("split") else kind
    return f"{what} undone" if data.get("undone") else what


def _told(data: dict[str, object], desk: Desk) -> str:
    text = str(data.get("text") or data.get("reason") or data.get("value") or "")
    text = desk.catalog.reasons.get(text, text)
    return f"{text} ({data['why']})" if data.get("why") else text


@app.command()
def claim(context: typer.Context, incident: IncidentId, as_: AsOption) -> None:
    """Become the owner of an incident (认领)."""
    with errors_shown():
        office = open_office(context.obj)
        actor = office.actor(as_)
        office.write(
            lambda session: use_cases.claim(
                session, office.desk, incident, actor=actor, now=office.clock.now()
            )
        )
        out.print(office.desk.catalog.done["claim"], markup=False)


@app.command()
def mute(context: typer.Context, incident: IncidentId, as_: AsOption) -> None:
    """Hold back repeats about the brand for a while (静音)."""
    with errors_shown():
        office = open_office(context.obj)
        actor = office.actor(as_)
        office.write(
            lambda session: use_cases.mute(
                session, office.desk, incident, actor=actor, now=office.clock.now()
            )
        )
        out.print(office.desk.catalog.done["mute"], markup=False)


@app.command()
def close(
    context: typer.Context,
    incident: IncidentId,
    as_: AsOption,
    because: Annotated[str, typer.Option(help="Why it is over.")],
    outcome: Annotated[
        Outcome, typer.Option(help="What it was: 属实, 误报 or 非本品牌.")
    ] = Outcome.CONFIRMED,
    open_items_known: Annotated[
        bool,
        typer.Option("--open-items-known", help="Close although the checklist has open items."),
    ] = False,
) -> None:
    """Close an incident with a reason (关闭)."""
    with errors_shown():
        office = open_office(context.obj)
        actor = office.actor(as_)
        office.write(
            lambda session: use_cases.close(
                session,
                office.desk,
                incident,
                actor=actor,
                reason=because,
                outcome=outcome,
                open_items_known=open_items_known,
                now=office.clock.now(),
            )
        )
        out.print(office.desk.catalog.words["phase_closed"], markup=False)


Because = Annotated[str, typer.Option(help="Why.")]


@app.command()
def reopen(context: typer.Context, incident: IncidentId, as_: AsOption, because: Because) -> None:
    """Open a closed incident again (重开)."""
    with errors_shown():
        office = open_office(context.obj)
        actor, now = office.actor(as_), office.clock.now()
        office.write(
            lambda session: use_cases.reopen(
                session, office.desk, incident, actor=actor, reason=because, now=now
            )
        )
        _print_state(office, incident)


@app.command()
def phase(
    context: typer.Context,
    incident: IncidentId,
    to: Annotated[Phase, typer.Argument(help="The phase it is in now.")],
    as_: AsOption,
) -> None:
    """Move an incident to another phase (核实, 应对, 恢复, 复盘)."""
    with errors_shown():
        office = open_office(context.obj)
        actor, now = office.actor(as_), office.clock.now()
        left = office.write(
            lambda session: use_cases.move_phase(
                session, office.desk, incident, actor=actor, phase=to, now=now
            )
        )
        _print_state(office, incident)
        for item in left:
            out.print(f"  ☐ {item.id}  {item.said(office.desk.lang)}", markup=False)


@app.command()
def severity(
    context: typer.Context,
    incident: IncidentId,
    to: Annotated[Severity, typer.Argument(help="general, serious or urgent.")],
    as_: AsOption,
    because: Because,
) -> None:
    """Raise or lower the severity with a reason; approval chains under way follow."""
    with errors_shown():
        office = open_office(context.obj)
        actor, now = office.actor(as_), office.clock.now()
        office.write(
            lambda session: use_cases.set_severity(
                session,
                office.desk,
                incident,
                actor=actor,
                severity=to,
                reason=because,
                now=now,
            )
        )
        _print_state(office, incident)


@app.command()
def note(
    context: typer.Context,
    incident: IncidentId,
    as_: AsOption,
    text: Annotated[str, typer.Option(help="The note.")],
) -> None:
    """Write a note into the timeline."""
    with errors_shown():
        office = open_office(context.obj)
        actor, now = office.actor(as_), office.clock.now()
        office.write(
            lambda session: use_cases.note(session, incident, actor=actor, text=text, now=now)
        )
        out.print(office.desk.catalog.done["fact"], markup=False)


app.command("pack")(packs.pack)
app.command("verify-pack")(packs.verify_pack)


def _print_state(office: Office, incident: int) -> None:
    one = office.read(lambda session: store.incident(session, incident))
    words = office.desk.catalog.words
    out.print(f"{number_of(one.id)} {one.severity} {words[f'phase_{one.phase}']}", markup=False)


incident_room.register(app)
incident_links.register(app)
