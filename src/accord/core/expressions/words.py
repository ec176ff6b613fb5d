"""The dictionary behind `scenario words`: every event, name and function with its type and an example."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from accord.core.expressions.names import (
    AGES,
    FIXED,
    FUNCTIONS,
    Scope,
    fields_of,
    known_events,
    template_names,
)
from accord.core.model.consent import ConsentStatus
from accord.core.model.expression import Type
from accord.core.model.venue import Venue

_EXAMPLES = {
    Type.TEXT: "{} is not none",
    Type.INTEGER: "{} >= 2",
    Type.NUMBER: "{} > 1.5",
    Type.BOOLEAN: "{}",
    Type.DATE: '{} >= "2026-09-01"',
    Type.DAY_OF_YEAR: '{} == "09-14"',
    Type.INSTANT: '{} >= "2026-09-01"',
    Type.TEXTS: "per: {}",
}

# What some fields are like, where that says more than their type.
_LIKE = {
    "amount_cents": "{} >= 5000",
    "currency": '{} == "EUR"',
    "form": '{} == "inscription"',
    "order_id": "per: {}",
    "scenario": '{} == "bienvenue"',
    "source": '{} == "import"',
    "step": '{} == "merci"',
    "verdict": '{} == "human"',
}

# What templates read beyond the names of conditions, each with its type and how it is written.
_IN_TEMPLATES = {
    "contact.email": ("text", "{{ contact.email }}"),
    "entity.name": ("text", "{{ entity.name }}"),
    "entity.address": ("text", "{{ entity.address }}"),
    "links.preferences": ("address", '<a href="{{ links.preferences }}">'),
    "links.unsubscribe": ("address", '<a href="{{ links.unsubscribe }}">'),
    "links.keep": ("address", '<a href="{{ links.keep }}">'),
    "links.confirm": ("address", '<a href="{{ links.confirm }}">'),
    "links.address": ("address", '<a href="{{ links.address }}">'),
}
_FILTERS = {
    "day": ("date or instant", "{{ event.starts_at | day }}"),
    "hour": ("instant", "{{ event.starts_at | hour }}"),
    "money": ("integer, in cents", "{{ event.amount_cents | money }}"),
}


@dataclass(frozen=True, slots=True)
class Word:
    """One entry: what kind of word it is, its name, its type, how it is used; of a field, whose it is."""

    kind: str
    name: str
    type: str
    example: str
    of: str = ""

    def begins_with(self, prefix: str) -> bool:
        """Whether somebody who types `prefix` may look for it."""
        return self.name.startswith(prefix) or self.of.startswith(prefix)


def words(venue: Venue, prefix: str = "") -> list[Word]:
    """All words that begin with `prefix`, in the order in which a reader looks for them.

    The fields of an event are told as `event.NAME`, of the event that one entered by; who asks for `it.` is
    told them as `it.NAME`, of the event that a cue has just heard.
    """
    room = "it" if prefix.startswith("it.") or prefix == "it" else "event"
    return [word for word in _all(venue, room) if not prefix or word.begins_with(prefix)]


def _all(venue: Venue, room: str) -> Iterator[Word]:
    scope = Scope(venue)
    for name, (kind, example) in FIXED.items():
        yield Word("name", name, kind.value, _possible(name, scope) or example)
    for name in AGES:
        yield Word("name", name, "length of time", f'{name} >= "30 months"')
    yield Word("name", "this", "that of per", "this is not none", "enter.per")
    for each in venue.attributes.values():
        name = f"contact.{each.name}"
        which = "attribute, writable" if each.writable else "attribute"
        yield Word(which, name, each.type.value, _EXAMPLES[each.type].format(name))
    yield Word("function", "consent()", "a state", _of_consent(venue) or FUNCTIONS["consent"])
    for name in ("sent", "clicked"):
        yield Word("function", f"{name}()", Type.BOOLEAN.value, FUNCTIONS[name])
    yield from _states(venue)
    for event in known_events(venue):
        yield Word("event", event, "event", f"when: {event}")
        yield from _fields(event, venue, room)
    yield from _of_templates(venue)


def _fields(event: str, venue: Venue, room: str) -> Iterator[Word]:
    scope = Scope(venue, arriving=(event,)) if room == "it" else Scope(venue, entering=(event,))
    for name, kind in fields_of(event, venue).items():
        path = f"{room}.{name}"
        shape = _LIKE.get(name, _EXAMPLES[kind])
        if room == "it" and shape.startswith("per:"):
            shape = "{} is not none"
        yield Word("field", path, kind.value, _possible(path, scope) or shape.format(path), event)


def _possible(path: str, scope: Scope) -> str | None:
    """An example with a word that the name can really come to, where those are known."""
    known = scope.vocabulary(path)
    return f'{path} == "{next(iter(known))}"' if known else None


def _of_consent(venue: Venue) -> str | None:
    return next((f'consent("{name}") == "{ConsentStatus.OPTIN_PROVEN}"' for name in venue.purposes), None)


def _states(venue: Venue) -> Iterator[Word]:
    """Every state that `consent()` can come to."""
    for name in list(venue.purposes)[:1]:
        for state in ConsentStatus:
            yield Word("state", state.value, "a state", f'consent("{name}") == "{state}"', "consent()")


def _of_templates(venue: Venue) -> Iterator[Word]:
    known = template_names(venue)
    for path, (kind, example) in _IN_TEMPLATES.items():
        room, _, name = path.partition(".")
        if name in (known[room] or ()):
            yield Word("in templates", path, kind, example)
    for name, (kind, example) in _FILTERS.items():
        yield Word("filter, in templates", f"| {name}", kind, example)
