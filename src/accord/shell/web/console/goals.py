"""A scenario's goal: how often it came to those who took part, and to those who were held out, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from markupsafe import Markup

from accord.core.model.scenario import Goal, Scenario
from accord.core.model.time import later, local_day
from accord.core.model.venue import Venue
from accord.core.statistics import wilson
from accord.shell.engine.journeys.goals import Effect, effect
from accord.shell.engine.ports.measuring import Reached
from accord.shell.engine.ports.store import Unit
from accord.shell.engine.ports.tallies import ENTERED, HELD_OUT, REACHED, TOOK_PART, Subject
from accord.shell.pictures.charts import Point, Track
from accord.shell.pictures.intervals import intervals


@dataclass(frozen=True, slots=True)
class Side:
    """Those who took part, or those who were held out."""

    name: str
    mark: str
    figures: Reached

    @property
    def point(self) -> Point:
        """Its rate with the interval that it lies in."""
        return Point(self.figures.rate, *wilson(self.figures.reached, self.figures.entered))


@dataclass(frozen=True, slots=True)
class Success:
    """What the page tells of the goal."""

    effect: Effect
    sides: Sequence[Side]
    picture: Markup


def success(unit: Unit, scenario: Scenario, venue: Venue, since: date, now: datetime) -> Success | None:
    """Read it from the roll-ups: those who entered since a day; None without a goal."""
    if scenario.goal is None:
        return None
    seen = effect(scenario, *_reached(unit, scenario.name, scenario.goal, venue, since, now))
    if seen is None:
        return None
    sides = [Side("took part", "r", seen.took_part)]
    if seen.held_out is not None:
        sides.append(Side("held out", "o", seen.held_out))
    return Success(seen, sides, _picture(seen, sides))


def _reached(
    unit: Unit, name: str, goal: Goal, venue: Venue, since: date, now: datetime
) -> tuple[Reached, Reached]:
    """Days of which everybody's while is over, and the days after."""
    zone = venue.entity.clock
    mature = max(since, local_day(later(now, -goal.within, zone), zone))
    tomorrow = local_day(now, zone) + timedelta(days=1)
    over = unit.tallies.totals(Subject.GOAL, since, mature)
    young = unit.tallies.totals(Subject.GOAL, mature, tomorrow)

    def of(group: str) -> Reached:
        def count(counts: Mapping[tuple[str, ...], int], what: str) -> int:
            return counts.get((name, group, what), 0)

        return Reached(
            count(over, ENTERED), count(over, REACHED), count(young, ENTERED), count(young, REACHED)
        )

    return of(TOOK_PART), of(HELD_OUT)


def _picture(seen: Effect, sides: Sequence[Side]) -> Markup:
    tracks = [Track(side.name, side.mark, [side.point]) for side in sides]
    told = [f"{side.name} {_said(side)}" for side in sides]
    says = "; ".join([*told, seen.verdict] if seen.held_out is not None else told)
    return intervals("Who reached the goal", says, tracks)


def _said(side: Side) -> str:
    point = side.point
    if point.rate is None:
        return "nobody yet whose time is over"
    return f"{point.rate:.1%} of {side.figures.entered} ({point.low:.1%} to {point.high:.1%})"
