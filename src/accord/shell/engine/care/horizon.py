"""Looking ahead: who reaches the cut-off in which month, and who from third parties is still to be informed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accord.core.consent.retention import inform_by
from accord.core.model.time import add_months, local_day
from accord.core.model.venue import Venue
from accord.shell.engine.ports.store import Unit

LONG_AGO = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Month:
    """A month, as YYYY-MM, and how many people reach their cut-off in it."""

    month: str
    people: int


@dataclass(frozen=True, slots=True)
class Horizon:
    """What lies ahead, seen from one day.

    `people`: how many are kept. `past`: how many have reached their cut-off and wait for the sweep, or are
    kept for something under way. `window`: how many are in the last months before it, in which they may be
    asked (R-47). `third_parties`: how many whose address came from somebody else were not written to, the
    first of them to be informed by `inform_by` (art. 14).
    """

    today: date
    people: int
    past: int
    window: int
    months: tuple[Month, ...]
    third_parties: int
    inform_by: date | None
    overdue: bool


def horizon(unit: Unit, venue: Venue, months: int, *, now: datetime) -> Horizon:
    """The next `months` calendar months, this one included."""
    zone = venue.entity.clock
    today = local_day(now, zone)
    tomorrow, first = today + timedelta(days=1), today.replace(day=1)
    counted = dict(unit.keeping.cut_offs(tomorrow, add_months(first, months)))
    names = [f"{add_months(first, n):%Y-%m}" for n in range(months)]
    window = unit.keeping.cut_offs(tomorrow, add_months(tomorrow, venue.retention.reactivation_months))
    third = unit.keeping.third_parties()
    last_day = inform_by(third.oldest, zone) if third.oldest is not None else None
    return Horizon(
        today=today,
        people=unit.keeping.headcount(),
        past=sum(count for _, count in unit.keeping.cut_offs(LONG_AGO, tomorrow)),
        window=sum(count for _, count in window),
        months=tuple(Month(name, counted.get(name, 0)) for name in names),
        third_parties=third.waiting,
        inform_by=last_day,
        overdue=last_day is not None and last_day < today,
    )
