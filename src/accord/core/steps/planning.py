"""When a step is planned: after or date, then at, then the file's hours; all on the contact's own clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from accord.core.expressions.evaluate import value_of
from accord.core.model.decision import Situation
from accord.core.model.scenario import DateRule, Hours, Scenario, Step
from accord.core.model.time import later, on_wall_clock, start_of_day
from accord.core.model.venue import Venue


def plan(
    step: Step, scenario: Scenario, situation: Situation, venue: Venue, *, decided_at: datetime, now: datetime
) -> datetime | None:
    """The planned instant of `step` (UTC), counted from when the step before it was decided; None where it hangs
    on a date that this person does not have.
    """
    zone = ZoneInfo(situation.contact.zone)
    instant = decided_at
    if step.date is not None:
        found = _date_of(step.date, situation, venue, zone, now=now)
        if found is None:
            return None
        instant = max(found[0], decided_at)
    elif step.after is not None:
        instant = later(decided_at, step.after, zone)
    if step.at is not None:
        instant = next_hour(instant, step.at, zone)
    if scenario.hours is not None:
        instant = next_opening(instant, scenario.hours, zone)
    return instant


def _date_of(
    rule: DateRule, situation: Situation, venue: Venue, zone: ZoneInfo, *, now: datetime
) -> tuple[datetime, datetime] | None:
    """The shifted instant of a date rule and the end of the unshifted date, or None without a date."""
    value = value_of(rule.base, situation, venue, now=now)
    if isinstance(value, datetime):
        return later(value, rule.shift, zone), value
    if isinstance(value, date):
        return later(start_of_day(value, zone), rule.shift, zone), start_of_day(value + timedelta(1), zone)
    return None


def date_fault(step: Step, situation: Situation, venue: Venue, *, now: datetime) -> str | None:
    """Why a step that hangs on a date must not happen now: it is missing, or has passed unshifted; None if it may."""
    if step.date is None:
        return None
    found = _date_of(step.date, situation, venue, ZoneInfo(situation.contact.zone), now=now)
    if found is None:
        return "DATE_MISSING"
    return "DATE_PASSED" if now > found[1] else None


def next_hour(instant: datetime, hour: time, zone: ZoneInfo) -> datetime:
    """The next instant, `instant` included, at which the clocks of `zone` show `hour`."""
    day = instant.astimezone(zone).date()
    today = on_wall_clock(day, hour, zone)
    return today if today >= instant else on_wall_clock(day + timedelta(1), hour, zone)


def next_opening(instant: datetime, hours: Hours, zone: ZoneInfo) -> datetime:
    """`instant` where the window is open then, else the window's next opening."""
    first = instant.astimezone(zone).date()
    for ahead in range(9):
        day = first + timedelta(ahead)
        if day.weekday() not in hours.days:
            continue
        opens, closes = _window(day, hours, zone)
        if instant < closes:
            return max(instant, opens).astimezone(UTC)
    raise ValueError("a window that never opens")


@lru_cache(maxsize=4096)  # people of one zone share their days
def _window(day: date, hours: Hours, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return on_wall_clock(day, hours.opens, zone), on_wall_clock(day, hours.closes, zone)
