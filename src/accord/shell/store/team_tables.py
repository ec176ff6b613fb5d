"""The tables of the console's doorkeeper."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from accord.shell.store.table_base import Row, at_column


class TeamMemberRow(Row, table=True):
    """One of the team, by name; of the password only a slow hash."""

    __tablename__ = "team_member"
    name: str = Field(primary_key=True)
    role: str
    secret: str
    since: datetime = at_column()
    misses: int = 0
    locked_until: datetime | None = at_column(nullable=True)


class TeamSessionRow(Row, table=True):
    """An open session; of the cookie only its digest."""

    __tablename__ = "team_session"
    digest: str = Field(primary_key=True)
    member: str = Field(index=True)
    began_at: datetime = at_column()
    ends_at: datetime = at_column()
