"""A run against a real server that asks for less of one domain: that one slows, nobody else does, and it recovers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from accord.core.model.message import MessageState
from accord.core.pacing import Rates, WarmUp
from accord.shell.delivery.pool import Limits
from accord.shell.engine.ports.mailing import Carrier
from accord.shell.engine.ports.rows import NewContact
from accord.shell.engine.sending.lanes import Lanes, Traffic, Ways, lanes_of
from accord.shell.engine.sending.pacer import HeedingCarrier, Pacer, Told, noted
from accord.shell.engine.sending.send import Sender
from accord.shell.engine.sending.under_way import UnderWay
from accord.shell.engine.turn import send_until_idle
from accord.shell.store.database import open_store
from builders import NOW, a_catalogue, a_scenario, a_venue, acts, an_event
from conftest import KEYS
from engine_driver import Driver
from shell.delivery.scripted import Inbox, a_carrier, real

VENUE = a_venue(frequency={})
LETTER = """
scenario: lettre
purpose: newsletter
why: {consent: Parce que., customer: Parce que client.}
enter: {when: consent.given, if: event.purpose == "newsletter"}
steps:
  premiere: {send: l/premiere, nature: editorial}
"""
CONFIRM = """
scenario: confirmation
purpose: service
enter: {when: order.placed, per: event.order_id}
steps:
  confirmation: {send: c/confirmation, nature: service, about: order}
"""
SLOW, FAST = "slow.example.org", "fast.example.org"


@dataclass
class Sparing(Inbox):
    """A server that asks for less of one domain, until it is `well`."""

    well: bool = False
    asked: list[str] = field(default_factory=list)
    stalled: asyncio.Event | None = None

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.stalled is not None and envelope.rcpt_tos[0].endswith(FAST):
            await self.stalled.wait()
        return await super().handle_DATA(server, session, envelope)

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        self.asked.append(address)
        if address.endswith(SLOW) and not self.well:
            return "421 4.7.28 you send too much"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    def arrived(self, domain: str) -> int:
        return sum(mail.rcpt_tos[0].endswith(domain) for mail in self.mails)


@dataclass
class Town:
    """One house with a pacer, and a clock for both that a test moves."""

    driver: Driver
    inbox: Sparing = field(default_factory=Sparing)
    rates: Rates = Rates()
    pacer: Pacer = field(init=False)

    def __post_init__(self) -> None:
        self.pacer = Pacer(self.rates, lambda: (self.driver.now - NOW).total_seconds())

    def lettre(self, late: str) -> None:
        """The letter, with other words on lateness."""
        text = LETTER.replace("editorial}", f"editorial, {late}}}")
        made = (a_scenario(text, VENUE), a_scenario(CONFIRM, VENUE))
        self.driver.catalogue = a_catalogue(*made, venue=VENUE)
        self.driver.__post_init__()

    def people(self, domain: str, count: int) -> list[int]:
        with self.driver.store.begin() as unit:
            new = [NewContact(f"p{n}@{domain}", "fr", "Europe/Paris", self.driver.now) for n in range(count)]
            return list(unit.add_contacts(new))

    def newsletter(self, people: list[int]) -> None:
        entries = [entry for number in people for entry in acts(contact_id=number, at=self.driver.now)]
        self.driver.consent(*entries)
        self.driver.think()

    def order(self, number: int, name: str) -> None:
        data = {"order_id": name, "families": ("theatre",)}
        self.driver.tell(an_event("order.placed", contact_id=number, at=self.driver.now, data=data))
        self.driver.think()

    async def send(self, times: int = 1, every: timedelta = timedelta(seconds=5)) -> None:
        """So many turns of the sender, with time between them, over connections of their own for each lane."""
        async with real(self.inbox) as port:
            ways = Ways(*(HeedingCarrier(a_carrier(port, limits=Limits(width=2)), self.pacer) for _ in "12"))
            traffic = Traffic()
            for _ in range(times):
                await send_until_idle(self.sender(ways, traffic))
                self.driver.now += every
            await ways.close()

    async def order_while_all_is_stuck(self, number: int) -> float:
        """A newsletter to a server that says nothing; how many seconds an order's confirmation takes meanwhile."""
        self.inbox.stalled, time = asyncio.Event(), asyncio.get_running_loop().time
        async with real(self.inbox) as port:
            carriers = [a_carrier(port, limits=Limits(width=2), dot_timeout=20.0) for _ in "12"]
            ways = Ways(*(HeedingCarrier(carrier, self.pacer) for carrier in carriers))
            sending = asyncio.ensure_future(send_until_idle(self.sender(ways, Traffic())))
            while len(self.inbox.asked) < 2:
                await asyncio.sleep(0.01)
            self.order(number, "O-1")
            begun = time()
            while not self.inbox.mails:
                await asyncio.sleep(0.01)
            took = time() - begun
            self.inbox.stalled.set()
            await sending
            await ways.close()
        return took

    def sender(self, ways: Ways, traffic: Traffic) -> Sender | Lanes:
        driver = self.driver

        def on(carrier: Carrier, under_way: UnderWay, lanes: Any) -> Sender:
            rest = (lambda: driver.now, driver.fault, under_way, self.pacer, lanes)
            return Sender(driver.store, driver.work(), driver.writer, carrier, *rest)

        return lanes_of(ways, traffic, on)

    def told(self, domain: str = SLOW) -> Told:
        return next(each for each in self.pacer.told() if each.domain == domain)

    def states(self) -> dict[str, int]:
        with self.driver.store.read() as unit:
            return dict(unit.message_counts())


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    store = open_store(f"sqlite:///{tmp_path / 'accord.db'}", dice=os.urandom, keys=lambda: KEYS)
    store.upgrade()
    catalogue = a_catalogue(a_scenario(LETTER, VENUE), a_scenario(CONFIRM, VENUE), venue=VENUE)
    made = Town(Driver(store, catalogue, NOW))
    yield made
    assert not made.driver.faults
    store.close()


