"""``fengsheng export`` and ``erase``: what is held about a person, and how it goes."""

from typing import Annotated

import typer
from sqlmodel import Session

from crisis.announce import refresh_alert
from crisis.permissions import Action
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
)
from listener.home import home_of
from listener.privacy import installation_key, pseudonym
from listener.store import incidents
from listener.store.audit import record_audit
from listener.store.erasure import (
    Erased,
    basis_of,
    erase_mentions,
    find_mentions,
    held_about,
)

AuthorOption = Annotated[
    list[str] | None,
    typer.Option("--author", help="Account id or name as the source shows it; repeatable."),
]
UrlOption = Annotated[list[str] | None, typer.Option("--url", help="Address of a post.")]
MentionOption = Annotated[list[int] | None, typer.Option("--mention", help="Number of a mention.")]


def export(
    author: AuthorOption = None,
    url: UrlOption = None,
    mention: MentionOption = None,
    config: ConfigOption = None,
) -> None:
    """Print everything held about an author or a post, one JSON object a line."""
    with errors_shown():
        office = open_office(config)
        ids = _found(office, author, url, mention)
        for held in office.read(lambda session: held_about(session, ids)):
            print_json(held)


def erase(
    actor: AsOption,
    author: AuthorOption = None,
    url: UrlOption = None,
    mention: MentionOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Erase what an author said, on request; counts stay. Cannot be undone."""
    with errors_shown():
        office = open_office(config)
        person = office.actor(actor)
        person.role_for(Action.ERASE)
        ids = _found(office, author, url, mention)
        if ids and not yes and not typer.confirm(f"Erase {len(ids)} mentions for good?"):
            fail("nothing was erased")

        def act(session: Session) -> Erased:
            now = office.clock.now()
            erased = erase_mentions(session, ids)
            record_audit(
                session,
                at=now,
                actor=person.key,
                action="erase",
                object_type="mention",
                object_id=ids[0] if ids else 0,
                via=person.via,
                data={"mentions": erased.mentions, "messages": erased.messages},
            )
            for number in erased.incidents:
                if incidents.incident(session, number).closed_at is None:
                    refresh_alert(session, office.desk, number, now)
            return erased

        erased = office.write(act)
    if as_json:
        print_json(
            {
                "mentions": erased.mentions,
                "messages": erased.messages,
                "incidents": list(erased.incidents),
            }
        )
        return
    out.print(
        f"erased {erased.mentions} mentions and their quotations in {erased.messages} messages"
        f" and {len(erased.incidents)} incidents; backups made before still hold them",
        markup=False,
    )


def _found(
    office: Office,
    author: list[str] | None,
    url: list[str] | None,
    mention: list[int] | None,
) -> list[int]:
    if not (author or url or mention):
        fail("say whom or what: --author NAME, --url ADDRESS or --mention NUMBER", code=2)
    key = installation_key(home_of(office.file) / "keys", "pseudonym")

    def query(session: Session) -> list[int]:
        return find_mentions(
            session,
            author_hashes=[
                pseudonym(key, spider, account)
                for name in author or ()
                for spider, account in basis_of(session, name)
            ],
            author_names=author or (),
            urls=url or (),
            ids=mention or (),
        )

    return office.read(query)
