"""The loops that think: one contact or one scenario that fails stops no other, and nobody works by old files."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from accord.shell.engine.catalogue import AtWork, OtherLaw, OutOfDate
from accord.shell.engine.journeys.advance import advance
from accord.shell.engine.journeys.enter import enter
from accord.shell.engine.journeys.react import react
from accord.shell.engine.ports.rows import POLICY_REVISION, ContactChange, NewContact
from accord.shell.store.database import SqlStore
from builders import NOW, a_catalogue, a_scenario, a_venue, acts
from engine_driver import Driver

LETTER = """
scenario: lettre
purpose: newsletter
why: {consent: Parce que., customer: Parce que client.}
enter: {when: consent.given, if: event.purpose == "newsletter"}
steps:
  premiere: {send: l/premiere, nature: editorial}
"""
REGULARS = """
scenario: habitues
purpose: newsletter
why: {consent: Parce que., customer: Parce que client.}
enter: {segment: contact.visits >= 3, existing: false}
steps:
  merci: {send: h/merci, nature: editorial}
"""
WELCOME = REGULARS.replace("habitues", "bienvenus").replace("h/merci", "b/merci").replace("false}", "true}")


def a_driver(store: SqlStore, people: int = 8) -> Driver:
    venue = a_venue()
    scenarios = [a_scenario(text, venue) for text in (LETTER, REGULARS, WELCOME)]
    with store.begin() as unit:
        unit.add_contacts(
            [NewContact(f"p{n}@example.org", "fr", "Europe/Paris", NOW) for n in range(1, people + 1)]
        )
    return Driver(store, a_catalogue(*scenarios, venue=venue), NOW)


@pytest.fixture
def driver(store: SqlStore) -> Driver:
    return a_driver(store)


def sign_up(driver: Driver, *people: int) -> None:
    for number in people:
        driver.consent(*acts(contact_id=number, at=driver.now))


def recipients(driver: Driver) -> list[str]:
    return sorted(each.recipient.partition("@")[0] for each in driver.sink.taken)


# -- one that fails among many ----------------------------------------------------------------------------------


def test_one_whose_rows_cannot_be_written_stops_nobody(embedded: SqlStore) -> None:
    driver = a_driver(embedded)
    sign_up(driver, 1, 2, 3)
    with embedded.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TRIGGER bad BEFORE INSERT ON enrolment WHEN NEW.contact_id = 2 "
                "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
            )
        )
    driver.turn()
    assert recipients(driver) == ["p1", "p3"]
    assert [loop for loop, _, _ in driver.faults] == ["react"], "its later event waits behind"
    with embedded.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER bad"))
    driver.turn()
    assert recipients(driver) == ["p1", "p3"], "it is left alone for an hour"
    driver.now += timedelta(hours=1)
    driver.turn()
    assert recipients(driver) == ["p1", "p2", "p3"]


def test_a_step_that_cannot_be_written_stops_nobodys_step(embedded: SqlStore) -> None:
    driver = a_driver(embedded)
    sign_up(driver, 1, 2, 3)
    with embedded.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TRIGGER bad BEFORE INSERT ON message WHEN NEW.contact_id = 2 "
                "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
            )
        )
    driver.turn()
    assert recipients(driver) == ["p1", "p3"]
    assert [loop for loop, _, _ in driver.faults] == ["advance"]


def test_a_scenario_whose_calendar_fails_stops_no_other(driver: Driver) -> None:
    with driver.store.begin() as unit:
        unit.change_contacts([ContactChange(1, attributes={"visits": 5})])
        unit.note_progress("enter/habitues", "this is no mark", driver.now)
    sign_up(driver, 1)
    driver.turn()
    assert recipients(driver) == ["p1", "p1"], "the letter, and the welcome by the other segment"
    assert {loop for loop, _, _ in driver.faults} == {"enter/habitues"}


def test_one_who_cannot_be_read_stops_nobody_from_entering(driver: Driver) -> None:
    with driver.store.begin() as unit:
        unit.change_contacts([ContactChange(n, attributes={"visits": 5}) for n in (1, 2, 3)])
    sign_up(driver, 1, 2, 3)
    with driver.store.engine.begin() as connection:
        connection.execute(text("UPDATE consent_entry SET payload = '{' WHERE contact_id = 2"))
    taken = enter(driver.store, driver.work(), now=driver.now, on_fault=driver.fault)
    assert taken == 2
    with driver.store.read() as unit:
        assert sorted(run.contact_id for run in unit.open_runs([1, 2, 3])) == [1, 3]
    assert {number for _, number, _ in driver.faults} == {2}


# -- entering ---------------------------------------------------------------------------------------------------


def test_those_in_a_segment_at_activation_stay_out_however_many_they_are(embedded: SqlStore) -> None:
    driver = a_driver(embedded, 1100)
    with embedded.begin() as unit:
        unit.change_contacts([ContactChange(n, attributes={"visits": 5}) for n in range(1, 1101)])
    driver.catalogue = replace(driver.catalogue, live={"habitues": driver.catalogue.live["habitues"]})
    driver.think()
    with embedded.read() as unit:
        assert len(unit.past_entries(range(1, 1101), ["habitues"])) == 1100, "noted, all of them"
        assert unit.open_runs(range(1, 1101)) == []
    sign_up(driver, 7)
    driver.now += timedelta(hours=1)
    with embedded.begin() as unit:
        [late] = unit.add_contacts([NewContact("late@example.org", "fr", "Europe/Paris", driver.now)])
        unit.change_contacts([ContactChange(late, attributes={"visits": 3})])
    sign_up(driver, late)
    driver.turn()
    assert recipients(driver) == ["late"]


# -- by what stands -----------------------------------------------------------------------------------------------


def test_nothing_is_answered_by_a_catalogue_that_is_out_of_date(driver: Driver) -> None:
    sign_up(driver, 1)
    lettre = driver.catalogue.live["lettre"]
    with driver.store.begin() as unit:
        unit.activate("lettre", lettre.digest, lettre.source, "ada", driver.now)
    with pytest.raises(OutOfDate):
        react(driver.store, driver.work(), now=driver.now, on_fault=driver.fault)
    switched = frozenset({("lettre", lettre.digest, "active")})
    read_again = AtWork(driver.catalogue, driver.activated, switched)
    assert react(driver.store, read_again, now=driver.now, on_fault=driver.fault) == 1, "nothing was claimed"
    assert driver.faults == []


def test_nothing_is_decided_by_a_law_that_was_turned(driver: Driver) -> None:
    sign_up(driver, 1)
    work = driver.work()
    assert react(driver.store, work, now=driver.now, on_fault=driver.fault) == 1
    with driver.store.begin() as unit:
        unit.tell_anew(POLICY_REVISION, "7", driver.now)
    with pytest.raises(OtherLaw):
        advance(driver.store, work, now=driver.now, on_fault=driver.fault)
    assert advance(driver.store, driver.work(), now=driver.now, on_fault=driver.fault) == 1
