"""Whatever people do, in whatever order: chains hold, nobody who objects is written to, and nothing comes back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from accord.core.consent.collection import consents
from accord.core.consent.retention import renews
from accord.core.model.consent import Act, Nature
from accord.core.model.contact import GONE
from accord.core.model.event import Event
from accord.core.model.order import OrderLine
from accord.shell.engine.care.retain import sweep
from accord.shell.engine.care.rights import change_address, erase_person, merge
from accord.shell.engine.care.signup import contact_at
from accord.shell.engine.ports.keeping import Objection
from accord.shell.engine.ports.store import Duplicate
from accord.shell.store.database import SqlStore, open_store
from accord.shell.store.tables import metadata
from builders import NOW, a_catalogue, a_scenario, acts, an_act
from conftest import KEYS
from engine_driver import Driver
from ready import embedded_at
from shell.leaving import CONFIRM, LETTER, VENUE, everything

CUSTOMERS = """
scenario: suite
purpose: newsletter
why: {consent: Parce que., customer: Parce que client.}
enter: {when: order.paid, per: event.order_id}
steps:
  suite: {after: 1 days, send: l/suite, nature: editorial}
"""
CATALOGUE = a_catalogue(*(a_scenario(text, VENUE) for text in (LETTER, CONFIRM, CUSTOMERS)), venue=VENUE)
DOES = (
    "agrees",
    "buys",
    "stops",
    "objects",
    "complains",
    "is erased",
    "is imported",
    "is merged with",
    "moves to",
    "is written to",
    "presses an old link",
    "clicks",
    "is fetched by a robot",
    "waits a day",
    "waits four years",
)
WRITTEN, YEARS = ("is written to", 0, 0), ("waits four years", 0, 0)
steps = st.lists(
    st.tuples(st.sampled_from(DOES), st.integers(0, 1), st.integers(0, 1)), min_size=3, max_size=12
)


@dataclass
class World:
    """People at two addresses, and what must be true of them. `refused`: who may not be written to."""

    driver: Driver
    refused: set[str] = field(default_factory=set)
    closed: dict[int, int] = field(default_factory=dict)
    orders: Iterator[int] = field(default_factory=count)
    numbers: list[int] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.driver.now

    # who is there

    def contact(self, n: int, *, make: bool = True) -> int | None:
        address = f"p{n}@example.org"
        with self.driver.store.begin() as unit:
            if make:
                number = contact_at(unit, CATALOGUE, address, "fr", source="shop", now=self.now)
                self.numbers.append(number)
                return number
            known = unit.contacts_by_key([address]).get(address)
            assert known is None or known.address_state not in GONE
            return known.id if known is not None else None

    def addresses(self, number: int) -> set[str]:
        with self.driver.store.read() as unit:
            closed = unit.keeping.closed_into(number)
            return {unit.contacts([number])[number].email, *(each.email for each in closed)}

    def refuses(self, number: int) -> None:
        self.refused |= self.addresses(number)

    # what happens

    def happen(self, what: str, n: int, other: int) -> None:
        self.driver.now += timedelta(minutes=1)
        match what:
            case "agrees":
                self.agrees(self.contact(n))
            case "buys":
                self.buys(self.contact(n))
            case "stops" | "objects" | "complains" | "is erased" | "is merged with" | "moves to":
                number = self.contact(n, make=False)
                if number is not None:
                    self.ends(what, number, other)
            case "is imported":
                self.driver.consent(*acts(Act.OPTIN_IMPORT, contact_id=self.contact(n), at=self.now))
            case "clicks" | "is fetched by a robot":
                self.follows(self.contact(n, make=False), "human" if what == "clicks" else "robot")
            case "is written to":
                self.driver.turn()
            case "waits a day":
                self.driver.now += timedelta(days=1)
            case "presses an old link":
                self.presses_an_old_link(n)
            case "waits four years":
                self.driver.turn()
                self.driver.now += timedelta(days=1600)
                self.driver.turn()
                self.check_mails()
                sweep(self.driver.store, CATALOGUE, now=self.now, by="lea")
        self.check_mails()

    def follows(self, number: int | None, verdict: str) -> None:
        """A link of a letter is fetched: a person's click renews the clock, a robot's nothing (R-43)."""
        if number is None:
            return
        before = self.last_action(number)
        told = {"message_id": "0", "verdict": verdict, "nature": "editorial"}
        self.driver.tell(Event(number, "mail.clicked", self.now, told))
        assert self.last_action(number) == (self.now if verdict == "human" else before)

    def last_action(self, number: int) -> datetime | None:
        with self.driver.store.read() as unit:
            return unit.contacts([number])[number].last_action_at

    def agrees(self, number: int | None) -> None:
        assert number is not None
        self.driver.consent(*acts(contact_id=number, at=self.now))
        self.refused -= self.addresses(number)

    def buys(self, number: int | None) -> None:
        assert number is not None
        order = f"O-{next(self.orders)}"
        line = OrderLine(order, "self", "theatre", 2400, "EUR", self.now, paid_at=self.now)
        told = {"order_id": order, "families": ("theatre",)}
        with self.driver.store.begin() as unit:
            unit.save_order_lines({number: [line]})
        self.driver.consent(*acts(Act.PURCHASE_INFORMED, contact_id=number, at=self.now))
        self.driver.tell(*(Event(number, name, self.now, told) for name in ("order.placed", "order.paid")))

    def presses_an_old_link(self, n: int) -> None:
        """The link of a record that may have been merged or erased since."""
        if not self.numbers:
            return
        number = self.numbers[n % len(self.numbers)]
        self.driver.consent(an_act(Act.UNSUBSCRIBE, contact_id=number, purpose="*", kind="*", at=self.now))
        with self.driver.store.read() as unit:
            theirs = unit.keeping.living([number]).get(number)
        if theirs is not None:
            self.refuses(theirs)

    def ends(self, what: str, number: int, other: int) -> None:
        store = self.driver.store
        match what:
            case "stops":
                self.driver.consent(*acts(Act.UNSUBSCRIBE, contact_id=number, at=self.now))
                self.refuses(number)
            case "objects":
                self.driver.consent(
                    an_act(Act.OBJECTION, contact_id=number, purpose="*", kind="*", at=self.now)
                )
                self.refuses(number)
            case "complains":
                self.driver.tell(Event(number, "mail.complained", self.now))
                self.refuses(number)
            case "is erased":
                self.refuses(number)
                erase_person(store, CATALOGUE, number, by="lea", now=self.now)
            case "is merged with":
                self.merges(number, self.contact(other, make=False))
            case "moves to":
                self.moves(number, f"p{other}@example.org")

    def merges(self, kept: int, gone: int | None) -> None:
        if gone is None or gone == kept:
            return
        either = bool((self.addresses(kept) | self.addresses(gone)) & self.refused)
        merge(self.driver.store, CATALOGUE, kept, gone, by="lea", now=self.now)
        if either:
            self.refuses(kept)
        with self.driver.store.read() as unit:
            self.closed[gone] = len(unit.proving.chain(gone))

    def moves(self, number: int, address: str) -> None:
        refused = bool({*self.addresses(number), address} & self.refused)
        try:
            change_address(self.driver.store, CATALOGUE, number, address, by="lea", now=self.now)
        except Duplicate:
            return
        if refused:
            self.refused.add(address)

    # what must be true

    def check_mails(self) -> None:
        with self.driver.store.read() as unit:
            for envelope in self.driver.sink.taken:
                message = unit.message(envelope.message_id)
                service = message is not None and message.nature is Nature.SERVICE
                assert service or envelope.recipient not in self.refused, envelope.recipient
                event("service mail" if service else "prospecting")
        self.driver.sink.taken.clear()

    def check_all(self) -> None:
        store = self.driver.store
        with store.read() as unit:
            assert list(unit.broken_chains()) == []
            for number, length in self.closed.items():
                assert len(unit.proving.chain(number)) == length, "a merged record was written to"
        self.check_states()
        self.check_sweep()
        self.check_traces()

    def check_states(self) -> None:
        """What is derived is what the ledger and the journal come to."""
        with self.driver.store.engine.connect() as connection:
            ids = [row.id for row in connection.execute(metadata.tables["contact"].select())]
            derived = {
                (row.contact_id, row.purpose, row.kind): row.status
                for row in connection.execute(metadata.tables["consent_state"].select())
            }
        with self.driver.store.read() as unit:
            for number, contact in unit.contacts(ids).items():
                if contact.address_state in GONE:
                    continue
                told = consents(unit.entries([number]).get(number, ()), VENUE.policy)
                for (purpose, kind), state in told.states.items():
                    assert derived[number, purpose, kind] == state.status
                acted = [each.at for each in unit.events_of(number, limit=10_000) if renews(each)]
                assert contact.last_action_at == max(acted, default=None)

    def check_sweep(self) -> None:
        """A second sweep finds nothing to do."""
        sweep(self.driver.store, CATALOGUE, now=self.now, by="lea")
        before = everything(self.driver.store)
        again = sweep(self.driver.store, CATALOGUE, now=self.now, by="lea")
        assert not any(count for name, count in again.told().items() if not name.startswith("kept"))
        after = set(everything(self.driver.store).splitlines()) - set(before.splitlines())
        assert all(line.startswith("audit: ") for line in after)

    def check_traces(self) -> None:
        """An address that is nobody's is nowhere in the database."""
        held = everything(self.driver.store)
        for n in range(2):
            if self.contact(n, make=False) is None:
                assert f"p{n}@example.org" not in held


