"""The calendar of a walk: when schedules, dates and segments ask who enters, worked out once for everybody."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from accord.core.model.scenario import OnEvent, OnSegment, Scenario
from accord.core.model.time import later, local_day, start_of_day
from accord.core.triggers import occasions
from accord.core.triggers.occasion import Occasion

HOUR = timedelta(hours=1)
INSTANT = timedelta(microseconds=1)

# No trigger forgets a day that lies so little back.
WINDOW = timedelta(days=28)

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Call:
    """An occasion at which the calendar asks whether a person enters."""

    scenario: Scenario
    occasion: Occasion


@dataclass(frozen=True, slots=True)
class Agenda:
    """`calls`: the occasions of schedules and dates, oldest first. `segments`: the scenarios that look for people.

    Those are asked at every full hour, and no answer changes but with the person or the day: a walk
    asks when either has changed.
    """

    calls: tuple[Call, ...] = ()
    segments: tuple[Scenario, ...] = ()


def agenda(scenarios: Iterable[Scenario], *, start: datetime, until: datetime, zone: ZoneInfo) -> Agenda:
    """The calendar of these scenarios in [start, until], in the entity's zone."""
    calls: list[Call] = []
    segments: list[Scenario] = []
    for scenario in scenarios:
        if isinstance(scenario.entry.trigger, OnSegment):
            segments.append(scenario)
        elif not isinstance(scenario.entry.trigger, OnEvent):
            calls += _calls(scenario, start, until, zone)
    return Agenda(tuple(sorted(calls, key=lambda call: call.occasion.at)), tuple(segments))


def _calls(scenario: Scenario, start: datetime, until: datetime, zone: ZoneInfo) -> list[Call]:
    """Every occasion in [start, until]: of several a daemon that slept takes the newest, so each is asked for alone."""
    found: list[Call] = []
    after = start - INSTANT
    while after < until:
        ahead = min(after + WINDOW, until)
        found += _calls_within(scenario, after, ahead, zone)
        after = ahead
    return found


def _calls_within(scenario: Scenario, after: datetime, until: datetime, zone: ZoneInfo) -> list[Call]:
    """Those in (after, until], found from the newest back."""
    found: list[Call] = []
    while due := occasions(scenario.entry.trigger, after=after, until=until, zone=zone):
        found += [Call(scenario, occasion) for occasion in due]
        until = due[0].at - INSTANT
    return found


def full_hour(instant: datetime) -> datetime:
    """The first full hour at or after an instant (UTC)."""
    hour = instant.replace(minute=0, second=0, microsecond=0)
    return hour if hour == instant else hour + HOUR


def next_look(
    scenario: Scenario,
    hour: datetime,
    entered: Collection[datetime],
    zones: tuple[ZoneInfo, ZoneInfo],
    *,
    waits: bool,
) -> datetime:
    """When a segment's answer may be another than at `hour`, if nothing of the person changes before.

    `entered`: when the person entered the scenario. `waits`: they are in the segment, and may enter once `again` lets
    them. `zones`: the entity's and the person's.
    """
    again, tomorrow = scenario.entry.again, next_day(hour, zones[0])
    if waits and again.after is not None:
        free = [full_hour(later(at, again.after, zones[1])) for at in entered]
        return min([tomorrow, *(each for each in free if each > hour)])
    once = again.after is None and not again.each and scenario.entry.per is None
    return NEVER if once and entered else tomorrow


@lru_cache(maxsize=4096)  # everybody asks it of the same days
def next_day(instant: datetime, zone: ZoneInfo) -> datetime:
    """The first full hour of the next day in a zone: what hangs on today's date may change then."""
    return full_hour(start_of_day(local_day(instant, zone) + timedelta(1), zone))
