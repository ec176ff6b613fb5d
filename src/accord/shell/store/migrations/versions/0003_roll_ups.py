"""Roll-ups: what is counted is found by its day, and what was counted by its subject."""

from __future__ import annotations

from alembic import op

from accord.shell.store.migrate import make_index
from accord.shell.store.tables import metadata

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes; `daily_count`, which was empty until now, is made anew."""
    connection = op.get_bind()
    make_index(connection, "event", "ix_event_held")
    make_index(connection, "enrolment", "ix_enrolment_entered")
    make_index(connection, "enrolment", "ix_enrolment_in_flight")
    counts = metadata.tables["daily_count"]
    counts.drop(connection)
    counts.create(connection)
