"""What an examination asks of the database: its clock, its newest rows, and how mails fared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

# The fact by which the database knows when a copy of it was last made.
LAST_BACKUP = "backup"


@dataclass(frozen=True, slots=True)
class Fared:
    """Prospecting mails that left within some time, and how many of them came back or were complained of."""

    left: int
    bounced: int
    complained: int


class Checkup(Protocol):
    """One part of the store; everything only reads."""

    def clock(self) -> datetime | None:
        """What time the database thinks it is; None where it has no clock of its own."""
        ...

    def newest_event(self) -> datetime | None:
        """When the newest row of the journal came in."""
        ...

    def broken_tail(self, newest: int) -> Iterator[tuple[int, int]]:
        """(contact, seq) of what does not hold in the chains of those who wrote the newest entries."""
        ...

    def fared(self, since: datetime, domains: Sequence[str] = ()) -> Fared:
        """Prospecting since then; to people at these domains, or to everybody."""
        ...
