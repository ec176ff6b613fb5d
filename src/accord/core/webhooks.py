"""Signatures of webhooks, ours and others': Standard Webhooks 1.0.0, the symmetric scheme `v1` (standardwebhooks.com).

What is signed is «id.timestamp.body», with HMAC-SHA256. The id names what happened and stays the same over retries, so
that a receiver takes each only once; the timestamp is that of the attempt, so that an old one can't be played again.
Whoever verifies must still keep the ids for as long as timestamps are tolerated, and turn away one that came before.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import urlsplit

ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"

TOLERANCE_SECONDS = 300
"""How far a sender's clock may be from ours, either way: the five minutes that the standard's own libraries take."""

_SHOWN_AS = "whsec_"
_SCHEME = "v1,"
_KEY_BYTES = range(24, 65)
_MOST_SIGNATURES = 16
# No full stop: it parts id, timestamp and body, so an id with one could be read in two ways.
_AN_ID = re.compile(r"[A-Za-z0-9_=+/:-]{1,200}")
_SECONDS = re.compile(r"[0-9]{1,11}")


class Doubt(StrEnum):
    """Why a webhook is not to be believed."""

    MISSING = "missing"
    """One of the three headers is not there."""
    MALFORMED = "malformed"
    """A header is not what the standard says."""
    TIME = "time"
    """It was signed too long ago, or in times to come."""
    FORGED = "forged"
    """No signature is made with a secret of ours over this id, timestamp and body."""


def read_secret(text: str) -> bytes:
    """The key behind a secret as people hand it over: «whsec_» and base64, 24 to 64 bytes.

    Raises ValueError, in words that tell nothing of the secret.
    """
    try:
        key = base64.b64decode(text.strip().removeprefix(_SHOWN_AS), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("a webhook's secret is whsec_ and base64") from None
    if len(key) not in _KEY_BYTES:
        raise ValueError("a webhook's secret has 24 to 64 bytes, in base64 after whsec_")
    return key


def show_secret(key: bytes) -> str:
    """A key as people hand it over: what `read_secret` reads."""
    return _SHOWN_AS + base64.b64encode(key).decode()


def is_safe_target(url: str) -> bool:
    """Whether people's data may be posted there: encrypted, or to this very machine; no password stands in it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.password is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def sign(keys: Sequence[bytes], *, name: str, now: datetime, body: bytes) -> dict[str, str]:
    """The three headers of one attempt to post `body` under the id `name`; one signature a key.

    While a secret is exchanged both are given, and the receiver may verify by either. Raises ValueError where the name
    could be read in two ways, or there is no key.
    """
    if not _AN_ID.fullmatch(name) or not keys:
        raise ValueError("a webhook is signed under a plain id, with at least one key")
    seconds = str(int(now.timestamp()))
    signatures = (_signature(key, name, seconds, body) for key in keys)
    return {ID: name, TIMESTAMP: seconds, SIGNATURE: " ".join(signatures)}


def verify(
    keys: Sequence[bytes],
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: datetime,
    tolerance_seconds: int = TOLERANCE_SECONDS,
) -> Doubt | None:
    """What is doubtful about a webhook that came in; None where one of the keys made one of its signatures.

    `headers` are asked for names in small letters, `body` is as it came, byte for byte. Signatures of other schemes
    are passed over. Every pair of key and signature is compared, each in constant time.
    """
    name, seconds, signatures = (headers.get(each) for each in (ID, TIMESTAMP, SIGNATURE))
    if not name or not seconds or not signatures:
        return Doubt.MISSING
    offered = signatures.split(" ")
    if not _AN_ID.fullmatch(name) or not _SECONDS.fullmatch(seconds) or len(offered) > _MOST_SIGNATURES:
        return Doubt.MALFORMED
    right = False
    for key in keys:
        expected = _signature(key, name, seconds, body).encode()
        for each in offered:
            right |= hmac.compare_digest(expected, each.encode("utf-8", "replace"))
    if not right:
        return Doubt.FORGED
    # Asked last: whoever can't sign learns nothing, not even how our clock stands.
    apart = abs(now.astimezone(UTC).timestamp() - int(seconds))
    return Doubt.TIME if apart > tolerance_seconds else None


def _signature(key: bytes, name: str, seconds: str, body: bytes) -> str:
    digest = hmac.digest(key, f"{name}.{seconds}.".encode() + body, "sha256")
    return _SCHEME + base64.b64encode(digest).decode()
