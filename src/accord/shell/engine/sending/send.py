"""Mail out: claim a batch, judge and write it, mark a window as sending, hand it over, settle what is answered."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accord.core.model.message import Lane, Message, MessageState
from accord.shell.engine.catalogue import AtWork
from accord.shell.engine.ports.mailing import Carrier, Unreachable, Writer
from accord.shell.engine.ports.store import Store, StoreError
from accord.shell.engine.sending.book import Book, Entry
from accord.shell.engine.sending.desk import Desk
from accord.shell.engine.sending.door import Passed
from accord.shell.engine.sending.endings import Ending
from accord.shell.engine.sending.pacer import Pacer
from accord.shell.engine.sending.prepare import Preparation
from accord.shell.engine.sending.under_way import BATCH_SECONDS, LARGEST_BATCH, Flight, Ready, UnderWay

# A claim is held for so long: what a dead sender had only claimed is back in the queue then.
CLAIM_LEASE = timedelta(minutes=2)

# Longer than any conversation with a mail server lasts; after it a mail that was handed over is `unknown`.
LEASE = timedelta(minutes=30)

# A mail that the door turns away twice, though it was judged anew in between, is asked about later.
ASKED_TWICE = timedelta(minutes=1)

# How long is waited before a busy connection, or a database that was away, is asked again, in seconds.
BREATH = 0.25

# How long endings are still tried to be written after the signal to stop, in seconds.
LAST_PATIENCE = 30.0


@dataclass(slots=True)
class Tally:
    """What one batch came to: how many were claimed, and how each ended that ended meanwhile.

    `waits`: nothing was claimed because a rate, or busy connections, let nothing leave just then.
    """

    claimed: int = 0
    handed: int = 0
    unreachable: str | None = None
    waits: bool = False
    states: dict[MessageState, int] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Add what another batch came to."""
        self.claimed += other.claimed
        self.handed += other.handed
        self.unreachable = self.unreachable or other.unreachable
        self.waits = self.waits or other.waits
        for state, count in other.states.items():
            self.states[state] = self.states.get(state, 0) + count

    def count(self, endings: Sequence[Ending]) -> None:
        """Add these endings."""
        for ending in endings:
            state = ending.settlement.state
            self.states[state] = self.states.get(state, 0) + 1


