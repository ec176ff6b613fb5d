"""Runs that are due at one instant are found in the order in which they are taken, without sorting them all."""

from __future__ import annotations

from alembic import op

from accord.shell.store.migrate import make_index

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes anew, as they are declared now."""
    for name in ("ix_enrolment_due", "ix_enrolment_service_due"):
        op.drop_index(name, "enrolment")
        make_index(op.get_bind(), "enrolment", name)
