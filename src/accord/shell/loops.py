"""What a daemon does again and again, a batch at a time, and which part of it each role takes."""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from accord import __version__
from accord.core.model.place import Diagnostic, Severity
from accord.shell.engine.care.collect import go_on_revoking
from accord.shell.engine.care.nightly import nightly
from accord.shell.engine.care.roll_up import roll_up
from accord.shell.engine.catalogue import Stale
from accord.shell.engine.ports.daemons import BEAT_EVERY, DaemonRole, Presence
from accord.shell.engine.sending.sweep import recover
from accord.shell.engine.target.reputation import guard
from accord.shell.engine.target.watch import watch
from accord.shell.engine.turn import think
from accord.shell.jobs import Job, Reach
from accord.shell.wayback import forget_others, hand_on_to_team, read_mailbox
from accord.shell.wiring import House, report_fault

THINK_EVERY, SEND_EVERY, RECOVER_EVERY, REFRESH_EVERY, WATCH_EVERY = 0.5, 0.5, 30.0, 2.0, 60.0
POST_EVERY = 0.5
HEAR_EVERY = 0.5
SWEEP_EVERY = 60.0  # asked so often; it does its work once a night
ROLL_UP_EVERY = 60.0
COLLECT_EVERY = 5.0  # each mailbox is read when its own time has come

# A turn of few costs nearly what one of hundreds does: after it more are let come together, for so many seconds.
FEW, LET_MORE_COME = 100, 0.1

# Counting takes at most one part in so many of the daemon's time.
COUNTING_RESTS = 20

# What each role takes of it; whatever its role, a daemon looks after itself.
_ITSELF = frozenset({"refresh", "beat"})
_SENDS = frozenset({"send", "hear"})
_THINKS = frozenset({"think", "post", "recover", "watch", "sweep", "roll_up", "collect"})
TAKEN = {
    DaemonRole.ALL: _ITSELF | _SENDS | _THINKS,
    DaemonRole.ENGINE: _ITSELF | _SENDS | _THINKS,
    DaemonRole.SENDER: _ITSELF | _SENDS,
    DaemonRole.WEB: _ITSELF,
}


