"""Return addresses: the mark by which a mail of ours is known again when something comes back for it (VERP).

A mark names one mail of the ledger and is signed, so that nobody who never got that mail can make one up. It stands
in the envelope's sender, in the envelope id and in the Message-ID. Beside it stands a short digest of the address
that was written to: what is told of a former address says nothing of today's.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from accord.core.model.contact import email_key

_SEAL_BYTES, _SEAL = 10, 16
_TAIL = 6
_MARK = re.compile(
    rf"(?<![a-z0-9])(\d{{1,18}})(?:-|\.\d{{1,12}}\.)([a-z2-7]{{{_SEAL}}})([a-z2-7]{{{_TAIL}}})(?![a-z0-9])",
    re.IGNORECASE,
)

ECHOES: Mapping[str, tuple[str, str]] = {
    "brevo": ("X-Mailin-custom", "accord:{}"),
    "postmark": ("X-PM-Metadata-accord", "{}"),
    "ses": ("X-SES-MESSAGE-TAGS", "accord={}"),
}
"""Providers that change Message-ID or envelope, and the header that each gives back in what it tells of a mail."""

PLACE = "*"
"""What stands in a return path where the mark goes."""

LONGEST_LOCAL = 64
"""RFC 5321 4.5.3.1.1."""

LONGEST_MARK = 18 + 1 + _SEAL + _TAIL


@dataclass(frozen=True, slots=True)
class Mark:
    """A mail of the ledger, as something that came back names it; `tail` is of the address that was written to."""

    message_id: int
    seal: str
    tail: str

    def __str__(self) -> str:
        """As it stands in an address: digits and small letters, for some servers fold the case of it."""
        return f"{self.message_id}-{self.seal}{self.tail}"


@dataclass(frozen=True, slots=True)
class Returns:
    """Makes and reads marks. The first key seals, all verify; `path` is the return path, `*` where the mark goes."""

    keys: Sequence[bytes]
    path: str | None = None

    def mark(self, message_id: int, recipient: str) -> Mark:
        """The mark of one mail to one address."""
        key = self.keys[0]
        return Mark(message_id, _seal(key, message_id), _tail(key, message_id, recipient))

    def sender(self, mark: Mark) -> str | None:
        """The envelope's sender that brings the mark back; None where there is no return path."""
        return self.path.replace(PLACE, str(mark)) if self.path is not None else None

    def is_ours(self, mark: Mark) -> bool:
        """Whether a key of ours made it. Raises nothing, whatever came back."""
        good = False
        for key in self.keys:
            good |= hmac.compare_digest(_seal(key, mark.message_id), mark.seal)
        return good

    def is_to(self, mark: Mark, address: str) -> bool:
        """Whether this mail was written to this address, however it is spelt (R-17)."""
        return any(_tail(key, mark.message_id, address) == mark.tail for key in self.keys)

    def in_path(self, address: str) -> Mark | None:
        """The mark in an address of the form of the return path."""
        if self.path is None:
            return None
        before, _, after = self.path.casefold().partition(PLACE)
        folded = address.strip().casefold()
        if not (folded.startswith(before) and folded.endswith(after)):
            return None
        return next(marks_in(folded[len(before) : len(folded) - len(after)]), None)


def echo_of(provider: str | None, mark: Mark) -> tuple[str, str] | None:
    """The header (name, value) by which a provider gives the mark back; None for one that needs none."""
    name, shape = ECHOES.get(provider or "", ("", ""))
    return (name, shape.format(mark)) if name else None


def key_of(mark: Mark, queued_at: int) -> str:
    """The left side of a mail's Message-ID: number, instant in seconds, and its seal."""
    return f"{mark.message_id}.{queued_at}.{mark.seal}{mark.tail}"


def marks_in(text: str) -> Iterator[Mark]:
    """Whatever has the form of a mark, in the order in which it stands there; nothing is believed yet."""
    for found in _MARK.finditer(text):
        yield Mark(int(found[1]), found[2].lower(), found[3].lower())


def _seal(key: bytes, message_id: int) -> str:
    """80 bits: too many to guess, few enough for an address."""
    digest = hmac.digest(key, f"return\n{message_id}".encode(), "sha256")
    return b32encode(digest[:_SEAL_BYTES]).decode().lower()


def _tail(key: bytes, message_id: int, address: str) -> str:
    """30 bits: they prove nothing, and tell one address from another."""
    digest = hmac.digest(
        key, f"to\n{message_id}\n{email_key(address)}".encode("utf-8", "surrogatepass"), "sha256"
    )
    return b32encode(digest[:5]).decode().lower()[:_TAIL]
