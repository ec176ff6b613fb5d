"""The ways out: one file a provider, and the list of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from accord.core.mail.dkim import SigningKey
from accord.shell.delivery.folder import FolderCarrier
from accord.shell.delivery.pool import Limits
from accord.shell.delivery.rates import PacedCarrier, TokenBucket
from accord.shell.delivery.signed import SignedCarrier
from accord.shell.delivery.smtp import Server, SmtpCarrier
from accord.shell.engine.ports.mailing import Carrier


@dataclass(frozen=True, slots=True)
class Way:
    """What a carrier may be made of; each reads its own part."""

    server: Server = field(default_factory=Server)
    limits: Limits = field(default_factory=Limits)
    folder: Path = Path("outbox")


CARRIERS: Mapping[str, Callable[[Way], Carrier]] = {
    "smtp": lambda way: SmtpCarrier(way.server, way.limits),
    "folder": lambda way: FolderCarrier(way.folder),
}


def carrier_for(
    name: str,
    way: Way,
    *,
    per_second: float | None = None,
    burst: int | None = None,
    signers: Sequence[SigningKey] = (),
    clock: Callable[[], float],
) -> Carrier:
    """The carrier called `name`, held to `per_second` mails a second if that is given.

    `burst` is how many may leave at once (one second's worth unless given); `signers` sign each mail before
    it leaves; `clock` tells seconds that never go back. Raises KeyError for a name that is not in CARRIERS.
    """
    carrier = CARRIERS[name](way)
    if per_second is not None:
        at_once = burst if burst is not None else max(1, round(per_second))
        carrier = PacedCarrier(carrier, TokenBucket(per_second, at_once), clock)
    return SignedCarrier(carrier, signers) if signers else carrier
