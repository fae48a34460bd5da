"""``fengsheng statements`` and ``approve``: the statement's whole way in the terminal."""

import sys
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from crisis import approval, drafting, intake
from crisis.announce import number_of
from crisis.approval import Verdict
from crisis.chain import describe
from crisis.compare import differences
from crisis.draft_message import chain_lines, settled_lines
from crisis.drafting import stale_facts
from crisis.facts import read_instant
from crisis.gate import gate_lines, gate_of
from crisis.kinds import Kind
from crisis.override import override_lint
from crisis.permissions import Action
from crisis.publication import record_publication
from crisis.signing import standings
from listener.commands.aftermath import aftermath_of, print_aftermath
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
from listener.commands.watching import CommentsOption, WatchOption, watch_publication
from listener.errors import Conflict
from listener.store import incidents as incident_store
from listener.store import statements as store
from listener.store.records import DecisionRecord, RevisionRecord, StatementRecord

app = typer.Typer(help="Statements: drafts, facts, revisions.", invoke_without_command=True)

Target = Annotated[
    str, typer.Argument(help="A statement's number, or r and a revision's number (r7).")
]
StatementId = Annotated[int, typer.Argument(help="Number of the statement.")]


def find_revision(session: Session, target: str) -> RevisionRecord:
    """Return the revision ``r7`` names, or the newest revision of statement ``7``."""
    number = target.removeprefix("r")
    if not number.isdigit():
        raise Conflict(f"'{target}' is neither a statement's number nor a revision such as r7")
    if target.startswith("r"):
        return store.revision(session, int(number))
    statement = store.statement(session, int(number))
    if statement.current_revision_id is None:
        names = ", ".join(statement.missing) or "the draft is not written yet"
        raise Conflict(f"statement {number} has no text yet; missing: {names}")
    return store.revision(session, statement.current_revision_id)