def empty(store: SqlStore) -> None:
    with store.engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())


def live(store: SqlStore, told: list[tuple[str, int, int]]) -> None:
    empty(store)
    world = World(Driver(store, CATALOGUE, NOW))
    # In the end everybody buys something, so that whoever does not object is written to as a customer.
    ahead = [("buys", n, 0) for n in range(2)]
    for what, n, other in [*told, *ahead, WRITTEN, ("waits a day", 0, 0), WRITTEN]:
        world.happen(what, n, other)
    assert world.driver.faults == []
    world.check_all()


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    path: Path = tmp_path_factory.mktemp("histories") / "accord.db"
    store = open_store(embedded_at(path), dice=os.urandom, keys=lambda: KEYS)
    yield store
    store.close()


@settings(max_examples=20)
@example([("agrees", 0, 0), ("complains", 0, 0), YEARS])
@example([("objects", 0, 0), ("buys", 1, 0), ("is merged with", 0, 1), YEARS])
@example([("buys", 0, 0), ("objects", 0, 0), ("buys", 1, 0), ("is merged with", 0, 1), YEARS])
@example([("buys", 0, 0), ("objects", 0, 0), ("moves to", 0, 1), YEARS])
@example([("buys", 0, 0), ("buys", 1, 0), ("is merged with", 0, 1), ("presses an old link", 1, 0)])
@example([("buys", 0, 0), ("buys", 1, 0), ("is merged with", 0, 1), ("is erased", 1, 0)])
@given(steps)
def test_histories_on_sqlite(embedded: SqlStore, told: list[tuple[str, int, int]]) -> None:
    live(embedded, told)


@settings(max_examples=5)
@given(steps)
def test_histories_on_postgresql(postgres_url: str, told: list[tuple[str, int, int]]) -> None:
    store = open_store(postgres_url, dice=os.urandom, keys=lambda: KEYS)
    try:
        live(store, told)
    finally:
        store.close()


def test_an_objection_by_name_is_kept_for_all_addresses(embedded: SqlStore) -> None:
    empty(embedded)
    world = World(Driver(embedded, CATALOGUE, NOW))
    kept, gone = world.contact(0), world.contact(1)
    assert kept is not None
    world.merges(kept, gone)
    with embedded.begin() as unit:
        unit.objections.keep([Objection(kept, "newsletter", NOW)])
        assert len(unit.objections.against(["p0@example.org", "p1@example.org", "p2@example.org"])) == 2
