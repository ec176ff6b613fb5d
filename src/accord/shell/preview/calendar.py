"""The calendar of a preview: which mails leave on which day, month by month."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from accord.core.model.consent import Nature
from accord.core.model.time import local_day
from accord.shell.preview.forecast import Timeline
from accord.shell.preview.saying import Saying

Days = Mapping[date, Mapping[Nature, int]]


@dataclass(frozen=True, slots=True)
class Month:
    """One month: what it is called, and its weeks from Monday; a day of another month is None."""

    name: str
    weeks: Sequence[Sequence[date | None]]


def of_timelines(timelines: Iterable[Timeline], say: Saying) -> Days:
    """How many mails of each nature some people get on each day of the venue's clock."""
    days: dict[date, Counter[Nature]] = {}
    for each in timelines:
        for row in each.journal:
            if row.name == "mail.queued":
                day = local_day(row.at, say.zone)
                days.setdefault(day, Counter())[Nature(str(row.data["nature"]))] += 1
    return {
        day: {nature: counts[nature] for nature in Nature if counts[nature]} for day, counts in days.items()
    }


def months_of(days: Days, say: Saying) -> list[Month]:
    """The months from the first mail to the last, those without any left out."""
    found = sorted({(day.year, day.month) for day in days})
    sheet = calendar.Calendar()
    return [
        Month(
            say.day(date(year, month, 1), "LLLL y"),
            [
                [day if day.month == month else None for day in week]
                for week in sheet.monthdatescalendar(year, month)
            ],
        )
        for year, month in found
    ]


def weekdays(say: Saying) -> list[tuple[str, str]]:
    """The heads of a month's columns: short, and in full."""
    monday = date(2024, 1, 1)
    days = [monday + timedelta(days=number) for number in range(7)]
    return [(say.day(day, "EEEEEE"), say.day(day, "EEEE")) for day in days]
