"""Hours, windows, days and schedules as authors write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time

from croniter import croniter

from accord.core.model.scenario import Hours, OnSchedule

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ORDINALS: Mapping[str, str] = {"1st": "#1", "2nd": "#2", "3rd": "#3", "4th": "#4", "5th": "#5"}

_HOUR = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_HOURS = re.compile(r"(?:(\w{3})(?:-(\w{3}))?\s+)?(\d{1,2}:\d\d)-(\d{1,2}:\d\d)")
_EVERY = re.compile(r"(?:(\w+)\s+)?(\w+)\s+(\d{1,2}:\d\d)")


def hour_of(text: str) -> time | None:
    """`10:00`, or None."""
    match = _HOUR.fullmatch(text)
    return time(int(match[1]), int(match[2])) if match is not None else None


def hours_of(text: str) -> Hours | None:
    """`mon-fri 09:00-19:00`, `sat 10:00-12:00` or `09:00-19:00`; None for anything else."""
    match = _HOURS.fullmatch(text.strip().lower())
    if match is None:
        return None
    first, last = match[1] or "mon", match[2] or (match[1] or "sun")
    opens, closes = hour_of(match[3]), hour_of(match[4])
    if first not in WEEKDAYS or last not in WEEKDAYS or opens is None or closes is None or opens >= closes:
        return None
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last)
    days = range(start, end + 1) if start <= end else [*range(start, 7), *range(end + 1)]
    return Hours(frozenset(days), opens, closes)


def day_of(value: object) -> date | None:
    """`2026-09-01`, or None."""
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def schedule_of(text: str) -> OnSchedule | None:
    """`1st tue 10:00`, `last fri 18:00`, `tue 10:00`, `daily 09:00`, `1st day 10:00`, or five cron fields."""
    said = text.strip().lower()
    cron = said if len(said.split()) == 5 else _cron_of(said)
    if cron is None or not croniter.is_valid(cron):
        return None
    return OnSchedule(text, cron)


def _cron_of(said: str) -> str | None:
    match = _EVERY.fullmatch(said)
    hour = hour_of(match[3]) if match is not None else None
    if match is None or hour is None:
        return None
    which, day = match[1], match[2]
    clock = f"{hour.minute} {hour.hour}"
    if which is None:
        if day == "daily":
            return f"{clock} * * *"
        return f"{clock} * * {day}" if day in WEEKDAYS else None
    if day == "day":
        number = which.removesuffix("st").removesuffix("nd").removesuffix("rd").removesuffix("th")
        return f"{clock} {'L' if which == 'last' else number} * *"
    if day not in WEEKDAYS:
        return None
    if which == "last":
        return f"{clock} * * L{(WEEKDAYS.index(day) + 1) % 7}"
    return f"{clock} * * {day}{_ORDINALS[which]}" if which in _ORDINALS else None
