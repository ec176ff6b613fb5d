"""The ports of the way out: a writer of mails, a carrier, what it is handed and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from accord.core.mail.compile import Compiled
from accord.core.model.decision import Situation
from accord.core.model.message import Message, MessageState


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a carrier is handed: one recipient, and the bytes of one mail with CRLF line ends.

    `sender` is empty for what nobody may answer; `envelope_id` names the mail in reports (RFC 3461).
    """

    message_id: int
    sender: str
    recipient: str
    content: bytes
    envelope_id: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a carrier answers.

    `outcome`: ACCEPTED, DEFERRED (try again), REJECTED (never again), or UNKNOWN (it may have arrived).
    `refused`: the enhanced status (RFC 3463) where it was the recipient, and nothing else, that was refused.
    `slower`: whether the recipient's side asks to be sent less. `not_taken`: whether it was the server that failed,
    or turned us away, and certainly has not got the mail: another one may be given it.
    """

    outcome: MessageState
    reply: str
    refused: str | None = None
    slower: bool = False
    not_taken: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as written for one person: what the carrier takes, and what it was made from.

    `context` is the rest of what was read (compressed), beside the template.
    """

    envelope: Envelope
    context: bytes
    template_digest: str
    template: Compiled | None = None


class Unwritable(Exception):
    """One person's mail could not be written; its text says why. Nobody else's is touched."""


class Writer(Protocol):
    """Writes mails: renders a template for a person and gives it its headers."""

    def write(self, message: Message, situation: Situation, *, now: datetime) -> Letter:
        """Raises Unwritable when this mail can't be written for this person."""
        ...


class Carrier(Protocol):
    """A way out: SMTP, a folder."""

    @property
    def width(self) -> int:
        """How many messages may be under way at once."""
        ...

    async def ready(self) -> int:
        """How many messages may be handed over now (idle connections, opened as needed).

        Raises Unreachable when nothing can be.
        """
        ...

    def pause(self) -> float:
        """Seconds until the next message may leave, for a rate's sake; 0 where it may now."""
        ...

    async def carry(self, envelope: Envelope) -> Receipt: ...
    def cut(self) -> None:
        """Break off what is under way: each `carry` then soon returns what is known of its mail."""
        ...

    async def close(self) -> None: ...


class CarrierAround:
    """A Carrier that adds something to another: whatever it does not do itself, that one does."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    @property
    def width(self) -> int:
        """As wide as what carries."""
        return self._carrier.width

    async def ready(self) -> int:
        """As ready as what carries. Raises Unreachable."""
        return await self._carrier.ready()

    def pause(self) -> float:
        """What carries says when."""
        return self._carrier.pause()

    async def carry(self, envelope: Envelope) -> Receipt:
        """Hand on one mail."""
        return await self._carrier.carry(envelope)

    def cut(self) -> None:
        """Break off what is under way."""
        self._carrier.cut()

    async def close(self) -> None:
        """Close what carries."""
        await self._carrier.close()


class Unreachable(Exception):
    """The mail server can't be reached; nothing was handed over, everything stays queued."""
