"""The shelf of templates: what is new is compiled, what is broken keeps its last good version and its facts."""

from __future__ import annotations

from accord.core.model.place import Severity
from accord.shell.engine.catalogue import Shelf, stock
from accord.shell.wordings import wordings
from builders import a_venue

VENUE, WORDS = a_venue(), wordings(("fr", "en"))
HEAD = "---\nsubject: Bonjour\n---\n"
OFFER, PLAIN = HEAD + "<p>Offre spéciale</p>", HEAD + "<p>Un récit</p>"
BROKEN = HEAD + "<p>{% if %}</p>"
WARNED = HEAD + '<p class="{{ today }}">x</p>'


def shelf(text: str, before: Shelf | None = None) -> Shelf:
    return stock(["a/b"], {"a/b.html": text}, VENUE, WORDS, before)


def test_a_good_template_replaces_the_one_before() -> None:
    first = shelf(OFFER)
    second = shelf(PLAIN, first)
    assert second.compiled["a/b"].digest != first.compiled["a/b"].digest
    assert (first.facts["a/b"].content.promotional_tone, second.facts["a/b"].content.promotional_tone) == (
        True,
        False,
    )


def test_what_has_not_changed_is_taken_over() -> None:
    first = shelf(PLAIN)
    assert shelf(PLAIN, first).compiled["a/b"] is first.compiled["a/b"]


def test_a_broken_template_keeps_its_last_good_version_with_what_was_read_in_it() -> None:
    first = shelf(OFFER)
    second = shelf(BROKEN, first)
    assert second.compiled["a/b"] is first.compiled["a/b"]
    assert second.facts["a/b"] == first.facts["a/b"], (
        "the gate judges what is sent, and not what stands in the file"
    )
    assert [fault.severity for fault in second.diagnostics] == [Severity.ERROR]
    mended = shelf(PLAIN, second)
    assert not mended.facts["a/b"].content.promotional_tone and mended.diagnostics == ()


def test_a_broken_template_that_never_was_good_is_not_there() -> None:
    first = shelf(BROKEN)
    assert (dict(first.compiled), dict(first.facts)) == ({}, {})
    assert shelf(BROKEN, first).diagnostics == first.diagnostics != ()


def test_a_warning_is_told_each_time() -> None:
    first = shelf(WARNED)
    assert [fault.code for fault in first.diagnostics] == ["dynamic-style"]
    assert shelf(WARNED, first).diagnostics == first.diagnostics


def test_a_broken_template_that_is_put_back_as_it_was_is_whole_again() -> None:
    first = shelf(OFFER)
    restored = shelf(OFFER, shelf(BROKEN, first))
    assert restored.diagnostics == ()
    assert (restored.facts, restored.found) == (first.facts, first.found)
