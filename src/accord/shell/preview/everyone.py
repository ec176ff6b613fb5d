"""Everybody's coming days, forecast: one scenario as it stands in its file, among all that run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from accord.core.answers import answering
from accord.core.consent.evidence import new_lines
from accord.core.expressions.names import fields_of
from accord.core.foresight import Frame, Tally, count_person
from accord.core.model.consent import Act, ConsentEntry
from accord.core.model.content import Catalogue
from accord.core.model.event import Event
from accord.core.model.forecast import Assumptions
from accord.core.model.scenario import OnEvent, Scenario
from accord.core.model.venue import Venue
from accord.core.simulate import Happening, World, a_world
from accord.core.world import IMAGINED
from accord.shell.engine.apart import apart
from accord.shell.engine.journeys.measure import trials_now
from accord.shell.engine.ports.store import Unit
from accord.shell.preview.personas import PROOF, imagined_data

# What nobody does without having ordered.
ORDERED = ("order.placed", "order.paid", "order.delivered")


@dataclass(frozen=True, slots=True)
class Course:
    """One course that things may take: a world, and what is imagined to happen in it to each person."""

    world: World
    script: tuple[Happening, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is forecast: from `begins` on, by each course; values alone, so that processes can be told."""

    begins: datetime
    courses: tuple[Course, ...]

    @property
    def proposed_alone(self) -> Plan:
        """Without what runs now."""
        return replace(self, courses=self.courses[:1])

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Every scenario that somebody may enter in one of the courses."""
        return tuple(dict.fromkeys(name for each in self.courses for name in each.world.catalogue.live))


def entering(scenario: Scenario, venue: Venue, at: datetime) -> tuple[Happening, ...]:
    """The event by which people enter, imagined a second after `at`; nothing where the calendar lets them in."""
    trigger = scenario.entry.trigger
    if not isinstance(trigger, OnEvent):
        return ()
    event = trigger.events[0]
    data = imagined_data(fields_of(event, venue), scenario, venue, at)
    at += timedelta(seconds=1)
    return (Happening(at, Event(0, event, at, data, IMAGINED), lets_into=scenario.name),)


def proven(script: Sequence[Happening], venue: Venue) -> tuple[Happening, ...]:
    """The same things with what proves them: of a consent the acts, of an order its lines, paid at once.

    It is before the scenario that they let people into alone; see Happening.
    """
    return tuple(
        thing if thing.event is None else replace(thing, **_proof(thing.event, venue)) for thing in script
    )


def _proof(event: Event, venue: Venue) -> dict[str, Any]:
    purpose = venue.purposes.get(str(event.data.get("purpose")))
    if event.name == "consent.given" and purpose is not None:
        given = (
            ConsentEntry(0, event.at, purpose.name, kind, Act.OPTIN_PROVEN, informed=True, details=PROOF)
            for kind in purpose.kinds
        )
        return {"entries": tuple(given)}
    if event.name in ORDERED:
        delivered_at = event.at if event.name == "order.delivered" else None
        lines = new_lines(event, venue)
        return {"lines": tuple(replace(each, paid_at=event.at, delivered_at=delivered_at) for each in lines)}
    return {}


def with_file(catalogue: Catalogue, scenario: Scenario) -> Catalogue:
    """What would run if the scenario were made live as it stands in its file."""
    return replace(catalogue, live={**catalogue.live, scenario.name: scenario})


def planned(
    unit: Unit,
    catalogue: Catalogue,
    scenario: Scenario,
    assumed: Assumptions,
    now: datetime,
    begins: datetime,
    until: datetime,
) -> Plan:
    """Two courses: with the scenario live as it stands in its file, and with what runs now.

    The days between now and `begins` are walked, too, where it lies ahead: caps and clocks are then as they
    will be. In each course everybody enters the version of the scenario that is live in it.
    """
    courses = []
    for each in (with_file(catalogue, scenario), catalogue):
        world = a_world(
            each,
            start=min(now, begins),
            until=until,
            unseen=frozenset(each.live) - looked_through(unit, each.live),
            answers=answering(assumed, each.venue),
            trials=trials_now(unit, each, now=now),
        )
        entered = each.live.get(scenario.name)
        script = proven(entering(entered, each.venue, begins), each.venue) if entered is not None else ()
        courses.append(Course(world, script))
    return Plan(begins, tuple(courses))


def looked_through(unit: Unit, names: Mapping[str, Scenario]) -> frozenset[str]:
    """Of these scenarios those whose calendar has come round at least once."""
    return frozenset(name for name in names if unit.progress(f"enter/{name}") is not None)


def count_page(unit: Unit, plan: Plan, contact_ids: Sequence[int]) -> list[Tally]:
    """Walk some people through every course; a tally a course. Who can't be read or walked is set apart."""
    tallies = [Tally() for _ in plan.courses]
    counted, faults = apart(contact_ids, lambda some: [_count(unit, plan, some)])
    for each in counted:
        for tally, more in zip(tallies, each, strict=True):
            tally.add(more)
    for tally in tallies:
        tally.apart += [number for number, _ in faults]
    return tallies


def _count(unit: Unit, plan: Plan, contact_ids: Sequence[int]) -> list[Tally]:
    tallies = [Tally() for _ in plan.courses]
    for known in unit.foreseeing.known(contact_ids, plan.scenarios).values():
        for course, tally in zip(plan.courses, tallies, strict=True):
            count_person(tally, course.world, known, course.script, plan.begins)
    return tallies


def frame(unit: Unit, scenario: str, plan: Plan, assumed: Assumptions) -> Frame:
    """What the forecast is of, with the switches as they stand now."""
    world = plan.courses[0].world
    return Frame(
        scenario=scenario,
        begins=plan.begins,
        until=world.until,
        zone=world.catalogue.venue.entity.zone,
        throttle=unit.throttle(),
        held=tuple(sorted(brake.name for brake in unit.brakes())),
        assumptions=assumed,
        standing_still=unit.foreseeing.standing_still(),
        imagined=next((thing.event.name for thing in plan.courses[0].script if thing.event), None),
    )
