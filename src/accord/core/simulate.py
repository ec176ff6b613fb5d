"""Scenarios walked through imagined days: the same decisions as the engine's, in memory, for one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from accord.core.model.consent import ConsentEntry
from accord.core.model.content import Catalogue
from accord.core.model.decision import Decision, Situation
from accord.core.model.enrolment import Enrolment
from accord.core.model.event import Event
from accord.core.telling import tell, tell_entered, tell_reached
from accord.core.walk import Walk
from accord.core.world import Happening as Happening
from accord.core.world import Known as Known
from accord.core.world import World as World
from accord.core.world import a_world as a_world


def simulate(
    situation: Situation,
    script: Sequence[Happening],
    catalogue: Catalogue,
    *,
    start: datetime,
    until: datetime,
    ledger: Sequence[ConsentEntry] = (),
) -> tuple[Event, ...]:
    """The journal of one person's days from `start` to `until` (UTC), as the engine would write it.

    `situation` is the person as known at `start`, `ledger` the consent entries behind it. Nothing is written
    and no clock is read.
    """
    world = a_world(catalogue, start=start, until=until)
    return journal_of(world, Known(situation, ledger), script)


def journal_of(world: World, known: Known, script: Sequence[Happening] = ()) -> tuple[Event, ...]:
    """The journal of one person's days in a world, oldest first."""
    journal = _Journal()
    Walk(world, known, script, journal).go()
    return tuple(journal.rows)


@dataclass(slots=True)
class _Journal:
    """The witness that writes everything down, in the engine's own words."""

    rows: list[Event] = field(default_factory=list)

    def entered(self, run: Enrolment) -> None:
        self.rows.append(tell_entered(run))

    def decided(self, run: Enrolment, decision: Decision, now: datetime) -> None:
        self.rows += tell(decision, run, now)

    def reached(self, run: Enrolment, event: Event, now: datetime) -> None:
        self.rows.append(tell_reached(run, event, now))

    def happened(self, event: Event, _now: datetime) -> None:
        self.rows.append(event)
