"""Signed links: a token of one kind never serves another, and works when the message's row is gone."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from itsdangerous import BadData, URLSafeSerializer


class LinkKind(StrEnum):
    """What a link is for; each kind has its own salt, so that tokens can't be confused."""

    UNSUBSCRIBE = "u"
    PREFERENCES = "p"
    CLICK = "l"
    CONFIRM = "c"
    KEEP = "k"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token says, once its signature has been verified.

    `basis` is what the mail rested on, which decides the scope of an unsubscribe (R-10). `target` is only
    set for clicks.
    """

    kind: LinkKind
    contact_id: int
    purpose: str
    basis: str
    message_id: int
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and reads links. The first key signs, all verify, so that keys can be rotated.

    A mail has many links and one signature: `seal` makes the mail's token once, and each click's address
    adds its target with a short keyed digest of (token, target) under the same key, so that a redirect goes
    to a target that we wrote and to no other.
    """

    base_url: str
    keys: Sequence[bytes]

    def seal(self, kind: LinkKind, contact_id: int, purpose: str, basis: str, message_id: int) -> str:
        """The token of one kind for one mail."""
        return str(self._serializer(kind).dumps([contact_id, purpose, basis, message_id]))

    def url(self, kind: LinkKind, token: str) -> str:
        """The address of a page that takes this token."""
        room = LinkKind.PREFERENCES.value if kind is LinkKind.KEEP else kind.value
        return f"{self.base_url.rstrip('/')}/{room}/{token}"

    def click(self, token: str, target: str) -> str:
        """The address that records a fetch and redirects to `target`."""
        packed = urlsafe_b64encode(target.encode()).rstrip(b"=").decode()
        return f"{self.base_url.rstrip('/')}/l/{token}~{packed}~{self._mark(self.keys[0], token, packed)}"

    def read(self, kind: LinkKind, token: str) -> Claim | None:
        """What a token of this kind says; None for anything that we did not sign. Never raises."""
        head, _, rest = token.partition("~")
        try:
            contact_id, purpose, basis, message_id = self._serializer(kind).loads(head)
            claim = Claim(kind, int(contact_id), str(purpose), str(basis), int(message_id))
        except (BadData, ValueError, TypeError):
            return None
        if kind is not LinkKind.CLICK:
            return claim if not rest else None
        target = self._target(head, rest)
        return (
            None
            if target is None
            else Claim(kind, claim.contact_id, claim.purpose, claim.basis, claim.message_id, target)
        )

    def _target(self, token: str, rest: str) -> str | None:
        packed, _, mark = rest.partition("~")
        good = False
        for key in self.keys:
            good |= hmac.compare_digest(self._mark(key, token, packed).encode(), mark.encode())
        if not good:
            return None
        return _unpacked(packed)

    @staticmethod
    def _mark(key: bytes, token: str, packed: str) -> str:
        digest = hmac.new(key, f"{token}~{packed}".encode(), hashlib.sha256).digest()
        return urlsafe_b64encode(digest[:12]).decode()

    def _serializer(self, kind: LinkKind) -> Any:
        # itsdangerous signs with the newest key, which is the last of its list.
        newest_last = list(reversed(self.keys))
        return URLSafeSerializer(
            newest_last, salt=f"accord-{kind.value}", signer_kwargs={"digest_method": hashlib.sha256}
        )


def _unpacked(packed: str) -> str | None:
    try:
        return urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()
    except ValueError:
        return None
