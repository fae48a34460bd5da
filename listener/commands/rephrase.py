"""``fengsheng rephrase``: another wording of a draft, from a language service of one's own."""

from dataclasses import asdict
from typing import Annotated
from urllib.parse import urlsplit

import typer
from sqlmodel import Session

from crisis import drafting
from crisis.checking import to_check
from crisis.permissions import Action
from crisis.rephrase import check_base, judge, lock, unlock
from listener.commands.common import (
    AsOption,
    ConfigOption,
    JsonOption,
    errors_shown,
    open_office,
    out,
    print_json,
)
from listener.commands.statements import Target, find_revision
from listener.store import statements as store
from listener.store.audit import record_audit
from listener.store.records import RevisionRecord
from listener.writing_help import Tone, WritingService


def rephrase(
    target: Target,
    as_: AsOption,
    tone: Annotated[Tone, typer.Option(help="How it should read.")] = Tone.PLAIN,
    accept: Annotated[
        bool, typer.Option("--accept", help="Store it as the next revision, written by you.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rephrase a draft that has no errors; facts are locked, the answer is checked and compared.

    Without --accept nothing is stored. An accepted text is yours: somebody else approves it.
    """
    with errors_shown():
        office = open_office(config)
        actor = office.actor(as_)
        actor.role_for(Action.EDIT)
        revision = office.read(lambda session: find_revision(session, target))
        statement = office.read(lambda session: store.statement(session, revision.statement_id))
        before = office.read(lambda session: to_check(session, statement, revision))
        check_base(before)
        values = [one.value for one in before.facts.values() if one.value]
        locked = lock(revision.text, values, lang=statement.lang)
        key = office.secrets.writing_key
        settings = office.file.config.writing_help
        service = WritingService(settings, key.get_secret_value() if key else None)
        answer = service.rephrase(locked.text, lang=statement.lang, tone=tone)
        text = unlock(answer, locked, lang=statement.lang)
        after = office.read(lambda session: to_check(session, statement, revision, text=text))
        proposal = judge(before, after)
        stored: RevisionRecord | None = None
        if accept:

            def act(session: Session) -> RevisionRecord:
                now = office.clock.now()
                record_audit(
                    session,
                    at=now,
                    actor=actor.key,
                    action="rephrase",
                    object_type="statement",
                    object_id=statement.id,
                    via=actor.via,
                    data={
                        "service": urlsplit(settings.endpoint).hostname,
                        "model": settings.model,
                        "from": revision.content_hash,
                        "tone": tone,
                    },
                )
                return drafting.edit_text(
                    session, office.desk, revision.id, text=text, actor=actor, now=now
                )

            stored = office.write(act)
    if as_json:
        print_json(
            {
                "text": proposal.text,
                "changes": proposal.changes,
                "findings": [asdict(one) for one in proposal.findings],
                "revision": stored.id if stored else None,
            }
        )
        return
    for sign, sentence in proposal.changes:
        out.print(f"{sign} {sentence}", markup=False)
    if not proposal.changes:
        out.print("The wording is the same.", markup=False)
    for one in proposal.findings:
        out.print(f"{one.level} {one.rule}: {one.message}", markup=False)
    if stored is not None:
        out.print(f"r{stored.id} {stored.content_hash}", markup=False)
    elif proposal.changes:
        out.print(
            "Nothing is stored; the same command with --accept stores a wording.", markup=False
        )
