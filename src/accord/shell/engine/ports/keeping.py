"""Ports for what must be remembered and what must go: the objection list, and how long people are kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from accord.core.model.consent import ConsentEntry
from accord.core.model.contact import Contact
from accord.core.model.enrolment import Enrolment
from accord.shell.engine.ports.clicks import Clicks


@dataclass(frozen=True, slots=True)
class Objection:
    """A person objects: to one purpose, or to all prospecting (`*`). An erasure is one, and more (R-45)."""

    contact_id: int
    purpose: str
    at: datetime
    erasure: bool = False


class Objections(Protocol):
    """The objection list: keyed digests of addresses, never the addresses (R-44)."""

    def against(self, addresses: Sequence[str]) -> Mapping[str, Mapping[str, datetime]]:
        """What stands on the list against each of these addresses: purpose to the date of the objection."""
        ...

    def keep(self, objections: Sequence[Objection]) -> None:
        """Put these people's addresses on the list. The objections log has them before the database does."""
        ...

    def keep_addresses(self, objections: Sequence[tuple[str, str, datetime]]) -> None:
        """The same for (address, purpose, since) where the address is nobody's."""
        ...


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasing took away, and what it put into the archive."""

    people: int = 0
    orders: int = 0
    cancelled: int = 0
    runs: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Rows that may go, of one page that was looked at; `last` is where to go on, None at the end."""

    ids: tuple[int, ...]
    last: int | None


@dataclass(frozen=True, slots=True)
class Left:
    """What is known of an address without a contact: the list, the archive, proofs of withdrawn consents."""

    objections: Mapping[str, datetime] = field(default_factory=dict)
    orders: Sequence[Mapping[str, Any]] = ()
    proofs: Mapping[int, Sequence[ConsentEntry]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ThirdParties:
    """People whose address came from somebody else and who were not written to yet (art. 14)."""

    waiting: int
    oldest: datetime | None


class Keeping(Clicks, Protocol):
    """How long people are kept, and what becomes of them; batch methods take a constant number of statements."""

    # who is it now
    def living(self, ids: Collection[int]) -> Mapping[int, int]:
        """Each of these ids and whose it is now: a merged record's survivor; erased ones are left out."""
        ...

    def closed_into(self, contact_id: int) -> Sequence[Contact]:
        """The records that were merged into this one."""
        ...

    def runs_of(self, contact_id: int) -> Sequence[Enrolment]:
        """All runs of one person, ended ones too."""
        ...

    # the clock
    def past_cut_off(self, today: date, after_id: int, limit: int) -> Sequence[int]:
        """Contacts whose clock has run out by `today`, in order of id, beyond `after_id`."""
        ...

    def cut_offs(self, since: date, until: date) -> Sequence[tuple[str, int]]:
        """(month as YYYY-MM, how many reach their cut-off in it), `until` left out."""
        ...

    def headcount(self) -> int:
        """How many people are kept."""
        ...

    def third_parties(self) -> ThirdParties: ...

    # sign-ups
    def written(
        self, before: datetime, after_row: int, limit: int
    ) -> tuple[Sequence[ConsentEntry], int | None]:
        """Acts of the ledger in the order in which they were written, beyond a row, and the last row."""
        ...

    def otherwise_known(self, ids: Collection[int]) -> frozenset[int]:
        """Those of whom the journal tells more than a sign-up and our own mails."""
        ...

    def strike(self, seqs: Mapping[int, Collection[int]]) -> None:
        """Erase single acts of people who stay; their states are derived anew."""
        ...

    # new addresses
    def addresses_asked(self, before: datetime, after_row: int, limit: int) -> Page:
        """Rows of the journal that came before an instant, beyond a row, and have a new address; the last row seen."""
        ...

    def forget_addresses(self, event_ids: Sequence[int]) -> None:
        """Take the addresses out of these rows, and servers' words out of the mails that went there."""
        ...

    # erasing
    def weights(self, ids: Collection[int]) -> Mapping[int, int]:
        """About how many rows erasing each of these would write."""
        ...

    def erase(self, proofs: Mapping[int, Collection[int]], reason: str, now: datetime) -> Erased:
        """Erase people and the records merged into them; their orders go to the archive (R-45, R-46).

        `proofs`: whom, and which rows of each ledger stay. Mail that has not left is cancelled, open runs
        end; ledger rows stay as links of their chains. The journal is left to `forget`.
        """
        ...

    def forget(self, ids: Collection[int], limit: int) -> int:
        """Delete up to `limit` journal rows of erased people, and what came after; how many there were."""
        ...

    def erased_since(self, since: datetime, after_id: int, limit: int) -> Sequence[int]: ...
    def proofs(self, after_id: int, limit: int) -> Mapping[int, Sequence[ConsentEntry]]:
        """Proofs that are still kept of erased people, by contact, in order of id."""
        ...

    def drop_proofs(self, seqs: Mapping[int, Collection[int]]) -> None: ...
    def left_of(self, address: str) -> Left:
        """What is still known of an address that is nobody's any more."""
        ...

    # what grows old
    def old_archive(self, today: date, after_id: int, limit: int) -> Page:
        """Archived orders whose years are over by `today`."""
        ...

    def drop_archive(self, ids: Sequence[int]) -> None: ...
    def old_messages(self, before: datetime, after_id: int, limit: int) -> Page: ...
    def drop_messages(self, ids: Sequence[int]) -> None: ...
    def old_events(self, before: datetime, after_id: int, limit: int) -> Page: ...
    def drop_events(self, ids: Sequence[int]) -> None: ...

    # rectifying and merging
    def change_address(self, contact_id: int, address: str) -> None:
        """Raises Duplicate where somebody else has it."""
        ...

    def merge(self, kept: int, gone: int, ending: Sequence[int], now: datetime) -> None:
        """Give everything of one record to another, and close it: only its ledger and its address stay.

        `ending`: the runs that are not carried on.
        """
        ...

    def gather(self, limit: int) -> int:
        """Give up to `limit` journal rows of closed records to their survivors; how many there were."""
        ...

    # tasks for the team
    def raise_task(
        self, subject: str, key: str, body: Mapping[str, Any], now: datetime, contact_id: int | None = None
    ) -> None:
        """`contact_id`: whom it is about; it goes when they are erased."""
        ...

    def close_tasks(self, subject: str, now: datetime, *, but: Collection[str] = ()) -> None: ...
    def close_task(self, subject: str, key: str, now: datetime) -> None: ...
