"""How fast mail may leave: a bucket of tokens, and a carrier that waits for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from accord.shell.engine.ports.mailing import Carrier, Envelope, Receipt

# Mails that a fast rate lets through within so many seconds leave together.
_MOMENT = 0.05

# What sums of fractions leave behind is no reason to wait.
_DUST = 1e-6


@dataclass(slots=True)
class TokenBucket:
    """`per_second` messages a second on average, at most `burst` at once.

    All instants are seconds on one clock that never goes back. It starts full.
    """

    per_second: float
    burst: int
    _tokens: float = 0.0
    _filled_at: float | None = None

    def __post_init__(self) -> None:
        if self.per_second <= 0 or self.burst < 1:
            raise ValueError("a rate must let something through: per_second above 0, burst at least 1")

    def available(self, now: float) -> int:
        """How many messages may leave at this instant."""
        self._fill(now)
        return max(0, int(self._tokens + _DUST))

    def wait(self, now: float, count: int = 1) -> float:
        """Seconds until so many messages may leave; 0 when they may now."""
        self._fill(now)
        missing = min(count, self.burst) - self._tokens
        return missing / self.per_second if missing > _DUST else 0.0

    def take(self, now: float) -> None:
        """One message leaves. The level may go below zero: what left early is waited for later."""
        self._fill(now)
        self._tokens -= 1.0

    def _fill(self, now: float) -> None:
        if self._filled_at is None:
            self._tokens, self._filled_at = float(self.burst), now
        gained = max(0.0, now - self._filled_at) * self.per_second
        self._tokens = min(float(self.burst), self._tokens + gained)
        self._filled_at = max(self._filled_at, now)


class PacedCarrier:
    """A Carrier that offers no more than the bucket holds; `clock` tells its seconds.

    Several may share a bucket: each leaves `spare` mails of it to the others.
    """

    def __init__(
        self, carrier: Carrier, bucket: TokenBucket, clock: Callable[[], float], spare: int = 0
    ) -> None:
        self._carrier = carrier
        self._bucket = bucket
        self._clock = clock
        self._spare = spare

    @property
    def width(self) -> int:
        """As wide as what it paces."""
        return self._carrier.width

    async def ready(self) -> int:
        """No more than the bucket holds, 0 while `pause` lasts."""
        available = self._bucket.available(self._clock()) - self._spare
        return min(await self._carrier.ready(), available) if available > 0 else 0

    def pause(self) -> float:
        """Until the bucket holds a few: as many as leave in a moment, so that a fast rate is no trickle."""
        few = max(1, min(self.width, int(self._bucket.per_second * _MOMENT)))
        return max(self._bucket.wait(self._clock(), self._spare + few), self._carrier.pause())

    async def carry(self, envelope: Envelope) -> Receipt:
        """Take a token and hand over."""
        self._bucket.take(self._clock())
        return await self._carrier.carry(envelope)

    def cut(self) -> None:
        """Break off what it paces."""
        self._carrier.cut()

    async def close(self) -> None:
        """Close what it paces."""
        await self._carrier.close()
