"""How long people are kept, as the engine sees it: a thin front over erasing, aging and merging."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from accord.core.model.consent import ConsentEntry
from accord.core.model.contact import Contact
from accord.core.model.enrolment import Enrolment
from accord.shell.engine.ports.keeping import Erased, Left, Page, ThirdParties
from accord.shell.keys import Keys
from accord.shell.store import aging, erase, merge, people, runs
from accord.shell.store.clicks import SqlClicks
from accord.shell.store.erase import Archive
from accord.shell.store.objections import SqlObjections
from accord.shell.store.people import Law


@dataclass(frozen=True, slots=True)
class SqlKeeping(SqlClicks):
    """The port `Keeping` over one connection."""

    connection: Connection
    law: Law
    entity: str
    read_keys: Callable[[], Keys]

    def living(self, ids: Collection[int]) -> Mapping[int, int]:
        gone = people.whose(self.connection, ids)
        now = {number: gone.get(number, number) for number in ids}
        return {number: theirs for number, theirs in now.items() if theirs is not None}

    def closed_into(self, contact_id: int) -> Sequence[Contact]:
        return people.closed_into(self.connection, contact_id)

    def runs_of(self, contact_id: int) -> Sequence[Enrolment]:
        return runs.of_contact(self.connection, contact_id)

    # the clock
    def past_cut_off(self, today: date, after_id: int, limit: int) -> Sequence[int]:
        return aging.past_cut_off(self.connection, today, after_id, limit)

    def cut_offs(self, since: date, until: date) -> Sequence[tuple[str, int]]:
        return aging.cut_offs(self.connection, since, until)

    def headcount(self) -> int:
        return aging.headcount(self.connection)

    def third_parties(self) -> ThirdParties:
        return aging.third_parties(self.connection)

    # sign-ups
    def written(
        self, before: datetime, after_row: int, limit: int
    ) -> tuple[Sequence[ConsentEntry], int | None]:
        return aging.written(self.connection, before, after_row, limit)

    def otherwise_known(self, ids: Collection[int]) -> frozenset[int]:
        return aging.otherwise_known(self.connection, ids)

    def strike(self, seqs: Mapping[int, Collection[int]]) -> None:
        erase.strike(self.connection, seqs, self.law)

    # new addresses
    def addresses_asked(self, before: datetime, after_row: int, limit: int) -> Page:
        return aging.addresses_asked(self.connection, before, after_row, limit)

    def forget_addresses(self, event_ids: Sequence[int]) -> None:
        aging.forget_addresses(self.connection, event_ids)

    # erasing
    def weights(self, ids: Collection[int]) -> Mapping[int, int]:
        return erase.weights(self.connection, ids)

    def erase(self, proofs: Mapping[int, Collection[int]], reason: str, now: datetime) -> Erased:
        keys = self.read_keys()
        known = people.contacts(self.connection, sorted(proofs))
        owners = {number: keys.owners(contact.email)[0] for number, contact in known.items()}
        archive = Archive(self.entity, self.law.zone)
        return erase.erase(self.connection, proofs, owners, archive, reason, now)

    def forget(self, ids: Collection[int], limit: int) -> int:
        return erase.forget(self.connection, ids, limit)

    def erased_since(self, since: datetime, after_id: int, limit: int) -> Sequence[int]:
        return erase.erased_since(self.connection, since, after_id, limit)

    def proofs(self, after_id: int, limit: int) -> Mapping[int, Sequence[ConsentEntry]]:
        found = erase.sealed_people(self.connection, after_id, limit)
        ledgers = people.entries_of(self.connection, found)
        return {number: ledgers.get(number, []) for number in found}

    def drop_proofs(self, seqs: Mapping[int, Collection[int]]) -> None:
        erase.drop_proofs(self.connection, seqs)

    def left_of(self, address: str) -> Left:
        owners = self.read_keys().owners(address)
        objections = SqlObjections(self.connection, self.entity, self.read_keys)
        return Left(
            objections.against([address]).get(address, {}),
            erase.archived(self.connection, owners),
            people.entries_of(self.connection, erase.sealed_as(self.connection, owners)),
        )

    # the ledgers of those who stay
    def old_archive(self, today: date, after_id: int, limit: int) -> Page:
        return aging.old_archive(self.connection, today, after_id, limit)

    def drop_archive(self, ids: Sequence[int]) -> None:
        aging.drop_archive(self.connection, ids)

    def old_messages(self, before: datetime, after_id: int, limit: int) -> Page:
        return aging.old_messages(self.connection, before, after_id, limit)

    def drop_messages(self, ids: Sequence[int]) -> None:
        aging.drop_messages(self.connection, ids)

    def old_events(self, before: datetime, after_id: int, limit: int) -> Page:
        return aging.old_events(self.connection, before, after_id, limit)

    def drop_events(self, ids: Sequence[int]) -> None:
        aging.drop_events(self.connection, ids)

    # rectifying and merging
    def change_address(self, contact_id: int, address: str) -> None:
        merge.change_address(self.connection, contact_id, address)

    def merge(self, kept: int, gone: int, ending: Sequence[int], now: datetime) -> None:
        merge.merge(self.connection, kept, gone, ending, self.law, now)

    def gather(self, limit: int) -> int:
        return merge.gather(self.connection, limit)

    # tasks for the team
    def raise_task(
        self, subject: str, key: str, body: Mapping[str, Any], now: datetime, contact_id: int | None = None
    ) -> None:
        erase.raise_task(self.connection, subject, key, body, now, contact_id)

    def close_tasks(self, subject: str, now: datetime, *, but: Collection[str] = ()) -> None:
        erase.close_tasks(self.connection, subject, now, but)

    def close_task(self, subject: str, key: str, now: datetime) -> None:
        erase.close_task(self.connection, subject, key, now)
