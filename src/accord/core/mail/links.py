"""Signed links: a token of one kind never serves another, and works when the message's row is gone."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from urllib.parse import urlsplit

from itsdangerous import BadSignature, Signer, want_bytes
from itsdangerous.signer import SigningAlgorithm

from accord.core.mail.keyed import keyed
from accord.core.model.domain import ascii_domain

# Where a link leads that no person sees: who fetches it is a robot. Nothing answers there (RFC 2606).
TRAP = "https://trap.invalid/"


class LinkKind(StrEnum):
    """What a link is for; each kind has its own salt, so that tokens can't be confused."""

    UNSUBSCRIBE = "u"
    PREFERENCES = "p"
    CLICK = "l"
    CONFIRM = "c"
    KEEP = "k"
    ADDRESS = "a"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token says, once its signature has been verified.

    `basis` is what the mail rested on, which decides the scope of an unsubscribe (R-10). `target` is only
    set for clicks. `message_id` is the mail's; for a new address, the number of the event that asked for it.
    `sealed_on`: the day on which the link was made, where what it opens is not open for ever.
    """

    kind: LinkKind
    contact_id: int
    purpose: str
    basis: str
    message_id: int
    target: str | None = None
    sealed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and reads links. The first key signs, all verify, so that keys can be rotated.

    A mail has many links and one signature: `seal` makes the mail's token once, and each click's address
    adds its target with a short keyed digest of (token, target) under the same key, so that a redirect goes
    to a target that we wrote and to no other.
    """

    base_url: str
    keys: Sequence[bytes]

    @property
    def host(self) -> str:
        """The host of all addresses, in ASCII; it also names lists and messages."""
        return urlsplit(_base(self.base_url)).hostname or ""

    def signing_as(self, print_: str, base_url: str) -> Links | None:
        """These links as they were signed by the key of this fingerprint, at this address; None without the key."""
        key = next((key for key in self.keys if fingerprint(key) == print_), None)
        return Links(base_url, (key,)) if key is not None else None

    def seal(
        self,
        kind: LinkKind,
        contact_id: int,
        purpose: str,
        basis: str,
        message_id: int,
        on: date | None = None,
    ) -> str:
        """The token of one kind for one mail; `on` is the day from which it ages, if it does."""
        day = f",{on.toordinal()}" if on is not None else ""
        said = _packed(f"[{contact_id},{_quoted(purpose)},{_quoted(basis)},{message_id}{day}]")
        return _signer(tuple(self.keys), kind).sign(said).decode()

    def url(self, kind: LinkKind, token: str) -> str:
        """The address of a page that takes this token."""
        room = LinkKind.PREFERENCES.value if kind is LinkKind.KEEP else kind.value
        return f"{_base(self.base_url)}/{room}/{token}"

    def click(self, token: str, target: str) -> str:
        """The address that records a fetch and redirects to `target`."""
        packed = _packed_target(target)
        return f"{_base(self.base_url)}/l/{token}~{packed}~{_mark(self.keys[0], token, packed)}"

    def read(self, kind: LinkKind, token: str) -> Claim | None:
        """What a token of this kind says; None for anything that we did not sign. Never raises."""
        head, _, rest = token.partition("~")
        if bool(rest) is not (kind is LinkKind.CLICK):
            return None
        try:
            said = _unpacked(_signer(tuple(self.keys), kind).unsign(head).decode())
            contact_id, purpose, basis, message_id, *day = json.loads(said)
            target = self._target(head, rest) if rest else None
            on = date.fromordinal(int(day[0])) if day else None
            return Claim(kind, int(contact_id), str(purpose), str(basis), int(message_id), target, on)
        except (BadSignature, ValueError, TypeError, OverflowError):
            return None

    def _target(self, token: str, rest: str) -> str:
        """Where a click leads. Raises ValueError for a target that we did not write."""
        packed, _, mark = rest.partition("~")
        good = False
        for key in self.keys:
            good |= hmac.compare_digest(_mark(key, token, packed).encode(), mark.encode())
        if not good:
            raise ValueError("not our mark")
        return _unpacked(packed)


@lru_cache(maxsize=64)
def fingerprint(key: bytes) -> str:
    """What a key is called where it may be read: 64 bits of its digest."""
    return hashlib.sha256(b"accord" + key).hexdigest()[:16]


@lru_cache(maxsize=16)
def _base(url: str) -> str:
    """The beginning of every address, its host in ASCII, as headers need it."""
    scheme, _, rest = url.rstrip("/").partition("://")
    host, slash, path = rest.partition("/")
    name, colon, port = host.partition(":")
    return f"{scheme}://{name if name.isascii() else ascii_domain(name)}{colon}{port}{slash}{path}"


class _Hmac(SigningAlgorithm):
    """HMAC-SHA256 whose key is made ready once."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return keyed(key).digest(value)


class _Signer(Signer):
    """A signer that derives each key once."""

    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        return _derived(self.salt, want_bytes(secret_key or self.secret_key))


@lru_cache(maxsize=64)
def _derived(salt: bytes, key: bytes) -> bytes:
    return Signer(key, salt=salt, digest_method=hashlib.sha256).derive_key()


@lru_cache(maxsize=64)
def _signer(keys: tuple[bytes, ...], kind: LinkKind) -> Signer:
    # itsdangerous signs with the newest key, which is the last of its list.
    newest_last = list(reversed(keys))
    return _Signer(newest_last, salt=f"accord-{kind.value}", algorithm=_Hmac())


def _mark(key: bytes, token: str, packed: str) -> str:
    """The keyed digest of (token, target): 96 bits, for a redirect that harms nobody but its clicker."""
    return _base64(keyed(key).digest(f"{token}~{packed}".encode())[:12])


def _base64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def _packed(text: str) -> str:
    return _base64(text.encode())


@lru_cache(maxsize=1024)
def _packed_target(target: str) -> str:
    return _packed(target)


_quoted = lru_cache(maxsize=256)(json.dumps)


def _unpacked(packed: str) -> str:
    return urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()
