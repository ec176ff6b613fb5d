"""The first tables, as they are declared."""

from __future__ import annotations

from alembic import op

from accord.shell.store.tables import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table with its keys and indexes.

    Until the first release the declaration is the schema; from then on each change is a migration of its own
    and this one is frozen as written-out statements.
    """
    metadata.create_all(op.get_bind(), checkfirst=False)
