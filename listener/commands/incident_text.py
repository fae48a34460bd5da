"""What ``fengsheng incidents show`` prints of the crisis room, as tables and as JSON."""

from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlmodel import Session

from crisis.contacts import told_state
from crisis.countdown import clock_line, playbook_of
from crisis.desk import Desk
from listener.commands.common import Office, out, print_table
from listener.store import claims, clocks, links, playbooks, room


def room_json(session: Session, incident_id: int, now: datetime) -> dict[str, Any]:
    """Return everything of the crisis room that other programs may read."""
    snapshot = playbooks.snapshot(session, incident_id)
    return {
        "playbook": asdict(snapshot) if snapshot else None,
        "checklist_done": {
            name: asdict(one) for name, one in playbooks.marks(session, incident_id).items()
        },
        "clocks": [
            {**asdict(one), "is_breached": one.is_breached(now)}
            for one in clocks.clocks(session, incident_id)
        ],
        "roles": [asdict(one) for one in room.roles(session, incident_id)],
        "stakeholders": [
            {**asdict(one), "state": told_state(one)}
            for one in room.stakeholders(session, incident_id)
        ],
        "claims": [asdict(one) for one in claims.claims(session, incident_id)],
        "links": [asdict(one) for one in links.links(session, incident_id)],
    }


def print_room(office: Office, incident_id: int) -> None:
    """Print clocks, checklist, roles, stakeholders, claims and links of an incident."""
    now, desk = office.clock.now(), office.desk

    def print_parts(session: Session) -> None:
        view = _View(session, desk, incident_id, now)
        for columns, rows_of, empty in _PARTS:
            print_table(columns, rows_of(view), empty=empty)

    office.read(print_parts)
    for line in office.read(partial(_items, desk=desk, incident_id=incident_id)):
        out.print(line, markup=False)


@dataclass(frozen=True, slots=True)
class _View:
    """What the tables are made from."""

    session: Session
    desk: Desk
    incident_id: int
    now: datetime


def _time(desk: Desk, at: datetime | None) -> str:
    return f"{at.astimezone(desk.tz):%m-%d %H:%M}" if at else ""


def _clock_rows(view: _View) -> list[list[str]]:
    return [
        [
            clock_line(view.session, view.desk, one, view.now),
            one.code,
            view.desk.name_of(one.met_by or one.started_by),
        ]
        for one in clocks.clocks(view.session, view.incident_id)
    ]


def _items(session: Session, *, desk: Desk, incident_id: int) -> list[str]:
    """Return the checklist in lines: a table would cut the sentences."""
    playbook = playbook_of(session, incident_id)
    if playbook is None:
        return ["No playbook yet."]
    done = playbooks.marks(session, incident_id)
    lines = [f"{playbook.crisis_type} {playbook.version}.{playbook.common_version}"]
    phase = ""
    for one in playbook.items():
        if one.phase != phase:
            phase = one.phase
            lines.append(desk.catalog.words[f"phase_{phase}"])
        mark = done.get(one.id)
        lines.append(f"  {'☑' if mark else '☐'} {one.id}  {one.said(desk.lang)}")
        if mark:
            lines[-1] += f"  {desk.name_of(mark.done_by)} {_time(desk, mark.done_at)}"
    return lines


def _role_rows(view: _View) -> list[list[str]]:
    return [
        [view.desk.catalog.incident[f"role_{one.role}"], view.desk.name_of(one.person_key)]
        for one in room.roles(view.session, view.incident_id)
    ]


def _told_rows(view: _View) -> list[list[str]]:
    words = view.desk.catalog.incident
    rows = []
    for one in room.stakeholders(view.session, view.incident_id):
        state = words[f"told_{told_state(one)}"]
        who = one.acknowledged_by or one.informed_by
        if who:
            at = one.acknowledged_at or one.informed_at
            state += f" {view.desk.name_of(who)} {_time(view.desk, at)}"
        how = words.get(f"channel_{one.channel}", one.channel)
        rows.append([one.code, one.name, how, _time(view.desk, one.due_at), state, one.message])
    return rows


def _claim_rows(view: _View) -> list[list[str]]:
    words = view.desk.catalog.incident
    return [
        [str(one.id), words[f"claim_{one.state}"], one.text, one.source, one.basis or ""]
        for one in claims.claims(view.session, view.incident_id)
    ]


def _link_rows(view: _View) -> list[list[str]]:
    rows = []
    for one in links.links(view.session, view.incident_id):
        other = one.to_id if one.from_id == view.incident_id else one.from_id
        way = one.kind if one.from_id == view.incident_id else f"{one.kind} (from)"
        rows.append([way, f"FS-{other}"])
    return rows


_PARTS = (
    (["clock", "code", "by"], _clock_rows, "No clock runs."),
    (["role", "who"], _role_rows, "No roles given besides the owner."),
    (["stakeholder", "who", "how", "due", "state", "said"], _told_rows, "Nobody to inform."),
    (["claim", "state", "what", "source", "basis"], _claim_rows, "No claims recorded."),
    (["link", "incident"], _link_rows, "No linked incidents."),
)
