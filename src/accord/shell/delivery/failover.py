"""A second mail server for what the first does not take: only where it is certain that the first has not got it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from accord.shell.engine.ports.mailing import Carrier, Envelope, Receipt, Unreachable

# So many failures in a row, and the first server is left alone.
MOST_FAILURES = 3

# For so many seconds at first, twice as long after each try in vain, up to the last.
FIRST_REST, LONGEST_REST = 15.0, 600.0


@dataclass(slots=True)
class Breaker:
    """Says whether the first server is to be asked; instants are seconds on a clock that never goes back."""

    failures: int = 0
    rest: float = 0.0
    rests_until: float = float("-inf")

    def is_open(self, now: float) -> bool:
        """Whether it is left alone. Once its rest is over it is tried, with whatever comes next."""
        return now < self.rests_until

    def failed(self, now: float, *, at_once: bool = False) -> None:
        """It failed; `at_once`: so that there is no doubt."""
        self.failures += 1
        if at_once or self.failures >= MOST_FAILURES or self.rest:
            self.rest = min(max(FIRST_REST, 2 * self.rest), LONGEST_REST)
            self.rests_until = now + self.rest

    def worked(self) -> None:
        """It took a mail, or spoke of one."""
        self.failures, self.rest, self.rests_until = 0, 0.0, float("-inf")


class FailoverCarrier:
    """The Carrier that hands mails to `first`, and to `second` where `first` is away or turns us away.

    A mail goes to the second only if its receipt says that the first can't have it (`not_taken`): a mail after
    whose end no answer came stays of unknown fate. `clock` tells seconds.
    """

    def __init__(self, first: Carrier, second: Carrier, clock: Callable[[], float]) -> None:
        self._first = first
        self._second = second
        self._clock = clock
        self._breaker = Breaker()
        self._under_way = 0

    @property
    def width(self) -> int:
        """As wide as whoever carries now."""
        return self._at.width

    @property
    def _at(self) -> Carrier:
        return self._second if self._breaker.is_open(self._clock()) else self._first

    async def ready(self) -> int:
        """As ready as whoever carries now; raises Unreachable where neither can be reached, with both reasons."""
        if self._breaker.is_open(self._clock()):
            try:
                return await self._second.ready()
            except Unreachable as silence:
                return await self._or_say(self._first, str(silence))
        try:
            return await self._first.ready()
        except Unreachable as silence:
            if self._under_way:
                # It gives no more connections than those in use: that is no silence.
                raise
            self._breaker.failed(self._clock(), at_once=True)
            return await self._or_say(self._second, str(silence))

    async def _or_say(self, other: Carrier, silence: str) -> int:
        try:
            return await other.ready()
        except Unreachable as silent_too:
            raise Unreachable(f"{silence}. {silent_too}") from None

    def pause(self) -> float:
        """Whoever carries now says when."""
        return self._at.pause()

    async def carry(self, envelope: Envelope) -> Receipt:
        """Hand over one mail; where the first server can't have it, to the second."""
        if self._breaker.is_open(self._clock()):
            return await self._second.carry(envelope)
        self._under_way += 1
        try:
            receipt = await self._first.carry(envelope)
        finally:
            self._under_way -= 1
        if not receipt.not_taken:
            self._breaker.worked()
            return receipt
        self._breaker.failed(self._clock())
        return await self._second.carry(envelope)

    def cut(self) -> None:
        """Break off what is under way on both."""
        self._first.cut()
        self._second.cut()

    async def close(self) -> None:
        """Close both."""
        await self._first.close()
        await self._second.close()
