"""Keys of the systems around, and the answers that they were given."""

from __future__ import annotations

from alembic import op

from accord.shell.store.tables import metadata

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them where the first migration, which makes every table that is declared, has not."""
    wanted = [metadata.tables[name] for name in ("access_key", "given_answer")]
    metadata.create_all(op.get_bind(), tables=wanted, checkfirst=True)
