"""What the loops promise: withdrawals win, nobody stops anybody, nothing is lost, nothing leaves twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from accord.core.model.consent import Act
from accord.core.model.message import MessageState
from accord.shell.engine.ports.rows import NewContact
from accord.shell.engine.sending.send import LEASE
from accord.shell.engine.sending.sweep import recover
from accord.shell.store.database import SqlStore
from builders import NOW, a_catalogue, a_scenario, a_venue, acts, an_act, an_event
from engine_driver import Driver, Sink

LETTER = """
scenario: lettre
purpose: newsletter
why: {consent: Parce que., customer: Parce que client.}
enter: {when: consent.given, if: event.purpose == "newsletter"}
steps:
  premiere: {send: l/premiere, nature: editorial}
  seconde: {after: 2 days, send: l/seconde, nature: editorial, if_late: skip after 1 day}
"""
CONFIRM = """
scenario: confirmation
purpose: service
enter: {when: order.placed, per: event.order_id}
steps:
  confirmation: {send: c/confirmation, nature: service, about: order}
"""


@pytest.fixture
def driver(store: SqlStore) -> Driver:
    venue = a_venue()
    catalogue = a_catalogue(a_scenario(LETTER, venue), a_scenario(CONFIRM, venue), venue=venue)
    with store.begin() as unit:
        unit.add_contacts([NewContact(f"p{n}@example.org", "fr", "Europe/Paris", NOW) for n in range(1, 6)])
    return Driver(store, catalogue, NOW)


def sign_up(driver: Driver, *people: int) -> None:
    for number in people:
        driver.consent(*acts(contact_id=number, at=driver.now))


def states(driver: Driver, number: int = 1) -> list[str]:
    with driver.store.read() as unit:
        return [message.state.value for message in unit.messages_of(number)]


def reasons(driver: Driver, number: int = 1) -> list[str]:
    return [
        str(row.data["reason"])
        for row in driver.journal(number)
        if row.name in ("mail.refused", "scenario.left")
    ]


def test_a_mail_goes_out_once_and_is_told(driver: Driver) -> None:
    sign_up(driver, 1)
    driver.turn()
    driver.turn()
    assert [each.recipient for each in driver.sink.taken] == ["p1@example.org"]
    assert [row.name for row in driver.journal()].count("mail.sent") == 1


@pytest.mark.parametrize("act", [Act.UNSUBSCRIBE, Act.OBJECTION])
def test_a_withdrawal_between_queueing_and_sending_cancels(driver: Driver, act: Act) -> None:
    sign_up(driver, 1, 2)
    driver.think()
    driver.now += timedelta(minutes=1)
    driver.consent(*acts(act, contact_id=1, at=driver.now))
    driver.send()
    assert states(driver) == ["cancelled"]
    assert [each.recipient for each in driver.sink.taken] == ["p2@example.org"]
    driver.turn()
    assert reasons(driver)[-1] in ("CONSENT_WITHDRAWN", "OBJECTION")


def test_a_withdrawal_while_a_batch_is_being_sent_is_judged_again(driver: Driver) -> None:
    sign_up(driver, 1, 2, 3, 4, 5)
    driver.think()

    class Objecting(Sink):
        """While the first window is on its way, the last person objects."""

        async def carry(self, envelope):
            receipt = await super().carry(envelope)
            if len(self.taken) == 1:
                driver.consent(an_act(Act.OBJECTION, contact_id=5, purpose="*", kind="*", at=driver.now))
            return receipt

    driver.sink = Objecting(width=1)
    driver.send()
    assert [each.recipient for each in driver.sink.taken] == [f"p{n}@example.org" for n in (1, 2, 3, 4)]
    assert states(driver, 5) == ["cancelled"]


def test_a_change_of_the_person_alone_is_judged_again_and_goes(driver: Driver) -> None:
    sign_up(driver, 1, 2)
    driver.think()

    class Moving(Sink):
        async def carry(self, envelope):
            receipt = await super().carry(envelope)
            if len(self.taken) == 1:
                driver.tell(an_event(contact_id=2, at=driver.now))
            return receipt

    driver.sink = Moving(width=1)
    driver.send()
    assert len(driver.sink.taken) == 2


def test_a_complaint_stops_prospecting_and_not_service(driver: Driver) -> None:
    sign_up(driver, 1)
    driver.think()
    driver.tell(an_event("mail.complained", at=driver.now))
    driver.tell(an_event("order.placed", at=driver.now, data={"order_id": "A-1", "families": ("theatre",)}))
    driver.turn()
    assert states(driver) == ["cancelled", "accepted"]


def test_an_order_confirmation_goes_to_an_objector(driver: Driver) -> None:
    driver.consent(an_act(Act.OBJECTION, purpose="*", kind="*", at=driver.now))
    driver.tell(an_event("order.placed", at=driver.now, data={"order_id": "A-1", "families": ("theatre",)}))
    driver.turn()
    assert states(driver) == ["accepted"]


def test_one_who_cannot_be_written_to_stops_nobody(driver: Driver) -> None:
    driver.writer.unwritable = {2}
    sign_up(driver, 1, 2, 3)
    driver.turn()
    assert sorted(each.recipient for each in driver.sink.taken) == ["p1@example.org", "p3@example.org"]
    assert states(driver, 2) == ["rejected"]
    assert [(loop, str(error)) for loop, _, error in driver.faults] == [("send", "this one can't be written")]


def test_one_run_that_fails_stops_nobody_and_is_tried_again(driver: Driver) -> None:
    sign_up(driver, 1, 2)
    driver.think()
    with driver.store.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE enrolment SET step = 'gone', due_at = entered_at WHERE contact_id = 1"
        )
    driver.now += timedelta(days=3)
    driver.turn()
    assert len(driver.faults) == 1
    assert [each.recipient for each in driver.sink.taken].count("p2@example.org") >= 1
    driver.turn()
    assert len(driver.faults) == 1, "it is leased for an hour"
    driver.now += timedelta(hours=1)
    driver.turn()
    assert len(driver.faults) == 2


def test_nobody_answering_loses_nothing(driver: Driver) -> None:
    driver.sink.silent = True
    sign_up(driver, 1, 2)
    driver.turn()
    assert states(driver) == ["queued"]
    driver.sink.silent = False
    driver.now += timedelta(minutes=2)
    driver.turn()
    assert states(driver) == ["accepted"]


def test_a_deferred_mail_is_tried_again_later_and_not_sooner(driver: Driver) -> None:
    driver.sink.outcome = MessageState.DEFERRED
    sign_up(driver, 1)
    driver.turn()
    assert states(driver) == ["deferred"]
    driver.sink.outcome = MessageState.ACCEPTED
    driver.turn()
    assert states(driver) == ["deferred"]
    driver.now += timedelta(minutes=6)
    driver.turn()
    assert states(driver) == ["accepted"]


def test_a_rejected_mail_is_told_and_not_repeated(driver: Driver) -> None:
    driver.sink.outcome = MessageState.REJECTED
    sign_up(driver, 1)
    driver.turn()
    driver.now += timedelta(hours=12)
    driver.turn()
    assert states(driver) == ["rejected"]
    assert len(driver.sink.taken) == 1


def die_while_sending(driver: Driver) -> None:
    class Dying(Sink):
        async def carry(self, envelope):
            await super().carry(envelope)
            raise SystemExit("unplugged")

    living, driver.sink = driver.sink, Dying(width=1)
    with pytest.raises(SystemExit):
        driver.send()
    driver.sink = living


def test_a_prospecting_mail_of_unknown_fate_is_listed_and_never_repeated(driver: Driver) -> None:
    sign_up(driver, 1, 2)
    driver.think()
    die_while_sending(driver)
    driver.now += LEASE + timedelta(minutes=1)
    recover(driver.store, driver.catalogue, now=driver.now)
    driver.turn()
    assert sorted(states(driver, 1) + states(driver, 2)) == ["accepted", "unknown"]
    assert len(driver.sink.taken) == 1


def test_a_service_mail_of_unknown_fate_is_sent_once_more(driver: Driver) -> None:
    driver.tell(an_event("order.placed", at=driver.now, data={"order_id": "A-1", "families": ("theatre",)}))
    driver.think()
    die_while_sending(driver)
    driver.now += LEASE + timedelta(minutes=1)
    recover(driver.store, driver.catalogue, now=driver.now)
    driver.turn()
    assert states(driver) == ["accepted"]


def test_a_carrier_that_does_not_know_is_treated_alike(driver: Driver) -> None:
    driver.sink.outcome = MessageState.UNKNOWN
    driver.tell(an_event("order.placed", at=driver.now, data={"order_id": "A-1", "families": ("theatre",)}))
    sign_up(driver, 2)
    driver.turn()
    driver.sink.outcome = MessageState.ACCEPTED
    driver.now += timedelta(hours=1)
    driver.turn()
    assert states(driver) == ["accepted"]
    assert states(driver, 2) == ["unknown"]


def test_a_late_prospecting_mail_is_skipped_at_the_step_and_at_the_door(driver: Driver) -> None:
    sign_up(driver, 1)
    driver.turn()
    driver.now += timedelta(days=4)
    driver.turn()
    assert reasons(driver) == ["LATE"]
    sign_up(driver, 2)
    driver.think()
    driver.now += timedelta(days=2)
    driver.send()
    assert states(driver, 2)[0] == "expired"


def test_history_starts_nothing_but_counts(driver: Driver) -> None:
    old = driver.now - timedelta(days=10)
    driver.consent(*acts(at=old))
    driver.turn()
    assert driver.sink.taken == []
    with driver.store.read() as unit:
        assert unit.situations([1])[1].contact.last_action_at == old


def test_held_mail_waits_for_the_brake(driver: Driver) -> None:
    sign_up(driver, 1)
    driver.think()
    with driver.store.begin() as unit:
        unit.hold("prospecting", "a wrong date", "ada", driver.now)
    driver.turn()
    assert states(driver) == ["queued"]
    with driver.store.begin() as unit:
        unit.release("prospecting", driver.now)
    driver.turn()
    assert states(driver) == ["accepted"]


def test_those_in_flight_keep_the_version_that_they_entered_by(driver: Driver) -> None:
    sign_up(driver, 1)
    driver.turn()
    venue = driver.catalogue.venue
    edited = a_scenario(LETTER.replace("seconde", "autre"), venue)
    versions = {**driver.catalogue.versions, edited.digest: edited}
    templates = {**driver.catalogue.templates, **a_catalogue(edited).templates}
    live = {**driver.catalogue.live, "lettre": edited}
    driver.catalogue = replace(driver.catalogue, live=live, versions=versions, templates=templates)
    sign_up(driver, 2)
    driver.now += timedelta(days=2)
    driver.turn()
    with driver.store.read() as unit:
        assert [message.step for message in unit.messages_of(1)] == ["premiere", "seconde"]
