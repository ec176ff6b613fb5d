"""Two versions side by side: what is said otherwise, and who could go on by the new one."""

from __future__ import annotations

import pytest

from accord.core.versions import Change, Obstacle, compare, obstacle, same_timing
from builders import a_scenario

OLD = """
scenario: lettre
purpose: newsletter
why: {consent: Parce que., customer: Parce que client.}
enter: {when: consent.given}
hours: mon-fri 09:00-19:00
steps:
  merci: {send: l/merci, nature: editorial}
  choix: {wait_until: preferences.updated, at_most: 7 days, then: offre, otherwise: offre}
  offre: {after: 4 days, at: "10:00", if: contact.visits >= 3, send: l/offre, nature: editorial}
  fin: {after: 1 day, send: l/fin, nature: editorial}
"""


def changed(*turns: tuple[str, str], text: str = OLD) -> dict[str, tuple[Change, tuple[str, ...]]]:
    """What has changed of each step once these words are others."""
    new = text
    for was, now in turns:
        assert was in new
        new = new.replace(was, now)
    steps = compare(a_scenario(OLD), a_scenario(new)).steps
    return {each.step: (each.change, each.what) for each in steps if each.change is not Change.SAME}


@pytest.mark.parametrize(
    ("was", "now", "step", "what"),
    [
        ("after: 4 days", "after: 5 days", "offre", ("after",)),
        ('at: "10:00", ', "", "offre", ("at",)),
        ("visits >= 3", "visits >= 4", "offre", ("if",)),
        ("send: l/fin", "send: l/merci", "fin", ("template",)),
        ("at_most: 7 days", "at_most: 9 days", "choix", ("at_most",)),
        ("send: l/fin, nature: editorial", "emit: own.welcomed", "fin", ("verb",)),
    ],
)
def test_a_step_that_says_something_else_has_changed_in_that_key(was, now, step, what) -> None:
    assert changed((was, now)) == {step: (Change.CHANGED, what)}


def test_where_a_thing_stands_in_its_file_is_no_change() -> None:
    assert changed(("steps:", "# a note\n\nsteps:")) == {}
    assert not compare(a_scenario(OLD), a_scenario(OLD.replace("steps:", "# a note\nsteps:"))).anything


def test_a_step_that_was_renamed_is_one_that_is_gone_and_one_that_is_new() -> None:
    told = compare(a_scenario(OLD), a_scenario(OLD.replace("  fin:", "  adieu:")))
    assert [(each.step, each.change) for each in told.steps[-2:]] == [
        ("adieu", Change.NEW),
        ("fin", Change.GONE),
    ]
    assert told.alike == (("fin", "adieu"),)


def test_a_step_that_has_another_place_has_moved_and_its_neighbours_have_not() -> None:
    lines = OLD.splitlines(keepends=True)
    fin = lines.pop()
    moved = "".join([*lines[:8], fin.replace("1 day", "2 days"), *lines[8:]])
    steps = compare(a_scenario(OLD), a_scenario(moved)).steps
    assert [(each.step, each.change, each.what) for each in steps] == [
        ("merci", Change.SAME, ()),
        ("fin", Change.CHANGED, ("after", "place")),
        ("choix", Change.SAME, ()),
        ("offre", Change.SAME, ()),
    ]
    only_moved = "".join([*lines[:8], fin, *lines[8:]])
    assert compare(a_scenario(OLD), a_scenario(only_moved)).steps[1].change is Change.MOVED


def test_what_stands_above_the_steps_is_told_by_its_key() -> None:
    new = OLD.replace("when: consent.given", "when: ticket.scanned").replace("fri 09", "sat 09")
    assert compare(a_scenario(OLD), a_scenario(new)).head == ("enter", "hours")


def test_a_run_goes_on_where_its_step_has_the_same_name_and_does_the_same() -> None:
    old = a_scenario(OLD)
    new = a_scenario(
        OLD.replace("  fin: {after: 1 day, send: l/fin, nature: editorial}", "  offre2: {emit: own.welcomed}")
    )
    assert obstacle("merci", old, new) is None
    assert obstacle("fin", old, new) is Obstacle.GONE
    emits = a_scenario(OLD.replace("send: l/fin, nature: editorial", "emit: own.welcomed"))
    assert obstacle("fin", old, emits) is Obstacle.ANOTHER


def test_other_hours_are_another_timing_for_every_step() -> None:
    old = a_scenario(OLD)
    assert same_timing("offre", old, a_scenario(OLD.replace("l/offre", "l/autre")))
    assert not same_timing("offre", old, a_scenario(OLD.replace("4 days", "5 days")))
    assert not same_timing("fin", old, a_scenario(OLD.replace("fri 09", "sat 09")))