@dataclass(slots=True)
class Sender:
    """The way out of the house: one at a time per process and lane.

    `clock` gives the aware instant, UTC: a batch is long, and each window is judged by its own.
    `on_fault(loop, message id, error)` hears what went wrong with one mail. `under_way` outlives a sender,
    which is made anew with each catalogue. `pacer`: how fast prospecting mail may leave to each domain.
    """

    store: Store
    work: AtWork
    writer: Writer
    carrier: Carrier
    clock: Callable[[], datetime]
    on_fault: Callable[[str, int, Exception], None]
    under_way: UnderWay = field(default_factory=UnderWay)
    pacer: Pacer | None = None
    lanes: Sequence[Lane] = tuple(Lane)

    async def send_batch(self, limit: int = LARGEST_BATCH) -> Tally:
        """Hand over what leaves in about two seconds, and settle what has been answered.

        The tally says how many were claimed: none where nothing is due, nobody answers or it is to stop.
        Raises Stale.
        """
        tally = Tally()
        await self._bring_back()
        idle = await self._room(tally, _now() + BATCH_SECONDS)
        if not idle:
            await self._settle(tally)
            tally.waits = tally.unreachable is None and not self.under_way.stopping.is_set()
            return tally
        began, limit = _now(), min(limit, self.under_way.batch)
        tally.claimed, messages, lease = await asyncio.to_thread(self._claim, limit)
        if not tally.claimed:
            await self._land(tally, BREATH)
            return tally
        desk = Desk(self._preparation())
        try:
            desk.waiting.extend(await self._judge(desk, messages, lease, tally))
            await self._hand_over(desk, idle, lease, tally)
        except StoreError:
            self.under_way.stranded.append(([message.id for message in messages], lease))
            raise
        left = desk.ids
        if left:
            await asyncio.to_thread(self._give_back, left, lease)
        self.under_way.sized(
            full=tally.claimed == limit, handed=tally.handed, left=len(left), seconds=_now() - began
        )
        return tally

    async def hear(self) -> Tally:
        """Settle what has been answered since the last batch, and take nothing new."""
        tally = Tally()
        await self._land(tally, 0.0)
        return tally

    async def finish(self, patience: float = math.inf) -> Tally:
        """Take nothing new, wait `patience` seconds for what is under way, then cut it; settle it all.

        Each mail that is cut still ends as what is known of it. Raises StoreError where the database stays
        away too long: what could not be written becomes `unknown` when its lease is over.
        """
        tally, ends = Tally(), _now() + patience
        while self.under_way.flights and _now() < ends:
            await self._land(tally, ends - _now())
        if self.under_way.flights:
            self.carrier.cut()
        while self.under_way.anything:
            await self._land(tally, math.inf)
        return tally

    # -- one batch ---------------------------------------------------------------------------------------

    def _claim(self, limit: int) -> tuple[int, Sequence[Message], datetime]:
        """How many were claimed, those of them that may leave now by their pace, and until when they are ours."""
        now = self.clock()
        lease = now + CLAIM_LEASE
        with self.store.begin(lazy=True) as unit:
            held = frozenset(brake.name for brake in unit.brakes())
            claimed = unit.claim_messages(now, limit, lease, held, self.lanes)
            if not claimed:
                return 0, (), lease
            self.work.check(unit)
            if self.pacer is None:
                return len(claimed), claimed, lease
            zone = self.work.catalogue.venue.entity.clock
            going, waiting = self.pacer.sorted_out(unit, claimed, zone, now=now)
            unit.postpone(waiting, lease)
            self.pacer.note(unit, now=now)
            return len(claimed), going, lease

    def _preparation(self) -> Preparation:
        return Preparation(self.store, self.work, self.writer, self.on_fault, self.clock())

    async def _judge(
        self, desk: Desk, messages: Sequence[Message], lease: datetime, tally: Tally
    ) -> Sequence[Passed]:
        """Judge again; what may not leave is settled by that."""
        desk.prepare = self._preparation()
        passed, endings = await asyncio.to_thread(desk.prepare.of, messages, lease)
        tally.count(endings)
        return passed

    async def _hand_over(self, desk: Desk, idle: int, lease: datetime, tally: Tally) -> None:
        """Window by window, each no wider than there are idle connections; what was not got to stays on the desk."""
        ends, asked_again = _now() + BATCH_SECONDS, set[int]()
        began = self.pacer.clock() if self.pacer is not None else 0.0
        while desk.anything and idle and not self.under_way.stopping.is_set():
            await self._write(desk, idle, lease, tally)
            if self.pacer is not None and (slower := self.pacer.slowed_since(began)):
                desk.ready = await asyncio.to_thread(self._slow_down, desk.ready, slower, lease)
            again = await self._window(desk, desk.take(idle), lease, tally)
            if again:
                twice = [message.id for message in again if message.id in asked_again]
                once = [message for message in again if message.id not in asked_again]
                asked_again.update(message.id for message in once)
                await asyncio.to_thread(self._give_back, twice, lease, self.clock() + ASKED_TWICE)
                desk.put_first(await self._judge(desk, once, lease, tally))
            # What is answered meanwhile is written down with the next window.
            if 2 * len(self.under_way.flights) > self.carrier.width:
                await self.under_way.wait(ends - _now())
            idle = await self._room(tally, ends) if desk.anything else 0

    async def _write(self, desk: Desk, count: int, lease: datetime, tally: Tally) -> None:
        """Have so many ready; what can't be written is settled, or put off."""
        await desk.write(count)
        failed, desk.failed = desk.failed, []
        if failed:
            tally.count(await asyncio.to_thread(desk.prepare.put_off, failed, lease))

    async def _window(
        self, desk: Desk, window: Sequence[Ready], lease: datetime, tally: Tally
    ) -> Sequence[Message]:
        """Mark and hand over; returns those that are to be judged again, because what was judged has changed.

        What was answered meanwhile is settled with it. Marking waits for the disk: meanwhile as many letters are
        written as may leave next.
        """
        if not window:
            return ()
        now = self.clock()
        until = now + LEASE
        templates = self.under_way.new_templates(window, now.date())
        self.under_way.land(now, self.on_fault)
        entry = Entry(list(self.under_way.endings), window, templates.values(), lease, until)
        try:
            booking = asyncio.ensure_future(asyncio.to_thread(self._book().enter, entry))
            await desk.write(len(window))
            booked = await booking
        except StoreError as fault:
            # Whether that was written nobody knows, so nothing of it is handed over.
            self.under_way.never_left(window, until, str(fault), self.clock())
            raise
        del self.under_way.endings[: len(entry.endings)]
        tally.count(booked.settled)
        self.under_way.kept |= templates.keys()
        for each in window:
            if each.id in booked.marked:
                self.under_way.begins(self.carrier.carry(each.letter.envelope), Flight(each.passed, until))
        tally.handed += len(booked.marked)
        return booked.again

    async def _room(self, tally: Tally, until: float) -> int:
        """How many may be handed over now: waits for the rate and for an idle connection, settling meanwhile.

        0 where it is to stop, nobody answers, or `until` has passed.
        """
        under_way = self.under_way
        while not under_way.stopping.is_set() and _now() < until:
            pause = self.carrier.pause() if len(under_way.flights) < self.carrier.width else math.inf
            if pause <= 0:
                idle = await self._idle(tally)
                if idle or tally.unreachable:
                    return min(idle, self.carrier.width - len(under_way.flights))
                pause = BREATH
            await self._rest(tally, min(pause, until - _now()))
        return 0

    async def _idle(self, tally: Tally) -> int:
        """How many connections are idle; a server that gives no more than those in use is not silent."""
        try:
            return await self.under_way.unless_stopped(self.carrier.ready()) or 0
        except Unreachable as silence:
            if not self.under_way.flights:
                tally.unreachable = str(silence)
            return 0

    # -- what has been answered ----------------------------------------------------------------------------

    async def _land(self, tally: Tally, seconds: float) -> None:
        """Settle the next answers, if any are awaited; waits for so long at most."""
        if self.under_way.flights:
            await self._rest(tally, seconds)
        else:
            await self._settle(tally)

    async def _rest(self, tally: Tally, seconds: float) -> None:
        """Wait for so long, or for answers, or to stop; settle what is known."""
        if not self.under_way.endings:
            await self.under_way.wait(max(0.0, seconds))
        await self._settle(tally)

    async def _settle(self, tally: Tally) -> None:
        """Write what is known. A database that is away is waited for: the mails have left already."""
        under_way = self.under_way
        under_way.land(self.clock(), self.on_fault)
        patience = _Patience(LAST_PATIENCE)
        while under_way.endings:
            endings = list(under_way.endings)
            try:
                written = await asyncio.to_thread(self._book().settle, endings)
            except StoreError as fault:
                if patience.is_new():
                    self.on_fault("settle", endings[0].message.id, fault)
                if under_way.stopping.is_set() and patience.is_over(_now()):
                    raise
                await asyncio.sleep(BREATH)
                continue
            del under_way.endings[: len(endings)]
            tally.count(written)

    def _book(self) -> Book:
        return Book(self.store, self.work.catalogue, self.clock, self.on_fault)

    def _slow_down(self, ready: list[Ready], slower: frozenset[str], lease: datetime) -> list[Ready]:
        """Give back what goes to domains that have asked for less since this batch was claimed."""
        if self.pacer is None:
            return ready
        now = self.clock()
        going, waiting = self.pacer.slowed_down(ready, slower, now=now)
        if not waiting:
            return going
        with self.store.begin(lazy=True) as unit:
            unit.postpone(waiting, lease)
        return going

    async def _bring_back(self) -> None:
        """Give back what was claimed when the database went away: it need not wait for its lease to be over."""
        stranded = self.under_way.stranded
        while stranded:
            await asyncio.to_thread(self._give_back, *stranded[0])
            del stranded[0]

    def _give_back(self, ids: Sequence[int], lease: datetime, not_before: datetime | None = None) -> None:
        with self.store.begin(lazy=True) as unit:
            unit.requeue(ids, not_before, lease=lease)


@dataclass(slots=True)
class _Patience:
    """Counts `seconds` from when it is first asked whether it is over; `is_new` says so once."""

    seconds: float
    _new: bool = True
    _ends: float | None = None

    def is_new(self) -> bool:
        was, self._new = self._new, False
        return was

    def is_over(self, now: float) -> bool:
        if self._ends is None:
            self._ends = now + self.seconds
        return now >= self._ends


def _now() -> float:
    """Seconds on the loop's own monotonic clock: only differences of it mean anything."""
    return asyncio.get_running_loop().time()