@app.callback()
def list_(
    context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """List statements, newest first."""
    context.obj = config
    if context.invoked_subcommand is not None:
        return
    with errors_shown():
        office = open_office(config)
        found = office.read(store.list_statements)
        if as_json:
            print_json([asdict(one) for one in found])
            return
        rows = [
            [
                str(one.id),
                number_of(one.incident_id),
                one.crisis_type,
                one.kind,
                one.lang,
                one.state,
                f"r{one.current_revision_id}" if one.current_revision_id else "",
            ]
            for one in found
        ]
        columns = ["id", "incident", "crisis", "kind", "lang", "state", "revision"]
        print_table(columns, rows, empty="No statements.")


@app.command()
def show(context: typer.Context, target: Target, as_json: JsonOption = False) -> None:
    """Show a statement's text, facts, approval chain, decisions, changes and publications."""
    with errors_shown():
        office = open_office(context.obj)
        revision = office.read(lambda session: find_revision(session, target))
        statement = office.read(lambda s: store.statement(s, revision.statement_id))
        decisions = office.read(lambda session: store.decisions(session, statement.id))
        stale = office.read(lambda session: stale_facts(session, statement))
        if as_json:
            known = office.read(lambda session: store.revisions(session, statement.id))
            placed = office.read(lambda session: store.publications(session, statement.id))
            found = office.read(
                lambda session: standings(session, office.desk, statement, revision)
            )
            gate = office.read(lambda session: gate_of(session, office.desk, statement, revision))
            print_json(
                {
                    "statement": asdict(statement),
                    "revision": asdict(revision),
                    "lint": [asdict(one) for one in gate.findings],
                    "lint_override": gate.reason or None,
                    "chain": describe(found.chain),
                    "decisions": [asdict(one) for one in decisions],
                    "revisions": [asdict(one) for one in known],
                    "publications": [asdict(one) for one in placed],
                    "stale_facts": stale,
                    "aftermath": aftermath_of(
                        office, statement.incident_id, statement_id=statement.id
                    ),
                }
            )
            return
        out.print(revision.text, markup=False)
        out.print(f"\nr{revision.id} · {revision.content_hash} · {statement.state}", markup=False)
        rows = [
            [
                office.desk.catalog.fact_names.get(name, name),
                fact["state"],
                fact["value"],
                fact["source"],
            ]
            for name, fact in revision.facts.items()
        ]
        print_table(["fact", "state", "value", "source"], rows, empty="No facts.")
        for name in stale:
            label = office.desk.catalog.fact_names.get(name, name)
            out.print(f"stale: {label} has another value now", markup=False)
        _show_history(office, statement, revision, decisions)


def _show_history(
    office: Office,
    statement: StatementRecord,
    revision: RevisionRecord,
    decisions: list[DecisionRecord],
) -> None:
    """Print the chain, every decision, every revision with its changes, and publications."""
    desk, zone = office.desk, office.desk.tz
    found = office.read(lambda session: standings(session, desk, statement, revision))
    is_settled = statement.state in (store.APPROVED, store.PUBLISHED)
    if is_settled and statement.chain is not None:
        lines = settled_lines(desk, statement.chain)
    else:
        lines = chain_lines(desk, found.chain)
    gate = office.read(lambda session: gate_of(session, office.desk, statement, revision))
    for line in (*gate_lines(desk, gate), *lines):
        out.print(line, markup=False)
    decided = [
        [
            f"{one.decided_at.astimezone(zone):%m-%d %H:%M}",
            f"r{one.revision_id}",
            one.verdict,
            desk.name_of(one.person_key),
            f"{one.role} ({one.standing})",
            one.comment or "",
            f"void: {one.void_reason}" if one.voided_at else "",
        ]
        for one in decisions
    ]
    columns = ["at", "text", "decision", "who", "as", "comment", ""]
    print_table(columns, decided, empty="No decision yet.")
    known = office.read(lambda session: store.revisions(session, statement.id))
    for before, after in pairwise(known):
        by = desk.name_of(after.author)
        at = f"{after.created_at.astimezone(zone):%m-%d %H:%M}"
        out.print(f"\nr{before.id} → r{after.id} · {by} · {at}", markup=False)
        for sign, sentence in differences(before.text, after.text):
            out.print(f"{sign} {sentence}", markup=False)
    placed = [
        [
            f"{one.published_at.astimezone(zone):%m-%d %H:%M}",
            one.channel,
            one.url,
            desk.name_of(one.recorded_by),
            "as approved" if one.is_approved else "NOT APPROVED",
            f"{len(one.differences)} differences" if one.text is not None else "not compared",
        ]
        for one in office.read(lambda session: store.publications(session, statement.id))
    ]
    columns = ["published", "channel", "url", "recorded by", "approval", "text"]
    print_table(columns, placed, empty="No publication recorded.")
    print_aftermath(aftermath_of(office, statement.incident_id, statement_id=statement.id))


@app.command()
def draft(
    context: typer.Context,
    incident: Annotated[int, typer.Argument(help="Number of the incident.")],
    as_: AsOption,
    kind: Annotated[Kind, typer.Option(help="What it is for.")] = Kind.HOLDING,
) -> None:
    """Ask for a statement of an incident, the holding statement first of all (起草)."""
    with errors_shown():
        office = open_office(context.obj)
        actor = office.actor(as_)
        actor.role_for(Action.DRAFT)
        now = office.clock.now()

        def ask(session: Session) -> int | None:
            one = incident_store.incident(session, incident)
            statement_id = intake.request_draft(
                session, office.desk, one, requested_by=actor.key, now=now, kind=kind
            )
            if statement_id is not None:
                drafting.write_draft(session, office.desk, statement_id, now)
            return statement_id

        statement_id = office.write(ask)
        if statement_id is None:
            fail(office.desk.catalog.refusals["no_template"])
        out.print(f"statement {statement_id}", markup=False)


@app.command()
def fact(
    context: typer.Context,
    statement: StatementId,
    name: Annotated[str, typer.Argument(help="Name of the fact, as 'statements' lists it.")],
    value: Annotated[str, typer.Argument(help="Its value, or 正在核实 if nobody knows yet.")],
    as_: AsOption,
) -> None:
    """State a fact; the draft is written anew when nothing is missing any more."""
    with errors_shown():
        _state(open_office(context.obj), statement, name, value, as_)


@app.command()
def answer(
    context: typer.Context,
    question: Annotated[int, typer.Argument(help="Number of the question.")],
    as_: AsOption,
    text: Annotated[str, typer.Option(help="The answer.")],
) -> None:
    """Answer a question about a missing fact."""
    with errors_shown():
        office = open_office(context.obj)
        asked = office.read(lambda session: store.question(session, question))
        if asked.kind != "fact" or asked.statement_id is None or asked.fact_name is None:
            fail(f"question {question} does not ask for a fact; use 'edit' or 'reject'")
        _state(office, asked.statement_id, asked.fact_name, text, as_)


def _state(office: Office, statement: int, name: str, value: str, as_: str) -> None:
    actor = office.actor(as_)
    if name not in office.desk.catalog.fact_names:
        known = ", ".join(office.desk.catalog.fact_names)
        raise Conflict(f"there is no fact '{name}'; known facts: {known}")
    revision = office.write(
        lambda session: drafting.state_fact(
            session,
            office.desk,
            statement,
            name=name,
            value=value,
            actor=actor,
            now=office.clock.now(),
        )
    )
    out.print(office.desk.catalog.done["fact"], markup=False)
    if revision is not None:
        out.print(revision.text, markup=False)


@app.command()
def edit(
    context: typer.Context,
    target: Target,
    as_: AsOption,
    file: Annotated[
        Path, typer.Option(help="File with the whole new text, - for standard input.")
    ],
) -> None:
    """Replace the text (修改); every earlier decision is void and another person must approve."""
    with errors_shown():
        office = open_office(context.obj)
        actor = office.actor(as_)
        text = _text_of(file)
        revision = office.write(
            lambda session: drafting.edit_text(
                session,
                office.desk,
                find_revision(session, target).id,
                text=text,
                actor=actor,
                now=office.clock.now(),
            )
        )
        out.print(f"r{revision.id} {revision.content_hash}", markup=False)
        statement = office.read(lambda s: store.statement(s, revision.statement_id))
        gate = office.read(lambda session: gate_of(session, office.desk, statement, revision))
        for line in gate_lines(office.desk, gate):
            out.print(line, markup=False)


@app.command()
def override(
    context: typer.Context,
    target: Target,
    as_: AsOption,
    because: Annotated[str, typer.Option(help="Why it must go out as it is.")],
) -> None:
    """Let a text be signed in spite of lint errors (仍要送审); a lead only, the reason stays."""
    with errors_shown():
        office = open_office(context.obj)

        def act(session: Session) -> None:
            revision = find_revision(session, target)
            override_lint(
                session,
                office.desk,
                revision_id=revision.id,
                expected_hash=revision.content_hash,
                reason=because,
                actor=office.actor(as_),
                now=office.clock.now(),
            )

        office.write(act)
        out.print(office.desk.catalog.done["override_said"], markup=False)


@app.command()
def reject(
    context: typer.Context,
    target: Target,
    as_: AsOption,
    because: Annotated[str, typer.Option(help="Why.")],
) -> None:
    """Reject a text with a reason (驳回)."""
    with errors_shown():
        _decide(open_office(context.obj), target, Verdict.REJECT, as_, because, as_json=False)


@app.command(name="request-changes")
def request_changes(
    context: typer.Context,
    target: Target,
    as_: AsOption,
    because: Annotated[str, typer.Option(help="What has to change.")],
) -> None:
    """Send a text back for changes (退回修改); the next revision is approved anew."""
    with errors_shown():
        _decide(open_office(context.obj), target, Verdict.CHANGES, as_, because, as_json=False)


@app.command()
def published(
    context: typer.Context,
    statement: StatementId,
    as_: AsOption,
    channel: Annotated[str, typer.Option(help="Where, e.g. weibo.")],
    url: Annotated[str, typer.Option(help="Address of the published text.")] = "",
    at: Annotated[
        str, typer.Option(help="When, as ISO time in the configured zone; now if not given.")
    ] = "",
    file: Annotated[
        Path | None, typer.Option(help="The text as published, - for standard input.")
    ] = None,
    watch: WatchOption = None,
    comments: CommentsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Record that people published a text, and compare it with the approved one."""
    with errors_shown():
        office = open_office(context.obj)
        now = office.clock.now()
        published_at = read_instant(at, office.desk.tz) if at else now
        if published_at is None:
            fail(f"'{at}' is no time; write it as 2026-11-22T12:30")
        text = _text_of(file) if file else None
        done = office.write(
            lambda session: record_publication(
                session,
                office.desk,
                statement,
                channel=channel,
                url=url,
                published_at=published_at,
                actor=office.actor(as_),
                now=now,
                text=text,
            )
        )
        watched = watch_publication(
            office, statement, done.publication_id, url, watch=watch, comments=comments
        )
        if as_json:
            print_json(asdict(done) | {"watch": watched})
            return
        out.print(office.desk.catalog.done["published"], markup=False)
        if not done.is_approved:
            out.print(office.desk.catalog.approval["not_approved"], markup=False)
        for sign, sentence in done.differences:
            out.print(f"{sign} {sentence}", markup=False)
        if text is not None and not done.differences:
            out.print(office.desk.catalog.approval["same_text"], markup=False)
        if done.next_update_at is not None:
            due = f"{done.next_update_at.astimezone(office.desk.tz):%m-%d %H:%M}"
            line = office.desk.catalog.approval["owed"].format(due=due)
            out.print(line, markup=False)
        out.print(watched["said"], markup=False)


def _text_of(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"cannot read '{file}' as UTF-8 text ({type(error).__name__})")


def approve(
    target: Target,
    as_: AsOption,
    config: ConfigOption = None,
    hash_: Annotated[
        str | None, typer.Option("--hash", help="Approve only if the text has this SHA-256.")
    ] = None,
    emergency: Annotated[
        bool, typer.Option(help="A lead alone passes an untouched first response; give --because.")
    ] = False,
    because: Annotated[str | None, typer.Option(help="Comment; why it is an emergency.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Sign for a statement's text (通过). Nothing is published; people publish."""
    with errors_shown():
        office = open_office(config)
        _decide(
            office,
            target,
            Verdict.APPROVE,
            as_,
            because,
            expected=hash_,
            emergency=emergency,
            as_json=as_json,
        )


def _decide(
    office: Office,
    target: str,
    verdict: Verdict,
    as_: str,
    comment: str | None,
    *,
    as_json: bool,
    expected: str | None = None,
    emergency: bool = False,
) -> None:
    actor = office.actor(as_)

    def act(session: Session) -> tuple[int, RevisionRecord]:
        revision = find_revision(session, target)
        decision_id = approval.decide(
            session,
            office.desk,
            revision_id=revision.id,
            expected_hash=revision.content_hash if expected is None else expected,
            verdict=verdict,
            actor=actor,
            now=office.clock.now(),
            comment=comment,
            emergency=emergency,
        )
        return decision_id, revision

    decision_id, revision = office.write(act)
    statement = office.read(lambda session: store.statement(session, revision.statement_id))
    if as_json:
        print_json(
            {
                "decision": decision_id,
                "verdict": verdict,
                "statement": revision.statement_id,
                "revision": revision.id,
                "hash": revision.content_hash,
                "state": statement.state,
            }
        )
        return
    key = {Verdict.REJECT: "reason", Verdict.CHANGES: "changes_said"}.get(verdict, "approve")
    done = office.desk.catalog.done[key]
    if verdict is Verdict.APPROVE and statement.state == store.WAITING:
        found = office.read(lambda s: standings(s, office.desk, statement, revision))
        out.print("\n".join(chain_lines(office.desk, found.chain)), markup=False)
    out.print(f"{done}：r{revision.id} {revision.content_hash}\n\n{revision.text}", markup=False)
