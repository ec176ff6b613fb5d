"""The watch over the opt-out customers: once a day it counts them, judges, and writes down what it found (R-82)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import Any

from accord.core.model.event import Event
from accord.core.model.time import local_day, start_of_day
from accord.core.model.venue import Venue
from accord.core.standing import CYCLE_DAYS, Standing, begun, is_weekly, judged, pinned, unpinned
from accord.core.throttle import (
    MOST_COMPLAINTS,
    TOP,
    WINDOW_DAYS,
    Evidence,
    Pair,
    Ruling,
    SinceChange,
    summed,
)
from accord.shell.engine.opening import NOBODY
from accord.shell.engine.ports.figures import Delivery, Entrant, Heads, Judgement, Mailing, Outcome
from accord.shell.engine.ports.rows import Deed
from accord.shell.engine.ports.store import Store, Unit

LOOP = "watch"
STATISTICS = "statistics"  # who judges, in the history

PAGE = 2000

# Beyond the window nobody reads them any more; some days more, for a daemon that was away.
KEPT_DAYS = WINDOW_DAYS + CYCLE_DAYS


def watch(store: Store, venue: Venue, *, now: datetime) -> Judgement | None:
    """Judge today, if it has not been judged yet; returns the judgement, or None.

    Days that are over enter the figures before any outcome is looked at, so that the size of each batch is
    fixed before what came of it is seen (C.3). Every part can be done twice: a crash repeats, and loses
    nothing. Days are the entity's.
    """
    today = local_day(now, venue.entity.clock)
    with store.read() as unit:
        mark = unit.progress(LOOP)
        newest = unit.figures.newest() if mark is None or mark < today.isoformat() else None
    if mark is not None and mark >= today.isoformat():
        return None
    if newest is None:
        return _begin(store, today, now)
    done = date.fromisoformat(mark) if mark is not None else newest.standing.changed_on
    first = max(done, today - timedelta(days=WINDOW_DAYS))
    for ahead in range((today - first).days):
        _admit(store, venue, newest.standing, first + timedelta(days=ahead))
    _look(store, venue, done - timedelta(days=CYCLE_DAYS))
    judgement = _judge(store, newest.standing, since=done, today=today, now=now)
    _forget(store, today)
    return judgement


def _begin(store: Store, today: date, now: datetime) -> Judgement | None:
    """The first day: editorial only, and nothing to judge yet."""
    reason = "editorial only, until the figures of 28 days allow more"
    with store.begin() as unit:
        if unit.figures.newest(lock=True) is not None:
            return None
        start = Judgement(now, "start", begun(today), reason, STATISTICS)
        unit.figures.keep(start)
        unit.note_progress(LOOP, today.isoformat(), now)
    return start


# -- counting --------------------------------------------------------------------------------------------------


def _admit(store: Store, venue: Venue, standing: Standing, day: date) -> None:
    """Let one day's mails enter: those of campaigns that reached both O and R, a page at a time."""
    zone = venue.entity.clock
    since, until = start_of_day(day, zone), start_of_day(day + timedelta(days=1), zone)
    with store.read() as unit:
        shared = unit.figures.shared_campaigns(since, until)
    after: tuple[datetime, int] | None = None
    while shared:
        with store.read() as unit:
            page = unit.figures.deliveries(since, until, after=after, limit=PAGE)
        entrants = [_entrant(each, venue, standing, day) for each in page if each.campaign in shared]
        with store.begin() as unit:
            unit.figures.admit(entrants)
        if len(page) < PAGE:
            return
        after = (page[-1].sent_at, page[-1].message_id)


def _entrant(delivery: Delivery, venue: Venue, standing: Standing, day: date) -> Entrant:
    reporting = delivery.domain in venue.complaints_reported_by
    return Entrant(delivery, day, standing.cycle_of(day), reporting)


def _look(store: Store, venue: Venue, since: date) -> None:
    """Write down what came of the mails since a day; bounces first, since they were not delivered."""
    events_since = start_of_day(since, venue.entity.clock)
    outcomes = (Outcome.BOUNCED, Outcome.CLICKED, Outcome.LEFT, Outcome.COMPLAINED)
    with store.read() as unit:
        found = {outcome: unit.figures.outcomes(outcome, since, events_since) for outcome in outcomes}
    for outcome, entrants in found.items():
        for start in range(0, len(entrants), PAGE):
            with store.begin() as unit:
                unit.figures.mark(outcome, entrants[start : start + PAGE])


def _forget(store: Store, today: date) -> None:
    dropped = PAGE
    while dropped == PAGE:
        with store.begin() as unit:
            dropped = unit.figures.forget(today - timedelta(days=KEPT_DAYS), PAGE)


# -- judging ---------------------------------------------------------------------------------------------------


