"""The port of long lists: a page at a time, in an order that no newcomer disturbs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from accord.core.model.contact import Contact
from accord.core.model.message import Message


@dataclass(frozen=True, slots=True)
class MailsWanted:
    """Which mails of the ledger; what is None does not matter."""

    states: Sequence[str] | None = None
    basis: str | None = None
    purpose: str | None = None
    since: datetime | None = None
    contact_id: int | None = None
    nature: str | None = None
    scenario: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of mails with their recipients. `looked_to`: where the search was broken off; None at the end."""

    mails: Sequence[tuple[Message, str]]
    looked_to: int | None = None


class Listing(Protocol):
    """Reads only; each page is a statement or two."""

    def contacts(self, after_id: int, limit: int) -> Sequence[Contact]:
        """People who are neither erased nor merged away, in order of number, beyond `after_id`."""
        ...

    def mails(
        self, wanted: MailsWanted, *, before_id: int | None, limit: int
    ) -> Sequence[tuple[Message, str]]:
        """Mails with their recipients, newest first, before `before_id`."""
        ...

    def newest_mails(self, wanted: MailsWanted, *, before_id: int | None, limit: int) -> Found:
        """The same for somebody who waits for it: in a large ledger the search is broken off after a while."""
        ...
