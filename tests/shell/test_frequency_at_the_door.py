"""At the door, what a queue or a silent server delayed: quiet hours, caps, service before all the rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accord.core.decide import SERVICE_PRIORITY
from accord.core.model.event import Event
from accord.core.model.venue import FrequencyCap
from accord.shell.engine.ports.rows import NewContact, NewRun
from accord.shell.store.database import SqlStore
from builders import a_catalogue, a_scenario, a_venue, acts, an_event
from engine_driver import Driver

MONDAY_EVENING = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)  # half past six in Paris

LETTER = """
scenario: lettre
purpose: newsletter
why: {consent: Parce que., customer: Parce que.}
enter: {when: contact.updated, again: each}
hours: mon-fri 09:00-19:00
steps:
  mail: {send: l/mail, nature: editorial}
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
    venue = a_venue(frequency={"prospecting": FrequencyCap(1, 7)})
    catalogue = a_catalogue(a_scenario(LETTER, venue), a_scenario(CONFIRM, venue), venue=venue)
    with store.begin() as unit:
        new = [NewContact(f"p{n}@example.org", "fr", "Europe/Paris", MONDAY_EVENING) for n in range(1, 9)]
        unit.add_contacts(new)
    made = Driver(store, catalogue, MONDAY_EVENING)
    made.consent(*(entry for n in range(1, 9) for entry in acts(contact_id=n, at=MONDAY_EVENING)))
    return made


def updated(driver: Driver, *people: int) -> None:
    driver.tell(*(an_event("contact.updated", contact_id=n, at=driver.now, key=f"{n}") for n in people))


def ordered(driver: Driver, person: int) -> None:
    data = {"order_id": f"A-{person}", "families": ("theatre",)}
    driver.tell(Event(person, "order.placed", driver.now, data, "shop", f"A-{person}"))


def held(driver: Driver, person: int = 1) -> list[tuple]:
    rows = [row for row in driver.journal(person) if row.name == "mail.held"]
    return [(row.data["reason"], row.data["until"], row.data.get("against")) for row in rows]


def test_what_the_queue_led_out_of_the_hours_waits_for_the_morning(driver: Driver) -> None:
    updated(driver, 1)
    ordered(driver, 2)
    driver.sink.silent = True
    driver.turn()
    driver.now += timedelta(hours=2)
    driver.sink.silent = False
    driver.turn()
    assert [each.recipient for each in driver.sink.taken] == ["p2@example.org"], "service has no hours"
    morning = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    assert held(driver) == [("QUIET_HOURS", morning, None)]
    driver.now = morning
    driver.turn()
    assert len(driver.sink.taken) == 2


def test_a_few_minutes_are_no_matter(driver: Driver) -> None:
    updated(driver, 1)
    driver.think()
    driver.now += timedelta(minutes=34)
    driver.send()
    assert len(driver.sink.taken) == 1


def test_a_pause_that_came_after_queueing_waits_and_is_not_late_for_it(driver: Driver) -> None:
    updated(driver, 1)
    driver.think()
    until = datetime(2026, 12, 9, 9, 0, tzinfo=UTC)
    driver.tell(an_event("preferences.updated", at=driver.now, data={"paused_until": until}))
    driver.send()
    assert held(driver) == [("PAUSED", until, None)]
    driver.now = until
    driver.turn()
    assert [each.recipient for each in driver.sink.taken] == ["p1@example.org"]


def test_a_number_chosen_after_queueing_is_obeyed(driver: Driver) -> None:
    updated(driver, 1)
    driver.think()
    driver.tell(an_event("preferences.updated", at=driver.now, data={"newsletters_per_month": 0}))
    driver.send()
    assert driver.sink.taken == []
    [refused] = [row for row in driver.journal() if row.name == "mail.refused"]
    assert (refused.data["reason"], refused.data["rule"]) == ("FREQUENCY_CAP", "R-34")


def a_run(contact: int, minutes_ago: float, priority: int = 50, key: str = "k") -> NewRun:
    due = MONDAY_EVENING - timedelta(minutes=minutes_ago)
    return NewRun("lettre", "d", contact, key, due, "mail", due, priority=priority)


def claimed(driver: Driver, limit: int) -> list[tuple[int, int]]:
    with driver.store.begin() as unit:
        runs = unit.claim_due(driver.now, limit, driver.now + timedelta(hours=1))
    return [(run.contact_id, run.priority) for run in runs]


def test_service_is_decided_before_a_backlog_that_is_older(driver: Driver) -> None:
    with driver.store.begin() as unit:
        unit.add_runs([a_run(n, 60 - n) for n in range(1, 7)])
        unit.add_runs([a_run(7, 0, SERVICE_PRIORITY), a_run(3, 0, SERVICE_PRIORITY, "s")])
    assert claimed(driver, 3) == [(7, 101), (3, 101), (1, 50)]
    assert claimed(driver, 9) == [(2, 50), (3, 50), (4, 50), (5, 50), (6, 50)]


def test_of_one_person_the_highest_priority_is_claimed_though_another_is_older(driver: Driver) -> None:
    with driver.store.begin() as unit:
        unit.add_runs([a_run(1, 50, 20, "a"), a_run(1, 40, 80, "b"), a_run(1, 30, 80, "c")])
        unit.add_runs([a_run(1, -5, 99, "not due yet")])
    taken = [claimed(driver, 9) for _ in range(4)]
    assert taken == [[(1, 80)], [(1, 80)], [(1, 20)], []]
