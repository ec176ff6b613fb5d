"""Postings that failed for good are counted without a walk through all that were ever posted."""

from __future__ import annotations

from alembic import op

from accord.shell.store.migrate import make_index

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    make_index(op.get_bind(), "posting", "ix_posting_failed")
