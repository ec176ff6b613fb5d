"""The ways out that a configuration describes: which carriers, to which servers, how fast, and for which lane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from accord.shell.config_smtp import Relay
from accord.shell.delivery import CARRIERS, Way
from accord.shell.delivery.failover import FailoverCarrier
from accord.shell.delivery.pool import Limits
from accord.shell.delivery.rates import PacedCarrier, TokenBucket
from accord.shell.delivery.signed import SignedCarrier
from accord.shell.delivery.smtp import Server
from accord.shell.engine.ports.mailing import Carrier
from accord.shell.engine.sending.lanes import Ways
from accord.shell.engine.sending.pacer import HeedingCarrier, Pacer
from accord.shell.engine.sending.relays import CountedCarrier, RelayBook
from accord.shell.settings import Settings

# Of so many connections one is service mail's own, and of so many mails that a rate lets through.
SERVICE_SHARE = 5


def ways_out(settings: Settings, pacer: Pacer, book: RelayBook, clock: Callable[[], float]) -> Ways:
    """The carriers of both lanes; `clock` tells seconds that never go back.

    Each lane has connections of its own, out of those that a server may be asked for, or a server of its own. The
    rate is the main server's: lanes that share it hold it together, and prospecting leaves some to service mail.
    """
    return _Builder(settings, pacer, book, clock).ways()


def server_of(relay: Relay) -> Server:
    """How to talk to a relay."""
    return Server(relay.host, relay.port, relay.security, username=relay.username, password=relay.password)


@dataclass(frozen=True, slots=True)
class _Builder:
    settings: Settings
    pacer: Pacer
    book: RelayBook
    clock: Callable[[], float]

    def ways(self) -> Ways:
        smtp = self.settings.smtp
        main, fallback = smtp.main, smtp.fallback
        rate = smtp.per_second
        bucket = TokenBucket(rate, max(1, round(rate))) if rate is not None else None
        others = fallback.connections if fallback is not None else 2
        if smtp.service is not None:
            service = self._lane(smtp.service, smtp.service.connections, _own(others))
            return Ways(service, self._lane(main, main.connections, others - _own(others), bucket))
        if main.connections == 1:
            only = self._lane(main, 1, others, bucket)
            return Ways(only, only)
        own, spare = _own(main.connections), bucket.burst // SERVICE_SHARE if bucket is not None else 0
        service = self._lane(main, own, _own(others), bucket)
        rest, rest_of_others = main.connections - own, others - _own(others)
        return Ways(service, self._lane(main, rest, rest_of_others, bucket, spare))

    def _lane(
        self, relay: Relay, connections: int, others: int, bucket: TokenBucket | None = None, spare: int = 0
    ) -> Carrier:
        """One lane: to this relay, to the fallback where it is away, at its rate and pace, signed at the end."""
        carrier = self._to(relay, connections)
        if self.settings.smtp.fallback is not None:
            carrier = FailoverCarrier(carrier, self._to(self.settings.smtp.fallback, others), self.clock)
        if bucket is not None:
            carrier = PacedCarrier(carrier, bucket, self.clock, spare)
        carrier = HeedingCarrier(carrier, self.pacer)
        signers = self.settings.dkim.signers
        return SignedCarrier(carrier, signers) if signers else carrier

    def _to(self, relay: Relay, connections: int) -> Carrier:
        way = Way(server_of(relay), Limits(width=connections), self.settings.mailbox)
        return CountedCarrier(CARRIERS[self.settings.delivery](way), relay.name, self.book)


def _own(connections: int) -> int:
    """How many of a server's connections are service mail's own."""
    return max(1, connections // SERVICE_SHARE)
