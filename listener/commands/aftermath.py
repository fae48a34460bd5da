"""What ``incidents show`` and ``statements show`` say of opinion after each publication."""

from dataclasses import asdict
from typing import Any

from sqlmodel import Session

from crisis.aftermath import aftermath_text, due_hours, is_public, measured
from listener.commands.common import Office, out
from listener.store import statements


def aftermath_of(
    office: Office, incident_id: int, *, statement_id: int | None = None
) -> list[dict[str, Any]]:
    """Measure every published text of an incident, or of one statement, as counted by now."""
    now = office.clock.now()

    def query(session: Session) -> list[dict[str, Any]]:
        rows = []
        for one in statements.first_publications(session, incident_id=incident_id):
            if statement_id not in (None, one.statement_id) or not is_public(one):
                continue
            for hours in due_hours(one, now):
                found = measured(session, office.desk, one, hours=hours)
                if found is not None:
                    text = aftermath_text(office.desk, found)
                    head = {"revision": one.revision_id, "hours": hours, "text": text}
                    rows.append(head | asdict(found))
        return rows

    return office.read(query)


def print_aftermath(rows: list[dict[str, Any]]) -> None:
    """Print one paragraph for each text and horizon."""
    for row in rows:
        out.print(f"\nr{row['revision']}: {row['text']}", markup=False)
