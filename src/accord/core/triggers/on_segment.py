"""Entering by becoming part of a segment: the base is looked through at every full hour.

Who has entered and is still in the segment has not become part of it again: `again` is asked of those alone who
left it meanwhile.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from accord.core.model.scenario import OnSegment, Scenario
from accord.core.triggers.occasion import Occasion


def asks_of_returning(scenario: Scenario) -> bool:
    """Whether somebody may enter a second time by a segment, which only who has left it in between does."""
    again = scenario.entry.again
    return isinstance(scenario.entry.trigger, OnSegment) and (again.each or again.after is not None)


def scans(trigger: OnSegment, after: datetime, until: datetime, _zone: ZoneInfo) -> tuple[Occasion, ...]:
    """The last full hour in (after, until]: looking once finds all who have come to be in the segment."""
    hour = until.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return (Occasion(hour, hour.isoformat(), trigger.segment),) if hour > after else ()
