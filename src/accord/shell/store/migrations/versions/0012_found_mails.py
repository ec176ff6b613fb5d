"""Mails of one scenario, and those that did not arrive, are found without a walk through the ledger."""

from __future__ import annotations

from alembic import op

from accord.shell.store.migrate import make_index

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes."""
    make_index(op.get_bind(), "message", "ix_message_troubled")
    make_index(op.get_bind(), "message", "ix_message_scenario")
