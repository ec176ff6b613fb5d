"""The port of those who must prove: a person's ledger as it is kept, every mail that left, the base counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from accord.core.model.event import Event
from accord.core.model.message import Message
from accord.shell.engine.ports.rows import ChainRow


class Proving(Protocol):
    """Reads only; each method takes one statement, whatever the number of people."""

    def chain(self, contact_id: int) -> Sequence[ChainRow]:
        """One person's ledger as it is kept, oldest first, erased rows too."""
        ...

    def inputs(self, contact_id: int) -> Mapping[int, Mapping[str, str]]:
        """What the gate read for each of one person's mails, by the mail's number."""
        ...

    def left_since(
        self, since: datetime, after_id: int, limit: int
    ) -> Sequence[tuple[Message, Mapping[str, str]]]:
        """Mails that left the house since then, in order of number, each with what the gate had read."""
        ...

    def acts(self, contact_ids: Sequence[int]) -> Mapping[int, Sequence[Event]]:
        """The events of these persons that renew the clock or tell of their address, oldest first."""
        ...

    def states(self, purpose: str, kind: str) -> Sequence[tuple[str, str | None, int]]:
        """(state, digest of the wording that it rests on, how many people) for one purpose and kind."""
        ...

    def people(self) -> tuple[int, int, int]:
        """How many there are, how many were never informed, how many came from third parties."""
        ...

    def cut_offs(self) -> Sequence[tuple[date, int]]:
        """(day of the cut-off, how many people), in order of days."""
        ...
