"""Return addresses: the mark by which a mail of ours is known again when something comes back for it (VERP).

A mark names one mail of the ledger and is signed, so that nobody who never got that mail can make one up. It stands
in the envelope's sender, in the envelope id and in the Message-ID.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from accord.core.mail.keyed import keyed

_SEAL_BYTES, _SEAL = 10, 16
_MARK = re.compile(
    rf"(?<![a-z0-9])(\d{{1,18}})(?:-|\.\d{{1,12}}\.)([a-z2-7]{{{_SEAL}}})(?![a-z0-9])", re.IGNORECASE
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

LONGEST_MARK = 18 + 1 + _SEAL


@dataclass(frozen=True, slots=True)
class Mark:
    """A mail of the ledger, as something that came back names it, and the seal that proves it ours."""

    message_id: int
    seal: str

    def __str__(self) -> str:
        """As it stands in an address: digits and small letters, for some servers fold the case of it."""
        return f"{self.message_id}-{self.seal}"


@dataclass(frozen=True, slots=True)
class Returns:
    """Makes and reads marks. The first key seals, all verify; `path` is the return path, `*` where the mark goes."""

    keys: Sequence[bytes]
    path: str | None = None

    def mark(self, message_id: int) -> Mark:
        """The mark of one mail."""
        return Mark(message_id, _seal(self.keys[0], message_id))

    def sender(self, mark: Mark) -> str | None:
        """The envelope's sender that brings the mark back; None where there is no return path."""
        return self.path.replace(PLACE, str(mark)) if self.path is not None else None

    def is_ours(self, mark: Mark) -> bool:
        """Whether a key of ours made it. Raises nothing, whatever came back."""
        good = False
        for key in self.keys:
            good |= hmac.compare_digest(_seal(key, mark.message_id), mark.seal)
        return good


def echo_of(provider: str | None, mark: Mark) -> tuple[str, str] | None:
    """The header (name, value) by which a provider gives the mark back; None for one that needs none."""
    name, shape = ECHOES.get(provider or "", ("", ""))
    return (name, shape.format(mark)) if name else None


def key_of(mark: Mark, queued_at: int) -> str:
    """The left side of a mail's Message-ID: number, instant in seconds, and its seal."""
    return f"{mark.message_id}.{queued_at}.{mark.seal}"


def marks_in(text: str) -> Iterator[Mark]:
    """Whatever has the form of a mark, in the order in which it stands there; nothing is believed yet."""
    for found in _MARK.finditer(text):
        yield Mark(int(found[1]), found[2].lower())


def _seal(key: bytes, message_id: int) -> str:
    """80 bits: too many to guess, few enough for an address."""
    digest = keyed(key).digest(f"return\n{message_id}".encode())
    return b32encode(digest[:_SEAL_BYTES]).decode().lower()
