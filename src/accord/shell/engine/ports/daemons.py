"""The port of the daemons: which of them are at work, as what, and when each was last heard of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

# A daemon says so often that it lives, in seconds; after so long a silence it is held to be dead.
BEAT_EVERY = 10.0
SILENT_AFTER = timedelta(minutes=1)


class DaemonRole(StrEnum):
    """What part of the work a daemon takes."""

    ALL = "all"
    ENGINE = "engine"  # all but the pages
    SENDER = "sender"  # mail out, and nothing else
    WEB = "web"  # the pages, and nothing else


@dataclass(frozen=True, slots=True)
class Presence:
    """A daemon at work. `name` is its machine and its process's number."""

    name: str
    host: str
    role: DaemonRole
    version: str
    since: datetime
    seen_at: datetime

    def is_silent(self, now: datetime) -> bool:
        """Whether it said nothing for so long that it must have died."""
        return now - self.seen_at > SILENT_AFTER


class Daemons(Protocol):
    """What a daemon tells of itself, for `status`, metrics and whoever must not work beside one."""

    def beat(self, me: Presence) -> None:
        """Write down that it lives. A silent one that it took the place of, by machine and role, is forgotten, and
        so is whoever was silent for a day.
        """
        ...

    def left(self, name: str) -> None:
        """It has ended as it should."""
        ...

    def known(self) -> Sequence[Presence]:
        """All that have not ended as they should, by name."""
        ...
