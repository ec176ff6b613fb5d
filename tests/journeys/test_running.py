"""A scenario is changed, paused and ended under people who are in it: nobody is written to twice, nobody is lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from accord.core.versions import Change, Obstacle
from accord.shell.engine.journeys.difference import Difference, difference
from accord.shell.engine.journeys.moving import migrate
from accord.shell.store.database import SqlStore
from builders import a_scenario
from running import VENUE, WALK, WELCOME, Running, a_house

EDITED = """
scenario: bienvenue
purpose: newsletter
why: {consent: Parce que., customer: Parce que client.}
enter: {when: ticket.scanned}
leave: [{when: order.placed}]
steps:
  merci: {send: b/merci, nature: editorial}
  souhaits: {after: 3 days, send: b/preferences, nature: editorial}
  choix: {wait_until: preferences.updated, at_most: 7 days, then: offre, otherwise: offre}
  offre: {after: 2 days, send: b/offre, nature: editorial}
  bilan: {after: 5 days, send: b/bilan, nature: editorial}
"""


def under_way(store: SqlStore, people: int) -> Running:
    """People who came in on six days: they stand at four of the five steps."""
    house = a_house(store, people)
    house.activate(WELCOME)
    for day in range(6):
        house.enter(range(1 + day, people + 1, 6))
        house.days(2.5)
    return house


def told(house: Running) -> Difference:
    with house.store.read() as unit:
        return difference(unit, a_scenario(EDITED, VENUE), VENUE)


def nobody_twice_nobody_lost(house: Running, people: int) -> None:
    assert house.faults == []
    assert max(house.sent().values()) == 1
    assert house.ends() == {"finished": people}


def test_those_under_way_keep_the_version_that_they_entered_by(store: SqlStore) -> None:
    house = under_way(store, 120)
    stood = house.under_way()
    said = told(house)
    assert {each.step: each.change for each in said.changes.steps} == {
        "merci": Change.SAME,
        "souhaits": Change.NEW,
        "choix": Change.CHANGED,
        "offre": Change.CHANGED,
        "bilan": Change.NEW,
        "preferences": Change.GONE,
        "rappel": Change.GONE,
    }
    assert said.changes.alike == (("preferences", "souhaits"),)
    assert Counter({each.step: each.people for each in said.standing}) == stood
    house.activate(EDITED)
    house.days(30)
    nobody_twice_nobody_lost(house, 120)
    assert house.templates() == dict.fromkeys(("merci", "preferences", "rappel", "offre"), 120)


def test_a_thousand_go_on_as_the_difference_had_said(store: SqlStore) -> None:
    house = under_way(store, 1000)
    said, stood = told(house), house.under_way()
    assert set(stood) == {"preferences", "choix", "rappel", "offre"}
    new = house.activate(EDITED)
    done = migrate(
        house.store,
        house.work().catalogue,
        "bienvenue",
        per_second=None,
        by="marie",
        now=house.now,
        on_fault=house.fault,
    )
    assert done.moved == {each.step: each.people for each in said.standing if each.why_not is None}
    stays = {(each.step, each.why): len(people) for each, people in done.stays.items()}
    assert stays == {(each.step, each.why_not): each.people for each in said.standing if each.why_not}
    assert (done.moved.total(), sum(stays.values())) == (said.would_move, said.would_stay)
    assert set(stays) == {("preferences", Obstacle.GONE), ("rappel", Obstacle.GONE)}
    house.days(30)
    nobody_twice_nobody_lost(house, 1000)
    moved = done.moved.total()
    assert house.templates() == {
        "merci": 1000,
        "preferences": 1000,
        "rappel": 1000 - done.moved["choix"],
        "offre": 1000,
        "bilan": moved,
    }
    with house.store.read() as unit:
        by_version = Counter(run.digest == new.digest for run in unit.runs(range(1, 1001)))
    assert by_version == {True: moved, False: 1000 - moved}


def test_a_step_that_moved_behind_those_who_had_it_is_not_done_twice(embedded: SqlStore) -> None:
    """Even where its mail says something else by now: the step was done."""
    house = a_house(embedded, 3)
    house.activate(WALK)
    house.enter([1, 2])
    house.days(1.5)
    lines = WALK.splitlines(keepends=True)
    house.activate("".join([*lines[:-2], lines[-1], lines[-2]]))
    house.facts["b/suite"] = replace(house.facts["b/suite"], digest="another text")
    done = migrate(
        house.store,
        house.work().catalogue,
        "bienvenue",
        per_second=None,
        by="marie",
        now=house.now,
        on_fault=house.fault,
    )
    assert done.moved == {"fin": 2}
    house.days(4)
    assert house.templates() == {"merci": 2, "suite": 2, "fin": 2}
    assert (house.told("DONE_ALREADY"), house.ends()) == (2, {"finished": 2})
