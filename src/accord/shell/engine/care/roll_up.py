"""The roll-ups: each day is counted anew and replaces what was counted of it, never added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from accord.core.model.time import add_months, local_day, start_of_day
from accord.core.model.venue import Venue
from accord.shell.engine.ports.store import Store
from accord.shell.engine.ports.tallies import ANSWERED_WITHIN, OF_A_DAY, Subject

EVERY = timedelta(seconds=50)

# A day is open until it has been over for so long: what was under way at midnight has come in by then.
OPEN_FOR = timedelta(hours=1)

# Counted again each night while answers come in, then once a week: a run may take months to its end.
NIGHTLY_DAYS, WEEKLY_DAYS = ANSWERED_WITHIN.days, 7

# Mails are tidied by the day on which they were queued, which may have been some days before they left.
TIDIED_BEFORE = timedelta(days=7)

# Older days are neither counted nor kept.
KEPT_DAYS = 400


def roll_up(store: Store, venue: Venue, *, now: datetime, every: timedelta = EVERY) -> Sequence[date]:
    """Count what is open anew, and of the days that are over the newest that is due; returns the days counted.

    None is counted where anybody took a turn within `every`. Each day is read in a transaction that holds up
    nobody, and replaced in one short write. Days are the entity's. A crash loses nothing: what was not
    replaced is due still.
    """
    with store.begin(lazy=True) as unit:
        if not unit.tallies.take_turn(now, every):
            return ()
    today, closed = local_day(now, venue.entity.clock), local_day(now - OPEN_FOR, venue.entity.clock)
    with store.read() as unit:
        known = unit.tallies.counted_days()
    counted: list[date] = []
    for day in (*sorted({today, closed}, reverse=True), *due(known, closed, venue)[:1]):
        if not _count(store, venue, day, max(0, (closed - day).days), now):
            break
        counted.append(day)
    _snapshot(store, today, now)
    return counted


def due(known: Mapping[date, int], closed: date, venue: Venue) -> list[date]:
    """The days before `closed` that are to be counted, newest first: none yet, or not for a night, or a week.

    A day of which the ledgers may have been tidied stays as it was counted.
    """
    months = min(venue.retention.messages_months, venue.retention.journal_months)
    kept = add_months(closed, -months) + TIDIED_BEFORE
    found = []
    for age in range(1, KEPT_DAYS):
        day = closed - timedelta(days=age)
        rests = 1 if age <= NIGHTLY_DAYS else WEEKLY_DAYS
        if day > kept and (day not in known or age - known[day] >= rests):
            found.append(day)
    return found


def _count(store: Store, venue: Venue, day: date, age: int, now: datetime) -> bool:
    """Count one day; False where another daemon has begun to count meanwhile, who knows better."""
    zone = venue.entity.clock
    since, until = start_of_day(day, zone), start_of_day(day + timedelta(days=1), zone)
    with store.read() as unit:
        tallies = unit.tallies.of_day(day, since, until)
    with store.begin(lazy=True) as unit:
        if not unit.tallies.still_mine(now):
            return False
        unit.tallies.replace(day, OF_A_DAY, tallies)
        unit.tallies.note(day, age, now)
    return True


def _snapshot(store: Store, today: date, now: datetime) -> None:
    """Where people stand now, at each turn; when their data will go, which takes a look at everybody, once a day."""
    with store.read() as unit:
        tallies = list(unit.tallies.in_flight(today))
        subjects = {Subject.IN_FLIGHT}
        if not unit.tallies.counts(Subject.CUT_OFF, today, today + timedelta(days=1)):
            subjects.add(Subject.CUT_OFF)
            tallies += unit.tallies.cut_off(today)
    with store.begin(lazy=True) as unit:
        if unit.tallies.still_mine(now):
            unit.tallies.replace(today, subjects, tallies)
            unit.tallies.drop(today - timedelta(days=KEPT_DAYS))
