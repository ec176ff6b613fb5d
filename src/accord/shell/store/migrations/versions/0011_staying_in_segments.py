"""Who stays in the segment by which they entered a scenario is known, so that they enter again only after leaving it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from accord.shell.store.migrate import make_index

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, where the table was not made with it: of older runs nobody knows it."""
    bind = op.get_bind()
    if "stays" not in {column["name"] for column in sa.inspect(bind).get_columns("enrolment")}:
        op.add_column("enrolment", sa.Column("stays", sa.Integer, nullable=False, server_default="0"))
    make_index(bind, "enrolment", "ix_enrolment_staying")
