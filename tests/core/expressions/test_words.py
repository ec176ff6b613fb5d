"""The dictionary of `scenario words`: complete, and each example is what the reader takes."""

from __future__ import annotations

import pytest

from accord.core.expressions.names import FIXED, FUNCTIONS, Scope, fields_of, known_events
from accord.core.expressions.parse import Want, read_expression
from accord.core.expressions.words import Word, words
from accord.core.language.parse import parse_scenario
from accord.core.mail.faults import syntax_faults
from accord.core.mail.names import unknown_names
from accord.core.model.consent import ConsentStatus
from accord.core.model.expression import Type
from accord.core.model.place import Span
from accord.core.model.venue import Venue
from builders import a_venue

VENUE = a_venue()
BARE = a_venue(purposes={}, families={}, attributes={}, events={})


def is_read(word: Word, venue: Venue) -> bool:
    """Whether the example of a word is what it says, where such a word has its place."""
    if word.kind == "event":
        text = f"scenario: s\npurpose: service\nenter: {{{word.example}}}\nsteps: {{a: {{emit: own.x}}}}\n"
        codes = {fault.code for fault in parse_scenario(text, "s.yaml", venue).diagnostics}
        return "unknown-event" not in codes
    if "templates" in word.kind:
        files = {"a.html": f"---\nsubject: x\n---\n<p>{word.example}</p>\n"}
        return not [*syntax_faults("a.html", files["a.html"]), *unknown_names("a", files, venue)]
    want = Want.VALUE if word.example.startswith("per: ") else Want.CONDITION
    source = word.example.removeprefix("per: ")
    heard = (word.of,) if word.kind == "field" else ()
    this = Type.TEXT if word.name == "this" else None
    scope = Scope(venue, entering=heard, arriving=heard, this=this, steps=frozenset({"offre"}))
    found, _ = read_expression(source, Span("f", 1, 1), scope, want)
    return found is not None


@pytest.mark.parametrize("venue", [VENUE, BARE], ids=["a-venue", "a-bare-one"])
@pytest.mark.parametrize("prefix", ["", "it."])
def test_every_example_is_read(venue: Venue, prefix: str) -> None:
    listed = [word for word in words(venue, prefix) if venue.purposes or word.name != "consent()"]
    assert len(listed) > 20
    assert [word for word in listed if not is_read(word, venue)] == []


def test_nothing_that_a_condition_may_read_is_left_out() -> None:
    listed = {word.name for word in words(VENUE)}
    assert listed >= set(FIXED)
    assert listed >= {f"{name}()" for name in FUNCTIONS}
    assert listed >= {f"contact.{name}" for name in VENUE.attributes}
    assert listed >= set(known_events(VENUE))
    assert listed >= {state.value for state in ConsentStatus}
    for event in known_events(VENUE):
        told = {word.name for word in words(VENUE) if word.of == event}
        assert told == {f"event.{name}" for name in fields_of(event, VENUE)}


def test_a_prefix_finds_an_event_with_its_fields() -> None:
    found = words(VENUE, "order.placed")
    assert found[0].name == "order.placed"
    assert {word.name for word in found[1:]} == {f"event.{name}" for name in fields_of("order.placed", VENUE)}
    assert all(word.name.startswith("it.") for word in words(VENUE, "it."))
    assert words(VENUE, "nothing-begins-like-this") == []
