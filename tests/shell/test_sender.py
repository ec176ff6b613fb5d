"""The sender, hostilely: whatever happens between the queue and the server's answer, once or explained."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import event, text

from accord.core.model.consent import Act, LegalBasis
from accord.core.model.message import MessageState
from accord.shell.engine.ports.mailing import Envelope, Receipt
from accord.shell.engine.ports.rows import POLICY_REVISION, DoorCheck, NewContact
from accord.shell.engine.ports.store import Busy
from accord.shell.engine.sending.send import CLAIM_LEASE, LEASE
from accord.shell.engine.sending.sweep import recover
from accord.shell.engine.turn import send_until_idle
from accord.shell.store.database import SqlStore, open_store
from builders import NOW, a_catalogue, a_scenario, a_venue, acts, an_act, an_event
from engine_driver import Driver, PlainWriter, Sink
from ready import embedded_at

LETTER = """
scenario: lettre
purpose: newsletter
why: {consent: Parce que., customer: Parce que client.}
enter: {when: consent.given, if: event.purpose == "newsletter"}
steps:
  premiere: {send: l/premiere, nature: editorial}
"""
PATIENT = (
    LETTER.replace("lettre", "patiente")
    .replace("premiere", "autre")
    .replace("editorial}", "editorial, if_late: send}")
)
CONFIRM = """
scenario: confirmation
purpose: service
enter: {when: order.placed, per: event.order_id}
steps:
  confirmation: {send: c/confirmation, nature: service, about: order, invite: newsletter}
