"""Hours, windows, days, shares and schedules as authors write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time

from croniter import CroniterBadDateError, croniter

from accord.core.language.tables import HOUR, HOURS, SHARE
from accord.core.model.scenario import Hours, OnSchedule

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ORDINALS: Mapping[str, str] = {"1st": "#1", "2nd": "#2", "3rd": "#3", "4th": "#4", "5th": "#5"}

_HOUR = re.compile(HOUR)
_HOURS = re.compile(HOURS)
_SHARE = re.compile(SHARE)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_EVERY = re.compile(r"(?:(\w+)\s+)?(\w+)\s+(\d{1,2}:\d\d)")
_NTH_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")
# What cron's five fields are made of; croniter knows more, dice among them.
_CRON = re.compile(
    r"[0-9*,/#l \t-]|mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
)
_SOME_DAY = datetime(2000, 1, 1)  # noqa: DTZ001 - a calendar of its own: only whether it ever comes is asked


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
    opens, closes = hour_of(match[3]), hour_of(match[6])
    if first not in WEEKDAYS or last not in WEEKDAYS or opens is None or closes is None or opens >= closes:
        return None
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last)
    days = range(start, end + 1) if start <= end else [*range(start, 7), *range(end + 1)]
    return Hours(frozenset(days), opens, closes)


def day_of(text: str) -> date | None:
    """`2026-09-01`, or None."""
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def share_of(text: str) -> int | None:
    """`50%` or `12.5 %` in hundredths of a per cent, 100 % at most; None for anything else."""
    match = _SHARE.fullmatch(text)
    share = round(float(match[1]) * 100) if match is not None else None
    return share if share is not None and share <= 10_000 else None


def schedule_of(text: str) -> OnSchedule | None:
    """`1st tue 10:00`, `last fri 18:00`, `tue 10:00`, `daily 09:00`, `1st day 10:00`, or five cron fields.

    None for anything else, and for days that never come, such as the 30th of February.
    """
    said = " ".join(text.lower().split())
    cron = said if len(said.split()) == 5 and not _CRON.sub("", said) else _cron_of(said)
    if cron is None or not croniter.is_valid(cron):
        return None
    try:
        croniter(cron, _SOME_DAY).get_next()
    except CroniterBadDateError:
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
        nth = _NTH_DAY.fullmatch(which)
        number = "L" if which == "last" else nth[1] if nth is not None else None
        return f"{clock} {number} * *" if number is not None else None
    if day not in WEEKDAYS:
        return None
    if which == "last":
        return f"{clock} * * L{(WEEKDAYS.index(day) + 1) % 7}"
    return f"{clock} * * {day}{_ORDINALS[which]}" if which in _ORDINALS else None
