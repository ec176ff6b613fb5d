"""A scenario that is paused over a weekend: nothing leaves, and it goes on as it is told, never all at once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from accord.core.model.consent import Act
from accord.core.model.event import Event
from accord.core.standstill import Late
from accord.shell.engine.journeys.pause import resume
from accord.shell.engine.ports.rows import DoorCheck
from accord.shell.store.database import SqlStore
from builders import acts
from running import WALK, Running, a_house

HOUR = timedelta(hours=1)
PEOPLE = 6

# From Thursday on somebody comes in every four hours; on Friday at the same hour everything stands still.
COMES_IN_EVERY = 4 * HOUR


def on_friday(store: SqlStore) -> Running:
    house = a_house(store, PEOPLE + 2)
    house.now += timedelta(days=3)
    house.activate(WALK)
    for person in range(1, PEOPLE + 1):
        house.enter([person])
        house.now += COMES_IN_EVERY
    house.turn()
    house.pause()
    return house


@pytest.fixture
def house(store: SqlStore) -> Running:
    return on_friday(store)


def over_the_weekend(house: Running) -> Counter[tuple[int, str]]:
    before = house.sent()
    house.days(2.5)
    assert house.sent() == before
    return before


def nobody_twice(house: Running, ended: int = PEOPLE) -> None:
    assert house.faults == []
    assert max(house.sent().values()) == 1
    assert sum(house.ends().values()) == house.ends()["finished"] == ended


def test_all_that_came_due_is_sent_one_after_the_other(house: Running) -> None:
    over_the_weekend(house)
    monday, done = house.now, house.resume(Late.SEND)
    assert (done.runs, done.skipped, done.spread) == (PEOPLE, 0, PEOPLE)
    house.days(5)
    nobody_twice(house)
    assert set(house.templates().values()) == {PEOPLE}
    caught_up = [at for at in house.sent_at("b/suite").values() if at >= monday]
    assert len(set(caught_up)) == len(caught_up)
    assert max(caught_up) - monday < timedelta(seconds=PEOPLE / 5)
    assert house.told("LATE") == 0


def test_what_came_due_is_skipped_and_the_journey_goes_on_behind_it(house: Running) -> None:
    before = over_the_weekend(house)
    monday, done = house.now, house.resume(Late.SKIP)
    assert done.skipped == PEOPLE
    house.days(5)
    nobody_twice(house)
    assert house.templates()["suite"] == Counter(t for _, t in before)["b/suite"]
    assert house.told("MISSED_IN_PAUSE") == PEOPLE
    # Whoever had the last but one goes to the end without the last; the others get it a day after the skipping.
    assert {at - monday for at in house.sent_at("b/fin").values()} == {timedelta(days=1)}


def test_everything_is_put_off_by_as_long_as_it_stood_still(house: Running) -> None:
    over_the_weekend(house)
    done = house.resume(Late.SHIFT)
    assert (done.skipped, done.spread) == (0, 0)
    house.days(6)
    nobody_twice(house)
    sent = {template: house.sent_at(f"b/{template}") for template in ("merci", "suite", "fin")}
    for person in range(2, PEOPLE + 1):
        assert sent["suite"][person] - sent["merci"][person] == timedelta(days=1 + 2.5)
        assert sent["fin"][person] - sent["suite"][person] == timedelta(days=1)


def test_people_who_come_in_meanwhile_wait_and_are_shifted_by_what_they_waited(embedded: SqlStore) -> None:
    house = on_friday(embedded)
    house.days(1)
    house.enter([7])
    house.days(1.5)
    assert house.sent_at("b/merci").get(7) is None
    house.resume(Late.SHIFT)
    house.days(6)
    nobody_twice(house, ended=7)
    came = house.sent_at("b/merci")[7]
    assert house.sent_at("b/suite")[7] - came == timedelta(days=1)


def test_leaving_and_objecting_need_no_resuming(embedded: SqlStore) -> None:
    house = on_friday(embedded)
    house.tell(Event(3, "order.placed", house.now, {"order_id": "A-1"}))
    house.consent(*acts(Act.UNSUBSCRIBE, contact_id=4, at=house.now))
    house.turn()
    assert house.ends() == {"CUE": 1, "CONSENT_WITHDRAWN": 1, "under way": 4}


@pytest.mark.parametrize("late", Late)
def test_mail_that_is_queued_waits_too_and_is_sent_or_cancelled(embedded: SqlStore, late: Late) -> None:
    house = a_house(embedded, 2)
    house.activate(WALK)
    house.tell(Event(1, "ticket.scanned", house.now))
    house.think()
    assert house.states() == {"queued": 1}
    house.pause()
    house.days(2)
    assert house.states() == {"queued": 1}
    house.resume(late)
    house.send()
    assert house.states() == {"cancelled" if late is Late.SKIP else "accepted": 1}


def test_mail_that_was_claimed_already_is_not_handed_over(store: SqlStore) -> None:
    """The pause comes between claiming a mail and the one conditional write at the door."""
    house = a_house(store, 2)
    house.activate(WALK)
    house.tell(Event(1, "ticket.scanned", house.now))
    house.think()
    sender = house.sender()
    _, claimed, lease = sender._claim(10)
    house.pause()
    check = DoorCheck(claimed[0].id, 1, claimed[0].judged_revision, with_invitation=False)
    until = house.now + HOUR
    with house.store.begin() as unit:
        assert unit.mark_sending([check], house.now, lease=lease, until=until) == frozenset()
        unit.running.end_pause("bienvenue")
        assert unit.mark_sending([check], house.now, lease=lease, until=until) == {claimed[0].id}


def test_who_is_broken_off_goes_on_at_the_mark(embedded: SqlStore) -> None:
    house = on_friday(embedded)
    over_the_weekend(house)

    class Breaking(dict):  # type: ignore[type-arg]
        looked_up = 0

        def __getitem__(self, key: str) -> object:
            self.looked_up += 1
            if self.looked_up == 8:
                raise KeyboardInterrupt
            return super().__getitem__(key)

    how = house.resuming(Late.SEND)
    broken = replace(how.catalogue, versions=Breaking(how.catalogue.versions))
    with pytest.raises(KeyboardInterrupt):
        resume(house.store, "bienvenue", replace(how, catalogue=broken), by="marie", limit=2)
    with house.store.read() as unit:
        [pause] = unit.running.pauses().values()
    assert 0 < pause.freed_to < PEOPLE
    house.days(0.1)
    free = len([at for at in house.sent_at("b/suite").values() if at >= how.now])
    assert 0 < free < PEOPLE
    house.resume(Late.SEND)
    house.days(5)
    nobody_twice(house)
    assert set(house.templates().values()) == {PEOPLE}


def test_no_other_scenario_of_the_same_person_stands_still(embedded: SqlStore) -> None:
    house = on_friday(embedded)
    other = WALK.replace("scenario: bienvenue", "scenario: autre\npriority: 10").replace("b/", "c/")
    house.activate(other.replace("ticket.scanned", "cart.updated"))
    house.days(1)
    house.tell(Event(3, "cart.updated", house.now))
    house.turn()
    assert house.sent()[3, "c/merci"] == 1
