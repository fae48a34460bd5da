"""Alembic's environment and revisions. A released revision is never edited."""
