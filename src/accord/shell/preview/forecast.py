"""What a scenario would do: to imagined people, or to a real one in the days to come. Nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accord.core.expressions.names import fields_of
from accord.core.model.content import Catalogue
from accord.core.model.event import Event
from accord.core.model.scenario import OnEvent, Scenario
from accord.core.model.venue import Venue
from accord.core.simulate import Happening, simulate
from accord.shell.engine.catalogue import Shelf
from accord.shell.engine.ports.store import Unit
from accord.shell.preview.personas import SKETCHES, imagined_data, persona

PERSONAS = tuple(SKETCHES)


@dataclass(frozen=True, slots=True)
class Timeline:
    """One person's imagined days: who, in words, and the journal as it would be."""

    name: str
    words: str
    journal: tuple[Event, ...]

    def of_step(self, step: str) -> tuple[Event, ...]:
        """What the journal says of one step."""
        return tuple(row for row in self.journal if row.data.get("step") == step)


def of_persona(
    name: str, scenario: Scenario, venue: Venue, shelf: Shelf, start: datetime, until: datetime
) -> Timeline:
    """An imagined person's days: the entering event comes at `start`, or the calendar calls."""
    imagined = persona(name, scenario, venue, start)
    catalogue = Catalogue(venue, {scenario.name: scenario}, {}, shelf.facts)
    journal = simulate(
        imagined.situation,
        _entering(imagined.situation.contact.id, scenario, venue, start),
        catalogue,
        start=start,
        until=until,
        ledger=imagined.ledger,
    )
    return Timeline(name, imagined.words, journal)


def _entering(contact_id: int, scenario: Scenario, venue: Venue, start: datetime) -> list[Happening]:
    trigger = scenario.entry.trigger
    if not isinstance(trigger, OnEvent):
        return []
    event = trigger.events[0]
    data = imagined_data(fields_of(event, venue), scenario, venue, start)
    at = start + timedelta(seconds=1)
    return [Happening(at, Event(contact_id, event, at, data, "imagined"), teaches=False)]


def of_contact(
    unit: Unit,
    contact_id: int,
    scenario: Scenario,
    venue: Venue,
    shelf: Shelf,
    start: datetime,
    until: datetime,
) -> Timeline:
    """A real person's coming days in one scenario, from what is known of them now."""
    situation = unit.situations([contact_id])[contact_id]
    ledger = unit.entries([contact_id]).get(contact_id, ())
    catalogue = Catalogue(venue, {scenario.name: scenario}, {}, shelf.facts)
    journal = simulate(
        situation,
        _entering(contact_id, scenario, venue, start),
        catalogue,
        start=start,
        until=until,
        ledger=ledger,
    )
    return Timeline(situation.contact.email, "as known now", journal)


def as_json(timelines: Sequence[Timeline]) -> list[dict[str, Any]]:
    """The document of `scenario dry-run --json`."""
    return [
        {
            "who": each.name,
            "words": each.words,
            "journal": [{"at": row.at, "event": row.name, **row.data} for row in each.journal],
        }
        for each in timelines
    ]
