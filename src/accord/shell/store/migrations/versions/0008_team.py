"""The console's team and its sessions."""

from __future__ import annotations

from alembic import op

from accord.shell.store.tables import metadata

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them where the first migration, which makes every table that is declared, has not."""
    wanted = [metadata.tables[name] for name in ("team_member", "team_session")]
    metadata.create_all(op.get_bind(), tables=wanted, checkfirst=True)
