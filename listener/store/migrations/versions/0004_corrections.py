"""What people set right: a brand that was not meant, a sentiment, a type, a false alarm."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of corrections."""
    op.create_table(
        "correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("via", sa.String(), nullable=False),
        sa.Column("brand_id", sa.Integer(), nullable=False),
        sa.Column("mention_id", sa.Integer(), nullable=True),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("aspect", sa.String(), nullable=False),
        sa.Column("was", sa.String(), nullable=False),
        sa.Column("should_be", sa.String(), nullable=False),
        sa.Column("machine", sa.JSON(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("undoes_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_correction_brand_id")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_correction_incident_id")
        ),
        sa.ForeignKeyConstraint(
            ["undoes_id"], ["correction.id"], name=op.f("fk_correction_undoes_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_correction_undoes_id")),
    )
    op.create_index("ix_correction_brand_id", "correction", ["brand_id"])
    op.create_index("ix_correction_incident_id", "correction", ["incident_id"])
    op.create_index("ix_correction_mention_id", "correction", ["mention_id"])
