"""Returned: something that came back after a mail, as it was read; nothing of it is believed yet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_ACCENTS = str.maketrans("éèêëàâäîïôöùûüç’", "eeeeaaaiioouuuc'")


def unaccented(text: str) -> str:
    """Words as they are compared, whoever wrote them: in small letters, without the accents of French."""
    return text.casefold().translate(_ACCENTS)


class ReturnKind(StrEnum):
    """What came back."""

    BOUNCE = "bounce"
    """A server says that a mail did not arrive, or not yet (RFC 3464, and the many that are not)."""
    DELIVERED = "delivered"
    """A server says that it did."""
    FEEDBACK = "feedback"
    """A provider tells what the person did with it in the mailbox (RFC 5965 and variants)."""
    CHALLENGE = "challenge"
    """A machine asks the sender to prove that he is a person."""
    VACATION = "vacation"
    """The person is away."""
    AUTOMATIC = "automatic"
    """Another answer that no person wrote (RFC 3834)."""
    UNSUBSCRIBE = "unsubscribe"
    """List-Unsubscribe by mailto (RFC 2369)."""
    REPLY = "reply"
    """A person wrote."""
    UNREADABLE = "unreadable"
    """Nobody can say what it is."""


class Where(StrEnum):
    """Where a mark of ours was found, the best place first."""

    ENVELOPE = "envelope"
    """It came to the return address that bears it (VERP)."""
    ENVELOPE_ID = "envelope id"
    MESSAGE_ID = "message id"
    """In the headers of the mail that was returned or answered."""
    QUOTED = "quoted"
    """In the text."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What a server says of one recipient.

    `recipient` is the address at which it ended, `original` the one that was written to, where the report tells them
    apart; empty where it names none. `status` is an enhanced code (RFC 3463), made from the words where there is none;
    `words` are the server's own.
    """

    action: str
    status: str
    recipient: str = ""
    original: str = ""
    words: str = ""
    greylisted: bool = False


@dataclass(frozen=True, slots=True)
class Returned:
    """One message, or one call of a provider's, read.

    `marks`: (where, what has the form of a mark of ours). `fates` of a bounce, `feedback_type` of feedback, `text` of
    what a person wrote, without what it quotes; `automatic`: a machine sent it; `sender` as its headers have it.
    """

    kind: ReturnKind
    marks: tuple[tuple[Where, str], ...] = ()
    fates: tuple[Fate, ...] = ()
    feedback_type: str = ""
    sender: str = ""
    subject: str = ""
    text: str = ""
    automatic: bool = False
    why: str = ""
