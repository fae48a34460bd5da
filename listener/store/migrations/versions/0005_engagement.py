"""Counters of posts over time, and what kind of speaker a source is."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of counters, and the kind of each source: people until said otherwise."""
    op.add_column(
        "source", sa.Column("kind", sa.String(), nullable=False, server_default="people")
    )
    op.create_table(
        "engagement",
        sa.Column("mention_id", sa.Integer(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("likes", sa.Integer(), nullable=True),
        sa.Column("reposts", sa.Integer(), nullable=True),
        sa.Column("comments", sa.Integer(), nullable=True),
        sa.Column("views", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["mention_id"], ["mention.id"], name=op.f("fk_engagement_mention_id")
        ),
        sa.PrimaryKeyConstraint("mention_id", "observed_at", name=op.f("pk_engagement")),
    )
    op.create_index("ix_engagement_seen_until", "engagement", ["seen_until"])
