"""Jobs of the daemon: each a batch that is done again and again, and whatever goes wrong in one, the next one comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum

import structlog

from accord.shell.engine.ports.store import Busy, StoreError

# The same complaint is logged once in so many seconds: a database that is away for an hour is one line a minute.
COMPLAIN_EVERY = 60.0

# After a turn that failed the next one waits at least so long, in seconds.
REST_AFTER_FAULT = 1.0


class Reach(Enum):
    """How many daemons on one database do the same job at once."""

    SHARED = "shared"  # as many as there are: each claims a batch of its own
    ALONE = "alone"  # one of them at a time
    EACH = "each"  # each for itself: it is about the process, not about the database


@dataclass(slots=True)
class Job:
    """Something that is done again and again: asked for every so many seconds, and at once while there is more.

    `turn` does one batch, and says whether there may be more. `wakes`: jobs that then have something to do, too.
    """

    name: str
    every: float
    turn: Callable[[], Awaitable[bool]]
    reach: Reach = Reach.SHARED
    wakes: tuple[str, ...] = ()
    _task: asyncio.Task[None] | None = None
    _complaint: str = ""
    _complained_at: float = field(default=float("-inf"))

    async def begin(self) -> None:
        """Begin, unless it still goes on. Returns at once: whoever ticks may be stopped."""
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._until_idle())

    async def ended(self) -> None:
        """Wait until what goes on has ended."""
        if self._task is not None:
            await self._task

    async def once(self) -> bool:
        """One turn; whether there may be more. What goes wrong is told, and rested after."""
        try:
            more = await self.turn()
        except Exception as fault:  # noqa: BLE001 - no fault of one turn ends the daemon
            self.complain(fault)
            await asyncio.sleep(REST_AFTER_FAULT)
            return False
        if self._complaint:
            structlog.get_logger("accord").info("goes on", job=self.name)
        self._complaint = ""
        return more

    async def _until_idle(self) -> None:
        while await self.once():
            continue

    def complain(self, fault: Exception) -> None:
        """Log what is new, or goes on for long; a database that is away is no bug, and has no traceback."""
        now = asyncio.get_running_loop().time()
        complaint = f"{type(fault).__name__}: {fault}"
        if complaint == self._complaint and now - self._complained_at < COMPLAIN_EVERY:
            return
        self._complaint, self._complained_at = complaint, now
        log = structlog.get_logger("accord")
        if isinstance(fault, Busy):
            log.warning("database busy", job=self.name, detail=str(fault))
        elif isinstance(fault, StoreError):
            log.error("database", job=self.name, detail=str(fault))
        else:
            log.error("fault", job=self.name, kind=type(fault).__name__, exc_info=fault)
