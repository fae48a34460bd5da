"""``fengsheng incidents pack`` and ``verify-pack``: evidence that can be checked by others."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from crisis.permissions import Action
from listener.commands.common import JsonOption, errors_shown, open_office, out, print_json
from listener.reports.pack import write_pack
from listener.reports.pack_check import check_pack
from listener.store.audit import record_audit
from listener.store.casefile import PACKED


def pack(
    context: typer.Context,
    incident: Annotated[int, typer.Argument(help="Number of the incident.")],
    to: Annotated[Path, typer.Option("--out", help="The zip to write; it must not exist yet.")],
    as_: Annotated[
        str, typer.Option("--as", help="Who takes it: written into the audit trail.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Write everything held of an incident into one zip with a manifest (证据包)."""
    with errors_shown():
        office = open_office(context.obj)
        actor = office.actor(as_) if as_ else None
        if actor is not None:
            actor.role_for(Action.SEE)
        packed = write_pack(office.engine, office.desk, incident, to)
        if actor is not None:
            office.write(
                lambda session: record_audit(
                    session,
                    at=office.clock.now(),
                    actor=actor.key,
                    action=PACKED,
                    object_type="incident",
                    object_id=incident,
                    via=actor.via,
                    data={"sha256": packed.sha256, "posts": packed.posts},
                )
            )
        if as_json:
            print_json({"file": str(to), **asdict(packed)})
            return
        files = len(packed.manifest.files)
        out.print(
            f"{to}: {files} files, {packed.posts} posts, {packed.size_bytes} bytes\n"
            f"sha256 {packed.sha256}",
            markup=False,
        )


def verify_pack(
    file: Annotated[Path, typer.Argument(help="The zip.")],
    as_json: JsonOption = False,
) -> None:
    """Check an evidence pack; names each difference and exits with 1 if there is one."""
    with errors_shown():
        checked = check_pack(file)
        if as_json:
            print_json({"is_intact": not checked.differences, **asdict(checked)})
        else:
            for one in checked.differences:
                out.print(f"{one.fault}: {one.name}: {one.detail}", markup=False)
            state = "intact" if not checked.differences else "NOT what was written"
            out.print(
                f"{file}: incident {checked.manifest.incident}, {len(checked.manifest.files)} "
                f"files, data until {checked.manifest.time}: {state}\nsha256 {checked.sha256}",
                markup=False,
            )
        if checked.differences:
            raise typer.Exit(1)
