"""One transaction, as the engine sees it: a thin front over the rooms that know the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from accord.core.model.consent import ConsentEntry, LegalBasis
from accord.core.model.contact import Contact
from accord.core.model.decision import Situation, ThrottleState
from accord.core.model.enrolment import Enrolment
from accord.core.model.event import Event
from accord.core.model.expression import Expression
from accord.core.model.message import Lane, Message
from accord.core.model.order import OrderLine
from accord.core.model.wording import Wording, WordingKind
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
from accord.shell.store import (
    arrivals,
    audit,
    by_hand,
    journal,
    mail,
    orders,
    people,
    postings,
    runs,
    segments,
    sending,
    situations,
    switches,
    wordings,
)
from accord.shell.store.rooms import Rooms


@dataclass(frozen=True, slots=True)
class SqlUnit(Rooms):
    """The port `Unit` over one connection."""

    # people
    def contacts(self, ids: Sequence[int], *, lock: bool = False) -> Mapping[int, Contact]:
        return people.contacts(self.connection, ids, lock=lock)

    def contacts_by_key(self, keys: Sequence[str]) -> Mapping[str, Contact]:
        return people.contacts_by_key(self.connection, keys)

    def add_contacts(self, contacts: Sequence[NewContact]) -> Sequence[int]:
        return arrivals.add(self.connection, contacts, self.law)

    def external_owners(self, external_ids: Sequence[str]) -> Mapping[str, str]:
        return arrivals.external_owners(self.connection, external_ids)

    def change_contacts(self, changes: Sequence[ContactChange]) -> None:
        people.change_contacts(self.connection, changes, self.law)

    def add_entries(self, entries: Sequence[ConsentEntry], now: datetime) -> None:
        if entries:
            people.add_entries(self.connection, entries, self.law, now, self.dice)

    def begin_ledgers(self, ledgers: Mapping[int, Sequence[ConsentEntry]], now: datetime) -> None:
        people.begin_ledgers(self.connection, ledgers, self.law, now, self.dice)

    def entries(self, contact_ids: Sequence[int]) -> Mapping[int, Sequence[ConsentEntry]]:
        return people.entries_of(self.connection, contact_ids)

    def broken_chains(self) -> Iterator[tuple[int, int]]:
        return people.broken_chains(self.connection)

    def save_order_lines(self, lines: Mapping[int, Sequence[OrderLine]]) -> None:
        orders.save_lines(self.connection, lines)

    def order_owners(self, order_ids: Sequence[str]) -> Mapping[tuple[str, str], int]:
        return orders.owners(self.connection, order_ids)

    def orders_told(self, events: Sequence[Event]) -> Mapping[str, Event]:
        return journal.as_told_last(self.connection, events)

    # the journal
    def append(self, events: Sequence[Event], *, received_at: datetime, reacts: bool) -> Sequence[Event]:
        new = journal.append(self.connection, events, received_at=received_at, reacts=reacts)
        postings.tell(self.connection, self.outbox, new, received_at)
        return new

    def tell_all(self, contact_ids: Sequence[int], event: Event, received_at: datetime) -> None:
        arrivals.tell_all(self.connection, contact_ids, event, received_at)

    def claim_events(self, now: datetime, limit: int, until: datetime) -> Sequence[Event]:
        return journal.claim(self.connection, now, limit, until)

    def answered(self, event_ids: Sequence[int]) -> None:
        journal.answered(self.connection, event_ids)

    def events_of(self, contact_id: int, *, limit: int = 1000) -> Sequence[Event]:
        return journal.of_contact(self.connection, contact_id, limit)

    # runs
    def situations(self, contact_ids: Sequence[int], *, lock: bool = False) -> Mapping[int, Situation]:
        return situations.load(self.connection, contact_ids, self.law, lock=lock)

    def with_runs(self, known: Mapping[int, Situation], wanted: Sequence[Enrolment]) -> Sequence[Situation]:
        return situations.with_runs(self.connection, known, wanted)

    def claim_due(self, now: datetime, limit: int, until: datetime) -> Sequence[Enrolment]:
        return runs.claim_due(self.connection, now, limit, until)

    def runs(self, ids: Sequence[int]) -> Sequence[Enrolment]:
        return runs.by_id(self.connection, ids)

    def open_runs(self, contact_ids: Sequence[int]) -> Sequence[Enrolment]:
        return runs.open_runs(self.connection, contact_ids)

    def past_entries(self, contact_ids: Sequence[int], scenarios: Sequence[str]) -> Sequence[PastEntry]:
        return runs.past_entries(self.connection, contact_ids, scenarios)

    def add_runs(self, new: Sequence[NewRun]) -> Sequence[Enrolment]:
        return runs.add(self.connection, new)

    def change_runs(self, changes: Sequence[RunChange]) -> None:
        runs.change(self.connection, changes)

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
        return segments.matching(
            self.connection,
            condition,
            self.law,
            now=now,
            not_in=not_in,
            not_since=not_since,
            staying=staying,
            after_id=after_id,
            limit=limit,
        )

    def let_go(self, scenario: str, segment: Expression, *, now: datetime) -> None:
        segments.let_go(self.connection, scenario, segment, self.law, now=now)

    def in_flight(self) -> Sequence[tuple[str, str, str, int]]:
        return runs.in_flight(self.connection)

    # mail
    def queue(self, messages: Sequence[NewMessage]) -> None:
        mail.queue(self.connection, messages)

    def claim_messages(
        self,
        now: datetime,
        limit: int,
        until: datetime,
        held: frozenset[str],
        lanes: Sequence[Lane] = tuple(Lane),
    ) -> Sequence[Message]:
        return sending.claim(self.connection, now, limit, until, held, lanes)

    def still_claimed(self, message_ids: Sequence[int], lease: datetime) -> Sequence[Message]:
        return sending.still_claimed(self.connection, message_ids, lease)

    def mark_sending(
        self, checks: Sequence[DoorCheck], now: datetime, *, lease: datetime, until: datetime
    ) -> frozenset[int]:
        return sending.mark_sending(self.connection, checks, now, lease=lease, until=until)

    def settle(self, settlements: Sequence[Settlement]) -> frozenset[int]:
        return sending.settle(self.connection, settlements)

    def requeue(
        self,
        message_ids: Sequence[int],
        not_before: datetime | None = None,
        *,
        lease: datetime | None = None,
    ) -> None:
        sending.requeue(self.connection, message_ids, not_before, lease=lease)

    def postpone(self, waits: Sequence[Postponed], lease: datetime) -> None:
        sending.postpone(self.connection, waits, lease)

    def cancel_messages(
        self,
        contact_ids: Sequence[int],
        purpose: str | None,
        reason: str,
        now: datetime,
        basis: LegalBasis | None = None,
    ) -> Sequence[int]:
        if basis is None:  # what rests on something else is judged again at the door
            postings.cancel_calls(self.connection, contact_ids, purpose, reason, now)
        return mail.cancel(self.connection, contact_ids, purpose, reason, now, basis)

    def unsent(self, *, after_id: int, limit: int) -> Sequence[Message]:
        return mail.unsent(self.connection, after_id, limit)

    def orphans(self, now: datetime, limit: int) -> Sequence[Message]:
        return sending.orphans(self.connection, now, limit)

    def messages_of(self, contact_id: int) -> Sequence[Message]:
        return mail.of_contact(self.connection, contact_id)

    def message(self, message_id: int) -> Message | None:
        return mail.by_id(self.connection, message_id)

    def ledger(
        self,
        *,
        states: Sequence[str] | None = None,
        basis: str | None = None,
        purpose: str | None = None,
        since: datetime | None = None,
        limit: int = 1000,
    ) -> Sequence[tuple[Message, str, str | None]]:
        return mail.listed(
            self.connection, states=states, basis=basis, purpose=purpose, since=since, limit=limit
        )

    # switches
    def live_scenarios(self) -> Sequence[LiveScenario]:
        return switches.live_scenarios(self.connection)

    def versions(self, digests: Sequence[str]) -> Mapping[str, str]:
        return switches.versions(self.connection, digests)

    def activate(self, name: str, digest: str, source: str, by: str, now: datetime) -> None:
        switches.activate(self.connection, name, digest, source, by, now)

    def set_scenario_state(self, name: str, state: str, by: str, now: datetime) -> None:
        switches.set_state(self.connection, name, state, by, now)

    def brakes(self) -> Sequence[Brake]:
        return switches.brakes(self.connection)

    def hold(self, name: str, reason: str, by: str, now: datetime) -> None:
        switches.hold(self.connection, name, reason, by, now)

    def release(self, name: str, now: datetime) -> bool:
        was_held = switches.release(self.connection, name)
        if was_held:
            sending.forgive_wait(self.connection, name, now)
            postings.forgive_wait(self.connection, name, now)
        return was_held

    def throttle(self) -> ThrottleState:
        return switches.throttle(self.connection)

    def note_progress(self, loop: str, mark: str, now: datetime) -> None:
        switches.note_progress(self.connection, loop, mark, now)

    def progress(self, loop: str, *, lock: bool = False) -> str | None:
        return switches.progress(self.connection, loop, lock=lock)

    def fact(self, key: str) -> str | None:
        return switches.fact(self.connection, key)

    def tell(self, key: str, value: str, now: datetime) -> None:
        switches.tell(self.connection, key, value, now)

    def tell_anew(self, key: str, value: str, now: datetime) -> None:
        switches.tell_anew(self.connection, key, value, now)

    def policy_changes(self) -> Sequence[PolicyChange]:
        return switches.policy_changes(self.connection)

    def note_policy_changes(self, changes: Sequence[PolicyChange]) -> None:
        switches.note_policy_changes(self.connection, changes)

    def derive_anew(self, *, after_id: int, limit: int) -> int | None:
        return people.derive_anew(self.connection, self.law, after_id, limit)

    # forms and scripts
    def keep_wording(self, wording: Wording, by: str, now: datetime) -> None:
        wordings.keep(self.connection, wording, by, now)

    def kept_wordings(
        self, kind: WordingKind | None = None, name: str | None = None
    ) -> Sequence[KeptWording]:
        return wordings.kept(self.connection, kind, name)

    def wordings(self, digests: Sequence[str]) -> Mapping[str, KeptWording]:
        return wordings.by_digest(self.connection, digests)

    def revoke_wording(self, digest: str, because: str, by: str, now: datetime) -> bool:
        return wordings.revoke(self.connection, digest, because, by, now)

    def who_answered(self, digest: str, after_id: int, limit: int) -> Sequence[int]:
        return wordings.who_answered(self.connection, digest, after_id, limit)

    # who did what
    def note_deed(self, deed: Deed) -> None:
        audit.note(self.connection, deed)

    def deeds(self, *, since: datetime | None = None, limit: int = 1000) -> Sequence[Deed]:
        return audit.deeds(self.connection, since, limit)

    # in a person's hands
    def stuck(self, now: datetime, limit: int = 1000) -> Sequence[Stuck]:
        return by_hand.stuck(self.connection, now, limit)

    def retry(self, kind: StuckKind, number: int, now: datetime) -> bool:
        return by_hand.retry(self.connection, kind, number, now)

    def ledger_entry(self, message_id: int) -> LedgerEntry | None:
        return by_hand.ledger_entry(self.connection, message_id)

    def send_again(self, message: Message, judged: Message, now: datetime) -> bool:
        return by_hand.send_again(self.connection, message, judged, now)

    def unsent_versions(self) -> Sequence[str]:
        mails = by_hand.unsent_versions(self.connection)
        return sorted({*mails, *self.postings.unsettled_versions()})

    def backlog(self, now: datetime) -> Mapping[str, tuple[int, datetime | None]]:
        return {
            "events": journal.unanswered(self.connection),
            "runs": runs.oldest_due(self.connection, now),
            "messages": mail.awaiting(self.connection, now),
        }

    def journal_counts(self, names: Sequence[str]) -> Sequence[tuple[str, str, str, str, str, int]]:
        return journal.counts(self.connection, names)

    def message_counts(self) -> Mapping[str, int]:
        return mail.counts(self.connection)

    def next_run(self) -> datetime | None:
        return runs.next_due(self.connection)

    def has_unanswered(self) -> bool:
        return journal.has_unanswered(self.connection)

    def next_instant(self) -> datetime | None:
        found = (runs.next_due(self.connection), mail.next_due(self.connection), self.postings.next_due())
        return min((instant for instant in found if instant is not None), default=None)
