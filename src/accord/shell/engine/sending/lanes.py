"""Two lanes out of the house: service mail goes its own way, whatever a newsletter is doing on the other one."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from accord.core.model.message import Lane
from accord.shell.engine.ports.mailing import Carrier
from accord.shell.engine.sending.send import BREATH, Sender, Tally
from accord.shell.engine.sending.under_way import UnderWay


@dataclass(frozen=True, slots=True)
class Ways:
    """The carriers of both lanes; one and the same where there is a single connection."""

    service: Carrier
    prospecting: Carrier

    @property
    def each(self) -> Sequence[Carrier]:
        """Each of them once."""
        return (self.service,) if self.is_one else (self.service, self.prospecting)

    @property
    def is_one(self) -> bool:
        """Whether both lanes share a carrier: service mail goes first then, and waits for what is under way."""
        return self.service is self.prospecting

    def cut(self) -> None:
        """Break off what is under way."""
        for carrier in self.each:
            carrier.cut()

    async def close(self) -> None:
        """Close them."""
        for carrier in self.each:
            await carrier.close()


@dataclass(slots=True)
class Traffic:
    """What is under way on both lanes; they stop together."""

    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    service: UnderWay = field(init=False)
    prospecting: UnderWay = field(init=False)

    def __post_init__(self) -> None:
        self.service = UnderWay(stopping=self.stopping)
        self.prospecting = UnderWay(stopping=self.stopping)

    def enter_loop(self) -> None:
        """Be ready for the loop that runs now: an event of asyncio belongs to the loop that first waited for it.

        Whoever runs a turn in a loop of its own, one after the other, calls this before each.
        """
        if not self.stopping.is_set():
            self.stopping = asyncio.Event()
            self.service.stopping = self.prospecting.stopping = self.stopping

    @property
    def anything(self) -> bool:
        """Whether something is still to be heard of, or to be written down."""
        return self.service.anything or self.prospecting.anything

    @property
    def in_hand(self) -> frozenset[int]:
        """Numbers of the messages that this process will settle itself."""
        return self.service.in_hand | self.prospecting.in_hand


MakeSender = Callable[[Carrier, UnderWay, Sequence[Lane]], Sender]


def lanes_of(ways: Ways, traffic: Traffic, make: MakeSender) -> Sender | Lanes:
    """A sender for each lane, or one for both where they have a single way."""
    if ways.is_one:
        return make(ways.service, traffic.service, tuple(Lane))
    service = make(ways.service, traffic.service, (Lane.SERVICE,))
    return Lanes(service, make(ways.prospecting, traffic.prospecting, (Lane.PROSPECTING,)), traffic)


@dataclass(frozen=True, slots=True)
class Lanes:
    """Sends on both lanes at once, each lane a `Sender` of its own; a batch is one of the slower lane's."""

    service: Sender
    prospecting: Sender
    under_way: Traffic

    async def send_batch(self) -> Tally:
        """A batch of prospecting, and as many of service mail as come meanwhile. Raises Stale."""
        batch = asyncio.ensure_future(self.prospecting.send_batch())
        total = Tally()
        try:
            while True:
                total.add(await self.service.send_batch())
                done, _ = await asyncio.wait({batch}, timeout=BREATH)
                if done:
                    break
        except BaseException:
            await asyncio.gather(batch, return_exceptions=True)
            raise
        total.add(batch.result())
        return total

    async def hear(self) -> Tally:
        """Settle what has been answered since the last batch, and take nothing new."""
        total = await self.service.hear()
        total.add(await self.prospecting.hear())
        return total

    async def finish(self, patience: float = math.inf) -> Tally:
        """Take nothing new, and finish what is under way on both. Raises StoreError."""
        both = (self.service.finish(patience), self.prospecting.finish(patience))
        ends = await asyncio.gather(*both, return_exceptions=True)
        total = Tally()
        for end in ends:
            if isinstance(end, BaseException):
                raise end
            total.add(end)
        return total
