"""Entering by becoming part of a segment: the base is looked through at every full hour."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from accord.core.model.scenario import OnSegment
from accord.core.triggers.occasion import Occasion


def scans(trigger: OnSegment, after: datetime, until: datetime, _zone: ZoneInfo) -> tuple[Occasion, ...]:
    """The last full hour in (after, until]: looking once finds all who have come to be in the segment."""
    hour = until.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return (Occasion(hour, hour.isoformat(), trigger.segment),) if hour > after else ()
