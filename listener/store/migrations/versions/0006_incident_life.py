"""Incident life: playbooks, checklists, clocks, roles, stakeholders, links, claims."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _at(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _word(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _create(table: str, *columns: Any, to_incident: tuple[str, ...] = ("incident_id",)) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in to_incident),
        *columns,
        *(
            sa.ForeignKeyConstraint([name], ["incident.id"], name=op.f(f"fk_{table}_{name}"))
            for name in to_incident
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _unique(name: str, table: str, columns: list[str], ended: str) -> None:
    holds = sa.text(f"{ended} IS NULL")
    op.create_index(name, table, columns, unique=True, sqlite_where=holds, postgresql_where=holds)


def upgrade() -> None:
    """Add what an incident is run by; earlier incidents take up their playbook when asked."""
    _create_checklists()
    _create_clocks()
    _create_people()
    _create_links()
    _create_claims()


def _create_checklists() -> None:
    _create(
        "incident_playbook",
        _word("crisis_type"),
        sa.Column("version", sa.Integer(), nullable=False),
        _word("content_hash"),
        sa.Column("content", sa.JSON(), nullable=False),
        _at("adopted_at"),
        _word("adopted_by"),
        _at("superseded_at", nullable=True),
    )
    _unique("uq_incident_playbook_current", "incident_playbook", ["incident_id"], "superseded_at")
    _create(
        "checklist_mark",
        _word("item"),
        _at("done_at"),
        _word("done_by"),
        _at("undone_at", nullable=True),
        _word("undone_by", nullable=True),
    )
    _unique("uq_checklist_mark_done", "checklist_mark", ["incident_id", "item"], "undone_at")


def _create_clocks() -> None:
    _create(
        "incident_clock",
        _word("code"),
        _at("started_at"),
        _word("started_by"),
        sa.Column("reason", sa.Text(), nullable=False),
        _at("due_at"),
        _at("met_at", nullable=True),
        _word("met_by", nullable=True),
        sa.Column("met_how", sa.Text(), nullable=True),
        _at("cancelled_at", nullable=True),
        _word("cancelled_by", nullable=True),
    )
    _unique("uq_incident_clock_code", "incident_clock", ["incident_id", "code"], "cancelled_at")
    op.create_index("ix_incident_clock_due", "incident_clock", ["met_at", "due_at"])


def _create_people() -> None:
    _create(
        "incident_role",
        _word("role"),
        _word("person_key"),
        _at("assigned_at"),
        _word("assigned_by"),
        _at("ended_at", nullable=True),
    )
    _unique(
        "uq_incident_role_held",
        "incident_role",
        ["incident_id", "role", "person_key"],
        "ended_at",
    )
    _create(
        "stakeholder",
        _word("code"),
        _word("name"),
        _word("channel"),
        _word("role"),
        _at("due_at"),
        sa.Column("message", sa.Text(), nullable=False),
        _at("informed_at", nullable=True),
        _word("informed_by", nullable=True),
        _at("acknowledged_at", nullable=True),
        _word("acknowledged_by", nullable=True),
        sa.UniqueConstraint("incident_id", "code", name=op.f("uq_stakeholder_incident_id_code")),
    )


def _create_links() -> None:
    _create(
        "incident_link",
        _word("kind"),
        sa.Column("data", sa.JSON(), nullable=False),
        _at("at"),
        _word("by"),
        _at("ended_at", nullable=True),
        to_incident=("from_id", "to_id"),
    )
    _unique("uq_incident_link_held", "incident_link", ["kind", "from_id", "to_id"], "ended_at")
    op.create_index("ix_incident_link_to", "incident_link", ["to_id"])
    op.create_index("ix_incident_link_from_id", "incident_link", ["from_id"])
    op.create_table(
        "incident_story",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("story_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_incident_story_incident_id")
        ),
        sa.ForeignKeyConstraint(
            ["story_id"], ["story.id"], name=op.f("fk_incident_story_story_id")
        ),
        sa.PrimaryKeyConstraint("incident_id", "story_id", name=op.f("pk_incident_story")),
    )
    op.create_index("ix_incident_story_story_id", "incident_story", ["story_id"])


def _create_claims() -> None:
    _create(
        "claim",
        _word("text"),
        _word("source"),
        _word("url", nullable=True),
        _word("state"),
        _at("raised_at"),
        _word("raised_by"),
        _at("judged_at", nullable=True),
        _word("judged_by", nullable=True),
        sa.Column("basis", sa.Text(), nullable=True),
        _word("fact_name", nullable=True),
        sa.UniqueConstraint("incident_id", "text", name=op.f("uq_claim_incident_id_text")),
    )
