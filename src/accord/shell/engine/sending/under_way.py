"""What outlives a batch: mails handed over and not answered yet, endings not written yet, the batch's size."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from accord.core.mail.compile import Compiled
from accord.core.model.consent import LegalBasis
from accord.core.model.message import MessageState
from accord.shell.engine.ports.mailing import Letter, Receipt
from accord.shell.engine.ports.rows import DoorCheck
from accord.shell.engine.sending.door import Passed
from accord.shell.engine.sending.endings import Ending, landed

T = TypeVar("T")

# A batch is what leaves within about so many seconds: service mail that comes meanwhile waits no longer, and
# a brake or a stop finds little in hand.
BATCH_SECONDS = 2.0

FIRST_BATCH, LARGEST_BATCH = 20, 500

# After the first of several mails is answered, so long is waited for its neighbours: they are settled at once.
NEIGHBOURS_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Ready:
    """A judged and written mail; `judged_policy` is the law's revision that it was judged by."""

    passed: Passed
    letter: Letter
    judged_policy: str | None

    @property
    def id(self) -> int:
        """The message's number."""
        return self.passed.message.id

    @property
    def check(self) -> DoorCheck:
        """What must still be true when it is marked as sending."""
        message = self.passed.message
        return DoorCheck(
            message_id=message.id,
            contact_id=message.contact_id,
            judged_revision=self.passed.situation.contact.revision,
            with_invitation=message.with_invitation,
            basis=message.basis,
            reason=message.reason,
            rule=message.rule,
            judged_policy=self.judged_policy,
            throttle=self.passed.situation.throttle if message.basis is LegalBasis.SOFT_OPTIN else None,
            context=self.letter.context,
            template_digest=self.letter.template_digest,
        )


@dataclass(frozen=True, slots=True)
class Flight:
    """A mail that was handed over, and the lease under which it may be settled."""

    passed: Passed
    lease: datetime


@dataclass(slots=True)
class UnderWay:
    """One a process. `endings` are known and not written yet: the database may be away for a while.

    `kept`: templates that are kept in the database, by imprint, and the day on which that was last noted.
    `stranded`: mails that were claimed when the database went away, and their lease.
    """

    batch: int = FIRST_BATCH
    kept: set[tuple[str, date]] = field(default_factory=set)
    flights: dict[asyncio.Task[Receipt], Flight] = field(default_factory=dict)
    endings: list[Ending] = field(default_factory=list)
    stranded: list[tuple[Sequence[int], datetime]] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def anything(self) -> bool:
        """Whether something is still to be heard of, or to be written down."""
        return bool(self.flights or self.endings)

    @property
    def in_hand(self) -> frozenset[int]:
        """Numbers of the messages that this process will settle itself."""
        flying = [flight.passed.message.id for flight in self.flights.values()]
        return frozenset([*flying, *(ending.message.id for ending in self.endings)])

    def new_templates(self, window: Sequence[Ready], day: date) -> dict[tuple[str, date], Compiled]:
        """Templates of these mails that are not known to be kept, or to have been used on this day."""
        used = {each.letter.template.imprint: each.letter.template for each in window if each.letter.template}
        return {(name, day): each for name, each in used.items() if (name, day) not in self.kept}

    def begins(self, carrying: Coroutine[Any, Any, Receipt], flight: Flight) -> None:
        """A mail is handed over."""
        self.flights[asyncio.ensure_future(carrying)] = flight

    async def wait(self, seconds: float) -> None:
        """Wait until half of the mails are answered (of one, only a moment longer), or to stop, or for so long."""
        flying = [task for task in self.flights if not task.done()]
        answers = _Answers(len(self.flights) - len(flying), len(self.flights))
        stop = asyncio.ensure_future(self.stopping.wait())
        first = asyncio.ensure_future(answers.first.wait())
        for task in flying:
            task.add_done_callback(answers.came)
        try:
            heard = {first} if self.stopping.is_set() else {stop, first}
            patience = None if seconds == math.inf else seconds
            await asyncio.wait(heard, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            if answers.first.is_set():
                half = asyncio.ensure_future(answers.half.wait())
                await asyncio.wait({half}, timeout=NEIGHBOURS_SECONDS)
                half.cancel()
        finally:
            for task in flying:
                task.remove_done_callback(answers.came)
            first.cancel()
            stop.cancel()

    async def unless_stopped(self, doing: Coroutine[Any, Any, T]) -> T | None:
        """What it comes to; None, and it is broken off, where it is to stop before."""
        task, stop = asyncio.ensure_future(doing), asyncio.ensure_future(self.stopping.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            stop.result()
            return None
        finally:
            task.cancel()
            stop.cancel()

    def land(self, now: datetime, on_fault: Callable[[str, int, Exception], None]) -> None:
        """Turn what has been answered into endings."""
        for task in [task for task in self.flights if task.done()]:
            flight = self.flights.pop(task)
            error = None if task.cancelled() else task.exception()
            if isinstance(error, Exception):
                on_fault("carry", flight.passed.message.id, error)
            self.endings.append(landed(flight.passed, _receipt(task), flight.lease, now))

    def never_left(self, window: Sequence[Ready], lease: datetime, why: str, now: datetime) -> None:
        """Note that these were not handed over, though they may stand marked as sending."""
        receipt = Receipt(MessageState.DEFERRED, f"not handed over: {why}")
        self.endings += [landed(each.passed, receipt, lease, now) for each in window]

    def sized(self, *, full: bool, handed: int, left: int, seconds: float) -> None:
        """Learn from a batch how large the next may be."""
        if left:
            self.batch = max(1, min(handed, LARGEST_BATCH))
        elif full and seconds < BATCH_SECONDS / 2:
            self.batch = min(2 * self.batch, LARGEST_BATCH)


class _Answers:
    """Counts the answers to mails that are under way: tells of the first, and of half of them."""

    def __init__(self, known: int, of: int) -> None:
        self._count, self._of = known, of
        self.first, self.half = asyncio.Event(), asyncio.Event()
        self._tell()

    def came(self, _task: object) -> None:
        """One more is answered."""
        self._count += 1
        self._tell()

    def _tell(self) -> None:
        if self._count:
            self.first.set()
        if 2 * self._count >= self._of:
            self.half.set()


def _receipt(task: asyncio.Task[Receipt]) -> Receipt:
    """What a carrier answered; one that fails with a bug of ours may have handed the mail over."""
    if task.cancelled():
        return Receipt(MessageState.UNKNOWN, "the carrier was interrupted")
    error = task.exception()
    if error is not None:
        return Receipt(MessageState.UNKNOWN, f"the carrier failed: {type(error).__name__}")
    return task.result()
