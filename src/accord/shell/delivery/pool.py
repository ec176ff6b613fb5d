"""Kept connections to one mail server: opened as needed, probed before use, closed when old or worn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from accord.shell.engine.ports.mailing import Unreachable


class TurnedAway(Unreachable):
    """The server answers and does not want us: asking again soon would only make it worse."""


class Line(Protocol):
    """One open connection, as the pool sees it."""

    @property
    def usable(self) -> bool:
        """Whether the next message may go this way, as far as is known on this side."""
        ...

    @property
    def carried(self) -> int:
        """How many messages it has been given."""
        ...

    async def answers(self) -> bool:
        """Ask the other side whether it is still there."""
        ...

    async def hang_up(self) -> None:
        """Close politely, and in any case."""
        ...

    def drop(self) -> None:
        """Close now, in the middle of whatever was being said."""
        ...


L = TypeVar("L", bound=Line)


@dataclass(frozen=True, slots=True)
class Limits:
    """How many connections, for how long; times in seconds.

    `probe_after`: an idle connection older than that is asked whether it lives. `close_after`: one idle for
    so long is closed. `messages`: one is closed after so many. `first_pause`: after nobody answered, the
    server is left alone for so long, doubled each time up to `longest_pause`.
    """

    width: int = 10
    probe_after: float = 5.0
    close_after: float = 60.0
    messages: int = 200
    first_pause: float = 1.0
    longest_pause: float = 60.0


@dataclass(slots=True)
class _Kept(Generic[L]):
    line: L
    idle_since: float


class Pool(Generic[L]):
    """Up to `limits.width` connections made by `dial`, which raises Unreachable when it can't.

    It grows with demand: each call of `ready` offers up to twice what was used since the one before, so that
    a quiet house keeps one connection and a busy one all of them.
    """

    def __init__(self, dial: Callable[[], Awaitable[L]], limits: Limits) -> None:
        self._dial = dial
        self.limits = limits
        self._idle: list[_Kept[L]] = []
        self._in_use: set[L] = set()
        self._dialling: set[asyncio.Future[L]] = set()
        self._closed = False
        self._places = asyncio.Semaphore(limits.width)
        self._used = 0
        self._pause = 0.0
        self._silent_until = 0.0
        self._silence = ""

    async def ready(self) -> int:
        """How many connections are idle and alive now, after opening what demand asks for.

        Raises Unreachable when there are none, at once while a pause after a failure lasts.
        """
        await self._weed()
        wanted = min(self.limits.width, max(1, 2 * self._used))
        self._used = 0
        missing = min(wanted, self.limits.width - len(self._in_use)) - len(self._idle)
        if missing > 0:
            await self._open(missing)
        if not self._idle:
            raise Unreachable(self._silence)
        return len(self._idle)

    @asynccontextmanager
    async def line(self, *, fresh: bool = False) -> AsyncIterator[L]:
        """A connection for one message; waits for a free place, opens one when none is idle, or for a `fresh` one.

        Raises Unreachable when it can't be opened. What comes back unusable is not kept.
        """
        async with self._places:
            self._used += 1
            line = await self._take(fresh=fresh)
            self._in_use.add(line)
            clean = False
            try:
                yield line
                clean = True
            finally:
                self._in_use.discard(line)
                if not clean:
                    line.drop()
                elif line.usable and line.carried < self.limits.messages and not self._closed:
                    self._idle.append(_Kept(line, _now()))
                else:
                    await line.hang_up()

    def cut(self) -> None:
        """Drop every connection that is in use, whatever is being said on it; dial no further."""
        for line in self._in_use:
            line.drop()
        for call in self._dialling:
            call.cancel()

    async def close(self) -> None:
        """Hang up every idle connection, and those in use when they come back."""
        self._closed = True
        idle, self._idle = self._idle, []
        await asyncio.gather(*(kept.line.hang_up() for kept in idle))

    async def _take(self, *, fresh: bool) -> L:
        while self._idle and not fresh:
            kept = self._idle.pop()
            if kept.line.usable:
                return kept.line
            await kept.line.hang_up()
        known = len(self._idle)
        await self._open(1)
        if len(self._idle) <= known:
            raise Unreachable(self._silence)
        return self._idle.pop().line

    async def _weed(self) -> None:
        """Keep of the idle ones those that are young, or old enough to ask and alive."""
        now, asked, given_up = _now(), list[_Kept[L]](), list[_Kept[L]]()
        idle, self._idle = self._idle, []
        for kept in idle:
            idle_for = now - kept.idle_since
            if not kept.line.usable or idle_for >= self.limits.close_after:
                given_up.append(kept)
            else:
                (self._idle if idle_for < self.limits.probe_after else asked).append(kept)
        answers = await asyncio.gather(*(kept.line.answers() for kept in asked))
        for kept, lives in zip(asked, answers, strict=True):
            (self._idle if lives else given_up).append(kept)
        for kept in given_up:
            await kept.line.hang_up()

    async def _open(self, count: int) -> None:
        """Dial `count` times at once, unless a pause lasts; remembers why it failed."""
        if _now() < self._silent_until:
            return
        calls = [asyncio.ensure_future(self._dial()) for _ in range(count)]
        self._dialling.update(calls)
        try:
            made = await asyncio.gather(*calls, return_exceptions=True)
        finally:
            self._dialling.difference_update(calls)
        failures = [each for each in made if isinstance(each, BaseException)]
        self._idle += [_Kept(each, _now()) for each in made if not isinstance(each, BaseException)]
        if not failures:
            self._pause = 0.0
            return
        for failure in failures:
            if not isinstance(failure, Unreachable | asyncio.CancelledError):
                raise failure
        self._silence = str(failures[0]) or "The call was broken off"
        longest = self.limits.longest_pause
        turned_away = isinstance(failures[0], TurnedAway)
        self._pause = longest if turned_away else min(max(2 * self._pause, self.limits.first_pause), longest)
        self._silent_until = _now() + self._pause


def _now() -> float:
    """Seconds on the loop's own monotonic clock: only differences of it mean anything."""
    return asyncio.get_running_loop().time()
