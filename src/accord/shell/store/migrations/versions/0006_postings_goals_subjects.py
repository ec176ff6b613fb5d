"""Webhooks out, goals and holdouts of runs, subjects of mails and their tests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from accord.shell.store.tables import metadata

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MADE = ("posting", "subject_trial")
ADDED = {"enrolment": ("held_out", "goal_at"), "message": ("subject",)}


def upgrade() -> None:
    """Add what is not there: a database that is made today has all of it from the declaration."""
    bind = op.get_bind()
    for name in MADE:
        metadata.tables[name].create(bind, checkfirst=True)
    for name, columns in ADDED.items():
        table = metadata.tables[name]
        there = {column["name"] for column in sa.inspect(bind).get_columns(name)}
        for column in columns:
            if column not in there:
                op.add_column(name, _as_added(table.c[column]))


def _as_added(column: sa.Column[object]) -> sa.Column[object]:
    """Rows that are there already have a default: nobody was held out, nothing was reached."""
    default = None if column.nullable else sa.false()
    return sa.Column(column.name, column.type, nullable=column.nullable, server_default=default)
