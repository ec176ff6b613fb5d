"""One turn of every loop: the same for the daemon's ticks, for cron and for tests."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from accord.core.model.message import MessageState
from accord.shell.engine.catalogue import AtWork
from accord.shell.engine.journeys.advance import advance
from accord.shell.engine.journeys.enter import enter
from accord.shell.engine.journeys.live import end_the_drained
from accord.shell.engine.journeys.react import react
from accord.shell.engine.ports.store import Store, StoreError
from accord.shell.engine.sending.lanes import Lanes
from accord.shell.engine.sending.postman import Postman
from accord.shell.engine.sending.send import Sender, Tally
from accord.shell.engine.target.watch import watch

# How long what is in hand may take to finish, in seconds, once it is to stop.
PATIENCE = 8.0

Fault = Callable[[str, int, Exception], None]


@dataclass(frozen=True, slots=True)
class Turned:
    """What a turn came to; `unreachable` is the mail server's silence in words, if it was silent."""

    answered: int = 0
    entered: int = 0
    advanced: int = 0
    sent: int = 0
    posted: int = 0
    unreachable: str | None = None

    @property
    def idle(self) -> bool:
        """Whether there was nothing to do."""
        return not (self.answered or self.entered or self.advanced or self.sent or self.posted)

    def __add__(self, other: Turned) -> Turned:
        return Turned(
            self.answered + other.answered,
            self.entered + other.entered,
            self.advanced + other.advanced,
            self.sent + other.sent,
            self.posted + other.posted,
            other.unreachable or self.unreachable,
        )


def think(
    store: Store,
    work: AtWork,
    *,
    now: datetime,
    on_fault: Fault,
) -> Turned:
    """Events first, then the calendar, then what is due: one batch of each.

    Raises Stale where `work` is not what stands in the database any more; what was done before stands.
    """
    turned = Turned(
        answered=react(store, work, now=now, on_fault=on_fault),
        entered=enter(store, work, now=now, on_fault=on_fault),
        advanced=advance(store, work, now=now, on_fault=on_fault),
    )
    end_the_drained(store, work, now=now)
    return turned


def think_until_idle(store: Store, work: AtWork, *, now: datetime, on_fault: Fault) -> Turned:
    """Turn until nothing is due at `now`. Events are answered before the next step is taken, as they come.

    Before anything else the day is judged, if it has not been: what the figures forbid is not begun.
    Raises Stale.
    """
    watch(store, work.catalogue.venue, now=now)
    total = Turned()
    while True:
        answered = react(store, work, now=now, on_fault=on_fault)
        entered = 0
        if not answered:
            entered = enter(store, work, now=now, on_fault=on_fault)
        advanced = 0 if answered or entered else advance(store, work, now=now, on_fault=on_fault)
        turned = Turned(answered=answered, entered=entered, advanced=advanced)
        if turned.idle:
            end_the_drained(store, work, now=now)
            return total
        total += turned


async def post_until_idle(postman: Postman) -> Turned:
    """Post what is due until nothing is, and all of it is answered. Raises Stale.

    What a receiver does not take waits in its queue for a later turn.
    """
    posted = 0
    while True:
        claimed = await postman.turn()
        posted += claimed
        if not claimed and not postman.round.flights:
            return Turned(posted=posted)


async def send_until_idle(sender: Sender | Lanes) -> Turned:
    """Send batch after batch until the queue is empty or nobody answers, and all that left is settled.

    Interrupted, it takes nothing new and finishes what is in hand. Raises Stale.
    """
    work = asyncio.ensure_future(_send_all(sender))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        sender.under_way.stopping.set()
        await asyncio.wait({work})
        raise


async def _send_all(sender: Sender | Lanes) -> Turned:
    total, stopping = Turned(), sender.under_way.stopping
    try:
        while not stopping.is_set():
            tally = await sender.send_batch()
            total += _sent(tally)
            goes_on = tally.claimed or tally.waits or sender.under_way.anything
            if tally.unreachable is not None or not goes_on:
                break
    except StoreError:
        stopping.set()
        raise
    finally:
        total += _sent(await sender.finish(PATIENCE if stopping.is_set() else math.inf))
    return total


def _sent(tally: Tally) -> Turned:
    return Turned(sent=tally.states.get(MessageState.ACCEPTED, 0), unreachable=tally.unreachable)
