"""Mails of which nobody knows whether they arrived are found without a walk through the ledger."""

from __future__ import annotations

from alembic import op

from accord.shell.store.migrate import make_index

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    make_index(op.get_bind(), "message", "ix_message_unknown")
