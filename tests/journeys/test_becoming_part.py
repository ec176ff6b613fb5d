"""Who is in a segment enters by becoming part of it: staying in it is no second time, coming back is."""

from __future__ import annotations

import pytest

from accord.core.simulate import Happening
from accord.shell.engine.ports.rows import NewContact
from accord.shell.store.database import SqlStore
from both_ways import START, compare, happening
from builders import a_catalogue, a_scenario, a_venue, acts, an_event
from engine_driver import Driver

IN_LYON = """
scenario: lyon
purpose: newsletter
why: {{consent: Parce que., customer: Parce que client.}}
enter: {{segment: contact.city == "Lyon", existing: {existing}{again}}}
steps:
  dire: {{emit: own.welcomed}}
"""


def lyon(again: str = "", *, existing: bool = False) -> str:
    return IN_LYON.format(existing=str(existing).lower(), again=f", again: {again}" if again else "")


def moves(day: float, city: str) -> Happening:
    return happening(day, event=lambda at: an_event("contact.updated", at=at, data={"city": city}))


def days_of_entering(lines: list[str]) -> list[str]:
    return [line[5:10] for line in lines if "scenario.entered" in line]


AWAY_AND_BACK = (moves(1.1, "Lyon"), moves(2.1, "Nice"), moves(3.1, "Lyon"), moves(5.1, "Lyon"))


@pytest.mark.parametrize(
    ("again", "days"),
    [("", ["10-21"]), ("each", ["10-21", "10-23"]), ("after 3 days", ["10-21", "10-24"])],
)
def test_one_enters_again_after_having_left(store: SqlStore, again: str, days: list[str]) -> None:
    """With `after`, whoever has come back before that enters when it is over."""
    until = START.replace(day=26)
    lines = compare(store, AWAY_AND_BACK, (lyon(again),), until=until, hourly="after" in again)
    assert days_of_entering(lines) == days


@pytest.mark.parametrize("again", ["each", "after 1 days"])
def test_those_who_stay_enter_once(store: SqlStore, again: str) -> None:
    lines = compare(store, [moves(0.1, "Lyon")], (lyon(again),), until=START.replace(day=23))
    assert days_of_entering(lines) == ["10-20"]


@pytest.mark.parametrize(("existing", "days"), [(True, ["10-20", "10-22"]), (False, ["10-22"])])
def test_those_who_are_in_it_already_enter_by_coming_back(
    store: SqlStore, existing: bool, days: list[str]
) -> None:
    script, until = [moves(1.1, "Nice"), moves(2.1, "Lyon")], START.replace(day=24)
    text = lyon("each", existing=existing)
    lines = compare(store, script, (text,), until=until, known={"city": "Lyon"})
    assert days_of_entering(lines) == days


def test_whom_the_scenario_does_not_take_yet_enters_when_it_does(store: SqlStore) -> None:
    text = lyon("each").replace("again: each", "again: each, from: 2026-10-22")
    lines = compare(store, [moves(0.1, "Lyon")], (text,), until=START.replace(day=24))
    [entered] = [line[:16] for line in lines if "scenario.entered" in line]
    assert entered == "2026-10-21 22:00", "midnight in Paris"


def test_a_scenario_that_asks_again_from_now_on_does_not_let_in_those_who_are_there(store: SqlStore) -> None:
    """Who entered by the version that let people in once stays in the segment under the next one."""
    venue = a_venue()
    with store.begin() as unit:
        unit.add_contacts([NewContact("ada@example.org", "fr", "Europe/Paris", START)])
    driver = Driver(store, a_catalogue(a_scenario(lyon(existing=True), venue), venue=venue), START)
    driver.consent(*acts(at=START))
    driver.tell(an_event("contact.updated", at=START, data={"city": "Lyon"}))
    driver.think()
    driver.catalogue = a_catalogue(a_scenario(lyon("each", existing=True), venue), venue=venue)
    for hour in range(7, 10):
        driver.now = START.replace(hour=hour)
        driver.think()
    entered = [row for row in driver.journal() if row.name == "scenario.entered"]
    assert len(entered) == 1
