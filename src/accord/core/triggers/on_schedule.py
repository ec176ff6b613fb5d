"""Entering by the calendar: the hours that a schedule names, on the entity's own clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from croniter import croniter

from accord.core.model.scenario import OnSchedule
from accord.core.triggers.occasion import Occasion


def occurrences(
    trigger: OnSchedule, after: datetime, until: datetime, zone: ZoneInfo
) -> tuple[Occasion, ...]:
    """The newest occurrence in (after, until]: nobody wants the newsletters of a month's sleep at once."""
    newest = croniter(trigger.cron, until.astimezone(zone)).get_prev(datetime)
    exact = until.astimezone(zone).replace(second=0, microsecond=0)
    if until.second == until.microsecond == 0 and croniter.match(trigger.cron, exact):
        newest = exact
    instant = newest.astimezone(UTC)
    return (Occasion(instant, instant.isoformat()),) if after < instant <= until else ()