"""


@pytest.fixture
def driver(store: SqlStore) -> Driver:
    return a_driver(store)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Driver]:
    """The same on SQLite alone: what is locked whole, and can be told how large it may get."""
    opened = open_store(embedded_at(tmp_path / "accord.db"), dice=os.urandom)
    yield a_driver(opened)
    opened.close()


def a_driver(store: SqlStore) -> Driver:
    venue = a_venue()
    catalogue = a_catalogue(a_scenario(LETTER, venue), a_scenario(CONFIRM, venue), venue=venue)
    with store.begin() as unit:
        unit.add_contacts([NewContact(f"p{n}@example.org", "fr", "Europe/Paris", NOW) for n in range(1, 9)])
    return Driver(store, catalogue, NOW, Sink(width=1))


def sign_up(driver: Driver, *people: int) -> None:
    for number in people:
        driver.consent(*acts(contact_id=number, at=driver.now))


def order(driver: Driver, number: int) -> None:
    data = {"order_id": f"A-{number}", "families": ("theatre",)}
    driver.tell(an_event("order.placed", contact_id=number, at=driver.now, data=data))


def states(driver: Driver, number: int = 1) -> list[str]:
    with driver.store.read() as unit:
        return [message.state.value for message in unit.messages_of(number)]


def held(driver: Driver, number: int = 1) -> list[str]:
    return [str(row.data["reason"]) for row in driver.journal(number) if row.name == "mail.held"]


def recipients(driver: Driver) -> list[str]:
    return [each.recipient.partition("@")[0] for each in driver.sink.taken]


@dataclass
class Meddling(Sink):
    """Does something else when the mail of that number is handed over."""

    at: int = 1
    deed: Callable[[], None] = lambda: None

    async def carry(self, envelope: Envelope) -> Receipt:
        receipt = await super().carry(envelope)
        if len(self.taken) == self.at:
            await asyncio.to_thread(self.deed)
        return receipt


@dataclass
class MeddlingWriter(PlainWriter):
    """Does something else while the first mail is written: after it was judged, before it is marked."""

    deed: Callable[[], None] = lambda: None
    done: bool = False
    invited: list[bool] = field(default_factory=list)

    def write(self, message, situation, *, now):
        self.invited.append(message.with_invitation)
        if not self.done:
            self.done = True
            self.deed()
        return super().write(message, situation, now=now)


# -- between the verdict and the hand-over --------------------------------------------------------------------


@pytest.mark.parametrize("brake", ["all", "prospecting", "lettre"])
def test_a_brake_stops_the_next_window_of_a_batch_under_way(driver: Driver, brake: str) -> None:
    def hold() -> None:
        with driver.store.begin() as unit:
            unit.hold(brake, "a wrong date", "ada", driver.now)

    sign_up(driver, 1, 2, 3, 4, 5)
    driver.think()
    driver.sink = Meddling(width=2, deed=hold)
    driver.send()
    assert recipients(driver) == ["p1", "p2"]
    assert [states(driver, n) for n in (3, 4, 5)] == [["queued"]] * 3
    assert held(driver, 3) == ["HELD"]
    with driver.store.begin() as unit:
        unit.release(brake, driver.now)
    driver.now += timedelta(hours=1)
    driver.send()
    assert recipients(driver) == ["p1", "p2", "p3", "p4", "p5"]


def test_a_brake_on_prospecting_lets_service_mail_go_on(driver: Driver) -> None:
    with driver.store.begin() as unit:
        unit.hold("prospecting", "a wrong date", "ada", driver.now)
    sign_up(driver, 1)
    order(driver, 2)
    driver.turn()
    assert recipients(driver) == ["p2"]


def test_days_under_a_brake_make_no_mail_late(driver: Driver) -> None:
    def hold() -> None:
        with driver.store.begin() as unit:
            unit.hold("prospecting", "a wrong date", "ada", driver.now)

    sign_up(driver, 1, 2)
    driver.think()
    driver.sink = Meddling(width=1, deed=hold)
    driver.send()
    driver.now += timedelta(days=3)
    with driver.store.begin() as unit:
        unit.release("prospecting", driver.now)
    driver.send()
    assert recipients(driver) == ["p1", "p2"]


def test_a_switch_turned_while_a_batch_is_sent_makes_its_verdicts_stale(driver: Driver) -> None:
    def turn() -> None:
        with driver.store.begin() as unit:
            unit.tell_anew(POLICY_REVISION, "1", driver.now)

    sign_up(driver, 1, 2, 3)
    driver.think()
    driver.sink = Meddling(width=1, deed=turn)
    driver.send()
    assert recipients(driver) == ["p1"]
    driver.now += timedelta(minutes=2)
    driver.send()
    assert recipients(driver) == ["p1", "p2", "p3"], "by the law that it has read again"


@pytest.mark.parametrize("act", [Act.UNSUBSCRIBE, Act.OBJECTION])
def test_a_withdrawal_between_verdict_and_mark_wins(driver: Driver, act: Act) -> None:
    sign_up(driver, 1, 2)
    driver.think()
    driver.writer = MeddlingWriter(deed=lambda: driver.consent(*acts(act, contact_id=2, at=driver.now)))
    driver.send()
    assert recipients(driver) == ["p1"]
    assert states(driver, 2) == ["cancelled"]
    assert [row.name for row in driver.journal(2)].count("mail.refused") <= 1


def test_an_invitation_that_the_door_takes_away_is_not_written(driver: Driver) -> None:
    order(driver, 1)
    driver.think()
    with driver.store.engine.begin() as connection:
        connection.execute(text("UPDATE message SET with_invitation = :yes"), {"yes": True})
    driver.consent(an_act(Act.OBJECTION, purpose="*", kind="*", at=driver.now))
    driver.writer = MeddlingWriter()
    driver.send()
    assert driver.writer.invited == [False]
    with driver.store.read() as unit:
        [sent] = unit.messages_of(1)
    assert (sent.state, sent.with_invitation) == (MessageState.ACCEPTED, False)


def test_the_ledger_says_on_what_a_mail_rested_when_it_left(driver: Driver) -> None:
    sign_up(driver, 1)
    driver.think()
    with driver.store.engine.begin() as connection:
        connection.execute(text("UPDATE message SET basis = 'soft_optin'"))
    driver.send()
    with driver.store.read() as unit:
        [sent] = unit.messages_of(1)
    assert sent.basis is LegalBasis.CONSENT


# -- leases -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("got_to", ["claimed", "accepted"])
def test_a_sender_that_was_asleep_beyond_its_lease_sends_nothing_that_another_took(
    driver: Driver, got_to: str
) -> None:
    """It claimed and judged, and slept; another daemon took the mails over, and maybe sent them."""
    other = replace(driver, sink=Sink(), writer=PlainWriter())

    def meanwhile() -> None:
        other.now = driver.now + CLAIM_LEASE + timedelta(seconds=1)
        recover(other.store, other.catalogue, now=other.now)
        if got_to == "accepted":
            other.send()
            return
        with other.store.begin() as unit:
            unit.claim_messages(other.now, 10, other.now + CLAIM_LEASE, frozenset())

    sign_up(driver, 1, 2, 3)
    driver.think()
    driver.writer = MeddlingWriter(deed=meanwhile)
    driver.send()
    assert recipients(driver) == []
    assert states(driver) == [got_to]


def test_what_this_process_waits_to_hear_of_is_not_given_up_when_the_clock_jumps(driver: Driver) -> None:
    sign_up(driver, 1)
    driver.think()
    sender = driver.sender()

    def jump() -> None:
        driver.now += timedelta(days=1)
        recover(driver.store, driver.catalogue, now=driver.now, in_hand=sender.under_way.in_hand)

    driver.sink = sender.carrier = Meddling(deed=jump)
    asyncio.run(send_until_idle(sender))
    assert states(driver) == ["accepted"]
    assert held(driver) == []


def test_an_answer_that_comes_late_still_counts(driver: Driver) -> None:
    """Another process held it to be of unknown fate: the answer says that it was not."""

    def give_up() -> None:
        recover(driver.store, driver.catalogue, now=driver.now + LEASE + timedelta(minutes=1))
        assert states(driver) == ["unknown"]

    sign_up(driver, 1)
    driver.think()
    driver.sink = Meddling(deed=give_up)
    driver.send()
    assert states(driver) == ["accepted"]


def test_an_answer_says_nothing_of_another_hands_attempt(driver: Driver) -> None:
    """A service mail was held to be lost and is being sent once more: «try again» was said of the first copy."""

    def take_over() -> None:
        driver.now += LEASE + timedelta(minutes=1)
        recover(driver.store, driver.catalogue, now=driver.now)
        die_with_mails_handed_over(driver)

    order(driver, 1)
    driver.think()
    # With a second connection this sender itself might take the copy first.
    driver.sink = Meddling(width=1, deed=take_over, outcome=MessageState.DEFERRED)
    driver.send()
    assert states(driver) == ["sending"]


def test_leases_taken_before_the_clock_was_set_back_are_over(driver: Driver) -> None:
    sign_up(driver, 1)
    driver.think()
    with driver.store.begin() as unit:
        ahead = driver.now + timedelta(days=400)
        unit.claim_messages(driver.now, 10, ahead, frozenset())
    recover(driver.store, driver.catalogue, now=driver.now)
    driver.send()
    assert recipients(driver) == ["p1"]


def die_with_mails_handed_over(driver: Driver) -> None:
    """What a kill -9 leaves: mails marked as being sent, and nobody to say what became of them."""
    lease = driver.now + CLAIM_LEASE
    with driver.store.begin() as unit:
        claimed = unit.claim_messages(driver.now, 10, lease, frozenset())
        revisions = {number: each.revision for number, each in unit.contacts(range(1, 9)).items()}
        checks = [
            DoorCheck(each.id, each.contact_id, revisions[each.contact_id], each.with_invitation)
            for each in claimed
        ]
        unit.mark_sending(checks, driver.now, lease=lease, until=driver.now + LEASE)


def test_a_sender_that_died_is_told_in_the_journal(driver: Driver) -> None:
    sign_up(driver, 1)
    order(driver, 2)
    driver.think()
    die_with_mails_handed_over(driver)
    driver.now += LEASE + timedelta(minutes=1)
    recover(driver.store, driver.catalogue, now=driver.now)
    assert held(driver, 1) == held(driver, 2) == ["SENDER_DIED"]
    assert (states(driver, 1), states(driver, 2)) == (["unknown"], ["queued"])
    driver.send()
    assert recipients(driver) == ["p2"]


def test_a_service_mail_is_repeated_once_however_often_it_was_deferred_before(driver: Driver) -> None:
    order(driver, 1)
    driver.think()
    for outcome in (MessageState.DEFERRED, MessageState.DEFERRED, MessageState.UNKNOWN):
        driver.sink.outcome = outcome
        driver.now += timedelta(hours=1)
        driver.send()
    assert states(driver) == ["queued"], "it is sent once more"
    driver.now += timedelta(hours=1)
    driver.send()
    assert states(driver) == ["unknown"], "and not again"
    driver.now += timedelta(hours=12)
    driver.send()
    assert len(driver.sink.taken) == 4


# -- a database that is away --------------------------------------------------------------------------------------


@pytest.mark.parametrize("stopped", [False, True])
def test_an_answer_is_written_when_the_database_is_back(embedded: Driver, stopped: bool) -> None:
    driver = embedded
    event.listen(driver.store.engine, "checkout", lambda db, _r, _p: db.execute("PRAGMA busy_timeout = 20"))
    driver.store.engine.dispose()
    sender = driver.sender()
    locked, freed = threading.Event(), threading.Event()

    def hold_the_lock() -> None:
        with closing(sqlite3.connect(driver.store.file)) as other:
            other.execute("BEGIN IMMEDIATE")
            locked.set()
            freed.wait(10)
            other.rollback()

    def lock() -> None:
        threading.Thread(target=hold_the_lock).start()
        locked.wait(10)
        threading.Timer(0.6, freed.set).start()
        if stopped:
            loop.call_soon_threadsafe(sender.under_way.stopping.set)

    async def scene() -> None:
        nonlocal loop
        loop = asyncio.get_running_loop()
        await send_until_idle(sender)

    loop: asyncio.AbstractEventLoop = asyncio.new_event_loop()
    loop.close()
    sign_up(driver, 1, 2)
    driver.think()
    driver.sink = sender.carrier = Meddling(width=1, deed=lock)
    # Told to stop meanwhile, it may find nobody to give the rest back to: their lease is short.
    with suppress(Busy) if stopped else nullcontext():
        asyncio.run(scene())
    assert freed.is_set()
    assert states(driver, 1) == ["accepted"]
    assert states(driver, 2) in ([["queued"], ["claimed"]] if stopped else [["accepted"]])
    assert [loop for loop, _, _ in driver.faults] == ["settle"], "told once, however long it lasts"


def test_a_full_database_loses_no_answer(embedded: Driver) -> None:
    driver = embedded
    sign_up(driver, *range(1, 9))
    driver.think()
    with driver.store.read() as unit:
        pages = unit.connection.execute(text("PRAGMA page_count")).scalar_one()  # type: ignore[attr-defined]
    limit = [pages]
    event.listen(
        driver.store.engine, "checkout", lambda db, _r, _p: db.execute(f"PRAGMA max_page_count = {limit[0]}")
    )
    driver.store.engine.dispose()
    threading.Timer(0.8, lambda: limit.__setitem__(0, 1_000_000)).start()
    began = time.monotonic()
    for _ in range(40):
        try:
            driver.send()
        except Exception as full:  # noqa: BLE001 - whichever write it hits
            assert "full" in str(full)
            driver.now += timedelta(minutes=6)
        if [states(driver, n) for n in range(1, 9)] == [["accepted"]] * 8:
            break
        time.sleep(0.05)
    assert sorted(recipients(driver)) == [f"p{n}" for n in range(1, 9)], "each once"
    assert time.monotonic() - began > 0.7, "it was full for a while"


# -- one that fails among many ------------------------------------------------------------------------------------


def break_zone(driver: Driver, number: int, zone: str = "Mars/Phobos") -> None:
    with driver.store.engine.begin() as connection:
        statement = text("UPDATE contact SET zone = :zone WHERE id = :id")
        connection.execute(statement, {"zone": zone, "id": number})


def break_ledger(driver: Driver, number: int) -> None:
    with driver.store.engine.begin() as connection:
        broken = text("UPDATE consent_entry SET payload = '{' WHERE contact_id = :id")
        connection.execute(broken, {"id": number})


@pytest.mark.parametrize("break_it", [break_zone, break_ledger])
def test_one_that_cannot_be_judged_stops_nobody_and_is_looked_at_again(
    driver: Driver, break_it: Callable[[Driver, int], None]
) -> None:
    sign_up(driver, 1, 2, 3)
    driver.think()
    break_it(driver, 2)
    driver.send()
    assert recipients(driver) == ["p1", "p3"]
    assert states(driver, 2) == ["queued"]
    assert held(driver, 2) == ["FAULT"]
    assert len(driver.faults) == 1
    driver.send()
    assert len(driver.faults) == 1, "put off for an hour"
    driver.now += timedelta(days=6)
    driver.send()
    assert states(driver, 2) == ["rejected"], "given up, and told"


def test_one_that_cannot_be_decided_stops_nobodys_step(driver: Driver) -> None:
    sign_up(driver, 1, 2, 3)
    break_ledger(driver, 2)
    driver.turn()
    assert recipients(driver) == ["p1", "p3"]
    assert {loop for loop, _, _ in driver.faults} == {"react"}


def test_a_carrier_that_fails_leaves_its_mail_unknown_and_the_others_alone(driver: Driver) -> None:
    class Failing(Sink):
        async def carry(self, envelope):
            if envelope.recipient.startswith("p2"):
                raise KeyError("a bug")
            return await super().carry(envelope)

    driver.sink = Failing(width=3)
    sign_up(driver, 1, 2, 3)
    driver.turn()
    assert recipients(driver) == ["p1", "p3"]
    assert states(driver, 2) == ["unknown"]
    assert [(loop, type(error)) for loop, _, error in driver.faults] == [("carry", KeyError)]


@dataclass
class Counting(Sink):
    """Looks how many mails stand as sending while each is handed over."""

    look: Callable[[], int] = lambda: 0
    seen: list[int] = field(default_factory=list)

    async def carry(self, envelope: Envelope) -> Receipt:
        self.seen.append(await asyncio.to_thread(self.look))
        return await super().carry(envelope)


def test_no_more_mails_stand_as_sending_than_there_are_connections(driver: Driver) -> None:
    def sending() -> int:
        with driver.store.read() as unit:
            return unit.message_counts().get("sending", 0)

    sign_up(driver, *range(1, 9))
    driver.think()
    driver.sink = Counting(width=3, look=sending)
    driver.send()
    assert sorted(recipients(driver)) == [f"p{n}" for n in range(1, 9)]
    assert max(driver.sink.seen) <= 3
    assert [states(driver, n) for n in range(1, 9)] == [["accepted"]] * 8


@dataclass
class Babbling(Sink):
    """Answers the first mail with something that no answer can be."""

    async def carry(self, envelope: Envelope) -> Receipt:
        receipt = await super().carry(envelope)
        return receipt if len(self.taken) > 1 else Receipt(MessageState.CLAIMED, "?")


def test_an_answer_that_cannot_be_written_holds_up_nobody(driver: Driver) -> None:
    sign_up(driver, 1, 2, 3, 4, 5)
    driver.think()
    driver.sink = Babbling(width=2)
    driver.send()
    assert sorted(recipients(driver)) == ["p1", "p2", "p3", "p4", "p5"]
    assert [states(driver, n) for n in range(1, 6)] == [["sending"], *[["accepted"]] * 4]
    assert [loop for loop, _, _ in driver.faults] == ["settle"]


def test_a_refused_recipient_is_a_hard_bounce_only_where_the_status_says_so(driver: Driver) -> None:
    class Refusing(Sink):
        async def carry(self, envelope):
            status = {"p1": "5.1.1", "p2": "5.7.1", "p3": None}[envelope.recipient.partition("@")[0]]
            return Receipt(MessageState.REJECTED, "550 no", status)

    driver.sink = Refusing()
    sign_up(driver, 1, 2, 3)
    driver.turn()
    with driver.store.read() as unit:
        known = unit.contacts([1, 2, 3])
    assert [known[n].address_state.value for n in (1, 2, 3)] == ["hard_bounced", "ok", "ok"]
    assert "mail.bounced" in [row.name for row in driver.journal(1)]
    assert "mail.bounced" not in [row.name for row in driver.journal(2)]


# -- time -----------------------------------------------------------------------------------------------------------


def test_a_mail_server_that_is_down_for_three_days(driver: Driver) -> None:
    venue = driver.catalogue.venue
    scenarios = (a_scenario(LETTER, venue), a_scenario(PATIENT, venue), a_scenario(CONFIRM, venue))
    driver.catalogue = a_catalogue(*scenarios, venue=venue)
    driver.sink.silent = True
    sign_up(driver, 1)
    order(driver, 2)
    driver.think()
    tried = 0
    while driver.now < NOW + timedelta(days=3):
        driver.send()
        driver.now += timedelta(hours=6)
        tried += 1
    assert tried > 10
    driver.sink.silent = False
    driver.send()
    assert sorted(recipients(driver)) == ["p1", "p2"]
    with driver.store.read() as unit:
        mails = {(message.scenario, message.state.value, message.reason) for message in unit.messages_of(1)}
    assert ("lettre", "expired", "LATE") in mails
    assert ("patiente", "accepted") in {(scenario, state) for scenario, state, _ in mails}


def test_a_mail_that_is_deferred_for_days_waits_ever_longer_and_is_given_up(driver: Driver) -> None:
    driver.sink.outcome = MessageState.DEFERRED
    order(driver, 1)
    driver.think()
    tries: list[datetime] = []
    while states(driver) in (["queued"], ["deferred"]) and driver.now < NOW + timedelta(days=9):
        before = len(driver.sink.taken)
        driver.send()
        if len(driver.sink.taken) > before:
            tries.append(driver.now)
        with driver.store.read() as unit:
            driver.now = unit.next_instant() or driver.now
    waits = [later - sooner for sooner, later in pairwise(tries)]
    assert waits[:3] == [timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20)]
    assert max(waits) == timedelta(hours=6)
    assert waits == sorted(waits)
    assert states(driver) == ["expired"]
    assert timedelta(days=5) < driver.now - NOW < timedelta(days=6)


def test_a_daemon_that_was_away_for_a_week_still_sends_service_mail(driver: Driver) -> None:
    order(driver, 1)
    driver.now += timedelta(days=7)
    driver.turn()
    assert recipients(driver) == ["p1"]


# -- stopping -------------------------------------------------------------------------------------------------------


def test_a_stop_leaves_the_rest_of_a_batch_in_the_queue(driver: Driver) -> None:
    sign_up(driver, *range(1, 9))
    driver.think()
    sender = driver.sender()
    driver.sink = sender.carrier = Meddling(width=2, at=3)

    async def scene() -> None:
        driver.sink.deed = lambda: loop.call_soon_threadsafe(sender.under_way.stopping.set)  # type: ignore[attr-defined]
        loop = asyncio.get_running_loop()
        await send_until_idle(sender)

    asyncio.run(scene())
    assert recipients(driver) == ["p1", "p2", "p3", "p4"]
    assert [states(driver, n) for n in range(1, 9)] == [["accepted"]] * 4 + [["queued"]] * 4


def test_an_interrupted_turn_finishes_what_is_in_hand(driver: Driver) -> None:
    begun = asyncio.Event()

    class Slow(Sink):
        async def carry(self, envelope):
            begun.set()
            await asyncio.sleep(0.2)
            return await super().carry(envelope)

    sign_up(driver, 1, 2)
    driver.think()
    driver.sink = Slow(width=1)

    async def scene() -> None:
        turn = asyncio.ensure_future(send_until_idle(driver.sender()))
        await begun.wait()
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn

    asyncio.run(scene())
    assert (states(driver, 1), states(driver, 2)) == (["accepted"], ["queued"])
