"""Durations, days and hours: all instants aware and in UTC, calendar sums in a zone at the edges."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SHORTEST_MONTH = 28


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time as an author writes it; negative parts mean earlier.

    Months, weeks and days are calendar steps in a zone (a day is 23 or 25 hours long when the clocks
    change); hours and minutes are elapsed time.
    """

    months: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0

    def __neg__(self) -> Duration:
        return Duration(-self.months, -self.days, -self.hours, -self.minutes)

    def __str__(self) -> str:
        parts = ((self.months, "month"), (self.days, "day"), (self.hours, "hour"), (self.minutes, "minute"))
        said = [f"{n} {unit}{'s' if abs(n) != 1 else ''}" for n, unit in parts if n]
        return " ".join(said) or "0 days"


def add_months(day: date, months: int) -> date:
    """The same day `months` later; the last day of a shorter month (31 January + 1 = 28 or 29 February)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if day.day <= SHORTEST_MONTH:
        return date(year, month + 1, day.day)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def later(instant: datetime, duration: Duration, zone: ZoneInfo) -> datetime:
    """`instant` moved by `duration`: calendar parts on the wall clock of `zone`, hours as elapsed time.

    A wall-clock time that the spring change skips becomes the one an hour after; one that autumn repeats
    is the first of the two. Returns UTC.
    """
    return _later(instant.astimezone(UTC), duration, zone)


@lru_cache(maxsize=4096)  # the runs of a batch are planned from one instant; in UTC none is told twice
def _later(instant: datetime, duration: Duration, zone: ZoneInfo) -> datetime:
    if duration.months or duration.days:
        local = instant.astimezone(zone)
        day = add_months(local.date(), duration.months) + timedelta(days=duration.days)
        instant = on_wall_clock(day, local.time().replace(tzinfo=None, fold=local.fold), zone)
    return instant + timedelta(hours=duration.hours, minutes=duration.minutes)


def on_wall_clock(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which the clocks of `zone` show `hour` on `day`.

    A time that the spring change skips becomes the one an hour after; one that autumn repeats is the first.
    """
    return datetime.combine(day, hour, tzinfo=zone).astimezone(UTC)


@lru_cache(maxsize=1024)  # of the present instant it is asked for everybody in a batch
def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day of an instant in a zone."""
    return instant.astimezone(zone).date()


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day in a zone, in UTC."""
    return on_wall_clock(day, time(0), zone)
