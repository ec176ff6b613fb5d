"""The dictionary behind `scenario words`: every event, name and function with its type and an example."""

from __future__ import annotations

from dataclasses import dataclass

from accord.core.expressions.names import FIXED, FUNCTIONS, fields_of, known_events
from accord.core.model.expression import Type
from accord.core.model.venue import Venue

_EXAMPLES = {
    Type.TEXT: '{} == "Lyon"',
    Type.INTEGER: "{} >= 2",
    Type.NUMBER: "{} > 1.5",
    Type.BOOLEAN: "{}",
    Type.DATE: '{} >= "2026-09-01"',
    Type.DAY_OF_YEAR: '{} == "09-14"',
    Type.INSTANT: '{} >= "2026-09-01"',
    Type.TEXTS: "per: {}",
}


@dataclass(frozen=True, slots=True)
class Word:
    """One entry: what kind of word it is, its name, its type, and how it is used."""

    kind: str
    name: str
    type: str
    example: str


def words(venue: Venue, prefix: str = "") -> list[Word]:
    """All words that begin with `prefix`, in the order in which a reader looks for them."""
    found = [Word("name", name, kind.value, example) for name, (kind, example) in FIXED.items()]
    found += [
        Word(
            "attribute",
            f"contact.{each.name}",
            each.type.value,
            _EXAMPLES[each.type].format(f"contact.{each.name}"),
        )
        for each in venue.attributes.values()
    ]
    found += [Word("function", f"{name}()", "condition", example) for name, example in FUNCTIONS.items()]
    for event in known_events(venue):
        found.append(Word("event", event, "event", f"when: {event}"))
        found += [
            Word("field", f"{event}: event.{name}", kind.value, _EXAMPLES[kind].format(f"event.{name}"))
            for name, kind in fields_of(event, venue).items()
        ]
    return [word for word in found if word.name.startswith(prefix)]
