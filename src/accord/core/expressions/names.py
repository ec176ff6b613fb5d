"""The closed list of names that conditions and templates may read, with their types."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from accord.core.model.consent import EVERYTHING, SERVICE_PURPOSE, ConsentStatus, Kind, Nature
from accord.core.model.event import EVENTS
from accord.core.model.expression import Question, Type
from accord.core.model.venue import Venue

FIXED: Mapping[str, tuple[Type, str]] = {
    "contact.language": (Type.TEXT, 'contact.language == "fr"'),
    "contact.zone": (Type.TEXT, 'contact.zone == "Indian/Reunion"'),
    "contact.expires_on": (Type.DATE, "contact.expires_on is not none"),
    "contact.from_third_party": (Type.BOOLEAN, "contact.from_third_party"),
    "orders.count": (Type.INTEGER, "orders.count >= 2"),
    "orders.last.at": (Type.INSTANT, 'orders.last.age <= "12 months"'),
    "orders.last.family": (Type.TEXT, 'orders.last.family == "theatre"'),
    "last_action.at": (Type.INSTANT, 'last_action.age >= "30 months"'),
    "preferences.newsletters_per_month": (Type.INTEGER, "preferences.newsletters_per_month is none"),
    "today": (Type.DATE, 'today >= "2026-09-01"'),
}

# What a name is called by, when it is compared with a length of time.
AGES: Mapping[str, str] = {"last_action.age": "last_action.at", "orders.last.age": "orders.last.at"}

FUNCTIONS: Mapping[str, str] = {
    "consent": 'consent("newsletter") == "optin_proven"',
    "sent": 'sent("offre")',
    "clicked": 'clicked("offre")',
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Which names are at hand at one place of a file.

    `entering`: the events that a run enters by (`event.NAME` must exist in each of them); `arriving`: those
    that `it` can be; `this`: the type of the `per` value; `steps`: names that `sent` and `clicked` may ask
    for, None where they are "scenario/step". `unsure`: rooms (`event`, `it`, `this`) of which nothing can be
    told, since what they hang on has a fault of its own.
    """

    venue: Venue
    entering: tuple[str, ...] = ()
    arriving: tuple[str, ...] = ()
    this: Type | None = None
    steps: frozenset[str] | None = frozenset()
    unsure: frozenset[str] = frozenset()

    def names(self) -> dict[str, Type]:
        """Every dotted name at hand, with its type."""
        found = {name: kind for name, (kind, _) in FIXED.items()}
        found |= {f"contact.{each.name}": each.type for each in self.venue.attributes.values()}
        found |= {f"event.{name}": kind for name, kind in self._common(self.entering).items()}
        found |= {f"it.{name}": kind for name, kind in self._common(self.arriving).items()}
        if self.this is not None:
            found["this"] = self.this
        return found

    def _common(self, events: tuple[str, ...]) -> dict[str, Type]:
        """The fields that all of these events have, with one type."""
        tables = [dict(fields_of(name, self.venue)) for name in events]
        if not tables:
            return {}
        shared = set(tables[0].items()).intersection(*(table.items() for table in tables[1:]))
        return dict(shared)

    def lacking(self, path: str) -> str | None:
        """The event that lacks the field of `event.NAME` or `it.NAME`, where another one has it."""
        room, _, name = path.partition(".")
        events = {"event": self.entering, "it": self.arriving}.get(room, ())
        having = [event for event in events if name in fields_of(event, self.venue)]
        return next((event for event in events if event not in having), None) if having else None

    def vocabulary(self, asked: str | Question) -> Collection[str] | None:
        """The words that a name or a question can come to; None where it can be any text.

        A comparison with another word would never be true, so it is a slip of the pen.
        """
        if isinstance(asked, Question):
            return list(ConsentStatus) if asked.function == "consent" else None
        room, _, name = asked.partition(".")
        if asked == "orders.last.family":
            return self.venue.families or None
        events = {"event": self.entering, "it": self.arriving}.get(room, ())
        if not events or not all(event in EVENTS for event in events):
            return None
        purposes = [*self.venue.purposes, SERVICE_PURPOSE, EVERYTHING]
        return {"purpose": purposes, "kind": [*Kind, EVERYTHING], "nature": list(Nature)}.get(name)


def fields_of(event: str, venue: Venue) -> Mapping[str, Type]:
    """The typed fields of an event of ours or of the venue's own; none for an unknown one."""
    if event in EVENTS:
        return EVENTS[event].fields
    return venue.events.get(event, {})


def known_events(venue: Venue) -> list[str]:
    """Every event that a cue can name."""
    return [*EVENTS, *venue.events]


def template_names(venue: Venue) -> dict[str, frozenset[str] | None]:
    """The rooms that a template reads, each with its names; None where any field of an event may be."""
    fields: set[str] = set()
    for event in known_events(venue):
        fields.update(fields_of(event, venue))
    own = {"email", "language", "zone", "expires_on", *venue.attributes}
    return {
        "contact": frozenset(own),
        "event": frozenset(fields),
        "orders": frozenset({"count", "last"}),
        "preferences": frozenset({"newsletters_per_month"}),
        "entity": frozenset({"name", "address"}),
        "links": frozenset({"preferences", "unsubscribe", "keep", "confirm", "address"}),
        "today": None,
        "this": None,
    }
