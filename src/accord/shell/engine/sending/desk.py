"""The desk: the mails of one batch that may leave, each written shortly before it does."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from accord.core.model.message import Message
from accord.shell.engine.ports.rows import Settlement
from accord.shell.engine.sending.door import Later, Passed
from accord.shell.engine.sending.prepare import Preparation
from accord.shell.engine.sending.under_way import Ready


@dataclass(slots=True)
class Desk:
    """While one window is being marked, and is on its way, the next is written: neither waits for the other.

    `ready`: written, and next to leave. `failed`: what can't be written, to be put off or settled.
    """

    prepare: Preparation
    waiting: deque[Passed] = field(default_factory=deque)
    ready: list[Ready] = field(default_factory=list)
    failed: list[tuple[Message, Later | Settlement]] = field(default_factory=list)

    @property
    def anything(self) -> bool:
        """Whether something is still to leave."""
        return bool(self.waiting or self.ready)

    @property
    def ids(self) -> list[int]:
        """Numbers of the messages that are still to leave."""
        return [each.id for each in self.ready] + [each.message.id for each in self.waiting]

    def put_first(self, passed: Iterable[Passed]) -> None:
        """These leave before all that are not written yet."""
        self.waiting.extendleft(reversed(list(passed)))

    async def write(self, count: int) -> None:
        """Write until so many are ready, or none waits; in a thread, so that no template holds up the loop."""
        if self.waiting and len(self.ready) < count:
            await asyncio.to_thread(self._write, count)

    def _write(self, count: int) -> None:
        while self.waiting and len(self.ready) < count:
            passed = self.waiting.popleft()
            written = self.prepare.write(passed)
            if isinstance(written, Ready):
                self.ready.append(written)
            else:
                self.failed.append((passed.message, written))

    def take(self, count: int) -> Sequence[Ready]:
        """The next that leave, as many at most."""
        window, self.ready = self.ready[:count], self.ready[count:]
        return window