def _judge(store: Store, standing: Standing, *, since: date, today: date, now: datetime) -> Judgement | None:
    """Judge by the figures as they stand; None where somebody else has, or has turned the pin meanwhile."""
    weekly = is_weekly(since, today)
    with store.read() as unit:
        seen = evidence(unit, standing, today, weekly=weekly)
    ruling, after = judged(standing, seen, today=today, weekly=weekly)
    told = told_evidence(seen, ruling, standing, today)
    judgement = Judgement(now, ruling.move, after, ruling.reason, STATISTICS, today, weekly, told)
    with store.begin() as unit:
        newest = unit.figures.newest(lock=True)
        if newest is None or newest.standing != standing or not unit.figures.keep(judgement):
            return None
        unit.note_progress(LOOP, today.isoformat(), now)
        _tell(unit, standing, judgement)
    return judgement


def evidence(unit: Unit, standing: Standing, today: date, *, weekly: bool) -> Evidence:
    """What the figures hold for today's judgement: editorial against editorial at first, then all (C.5).

    Heads are counted once a week, and on the days between only when there are complaints enough for an alarm:
    that takes a look at everybody, and the alarms of those days ask for no more.
    """
    since, fresh = standing.counts_from(today), standing.fresh_from(today)
    promoting = standing.state.share_percent > 0
    every = tuple(Mailing)
    mailings = every if promoting else (Mailing.EDITORIAL,)
    batches = unit.figures.batches(since)
    compared = tuple(batch.pair for batch in batches if batch.mailing in mailings)
    lately = tuple(batch.pair for batch in batches if batch.day >= fresh)
    promotions = tuple(batch.pair for batch in batches if batch.mailing is Mailing.PROMOTIONAL)
    counted = weekly or sum(batch.pair.o.complaint for batch in batches) >= MOST_COMPLAINTS

    def pooled(pairs: tuple[Pair, ...], since: date, mailings: tuple[Mailing, ...]) -> Pair:
        return _with_heads(summed(pairs), unit.figures.heads(since, mailings) if counted else None)

    everybody = pooled(compared, since, mailings)
    return Evidence(
        everybody.o,
        everybody.r,
        strata=compared,
        promotional=pooled(promotions, since, (Mailing.PROMOTIONAL,)) if promoting and weekly else None,
        since_change=SinceChange(pooled(lately, fresh, every).o, lately),
    )


def _with_heads(pair: Pair, heads: tuple[Heads, Heads] | None) -> Pair:
    if heads is None:
        return pair
    o, r = heads
    return Pair(
        replace(pair.o, persons=o.persons, reporting=o.heard),
        replace(pair.r, persons=r.persons, reporting=r.heard),
    )


def told_evidence(seen: Evidence, ruling: Ruling, standing: Standing, today: date) -> Mapping[str, Any]:
    """The evidence as the history keeps it, with plain values."""
    return {
        "o": asdict(seen.o),
        "r": asdict(seen.r),
        "promotional": asdict(seen.promotional) if seen.promotional is not None else None,
        "counted_from": standing.counts_from(today),
        "e_values_from": standing.fresh_from(today),
        "batches": len(seen.strata),
        "figures": [(name, None if math.isnan(value) else value) for name, value in ruling.figures],
        "missing": list(ruling.missing),
    }


def _tell(unit: Unit, before: Standing, judgement: Judgement) -> None:
    """Journal a change. The door compares what was judged by with what is in force: promotions stop at once."""
    after = judgement.standing
    if (before.state, before.at_most) == (after.state, after.at_most):
        return
    data = {
        "state": str(after.state),
        "reason": judgement.reason,
        "before": str(before.state),
        "move": judgement.move,
        "pinned": after.at_most if after.at_most < TOP else None,
        "by": judgement.by,
        "e_values": "begin anew" if before.state != after.state else "go on",
    }
    unit.append(
        [Event(NOBODY, "throttle.changed", judgement.at, data)], received_at=judgement.at, reacts=False
    )


# -- by hand ---------------------------------------------------------------------------------------------------


def pin(store: Store, venue: Venue, at_most: int, *, reason: str, by: str, now: datetime) -> Judgement:
    """Keep the share at or below `at_most` until it is unpinned; never above what the statistics allow."""
    today = local_day(now, venue.entity.clock)
    with store.begin() as unit:
        before = _standing(unit, today)
        return _by_hand(unit, "pin", before, pinned(before, at_most, today), reason, by, now)


def unpin(store: Store, venue: Venue, *, reason: str, by: str, now: datetime) -> Judgement | None:
    """Leave it to the statistics again, from where it stands; None where it is not pinned."""
    with store.begin() as unit:
        before = _standing(unit, local_day(now, venue.entity.clock))
        if before.at_most >= TOP:
            return None
        return _by_hand(unit, "unpin", before, unpinned(before), reason, by, now)


def _standing(unit: Unit, today: date) -> Standing:
    newest = unit.figures.newest(lock=True)
    return newest.standing if newest is not None else begun(today)


def _by_hand(
    unit: Unit, move: str, before: Standing, after: Standing, reason: str, by: str, now: datetime
) -> Judgement:
    judgement = Judgement(now, move, after, reason, by)
    unit.figures.keep(judgement)
    _tell(unit, before, judgement)
    details = {"reason": reason, "state": str(after.state)}
    unit.note_deed(Deed(now, by, f"throttle {move}", f"{after.at_most / 100:.2f}", details))
    return judgement