def test_one_domain_asks_for_less_and_only_that_one_slows(town: Town) -> None:
    slow, fast = town.people(SLOW, 60), town.people(FAST, 60)
    town.newsletter([number for pair in zip(slow, fast, strict=True) for number in pair])
    asyncio.run(town.send())
    assert town.inbox.arrived(FAST) == 60, "nobody else waits"
    asked = sum(address.endswith(SLOW) for address in town.inbox.asked)
    assert asked <= 8, "the rest of the batch is held back at once"
    assert town.states() == {"accepted": 60, "deferred": asked, "queued": 60 - asked}
    asyncio.run(town.send(30))
    slowed = town.told()
    assert slowed.is_slowed and slowed.rate is not None and slowed.rate < 0.2
    assert sum(address.endswith(SLOW) for address in town.inbox.asked) < 20
    town.newsletter(town.people("other.example.org", 20))
    asyncio.run(town.send())
    assert town.inbox.arrived("other.example.org") == 20


def test_it_recovers_step_by_step_and_the_figures_show_it(town: Town) -> None:
    town.newsletter(town.people(SLOW, 30))
    asyncio.run(town.send(8))
    assert town.inbox.arrived(SLOW) == 0
    least = town.told().rate
    town.inbox.well = True
    rates = []
    for _ in range(6):
        asyncio.run(town.send(6, every=timedelta(seconds=60)))
        rates.append(town.told().rate or float("inf"))
    assert least is not None and rates == sorted(rates) and rates[0] > least
    assert town.inbox.arrived(SLOW) == 30 and town.states() == {"accepted": 30}
    with town.driver.store.read() as unit:
        assert [each.domain for each in noted(unit)] == [SLOW], "told to other processes"


