"""The calendar of a walk: when schedules, dates and segments ask who enters, worked out once for everybody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from accord.core.model.scenario import OnEvent, OnSegment, Scenario
from accord.core.model.time import local_day, start_of_day
from accord.core.triggers import occasions
from accord.core.triggers.occasion import Occasion

HOUR = timedelta(hours=1)
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
    """Half an hour at a time, so that no occasion hides another: of several a daemon takes the newest."""
    found: list[Call] = []
    mark, ahead = start - timedelta(microseconds=1), start
    while mark < until:
        due = occasions(scenario.entry.trigger, after=mark, until=ahead, zone=zone)
        found += [Call(scenario, occasion) for occasion in due]
        mark, ahead = ahead, min(ahead + timedelta(minutes=30), until)
    return found


def full_hour(instant: datetime) -> datetime:
    """The first full hour at or after an instant (UTC)."""
    hour = instant.replace(minute=0, second=0, microsecond=0)
    return hour if hour == instant else hour + HOUR


def next_day(instant: datetime, zone: ZoneInfo) -> datetime:
    """The first full hour of the next day in a zone: what hangs on today's date may change then."""
    return full_hour(start_of_day(local_day(instant, zone) + timedelta(1), zone))
