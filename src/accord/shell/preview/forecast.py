"""What a scenario would do: to imagined people, or to a real one in the days to come. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from accord.core.model.content import Catalogue
from accord.core.model.event import Event
from accord.core.model.scenario import Scenario
from accord.core.model.venue import Venue
from accord.core.simulate import a_world, journal_of, simulate
from accord.shell.engine.catalogue import Shelf
from accord.shell.engine.journeys.measure import trials_now
from accord.shell.engine.ports.store import Unit
from accord.shell.preview.everyone import entering, looked_through, with_file
from accord.shell.preview.personas import SKETCHES, Sketch, persona

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
    name: str,
    scenario: Scenario,
    venue: Venue,
    shelf: Shelf,
    start: datetime,
    until: datetime,
    sketches: Mapping[str, Sketch] = SKETCHES,
) -> Timeline:
    """The days of one imagined person of these: the entering event comes at `start`, or the calendar calls.

    Nobody imagined is held out: a matrix shows what the scenario does.
    """
    scenario = replace(scenario, holdout=0)
    imagined = persona(name, scenario, venue, start, sketches)
    catalogue = Catalogue(venue, {scenario.name: scenario}, {}, shelf.facts)
    journal = simulate(
        imagined.situation,
        entering(scenario, venue, start),
        catalogue,
        start=start,
        until=until,
        ledger=imagined.ledger,
    )
    return Timeline(name, imagined.words, journal)


def of_contact(
    unit: Unit,
    contact_id: int,
    catalogue: Catalogue,
    scenario: Scenario | None,
    start: datetime,
    until: datetime,
) -> Timeline:
    """A real person's coming days in all scenarios that are live, the runs in flight included.

    With `scenario` it is among them as it stands in its file, and the event by which people enter it comes at
    `start`. The person answers nothing.
    """
    if scenario is not None:
        catalogue = with_file(catalogue, scenario)
    names = catalogue.live
    known = unit.foreseeing.known([contact_id], list(names))[contact_id]
    world = a_world(
        catalogue,
        start=start,
        until=until,
        unseen=frozenset(names) - looked_through(unit, names),
        trials=trials_now(unit, catalogue, now=start),
    )
    script = entering(scenario, catalogue.venue, start) if scenario is not None else ()
    return Timeline(
        known.situation.contact.email, "as known now, answering nothing", journal_of(world, known, script)
    )


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
