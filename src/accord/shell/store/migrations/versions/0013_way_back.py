"""What came back after mails, mailboxes as far as they have been read, and addresses that are left in peace."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from accord.shell.store.tables import metadata

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is not there: a database that is made today has all of it from the declaration."""
    bind = op.get_bind()
    for name in ("returned", "mailbox"):
        metadata.tables[name].create(bind, checkfirst=True)
    there = {column["name"] for column in sa.inspect(bind).get_columns("contact")}
    if "rests_until" not in there:
        column = metadata.tables["contact"].c.rests_until
        op.add_column("contact", sa.Column(column.name, column.type, nullable=True))
