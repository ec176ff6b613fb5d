"""One turn of every loop: the same for the daemon's ticks, for cron and for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from accord.core.model.content import Catalogue
from accord.core.model.message import MessageState
from accord.shell.engine.advance import advance
from accord.shell.engine.enter import enter
from accord.shell.engine.ports import Store
from accord.shell.engine.react import react
from accord.shell.engine.send import Sender, Tally
from accord.shell.engine.watch import watch

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
    unreachable: str | None = None

    @property
    def idle(self) -> bool:
        """Whether there was nothing to do."""
        return not (self.answered or self.entered or self.advanced or self.sent)

    def __add__(self, other: Turned) -> Turned:
        return Turned(
            self.answered + other.answered,
            self.entered + other.entered,
            self.advanced + other.advanced,
            self.sent + other.sent,
            other.unreachable or self.unreachable,
        )


def think(
    store: Store, catalogue: Catalogue, activated: Mapping[str, datetime], *, now: datetime, on_fault: Fault
) -> Turned:
    """Events first, then the calendar, then what is due: one batch of each."""
    return Turned(
        answered=react(store, catalogue, now=now, on_fault=on_fault),
        entered=enter(store, catalogue, activated, now=now),
        advanced=advance(store, catalogue, now=now, on_fault=on_fault),
    )


def think_until_idle(
    store: Store, catalogue: Catalogue, activated: Mapping[str, datetime], *, now: datetime, on_fault: Fault
) -> Turned:
    """Turn until nothing is due at `now`. Events are answered before the next step is taken, as they come.

    Before anything else the day is judged, if it has not been: what the figures forbid is not begun.
    """
    watch(store, catalogue.venue, now=now)
    total = Turned()
    while True:
        answered = react(store, catalogue, now=now, on_fault=on_fault)
        entered = 0 if answered else enter(store, catalogue, activated, now=now)
        advanced = 0 if answered or entered else advance(store, catalogue, now=now, on_fault=on_fault)
        turned = Turned(answered=answered, entered=entered, advanced=advanced)
        if turned.idle:
            return total
        total += turned


async def send_until_idle(sender: Sender) -> Turned:
    """Send batch after batch until the queue is empty or nobody answers, and all that left is settled.

    Interrupted, it takes nothing new and finishes what is in hand.
    """
    total = Turned()
    try:
        while True:
            tally = await sender.send_batch()
            total += _sent(tally)
            if tally.unreachable is not None or not (tally.claimed or sender.under_way.anything):
                return total + _sent(await sender.finish())
    except asyncio.CancelledError:
        sender.under_way.stopping.set()
        await sender.finish(PATIENCE)
        raise


def _sent(tally: Tally) -> Turned:
    return Turned(sent=tally.states.get(MessageState.ACCEPTED, 0), unreachable=tally.unreachable)
