"""Roll-ups: what is counted is found by its day, and what was counted by its subject."""

from __future__ import annotations

from alembic import op
from sqlalchemy import inspect

from accord.shell.store.tables import metadata

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NEW = (
    ("event", "ix_event_held"),
    ("enrolment", "ix_enrolment_entered"),
    ("enrolment", "ix_enrolment_in_flight"),
)


def upgrade() -> None:
    """Make the indexes that are not there yet; `daily_count`, which was empty until now, is made anew."""
    connection = op.get_bind()
    for table, name in NEW:
        there = {index["name"] for index in inspect(connection).get_indexes(table)}
        [index] = [each for each in metadata.tables[table].indexes if each.name == name]
        if name not in there:
            index.create(connection)
    counts = metadata.tables["daily_count"]
    counts.drop(connection)
    counts.create(connection)
