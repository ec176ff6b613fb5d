"""Clocks that jump and daemons that come late: each mail leaves once, or it is said why it did not."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from accord.core.model.consent import Act
from accord.core.model.message import MessageState
from accord.shell.engine.ports.mailing import Envelope, Receipt
from accord.shell.engine.ports.rows import NewContact
from accord.shell.engine.sending.sweep import recover
from accord.shell.store.database import open_store
from builders import NOW, a_catalogue, a_scenario, a_venue, acts, an_act, an_event
from conftest import KEYS
from engine_driver import Driver, Sink

VENUE = a_venue(frequency={})
LETTER = """
scenario: {name}
purpose: newsletter
why: {{consent: Parce que., customer: Parce que client.}}
enter: {{when: consent.given, if: event.purpose == "newsletter"}}
steps:
  premiere: {{send: l/{name}, nature: editorial, if_late: {late}}}
"""
CONFIRM = """
scenario: confirmation
purpose: service
enter: {when: order.placed, per: event.order_id}
steps:
  confirmation: {send: c/confirmation, nature: service, about: order}
"""
LATE = {"patiente": "send", "pressee": "skip after 1 hour"}
JUMPS = (
    timedelta(days=-365),
    timedelta(days=-1),
    timedelta(hours=-1),
    timedelta(minutes=7),
    timedelta(hours=3),
    timedelta(days=2),
    timedelta(days=400),
)


@dataclass
class Moody(Sink):
    """Takes a mail, puts it off, or says nothing after its end; remembers which of them, by mail."""

    width: int = 3
    dice: Random = field(default_factory=lambda: Random(7))
    told: dict[int, list[MessageState]] = field(default_factory=dict)
    driver: Driver | None = None

    async def carry(self, envelope: Envelope) -> Receipt:
        await asyncio.sleep(0)
        if self.driver is not None and self.dice.random() < 0.2:
            self.driver.now += self.dice.choice(JUMPS)  # in the middle of a batch
        outcomes = (MessageState.ACCEPTED, MessageState.DEFERRED, MessageState.UNKNOWN)
        self.outcome = self.dice.choices(outcomes, (6, 3, 1))[0]
        self.told.setdefault(envelope.message_id, []).append(self.outcome)
        return await super().carry(envelope)


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Driver]:
    store = open_store(f"sqlite:///{tmp_path / 'accord.db'}", dice=os.urandom, keys=lambda: KEYS)
    store.upgrade()
    letters = [a_scenario(LETTER.format(name=name, late=late), VENUE) for name, late in LATE.items()]
    catalogue = a_catalogue(*letters, a_scenario(CONFIRM, VENUE), venue=VENUE)
    with store.begin() as unit:
        unit.add_contacts([NewContact(f"p{n}@example.org", "fr", "Europe/Paris", NOW) for n in range(1, 7)])
    yield Driver(store, catalogue, NOW, Moody())
    store.close()


def everybody(driver: Driver) -> None:
    for number in range(1, 7):
        driver.consent(*acts(contact_id=number, at=driver.now))
        data = {"order_id": f"O-{number}", "families": ("theatre",)}
        driver.tell(an_event("order.placed", contact_id=number, at=driver.now, data=data))


def mails(driver: Driver) -> dict[int, tuple[str, MessageState, str]]:
    with driver.store.read() as unit:
        return {
            mail.id: (mail.scenario, mail.state, mail.reason)
            for number in range(1, 7)
            for mail in unit.messages_of(number)
        }


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_clock_does_each_mail_leaves_once_or_is_explained(driver: Driver, seed: int) -> None:
    dice = Random(seed)
    sink = driver.sink = Moody(dice=dice, driver=driver)
    everybody(driver)
    for _ in range(12):
        driver.turn()
        recover(driver.store, driver.catalogue, now=driver.now)
        driver.now += dice.choice(JUMPS)
    sink.driver, driver.now = None, NOW + timedelta(days=3000)
    for _ in range(6):
        driver.turn()
        recover(driver.store, driver.catalogue, now=driver.now)
        driver.now += timedelta(hours=7)
    assert not driver.faults
    ledger = mails(driver)
    assert len(ledger) == 18
    assert sum(map(len, sink.told.values())) > 14, "many were handed over, some of them again"
    for number, told in sink.told.items():
        scenario, state, _ = ledger[number]
        gone = [outcome for outcome in told if outcome is not MessageState.DEFERRED]
        if scenario != "confirmation" and gone:
            assert told[-1] is gone[0], "a letter that may have arrived is never handed over again"
            assert state is gone[0]
        assert gone[:-1] in ([], [MessageState.UNKNOWN]), "service mail once more at most"
    rest = {
        (scenario, state, reason)
        for scenario, state, reason in ledger.values()
        if state is not MessageState.ACCEPTED
    }
    assert {state for _, state, _ in rest} <= {
        MessageState.EXPIRED,
        MessageState.UNKNOWN,
        MessageState.REFUSED,
    }
    assert all(reason for _, _, reason in rest)


def test_a_daemon_that_comes_a_week_late_drops_at_the_door_what_is_too_late(driver: Driver) -> None:
    driver.sink = Sink(silent=True)
    everybody(driver)
    driver.turn()
    assert {state for _, state, _ in mails(driver).values()} == {MessageState.QUEUED}
    driver.now += timedelta(days=4)
    driver.sink = Sink()
    driver.turn()
    told = {(scenario, state.value, reason) for scenario, state, reason in mails(driver).values()}
    assert told == {
        ("confirmation", "accepted", "SERVICE_NECESSARY"),
        ("patiente", "accepted", "OPTIN_PROVEN"),
        ("pressee", "expired", "LATE"),
    }


def test_a_brake_held_for_a_week_makes_nothing_late_and_a_withdrawal_meanwhile_wins(driver: Driver) -> None:
    driver.sink = Sink(silent=True)
    everybody(driver)
    driver.turn()
    with driver.store.begin() as unit:
        unit.hold("prospecting", "why", "ada", driver.now)
    driver.now += timedelta(days=4)
    driver.consent(an_act(Act.OBJECTION, contact_id=1, purpose="*", kind="*", at=driver.now))
    with driver.store.begin() as unit:
        unit.release("prospecting", driver.now)
    driver.sink = sink = Sink()
    driver.turn()
    by_person = [envelope.recipient for envelope in sink.taken]
    assert by_person.count("p1@example.org") == 1, "the confirmation alone"
    assert by_person.count("p2@example.org") == 3
