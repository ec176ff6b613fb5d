"""The port of the console's doorkeeper: who of the team may come in, as what, and whose sessions are open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    """What one of the team may do in the console; each may do what those before may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"

    def covers(self, least: Role) -> bool:
        """Whether this role is enough where `least` is asked for."""
        roles = list(Role)
        return roles.index(self) >= roles.index(least)


@dataclass(frozen=True, slots=True)
class Member:
    """One of the team. `secret` is the password's hash; `misses` counts wrong passwords in a row."""

    name: str
    role: Role
    secret: str
    since: datetime
    misses: int = 0
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A member who has signed in, until `ends_at`; `digest` is that of the cookie, which is kept nowhere."""

    digest: str
    member: str
    began_at: datetime
    ends_at: datetime


class Team(Protocol):
    """Members by name, sessions by the digest of their cookie."""

    def members(self) -> Sequence[Member]: ...
    def member(self, name: str, *, lock: bool = False) -> Member | None:
        """`lock` keeps the row for this transaction."""
        ...

    def keep_member(self, member: Member) -> None:
        """Add a member, or write over the one of that name."""
        ...

    def drop_member(self, name: str) -> None: ...
    def begin_session(self, session: Session) -> None: ...
    def session(self, digest: str) -> Session | None: ...
    def end_sessions(self, *, digest: str | None = None, member: str | None = None) -> None:
        """End the one with this digest, or all of a member."""
        ...

    def forget_sessions(self, now: datetime) -> None:
        """Drop those that are over."""
        ...
