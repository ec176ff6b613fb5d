"""The way out that a configuration describes: which carrier, to which server, how fast."""

from __future__ import annotations

from collections.abc import Callable

from accord.shell.delivery import Way, carrier_for
from accord.shell.delivery.pool import Limits
from accord.shell.delivery.smtp import Server
from accord.shell.engine.ports.mailing import Carrier
from accord.shell.settings import Settings


def way_out(settings: Settings, clock: Callable[[], float]) -> Carrier:
    """The carrier for these settings; `clock` tells seconds that never go back."""
    smtp = settings.smtp
    server = Server(smtp.host, smtp.port, smtp.security, username=smtp.username, password=smtp.password)
    way = Way(server, Limits(width=smtp.connections), settings.mailbox)
    signers = settings.dkim.signers
    return carrier_for(settings.delivery, way, per_second=smtp.per_second, signers=signers, clock=clock)
