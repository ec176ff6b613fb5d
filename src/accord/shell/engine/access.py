"""Keys of the systems around: made, known again, rotated, revoked; what each of them may do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accord.shell.engine.ports.access import AccessKey, NewKey
from accord.shell.engine.ports.rows import Deed
from accord.shell.engine.ports.store import Store, Unit

# What a key may be for. Nothing is contained in anything else: whoever makes a key says all of it.
SCOPES: Mapping[str, str] = {
    "people:read": "read contacts and their consents",
    "people:write": "create contacts, and put right what is known of them",
    "people:erase": "have a person erased who asks for it",
    "consents:write": "record acts of consent and refusal",
    "events:write": "tell events of the venue's own and of carts",
    "evidence:write": "tell events that stand as evidence, such as a scanned ticket or a login",
    "orders:write": "tell orders",
    "scenarios:read": "list scenarios",
    "scenarios:run": "enrol people in scenarios, and take them out",
    "messages:read": "read the send ledger",
    "explanations:read": "read why a person did or did not get each mail",
}

# Requests a minute, where nothing else is said.
RATE, HIGHEST_RATE = 600, 60_000

# A key shows what it is to whoever finds it, and to tools that look for secrets.
_SHAPE = re.compile(r"accord_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")

# That a key was used is written down once in so long: knowing the hour is enough to find keys that nobody needs.
USE_NOTED_EVERY = timedelta(hours=1)

# Compared with where nobody has such a key, so that nobody learns from the time which prefixes exist.
_NOBODY = hashlib.sha256(b"nobody").hexdigest()


class NoAccess(Exception):
    """A key can't be made, rotated or revoked like that; the text says why."""


@dataclass(frozen=True, slots=True)
class Made:
    """A new key. `token` is shown once, and kept nowhere."""

    name: str
    token: str
    prefix: str
    scopes: tuple[str, ...]
    rate: int


def add(
    store: Store,
    name: str,
    scopes: Sequence[str],
    *,
    rate: int,
    by: str,
    now: datetime,
    dice: Callable[[int], bytes],
) -> Made:
    """Make the first key of a system. Raises NoAccess where the name is taken, or nothing fits."""
    if not _NAME.fullmatch(name):
        raise NoAccess(
            f"«{name}» is no name for a key: small letters, digits and hyphens, a letter first, 40 at most"
        )
    unknown = [each for each in scopes if each not in SCOPES]
    if unknown or not scopes:
        raise NoAccess(f"there is no scope {', '.join(unknown) or '«»'}; there are: {', '.join(SCOPES)}")
    with store.begin() as unit:
        if any(key.opens(now) for key in _named(unit, name)):
            raise NoAccess(f"there is a key {name} already: rotate it, or revoke it first")
        made = _made(name, tuple(dict.fromkeys(scopes)), rate, dice)
        _keep(unit, made, by, now)
        unit.note_deed(Deed(now, by, "access add", name, {"scopes": made.scopes, "rate": rate}))
    return made


def rotate(
    store: Store, name: str, *, overlap: timedelta, by: str, now: datetime, dice: Callable[[int], bytes]
) -> Made:
    """Make a new key for the same; the old one opens for `overlap` yet. Raises NoAccess."""
    with store.begin() as unit:
        good = [key for key in _named(unit, name) if key.opens(now)]
        if not good:
            raise NoAccess(f"there is no key {name} that is good")
        unit.access.end_keys(name, now + overlap)
        made = _made(name, tuple(sorted(good[-1].scopes)), good[-1].rate, dice)
        _keep(unit, made, by, now)
        unit.note_deed(Deed(now, by, "access rotate", name, {"old_until": now + overlap}))
    return made


def revoke(store: Store, name: str, *, by: str, now: datetime) -> int:
    """Let no key of this name open anything, at once; how many there were. Raises NoAccess."""
    with store.begin() as unit:
        count = unit.access.revoke_keys(name, now)
        if not count:
            raise NoAccess(f"there is no key {name} that is good")
        unit.note_deed(Deed(now, by, "access revoke", name, {"keys": count}))
    return count


def recognised(unit: Unit, token: str, now: datetime) -> AccessKey | None:
    """The key that a token is; None where it opens nothing, whatever the reason.

    SHA-256 is right for a token of 256 random bits: there is nothing to guess that stretching would make dearer,
    and it is asked at each request. One comparison is made in any case, in constant time.
    """
    match = _SHAPE.fullmatch(token)
    known = unit.access.key_called(match[1] if match is not None else "")
    same = hmac.compare_digest(known.digest if known is not None else _NOBODY, _digest(token))
    return known if known is not None and same and known.opens(now) else None


def note_use(store: Store, key: AccessKey, now: datetime) -> None:
    """Write down that a key is in use, where that was not done within the hour."""
    if key.used_at is None or now - key.used_at >= USE_NOTED_EVERY:
        with store.begin(lazy=True) as unit:
            unit.access.note_use(key.id, now)


def _named(unit: Unit, name: str) -> list[AccessKey]:
    return [key for key in unit.access.all_keys() if key.name == name]


def _made(name: str, scopes: tuple[str, ...], rate: int, dice: Callable[[int], bytes]) -> Made:
    prefix = dice(6).hex()
    secret = base64.urlsafe_b64encode(dice(32)).decode().rstrip("=")
    return Made(name, f"accord_{prefix}_{secret}", prefix, scopes, rate)


def _keep(unit: Unit, made: Made, by: str, now: datetime) -> None:
    unit.access.add_key(NewKey(made.name, made.prefix, _digest(made.token), made.scopes, made.rate), by, now)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
