"""The team in the database: members, and the sessions that are open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, RowMapping, Table, delete, insert, select

from accord.shell.engine.ports.team import Member, Role, Session
from accord.shell.store.team_tables import TeamMemberRow, TeamSessionRow

MEMBER = cast("Table", TeamMemberRow.__table__)  # type: ignore[attr-defined]
SESSION = cast("Table", TeamSessionRow.__table__)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class SqlTeam:
    """The port `Team` over one connection."""

    connection: Connection

    def members(self) -> Sequence[Member]:
        """All of them, by name."""
        rows = self.connection.execute(select(MEMBER).order_by(MEMBER.c.name)).mappings()
        return [_member(row) for row in rows]

    def member(self, name: str, *, lock: bool = False) -> Member | None:
        """The one of this name; `lock` keeps the row."""
        wanted = select(MEMBER).where(MEMBER.c.name == name)
        row = self.connection.execute(wanted.with_for_update() if lock else wanted).mappings().one_or_none()
        return _member(row) if row is not None else None

    def keep_member(self, member: Member) -> None:
        """Write a member over the one of that name, if there is one."""
        self.drop_member(member.name)
        self.connection.execute(insert(MEMBER).values(asdict(member) | {"role": member.role.value}))

    def drop_member(self, name: str) -> None:
        """Take a member out; sessions are ended by `end_sessions`."""
        self.connection.execute(delete(MEMBER).where(MEMBER.c.name == name))

    def begin_session(self, session: Session) -> None:
        """Write a session down."""
        self.connection.execute(insert(SESSION).values(asdict(session)))

    def session(self, digest: str) -> Session | None:
        """The session of this cookie's digest, over or not."""
        wanted = select(SESSION).where(SESSION.c.digest == digest)
        row = self.connection.execute(wanted).mappings().one_or_none()
        return Session(**row) if row is not None else None

    def end_sessions(self, *, digest: str | None = None, member: str | None = None) -> None:
        """End one session by its digest, or all of a member."""
        whose = SESSION.c.digest == digest if digest is not None else SESSION.c.member == member
        self.connection.execute(delete(SESSION).where(whose))

    def forget_sessions(self, now: datetime) -> None:
        """Drop what is over."""
        self.connection.execute(delete(SESSION).where(SESSION.c.ends_at <= now))


def _member(row: RowMapping) -> Member:
    return Member(**{**row, "role": Role(row["role"])})
