"""Templates are kept as they were sent. The table that stood for them was never written to."""

from __future__ import annotations

from alembic import op
from sqlalchemy import inspect

from accord.shell.store.tables import metadata

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it anew where the first migration, which makes every table as it is declared, has not."""
    table, there = metadata.tables["template_version"], op.get_bind()
    if "imprint" not in {column["name"] for column in inspect(there).get_columns(table.name)}:
        op.drop_table(table.name)
        table.create(there)
