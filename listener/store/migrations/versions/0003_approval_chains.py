"""Approval chains: several decisions on one revision, publications, tasks."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

HOLDS = sa.text("voided_at IS NULL")
APPROVES = sa.text("verdict = 'approve' AND voided_at IS NULL")


def upgrade() -> None:
    """Let a revision collect one approval per role; earlier decisions keep their meaning."""
    op.add_column("statement", sa.Column("chain", sa.JSON(none_as_null=True), nullable=True))
    op.drop_index("uq_decision_approved", table_name="decision")
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("standing", sa.String(), nullable=False, server_default="holder")
        )
        batch_op.add_column(sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("void_reason", sa.String(), nullable=True))
        batch_op.drop_constraint(op.f("uq_decision_revision_id_person_key"), type_="unique")
    op.create_index(
        "uq_decision_person",
        "decision",
        ["revision_id", "person_key"],
        unique=True,
        sqlite_where=HOLDS,
        postgresql_where=HOLDS,
    )
    op.create_index(
        "uq_decision_seat",
        "decision",
        ["revision_id", "role"],
        unique=True,
        sqlite_where=APPROVES,
        postgresql_where=APPROVES,
    )
    _create_publication()
    _create_task()


def _create_publication() -> None:
    op.create_table(
        "publication",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("statement_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_approved", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("differences", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name=op.f("fk_publication_revision_id")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name=op.f("fk_publication_statement_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication")),
        sa.UniqueConstraint(
            "statement_id", "channel", "url", name=op.f("uq_publication_statement_id_channel_url")
        ),
    )


def _create_task() -> None:
    op.create_table(
        "task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("statement_id", sa.Integer(), nullable=True),
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_task_incident_id")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name=op.f("fk_task_statement_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_task_dedupe_key")),
    )
    op.create_index("ix_task_incident_id", "task", ["incident_id"])
    op.create_index("ix_task_open", "task", ["done_at", "due_at"])