def test_service_mail_waits_for_no_pace(town: Town) -> None:
    buyers = town.people(SLOW, 40)
    town.newsletter(buyers)
    asyncio.run(town.send(10))
    town.inbox.well = True
    town.order(buyers[0], "O-1")
    held = town.states()["queued"]
    asyncio.run(town.send())
    assert [mail.rcpt_tos[0] for mail in town.inbox.mails][:1] == [f"p0@{SLOW}"]
    with town.driver.store.read() as unit:
        assert unit.messages_of(buyers[0])[-1].state is MessageState.ACCEPTED
    assert town.states()["queued"] >= held - 4, "the letter still goes slowly"


def test_a_newsletter_that_gets_no_answer_delays_no_order(town: Town) -> None:
    town.newsletter(town.people(FAST, 40))
    buyer = town.people("shop.example.org", 1)[0]
    assert asyncio.run(town.order_while_all_is_stuck(buyer)) < 5.0, "the letters wait for twenty seconds"
    assert town.inbox.mails[0].rcpt_tos == ["p0@shop.example.org"]
    assert town.states() == {"accepted": 41}


def test_a_limit_of_a_domain_is_held_and_what_waits_is_judged_when_it_leaves(town: Town) -> None:
    town.pacer.rates = Rates(per_domain=50.0, domains={SLOW: 2.0})
    town.inbox.well = True
    people = town.people(SLOW, 24)
    town.newsletter(people)
    asyncio.run(town.send(2, every=timedelta(seconds=1)))
    waiting = 24 - town.inbox.arrived(SLOW)
    assert waiting >= 19 and town.states()["queued"] == waiting
    for number in people[-4:]:
        town.driver.consent(
            *[
                replace(each, act=type(each.act).UNSUBSCRIBE)
                for each in acts(contact_id=number, at=town.driver.now)
            ]
        )
    asyncio.run(town.send(14, every=timedelta(seconds=1)))
    assert town.inbox.arrived(SLOW) == 20 and town.states() == {"accepted": 20, "cancelled": 4}
    left = sorted(_left(town, number) for number in people[:20])
    assert left[-1] - left[0] >= timedelta(seconds=9), "two a second"


def test_what_was_held_back_for_too_long_is_late(town: Town) -> None:
    town.lettre("if_late: skip after 1 hour")
    town.pacer.rates = Rates(domains={SLOW: 1 / 60})
    town.inbox.well = True
    town.newsletter(town.people(SLOW, 24))
    asyncio.run(town.send(26, every=timedelta(minutes=4)))
    told = town.states()
    assert 12 <= told["accepted"] <= 18 and told["expired"] >= 6, told
    assert sum(told.values()) == 24


def test_a_warm_up_lets_so_many_leave_a_day(town: Town) -> None:
    town.driver.now = datetime.fromisoformat("2026-11-23T09:00:00+00:00")
    town.lettre("if_late: send")
    town.pacer.rates = Rates(warm_up=WarmUp(date(2026, 11, 23), (10, 15)))
    town.newsletter(town.people(FAST, 40))
    buyer = town.people("shop.example.org", 1)[0]
    asyncio.run(town.send(3, every=timedelta(hours=2)))
    assert town.inbox.arrived(FAST) == 10
    town.order(buyer, "O-1")
    asyncio.run(town.send())
    assert town.inbox.arrived("shop.example.org") == 1, "service mail is not counted, and waits for nothing"
    town.driver.now = datetime.fromisoformat("2026-11-24T00:30:00+01:00")
    asyncio.run(town.send(2))
    assert town.inbox.arrived(FAST) == 25
    town.driver.now += timedelta(days=1)
    asyncio.run(town.send())
    assert town.inbox.arrived(FAST) == 40


def _left(town: Town, number: int) -> datetime:
    with town.driver.store.read() as unit:
        at = unit.messages_of(number)[0].sent_at
    assert at is not None
    return at
