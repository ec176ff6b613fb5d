"""DKIM at the very end: a carrier that signs the bytes that leave, whatever they are and whoever wrote them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from accord.core.mail.dkim import SigningKey, signed
from accord.shell.engine.ports.mailing import Carrier, CarrierAround, Envelope, Receipt


class SignedCarrier(CarrierAround):
    """A Carrier that signs each mail with all `keys` before another one carries it.

    Nothing changes a mail after this: a signature holds for the bytes that it was made of. It costs half a
    millisecond with RSA, a tenth of one with Ed25519, beside what the mail's own length does.
    """

    def __init__(self, carrier: Carrier, keys: Sequence[SigningKey]) -> None:
        super().__init__(carrier)
        self._keys = keys

    async def carry(self, envelope: Envelope) -> Receipt:
        """Sign one mail, and hand it on."""
        return await self._carrier.carry(replace(envelope, content=signed(envelope.content, self._keys)))