@dataclass(slots=True)
class Loops:
    """The work of one daemon. `stopping`: nothing new is taken any more; `turned`: when each job last went well."""

    house: House
    role: DaemonRole = DaemonRole.ALL
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    turned: dict[str, datetime] = field(default_factory=dict)
    _hand: asyncio.Lock = field(default_factory=asyncio.Lock)
    _unreachable: str | None = None
    _counts_again: float = float("-inf")
    _reads_again: dict[str, float] = field(default_factory=dict)
    _unread: dict[str, str | None] = field(default_factory=dict)
    _boxes: tuple[str, ...] | None = None
    _me: Presence = field(init=False)

    def __post_init__(self) -> None:
        now, host = self.house.clock(), platform.node()
        self._me = Presence(f"{host}:{os.getpid()}", host, self.role, __version__, now, now)

    def jobs(self) -> list[Job]:
        """The jobs of its role, the most pressing first."""
        all_of_them = (
            ("send", SEND_EVERY, self.send, Reach.SHARED),
            ("hear", HEAR_EVERY, self.hear, Reach.EACH),
            ("think", THINK_EVERY, self.think, Reach.SHARED, "send", "post"),
            ("post", POST_EVERY, self.post, Reach.SHARED),
            ("refresh", REFRESH_EVERY, self.refresh, Reach.EACH),
            ("beat", BEAT_EVERY, self.beat, Reach.EACH),
            ("recover", RECOVER_EVERY, self.recover, Reach.ALONE),
            ("watch", WATCH_EVERY, self.watch, Reach.ALONE),
            ("sweep", SWEEP_EVERY, self.sweep, Reach.ALONE),
            ("roll_up", ROLL_UP_EVERY, self.roll_up, Reach.ALONE),
            ("collect", COLLECT_EVERY, self.collect, Reach.ALONE),
        )
        return [
            Job(name, every, self._noted(name, turn), reach, tuple(wakes))
            for name, every, turn, reach, *wakes in all_of_them
            if name in TAKEN[self.role]
        ]

    def _noted(self, name: str, turn: Callable[[], Awaitable[bool]]) -> Callable[[], Awaitable[bool]]:
        """The same turn; when it ends well, that is noted, for the metrics. Nothing is begun while stopping."""

        async def noted() -> bool:
            more = await turn()
            self.turned[name] = self.house.clock()
            return more and not self.stopping.is_set()

        return noted

    # -- as many daemons as there are ------------------------------------------------------------------------

    async def think(self) -> bool:
        """Answer events, let the calendar in, take due steps: one batch of each."""
        return await self._by_what_stands(self._one_turn)

    async def _one_turn(self) -> bool:
        work, now = self.house.at_work(), self.house.clock()
        turned = await asyncio.to_thread(think, self.house.store, work, now=now, on_fault=report_fault)
        if not turned.idle and max(turned.answered, turned.entered, turned.advanced) < FEW:
            await asyncio.sleep(LET_MORE_COME)
        return not turned.idle

    async def send(self) -> bool:
        """Send one batch."""
        async with self._hand:
            return await self._by_what_stands(self._one_batch)

    async def _one_batch(self) -> bool:
        tally = await self.house.sender().send_batch()
        if tally.unreachable is not None and self._unreachable is None:
            structlog.get_logger("accord").warning("mail server unreachable", detail=tally.unreachable)
        if tally.unreachable is None and self._unreachable is not None:
            structlog.get_logger("accord").info("mail server answers")
        self._unreachable = tally.unreachable
        return tally.claimed > 0

    async def post(self) -> bool:
        """Tell other systems what is due."""
        return await self._by_what_stands(self._one_round)

    async def _one_round(self) -> bool:
        return await self.house.postman().turn() > 0

    async def _by_what_stands(self, work: Callable[[], Awaitable[bool]]) -> bool:
        """Do it; where something was activated, or turned, since it was read: read it again, and come back."""
        try:
            return await work()
        except Stale:
            await asyncio.to_thread(self.house.catch_up)
        return True

    # -- each for itself -------------------------------------------------------------------------------------

    async def hear(self) -> bool:
        """Write down what was answered since the last batch: whoever sends the next one, these mails are ours."""
        if self.house.under_way.anything:
            async with self._hand:
                await self.house.sender().hear()
        return False

    async def refresh(self) -> bool:
        """See edited files and activations; a template with a fault keeps its last good version."""
        before = self.house.checked
        await asyncio.to_thread(self.house.refresh)
        if self.house.checked is not before:
            tell_faults("files read", self.house.checked.diagnostics)
        return False

    async def beat(self) -> bool:
        """Say that it lives, as what."""
        self._me = replace(self._me, seen_at=self.house.clock())
        await asyncio.to_thread(self._beat)
        return False

    def _beat(self) -> None:
        with self.house.store.begin(lazy=True) as unit:
            unit.daemons.beat(self._me)
            self.house.relays.note(unit, now=self._me.seen_at)

    def leave(self) -> None:
        """Say that it has ended. Raises StoreError."""
        with self.house.store.begin(lazy=True) as unit:
            unit.daemons.left(self._me.name)
            self.house.relays.note(unit, now=self.house.clock())

    # -- one daemon at a time --------------------------------------------------------------------------------

    async def recover(self) -> bool:
        """Look after what dead daemons, and withdrawn wordings, have left."""
        catalogue, now = self.house.catalogue, self.house.clock()
        in_hand = self.house.under_way.in_hand
        await asyncio.to_thread(recover, self.house.store, catalogue, now=now, in_hand=in_hand)
        await asyncio.to_thread(go_on_revoking, self.house.store, catalogue, now=now)
        return False

    async def watch(self) -> bool:
        """Judge the day, once: what the figures of the opt-out customers allow. See, each time, what came back."""
        for look in (watch, guard):
            await asyncio.to_thread(look, self.house.store, self.house.venue, now=self.house.clock())
        return False

    async def sweep(self) -> bool:
        """Once a night: what has come to its end goes."""
        done = await asyncio.to_thread(
            nightly,
            self.house.store,
            self.house.catalogue,
            now=self.house.clock(),
            stopped=self.stopping.is_set,
        )
        if done is not None:
            structlog.get_logger("accord").info("swept", **done.told())
        return False

    async def roll_up(self) -> bool:
        """Count anew what pages and metrics tell of; where that takes long, more seldom."""
        time = asyncio.get_running_loop().time
        begun = time()
        if begun >= self._counts_again:
            await asyncio.to_thread(roll_up, self.house.store, self.house.venue, now=self.house.clock())
            self._counts_again = begun + COUNTING_RESTS * (time() - begun)
        return False

    async def collect(self) -> bool:
        """Read the mailboxes whose time has come, and hand on what people wrote."""
        time, boxes = asyncio.get_running_loop().time, self.house.settings.mailboxes
        if self._boxes != tuple(boxes):
            await asyncio.to_thread(forget_others, self.house)
            self._boxes = tuple(boxes)
        for name, box in boxes.items():
            if self.stopping.is_set() or time() < self._reads_again.get(name, float("-inf")):
                continue
            done = await asyncio.to_thread(read_mailbox, self.house, name, self.stopping.is_set)
            self._tell_mailbox(name, done.fault)
            self._reads_again[name] = time() + (0.0 if done.more else box.every)
        if boxes and not self.stopping.is_set():
            await hand_on_to_team(self.house)
        return False

    def _tell_mailbox(self, name: str, fault: str | None) -> None:
        """Log when a mailbox can't be read, once, and when it can again."""
        before, log = self._unread.get(name), structlog.get_logger("accord")
        if fault is not None and before is None:
            log.warning("mailbox can't be read", mailbox=name, detail=fault)
        if fault is None and before is not None:
            log.info("mailbox can be read again", mailbox=name)
        self._unread[name] = fault


def tell_faults(what: str, diagnostics: list[Diagnostic] | tuple[Diagnostic, ...]) -> None:
    """One line on what was read, and one for each error in it."""
    errors = [each for each in diagnostics if each.severity is Severity.ERROR]
    log = structlog.get_logger("accord")
    (log.error if errors else log.info)(what, errors=len(errors))
    for each in errors:
        log.error("fault", at=f"{each.span.file}:{each.span.line}:{each.span.column}", says=each.message)
