"""The ports: what the engine needs of a database, a mail carrier and a renderer, said by the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from accord.core.model.consent import ConsentEntry, LegalBasis
from accord.core.model.contact import Contact
from accord.core.model.decision import Situation, ThrottleState
from accord.core.model.enrolment import Enrolment
from accord.core.model.event import Event
from accord.core.model.expression import Expression
from accord.core.model.message import Lane, Message
from accord.core.model.order import OrderLine
from accord.core.model.wording import Wording, WordingKind
from accord.shell.engine.ports.measuring import Measured
from accord.shell.engine.ports.posting import Telling
from accord.shell.engine.ports.rooms import Rooms
from accord.shell.engine.ports.rows import (
    Brake,
    ContactChange,
    Deed,
    DoorCheck,
    KeptWording,
    LedgerEntry,
    LiveScenario,
    NewContact,
    NewMessage,
    NewRun,
    PastEntry,
    PolicyChange,
    Postponed,
    RunChange,
    Settlement,
    Stuck,
    StuckKind,
)


class Unit(Rooms, Telling, Measured, Protocol):
    """One transaction: everything done through it happens, or none of it does.

    All batch methods take a constant number of statements per call, whatever the batch's size.
    """

    # people and what is known of them
    def contacts(self, ids: Sequence[int], *, lock: bool = False) -> Mapping[int, Contact]:
        """Contacts by id; with `lock` kept as they are until the transaction ends."""
        ...

    def contacts_by_key(self, keys: Sequence[str]) -> Mapping[str, Contact]: ...
    def add_contacts(self, contacts: Sequence[NewContact]) -> Sequence[int]:
        """Ids in the order of `contacts`; raises Duplicate when a key exists."""
        ...

    def external_owners(self, external_ids: Sequence[str]) -> Mapping[str, str]:
        """Whose these external ids are: the address, in the form in which addresses are compared."""
        ...

    def change_contacts(self, changes: Sequence[ContactChange]) -> None: ...
    def add_entries(self, entries: Sequence[ConsentEntry], now: datetime) -> None:
        """Append to the consent ledger, numbering and chaining per contact; bumps `revision`."""
        ...

    def begin_ledgers(self, ledgers: Mapping[int, Sequence[ConsentEntry]], now: datetime) -> None:
        """The first entries of contacts that were added in this very transaction, by contact."""
        ...

    def entries(self, contact_ids: Sequence[int]) -> Mapping[int, Sequence[ConsentEntry]]: ...
    def broken_chains(self) -> Iterator[tuple[int, int]]:
        """(contact, seq) of each row of the consent ledger whose chain does not hold."""
        ...

    def save_order_lines(self, lines: Mapping[int, Sequence[OrderLine]]) -> None:
        """Insert, or replace the lines of the orders named, by contact; bumps `revision`.

        Raises Duplicate where another contact has one of them.
        """
        ...

    def order_owners(self, order_ids: Sequence[str]) -> Mapping[tuple[str, str], int]:
        """The contact that has each of these orders, by (entity, number); unknown ones are left out."""
        ...

    def orders_told(self, events: Sequence[Event]) -> Mapping[str, Event]:
        """What is journalled of each of these `order.placed`, as it was told last, by the event's key."""
        ...

    # the journal
    def append(self, events: Sequence[Event], *, received_at: datetime, reacts: bool) -> Sequence[Event]:
        """Those that were new, with their ids: the same (source, key) twice is one event.

        `reacts`: whether scenarios are to be asked; history is stored with False.
        """
        ...

    def tell_all(self, contact_ids: Sequence[int], event: Event, received_at: datetime) -> None:
        """Journal the same event of each of these contacts, as history."""
        ...

    def claim_events(self, now: datetime, limit: int, until: datetime) -> Sequence[Event]:
        """The oldest unanswered event of each of up to `limit` contacts, leased until `until`."""
        ...

    def answered(self, event_ids: Sequence[int]) -> None: ...
    def events_of(self, contact_id: int, *, limit: int = 1000) -> Sequence[Event]: ...

    # runs
    def situations(self, contact_ids: Sequence[int], *, lock: bool = False) -> Mapping[int, Situation]:
        """All that is known of each, without a run; `lock` keeps the contacts' rows for this transaction."""
        ...

    def with_runs(
        self, situations: Mapping[int, Situation], runs: Sequence[Enrolment]
    ) -> Sequence[Situation]:
        """One Situation per run, with the event that it entered by and those since its last mail."""
        ...

    def claim_due(self, now: datetime, limit: int, until: datetime) -> Sequence[Enrolment]:
        """Due runs, at most one a contact, oldest first, leased by moving their due instant to `until`.

        The Enrolments returned bear the due instant they had.
        """
        ...

    def runs(self, ids: Sequence[int]) -> Sequence[Enrolment]: ...
    def open_runs(self, contact_ids: Sequence[int]) -> Sequence[Enrolment]: ...
    def past_entries(self, contact_ids: Sequence[int], scenarios: Sequence[str]) -> Sequence[PastEntry]: ...
    def add_runs(self, runs: Sequence[NewRun]) -> Sequence[Enrolment]:
        """Those that began, with their ids: a key that exists already begins nothing."""
        ...

    def change_runs(self, changes: Sequence[RunChange]) -> None: ...
    def in_flight(self) -> Sequence[tuple[str, str, str, int]]:
        """(scenario, digest, step, how many) of all runs that have not ended."""
        ...

    def matching(
        self,
        condition: Expression,
        *,
        now: datetime,
        not_in: str | None,
        not_since: datetime | None = None,
        staying: str | None = None,
        after_id: int,
        limit: int,
    ) -> Sequence[int]:
        """Ids of contacts for whom a segment holds, in order of id, beyond `after_id`.

        `not_in`: leave out those who have a run of this scenario already, or have one since `not_since`.
        `staying`: leave out those who have been in the segment ever since they entered this scenario.
        """
        ...

    def let_go(self, scenario: str, segment: Expression, *, now: datetime) -> None:
        """Whoever entered by a segment and is not in it any more does not stay in it."""
        ...

    # mail
    def queue(self, messages: Sequence[NewMessage]) -> None:
        """Put mails in the ledger, those that are new on (enrolment, step)."""
        ...

    def claim_messages(
        self,
        now: datetime,
        limit: int,
        until: datetime,
        held: frozenset[str],
        lanes: Sequence[Lane] = tuple(Lane),
    ) -> Sequence[Message]:
        """Queued or deferred messages whose time has come, service mail first, none of what is `held`."""
        ...

    def still_claimed(self, message_ids: Sequence[int], lease: datetime) -> Sequence[Message]:
        """Of these messages those that are claimed under this very lease."""
        ...

    def mark_sending(
        self, checks: Sequence[DoorCheck], now: datetime, *, lease: datetime, until: datetime
    ) -> frozenset[int]:
        """The one conditional write at the door: ids of those that may be handed over now.

        Marked is what is still claimed under `lease`, not held or paused, and judged by what still stands of
        the person and of the law. What is marked is leased until `until`.
        """
        ...

    def settle(self, settlements: Sequence[Settlement]) -> frozenset[int]:
        """Write endings, each only where the message still is as expected; ids of those that took."""
        ...

    def requeue(
        self,
        message_ids: Sequence[int],
        not_before: datetime | None = None,
        *,
        lease: datetime | None = None,
    ) -> None:
        """Give claimed messages back, due again at `not_before`, or in their turn (None).

        `lease`: only those held under it.
        """
        ...

    def postpone(self, waits: Sequence[Postponed], lease: datetime) -> None:
        """Give messages that are claimed under `lease` back, each due at an instant of its own."""
        ...

    def cancel_messages(
        self,
        contact_ids: Sequence[int],
        purpose: str | None,
        reason: str,
        now: datetime,
        basis: LegalBasis | None = None,
    ) -> Sequence[int]:
        """Cancel prospecting to these people that has not left yet: of one purpose, or all; of one basis, or any.

        Returns the ids.
        """
        ...

    def unsent(self, *, after_id: int, limit: int) -> Sequence[Message]:
        """Messages that wait or are being sent, in order of id, beyond `after_id`."""
        ...

    def orphans(self, now: datetime, limit: int) -> Sequence[Message]:
        """Messages whose sender died: `claimed` or `sending`, with a lease that is over."""
        ...

    def messages_of(self, contact_id: int) -> Sequence[Message]: ...
    def message(self, message_id: int) -> Message | None: ...
    def ledger(
        self,
        *,
        states: Sequence[str] | None = None,
        basis: str | None = None,
        purpose: str | None = None,
        since: datetime | None = None,
        limit: int = 1000,
    ) -> Sequence[tuple[Message, str, str | None]]:
        """Messages, newest first, each with its recipient and the server's last reply."""
        ...

    # what is switched on
    def live_scenarios(self) -> Sequence[LiveScenario]: ...
    def versions(self, digests: Sequence[str]) -> Mapping[str, str]: ...
    def activate(self, name: str, digest: str, source: str, by: str, now: datetime) -> None: ...
    def set_scenario_state(self, name: str, state: str, by: str, now: datetime) -> None: ...
    def brakes(self) -> Sequence[Brake]: ...
    def hold(self, name: str, reason: str, by: str, now: datetime) -> None: ...
    def release(self, name: str, now: datetime) -> bool:
        """Take a brake off; whether there was one. The wait under it makes no mail late."""
        ...

    def throttle(self) -> ThrottleState: ...
    def note_progress(self, loop: str, mark: str, now: datetime) -> None:
        """Remember how far a loop has come (a schedule's last occurrence, a segment scan)."""
        ...

    def progress(self, loop: str, *, lock: bool = False) -> str | None:
        """How far it has come; `lock` keeps the mark's row for this transaction."""
        ...

    def fact(self, key: str) -> str | None: ...
    def tell(self, key: str, value: str, now: datetime) -> None:
        """Write a fact of this database once: one that is there stays."""
        ...

    def tell_anew(self, key: str, value: str, now: datetime) -> None:
        """Write a fact of this database, over the one that was there."""
        ...

    def policy_changes(self) -> Sequence[PolicyChange]:
        """Every turning of a switch, oldest first."""
        ...

    def note_policy_changes(self, changes: Sequence[PolicyChange]) -> None: ...
    def derive_anew(self, *, after_id: int, limit: int) -> int | None:
        """Make anew what is derived of up to `limit` contacts beyond `after_id`: consent states, cut-off day.

        Returns the last id, or None where there is nobody left.
        """
        ...

    # forms and scripts
    def keep_wording(self, wording: Wording, by: str, now: datetime) -> None: ...
    def kept_wordings(
        self, kind: WordingKind | None = None, name: str | None = None
    ) -> Sequence[KeptWording]: ...
    def wordings(self, digests: Sequence[str]) -> Mapping[str, KeptWording]: ...
    def revoke_wording(self, digest: str, because: str, by: str, now: datetime) -> bool: ...
    def who_answered(self, digest: str, after_id: int, limit: int) -> Sequence[int]:
        """Contacts who answered this wording, in order of id, beyond `after_id`."""
        ...

    # who did what
    def note_deed(self, deed: Deed) -> None: ...
    def deeds(self, *, since: datetime | None = None, limit: int = 1000) -> Sequence[Deed]:
        """What the team did, newest first."""
        ...

    # in a person's hands
    def stuck(self, now: datetime, limit: int = 1000) -> Sequence[Stuck]:
        """Rows that do not get on by themselves; of each kind at most `limit`, oldest first."""
        ...

    def retry(self, kind: StuckKind, number: int, now: datetime) -> bool:
        """Let the next turn try a stuck row again; whether there was one."""
        ...

    def ledger_entry(self, message_id: int) -> LedgerEntry | None: ...
    def send_again(self, message: Message, judged: Message, now: datetime) -> bool:
        """Put a mail back into the queue as judged anew, where it still is in the state that it was read in."""
        ...

    def unsent_versions(self) -> Sequence[str]:
        """Digests of the scenario versions by which mails are queued that have not left."""
        ...

    # how it goes
    def backlog(self, now: datetime) -> Mapping[str, tuple[int, datetime | None]]:
        """For "events", "runs" and "messages": how many wait, and since when the oldest does."""
        ...

    def journal_counts(self, names: Sequence[str]) -> Sequence[tuple[str, str, str, str, str, int]]:
        """(event, scenario, nature, reason, rule, how often) of these rows of the journal."""
        ...

    def message_counts(self) -> Mapping[str, int]: ...
    def next_run(self) -> datetime | None:
        """When the next run is due, whoever holds it."""
        ...

    def has_unanswered(self) -> bool:
        """Whether the journal has an event that scenarios are still to be asked about."""
        ...

    def next_instant(self) -> datetime | None:
        """When the next run or message is due."""
        ...


class Store(Protocol):
    """A database: transactions, and its own care."""

    def begin(self, *, lazy: bool = False) -> AbstractContextManager[Unit]:
        """A writing transaction. Raises Busy when the database stays locked beyond its patience.

        It outlives a power cut as soon as it is over; a `lazy` one does with the next that is not.
        """
        ...

    def read(self) -> AbstractContextManager[Unit]:
        """A transaction that only reads and never waits for a writer."""
        ...

    def scratch(self) -> AbstractContextManager[Scratch]:
        """A pad for what a rehearsal would write; nothing of it comes into the database."""
        ...

    def upgrade(self) -> None: ...
    def close(self) -> None: ...


class Scratch(Protocol):
    """A pad of bounded memory: values by key, gone when it is closed."""

    def recall(self, keys: Sequence[str]) -> Mapping[str, Any]: ...
    def remember(self, values: Mapping[str, Any]) -> None:
        """Keep these, in place of what was there."""
        ...


class StoreError(Exception):
    """The database could not do what was asked."""


class Busy(StoreError):
    """The database is locked by another program. Nothing was changed; try again."""


class Duplicate(StoreError):
    """A row with this key exists already."""
