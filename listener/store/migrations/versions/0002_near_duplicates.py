"""Stories take in near-duplicates and reposts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what this release needs; columns are added in place, so triggers stay."""
    op.add_column("story", sa.Column("signature", sa.LargeBinary(), nullable=True))
    op.add_column(
        "mention",
        sa.Column("is_repost", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "story_band",
        sa.Column("band", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("story_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name=op.f("fk_story_band_story_id")),
        sa.PrimaryKeyConstraint("band", "story_id", name=op.f("pk_story_band")),
        sqlite_with_rowid=False,
    )
