"""How many people take each way: told from their journals, also through steps that write nothing there."""

from __future__ import annotations

from itertools import pairwise

import pytest

from accord.core.language.flow import ways_on
from accord.core.model.scenario import END
from accord.shell.preview.footfall import EDITION, ENTRY, GOT, HERE, LEFT, REFUSED, TOLD, counted
from authors.cases import the_venue
from builders import a_scenario, an_event
from shell.preview.imagined import days, golden

NAMES = (
    "bienvenue",
    "offre",
    "avis",
    "par-famille",
    "quand-le-parcours-finit",
    "avant-terme",
    "commande-a-la-caisse",
)


def test_everybody_is_counted_where_they_went() -> None:
    found = counted(golden("bienvenue"), [each.journal for each in days("bienvenue")])
    assert (found.people, found.entered) == (13, 13)
    # Four may not even be counted in: they objected, withdrew, complained, or are past the cut-off.
    assert found.steps["merci"] == {GOT: 3, REFUSED: 6, LEFT: 4}
    assert found.ways["merci", "preferences"] == 9
    assert found.ways["choix", "rappel"] == 9
    assert ("choix", "offre") not in found.ways
    assert found.ways["offre", END] == 9


def test_another_system_is_told_of_people() -> None:
    found = counted(golden("commande-a-la-caisse"), [each.journal for each in days("commande-a-la-caisse")])
    assert found.steps["dire"] == {TOLD: 12, REFUSED: 1}
    assert found.ways["dire", END] == 13


def test_who_gets_the_other_edition_is_not_counted_as_refused() -> None:
    found = counted(golden("offre"), [each.journal for each in days("offre")])
    assert found.steps["offre"] == {GOT: 2, EDITION: 1, REFUSED: 6}
    assert found.ways["offre", "suite"] == found.ways["suite", END] == 9


@pytest.mark.parametrize("name", NAMES)
def test_nobody_is_lost_on_the_way(name: str) -> None:
    scenario = golden(name)
    found = counted(scenario, [each.journal for each in days(name)])
    for step in scenario.steps:
        came = sum(number for (_, end), number in found.ways.items() if end == step)
        went = sum(number for (start, _), number in found.ways.items() if start == step)
        befell = found.steps.get(step, {})
        assert went <= came <= went + befell.get(LEFT, 0) + befell.get(HERE, 0), step
    known = {(ENTRY, scenario.first)} | {
        (step.name, following) for step in scenario.steps.values() for following in ways_on(scenario, step)
    }
    assert set(found.ways) <= known


SILENT = """scenario: s
purpose: newsletter
why: Parce que.
enter: {when: consent.given}
steps:
  un: {send: lettre/magazine, nature: editorial}
  note: {set: {city: '"Lyon"'}}
  suite: {emit: own.welcomed}
  choix:
    branch: [{if: contact.city == "Lyon", then: fin}]
    otherwise: autre
  autre: {send: lettre/magazine, nature: editorial, then: end}
  fin: {after: 10 days, send: lettre/magazine, nature: editorial}
"""


def test_steps_that_write_nothing_are_walked_through() -> None:
    scenario = a_scenario(SILENT, the_venue())
    run = {"scenario": "s", "run": 1}
    journal = [
        an_event("scenario.entered", data=run),
        an_event("mail.queued", data={**run, "step": "un", "edition": "main"}),
        an_event("scenario.noted", data={**run, "step": "choix", "reason": "BRANCH", "detail": "fin"}),
    ]
    found = counted(scenario, [journal])
    assert set(found.ways) == set(pairwise([ENTRY, "un", "note", "suite", "choix", "fin"]))
    assert found.steps == {"un": {GOT: 1}, "fin": {HERE: 1}}


def test_another_scenario_s_rows_are_not_ours() -> None:
    rows = [an_event("scenario.entered", data={"scenario": "autre", "run": 1})]
    assert counted(golden("bienvenue"), [rows]).ways == {}


WAITS = """scenario: s
purpose: newsletter
why: Parce que.
enter: {when: consent.given}
steps:
  choix: {wait_until: preferences.updated, at_most: 7 days, then: fin, otherwise: note}
  note: {set: {city: '"Lyon"'}}
  fin: {send: lettre/magazine, nature: editorial}
"""


@pytest.mark.parametrize(
    ("code", "ways"),
    [
        ("HEARD", [("choix", "fin")]),
        ("TIMED_OUT", [("choix", "note"), ("note", "fin")]),
        ("IF_FALSE", [("choix", "note"), ("note", "fin")]),
    ],
)
def test_a_waiting_that_was_in_vain_is_told_from_one_that_was_not(
    code: str, ways: list[tuple[str, str]]
) -> None:
    scenario = a_scenario(WAITS, the_venue())
    run = {"scenario": "s", "run": 1}
    journal = [
        an_event("scenario.entered", data=run),
        an_event("scenario.noted", data={**run, "step": "choix", "reason": code, "detail": "7 days"}),
        an_event("mail.queued", data={**run, "step": "fin", "edition": "main"}),
        an_event("scenario.finished", data={**run, "step": "fin"}),
    ]
    assert set(counted(scenario, [journal]).ways) == {(ENTRY, "choix"), *ways, ("fin", END)}


def test_who_is_held_is_still_at_the_step() -> None:
    run = {"scenario": "s", "run": 1}
    journal = [
        an_event("scenario.entered", data=run),
        an_event("mail.held", data={**run, "step": "un", "reason": "FREQUENCY_CAP"}),
    ]
    assert counted(a_scenario(SILENT, the_venue()), [journal]).steps == {"un": {HERE: 1}}
