"""The audit in the database: who of the team did what, appended and never changed."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Table, insert, select

from accord.shell.engine.ports.rows import Deed
from accord.shell.store import tables

AUDIT = cast("Table", tables.AuditRow.__table__)  # type: ignore[attr-defined]


def note(connection: Connection, deed: Deed) -> None:
    """Append one deed."""
    row = {"at": deed.at, "by": deed.by, "action": deed.action, "subject": deed.subject}
    connection.execute(insert(AUDIT), [{**row, "details": dict(deed.details)}])


def deeds(connection: Connection, since: datetime | None, limit: int) -> list[Deed]:
    """What was done, newest first."""
    wanted = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
    if since is not None:
        wanted = wanted.where(AUDIT.c.at >= since)
    return [
        Deed(row.at, row.by, row.action, row.subject, row.details or {}) for row in connection.execute(wanted)
    ]
