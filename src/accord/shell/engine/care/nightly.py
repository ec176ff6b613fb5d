"""The sweep that runs by itself: once a night, a share of the people at most, and again where it was broken off."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta

from accord.core.model.content import Catalogue
from accord.shell.engine.care.retain import SWEEP, BrokenOff, Swept, sweep
from accord.shell.engine.ports.store import Store

# It begins at this hour of the entity's day, and takes so many people a night at most: a wrong number in
# config.toml is noticed before everybody is gone. What is left comes the next night.
AT_NIGHT = 3
FEWEST_A_NIGHT, SHARE_A_NIGHT = 1000, 0.05

# A sweep that began so long ago and did not end has died.
GIVEN_UP_AFTER = timedelta(hours=2)


def nightly(
    store: Store,
    catalogue: Catalogue,
    *,
    now: datetime,
    by: str = "accord",
    stopped: Callable[[], bool] = lambda: False,
) -> Swept | None:
    """The sweep of this night, once, from three o'clock of the entity's day on; None where it is done.

    Cron and the daemon may ask as often as they like. One that is broken off goes on when next asked.
    """
    local = now.astimezone(catalogue.venue.entity.clock)
    if local.hour < AT_NIGHT:
        return None
    with store.read() as unit:
        if not _is_due(unit.progress(SWEEP), local.date(), now):
            return None
        most = max(FEWEST_A_NIGHT, int(unit.keeping.headcount() * SHARE_A_NIGHT))
    _mark(store, local.date(), now, done=False)
    try:
        swept = sweep(store, catalogue, now=now, by=by, most=most, stopped=stopped)
    except BrokenOff:
        _mark(store, local.date() - timedelta(days=1), now, done=True)
        return None
    _mark(store, local.date(), now, done=True)
    return swept


def _is_due(mark: str | None, today: date, now: datetime) -> bool:
    if mark is None:
        return True
    day, done, at = json.loads(mark)
    given_up = datetime.fromisoformat(at) + GIVEN_UP_AFTER <= now
    return bool(day != today.isoformat() or (not done and given_up))


def _mark(store: Store, day: date, now: datetime, *, done: bool) -> None:
    with store.begin() as unit:
        unit.note_progress(SWEEP, json.dumps([day.isoformat(), done, now.isoformat()]), now)
