"""The ways in: what wakes each kind of trigger, and TRIGGER_KINDS, the list of those that the calendar wakes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from accord.core.model.scenario import OnDate, OnEvent, OnSchedule, OnSegment, Trigger
from accord.core.triggers.occasion import Calendar, Occasion
from accord.core.triggers.on_date import days
from accord.core.triggers.on_schedule import occurrences
from accord.core.triggers.on_segment import asks_of_returning as asks_of_returning
from accord.core.triggers.on_segment import scans

TRIGGER_KINDS: Mapping[type, Calendar] = {
    OnSegment: scans,
    OnSchedule: occurrences,
    OnDate: days,
}


def occasions(trigger: Trigger, *, after: datetime, until: datetime, zone: ZoneInfo) -> tuple[Occasion, ...]:
    """When, in (after, until], the calendar asks who enters; an event trigger is never asked by it.

    A daemon that slept is asked once for what recurs for everybody, and for each day of a date of one's own.
    """
    calendar = TRIGGER_KINDS.get(type(trigger))
    return calendar(trigger, after, until, zone) if calendar is not None else ()


def wakes(trigger: Trigger, event_name: str) -> bool:
    """Whether an event is one that people enter by."""
    return isinstance(trigger, OnEvent) and event_name in trigger.events
