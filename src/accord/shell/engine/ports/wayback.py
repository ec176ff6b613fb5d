"""The ports of the way back: mailboxes that are read, and what came back as it is remembered."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from accord.shell.engine.ports.keeping import Page

# What the team must see to of what came back.
RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message in a mailbox. `key` is the mailbox's own name for it; `mark` how far it will have been read.

    `raw` is its beginning where it is large, `whole` says whether it is all; None where it can't be read, and `why`.
    """

    key: str
    raw: bytes | None
    mark: str | None = None
    whole: bool = True
    why: str = ""


class MailboxFault(Exception):
    """A mailbox can't be read; the text says why, in words without a password or anybody's data."""


class Mailbox(Protocol):
    """A mailbox that is asked again and again."""

    def fresh(self, mark: str | None, limit: int) -> Iterator[Arrival]:
        """What has come since `mark`, oldest first, at most `limit`. Raises MailboxFault."""
        ...

    def tidy(self, keys: Sequence[str]) -> None:
        """What was handled: flagged or moved, so that people see it. Raises MailboxFault."""
        ...

    def close(self) -> None: ...


class Fate(StrEnum):
    """What became of something that came back."""

    NOTED = "noted"
    TO_FORWARD = "to forward"
    FORWARDED = "forwarded"


@dataclass(frozen=True, slots=True)
class Came:
    """One thing that came back, in the book; `digest` is of its bytes, and makes it unique."""

    digest: str
    source: str
    at: datetime
    kind: str = ""
    reason: str = ""
    rule: str = ""
    contact_id: int | None = None
    message_id: int | None = None
    matched: str | None = None
    fate: Fate = Fate.NOTED
    content: bytes | None = field(default=None, repr=False)
    id: int = 0
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class MailboxState:
    """How far a mailbox has been read, when it last answered, and since when it does not."""

    name: str
    mark: str | None = None
    read_at: datetime | None = None
    failing_since: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """Something that a person of the team must see to."""

    id: int
    subject: str
    key: str
    contact_id: int | None
    body: Mapping[str, Any]
    raised_at: datetime


class WayBack(Protocol):
    """What came back. Each thing is in the book once, whatever brings it, and however often."""

    def note(self, came: Came) -> int | None:
        """Write it into the book; None where it stands there already, and nothing is to be done."""
        ...

    def tell(self, number: int, came: Came) -> None:
        """What it was and what came of it."""
        ...

    def listed(self, *, kind: str | None = None, limit: int = 100) -> Sequence[Came]:
        """The book, newest first, without contents."""
        ...

    def counted(self, since: datetime) -> Mapping[tuple[str, str, str], int]:
        """How many came since an instant, by source, kind and reason."""
        ...

    # how far mailboxes have been read
    def mailboxes(self) -> Sequence[MailboxState]: ...
    def mailbox(self, name: str) -> MailboxState | None: ...
    def mark(self, name: str, mark: str | None, now: datetime) -> None:
        """It has been read so far, and answers."""
        ...

    def forget_mailboxes(self, but: Collection[str]) -> None:
        """Those that are not read any more."""
        ...

    def fails(self, name: str, why: str, now: datetime) -> MailboxState:
        """It can't be read; since when stays as it was."""
        ...

    # forwarding
    def to_forward(self, now: datetime, limit: int, until: datetime) -> Sequence[Came]:
        """What is due to be handed on to the team, leased until an instant."""
        ...

    def forwarded(self, number: int) -> None: ...
    def forward_later(self, number: int, at: datetime) -> None: ...
    def give_up(self, number: int) -> None:
        """It is not handed on any more; its content stays for whoever sees to the task."""
        ...

    # tasks
    def tasks(self, subject: str) -> Sequence[Task]:
        """What nobody has seen to yet, oldest first."""
        ...

    def finish_task(self, number: int, now: datetime) -> Task | None:
        """Somebody has; None where there is no such task."""
        ...

    # what grows old
    def old(self, before: datetime, after_id: int, limit: int) -> Page:
        """What came before an instant."""
        ...

    def drop(self, ids: Sequence[int]) -> None: ...
    def forget_contents(self, before: datetime) -> None:
        """Whatever is still kept of what came before an instant, handed on or not."""
        ...
