"""What a provider is: how a call of its is known to be its own, and what each call tells of mails of ours."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accord.core.mail.returns import marks_in
from accord.core.model.returned import Fate, Returned, ReturnKind, Where
from accord.core.wayback.phrases import meaning
from accord.core.webhooks import Doubt
from accord.shell.config_inbound import Hook

Certificates = Callable[[str], bytes]
"""The certificate behind an address of Amazon's; raises ValueError where there is none to be had."""

MOST_TOLD = 1000


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it came: header names in small letters, the body byte for byte and as JSON."""

    headers: Mapping[str, str]
    raw: bytes
    body: Any
    now: datetime
    certificates: Certificates


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that a call tells: `key` is the provider's own name for it, which stays the same when it is told again.

    `asks`: something that a person must do, instead.
    """

    key: str
    returned: Returned | None = None
    asks: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """`doubt`: why a call is not to be believed, None where it is. `told`: what it says; nothing that it means is guessed."""

    doubt: Callable[[Hook, Call], Doubt | None]
    told: Callable[[Any], Sequence[Told]]


def by_password(hook: Hook, call: Call) -> Doubt | None:
    """Whether the call bears one of the hook's secrets: as a bearer token, or as the password of HTTP's basic way."""
    scheme, _, given = call.headers.get("authorization", "").partition(" ")
    if not given:
        return Doubt.MISSING
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode("utf-8").partition(":")[2]
        except (binascii.Error, ValueError):
            return Doubt.MALFORMED
    elif scheme.lower() != "bearer":
        return Doubt.MALFORMED
    right = False
    for secret in hook.secrets:
        right |= hmac.compare_digest(secret, given.strip().encode("utf-8", "replace"))
    return None if right else Doubt.FORGED


def marks_of(*texts: Any) -> tuple[tuple[Where, str], ...]:
    """Whatever may be a mark of ours in what a provider gives back."""
    found = dict.fromkeys(str(mark) for text in texts if text for mark in marks_in(str(text)[:2000]))
    return tuple((Where.ENVELOPE_ID, mark) for mark in found)


def failed(recipient: str, words: str, *, status: str = "", otherwise: str, soft: bool = False) -> Fate:
    """How one recipient failed: by its words or status, and `otherwise` where those say nothing."""
    meant = meaning(status, words)
    said = meant.status if not meant.status.endswith(".0.0") else ""
    if soft:
        said = f"4{said[1:]}" if said else ""
    return Fate("failed", said or otherwise, recipient, "", words[:500], meant.greylisted)


def bounce(fate: Fate, *marks: Any) -> Returned:
    """A bounce of one recipient."""
    return Returned(ReturnKind.BOUNCE, marks_of(*marks), (fate,), automatic=True)


def text(value: Any) -> str:
    """A value that should be text, and is anything."""
    return value[:2000] if isinstance(value, str) else ""


def each_of(value: Any) -> Sequence[Mapping[str, Any]]:
    """The objects of a list, a bounded number; of one object, itself."""
    items = value if isinstance(value, list) else [value]
    return [each for each in items[:MOST_TOLD] if isinstance(each, Mapping)]
