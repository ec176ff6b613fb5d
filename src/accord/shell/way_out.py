"""The ways out that a configuration describes: which carriers, to which server, how fast, and for which lane."""

from __future__ import annotations

from collections.abc import Callable

from accord.shell.delivery import CARRIERS, Way
from accord.shell.delivery.pool import Limits
from accord.shell.delivery.rates import PacedCarrier, TokenBucket
from accord.shell.delivery.signed import SignedCarrier
from accord.shell.delivery.smtp import Server
from accord.shell.engine.ports.mailing import Carrier
from accord.shell.engine.sending.lanes import Ways
from accord.shell.engine.sending.pacer import HeedingCarrier, Pacer
from accord.shell.settings import Settings, Smtp

# Of so many connections one is service mail's own, and of so many mails that a rate lets through.
SERVICE_SHARE = 5


def ways_out(settings: Settings, pacer: Pacer, clock: Callable[[], float]) -> Ways:
    """The carriers of both lanes; `clock` tells seconds that never go back.

    Each lane has connections of its own, out of those that the server may be asked for. A rate is held by both
    together, and prospecting leaves some of it to service mail.
    """
    smtp = settings.smtp
    bucket = _bucket(smtp.per_second)

    def lane(connections: int, spare: int) -> Carrier:
        carrier = CARRIERS[settings.delivery](Way(_server(smtp), Limits(width=connections), settings.mailbox))
        if bucket is not None:
            carrier = PacedCarrier(carrier, bucket, clock, spare)
        carrier = HeedingCarrier(carrier, pacer)
        signers = settings.dkim.signers
        return SignedCarrier(carrier, signers) if signers else carrier

    if smtp.connections == 1:
        only = lane(1, 0)
        return Ways(only, only)
    own = max(1, smtp.connections // SERVICE_SHARE)
    spare = bucket.burst // SERVICE_SHARE if bucket is not None else 0
    return Ways(lane(own, 0), lane(smtp.connections - own, spare))


def _server(smtp: Smtp) -> Server:
    return Server(smtp.host, smtp.port, smtp.security, username=smtp.username, password=smtp.password)


def _bucket(per_second: float | None) -> TokenBucket | None:
    return TokenBucket(per_second, max(1, round(per_second))) if per_second is not None else None
