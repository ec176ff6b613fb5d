"""The watch over what comes back: prospecting stops by itself when too many mails bounce or are complained of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from accord.core.consent.holds import PROSPECTING
from accord.core.model.consent import Nature
from accord.core.model.event import Event
from accord.core.model.reputation import CameBack, Reading, readings
from accord.core.model.time import local_day, start_of_day
from accord.core.model.venue import Venue
from accord.shell.engine.care.reputation import READ, RELEASED, REPUTATION, as_kept
from accord.shell.engine.opening import NOBODY
from accord.shell.engine.ports.running import GUARD
from accord.shell.engine.ports.store import Store, Unit
from accord.shell.engine.ports.tallies import Subject


def guard(store: Store, venue: Venue, *, now: datetime) -> Sequence[Reading]:
    """Read the figures of the last days, and put the brake on prospecting where one is past its limit.

    Service mail goes on. What left before somebody released the brake counts no more. Cheap enough to be asked
    every minute: mails are taken from the roll-up, and only what came back is looked at one by one.
    """
    with store.read() as unit:
        came = came_back(unit, venue, now=now)
        found = readings(came, venue.reputation)
        held = any(brake.name == PROSPECTING for brake in unit.brakes())
        told = as_kept(found)
        is_news = unit.progress(READ) != told
    stopping = [each for each in found if each.stops]
    if is_news or (stopping and not held):
        with store.begin() as unit:
            unit.note_progress(READ, told, now)
            if stopping and not any(brake.name == PROSPECTING for brake in unit.brakes()):
                _stop(unit, stopping, now)
    return found


def came_back(unit: Unit, venue: Venue, *, now: datetime) -> CameBack:
    """Of the prospecting mails of the last days, or of those since the brake was released, what came back."""
    zone = venue.entity.clock
    today = local_day(now, zone)
    first = today - timedelta(days=venue.reputation.days - 1)
    since, released = start_of_day(first, zone), unit.progress(RELEASED)
    if released is not None and datetime.fromisoformat(released) > since:
        since = datetime.fromisoformat(released)
        mails = unit.outflow.prospecting_since(since)
    else:
        left = unit.tallies.counts(Subject.LEFT, first, today + timedelta(days=1))
        mails = sum(tally.count for tally in left if tally.key[0] != Nature.SERVICE.value)
    bounced, complained = unit.outflow.came_back(since)
    return CameBack(mails, bounced, complained)


def _stop(unit: Unit, stopping: Sequence[Reading], now: datetime) -> None:
    reason = f"REPUTATION: {' and '.join(each.sentence for each in stopping)}"
    unit.hold(PROSPECTING, reason, GUARD, now)
    told = Event(NOBODY, "prospecting.held", now, {"by": GUARD, "reason": reason})
    unit.append([told], received_at=now, reacts=False)
    unit.keeping.raise_task(REPUTATION, PROSPECTING, {"reason": reason}, now)
