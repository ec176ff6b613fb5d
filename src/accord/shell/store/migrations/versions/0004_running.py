"""Pauses of scenarios, and each going live with its forecast."""

from __future__ import annotations

from alembic import op

from accord.shell.store.tables import metadata

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them where the first migration, which makes every table that is declared, has not."""
    wanted = [metadata.tables[name] for name in ("pause", "activation")]
    metadata.create_all(op.get_bind(), tables=wanted, checkfirst=True)
