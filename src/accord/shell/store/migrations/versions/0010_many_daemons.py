"""The daemons at work, and on PostgreSQL the job queue that they share."""

from __future__ import annotations

from alembic import op

from accord.shell.store.queue_schema import bring_up
from accord.shell.store.tables import metadata

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table where the first migration has not, and procrastinate's own."""
    connection = op.get_bind()
    metadata.create_all(connection, tables=[metadata.tables["daemon"]], checkfirst=True)
    if connection.dialect.name == "postgresql":
        bring_up(connection)
