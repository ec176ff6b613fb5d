"""The table of the daemons that are at work."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from accord.shell.store.table_base import Row, at_column


class DaemonRow(Row, table=True):
    """A daemon, from its start to its end; one that was killed stays, and falls silent."""

    __tablename__ = "daemon"
    name: str = Field(primary_key=True)
    host: str
    role: str
    version: str
    since: datetime = at_column()
    seen_at: datetime = at_column()
