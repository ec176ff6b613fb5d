"""The venue's keys: made once by `init`, kept beside config.toml, never in the database or in git."""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from accord.core.mail.links import fingerprint
from accord.core.model.contact import email_key


class KeysFault(Exception):
    """The file of keys is missing or can't be used."""


class KeyUse(StrEnum):
    """What keys are for."""

    OBJECTIONS = "objections"
    LINKS = "links"


@dataclass(frozen=True, slots=True)
class Keys:
    """`links`: the first signs, all verify. `objections`: the first seals, all are tried, none is ever dropped."""

    objections: tuple[bytes, ...]
    links: tuple[bytes, ...]

    def seal(self, address: str) -> str:
        """The keyed digest of an address, for the objection list (R-44)."""
        return _digest(self.objections[0], email_key(address))

    def seals(self, address: str) -> tuple[str, ...]:
        """Every digest that an address may stand under."""
        return tuple(_digest(key, email_key(address)) for key in self.objections)

    def owners(self, address: str) -> tuple[str, ...]:
        """Digests of another kind, the newest key's first: for archived orders and kept proofs.

        The objection list serves nothing else (R-44), so nothing else may bear its digests.
        """
        return tuple(_digest(key, f"owner\n{email_key(address)}") for key in self.objections)

    def webhook_keys(self, webhook: str) -> tuple[bytes, ...]:
        """What a webhook's postings are signed with, a secret of its own: by the key at work, and by the one before.

        The receiver takes either, so it has until the next rotation to change over.
        """
        return tuple(hmac.digest(key, f"webhook\n{webhook}".encode(), "sha256") for key in self.links[:2])

    def prints(self) -> str:
        """What the database remembers of the keys, to know other ones when it meets them."""
        return ",".join(sorted(fingerprint(key) for key in self.objections))

    def listed(self) -> dict[KeyUse, tuple[str, ...]]:
        """Fingerprints by use, the key at work first."""
        return {
            KeyUse.OBJECTIONS: tuple(fingerprint(key) for key in self.objections),
            KeyUse.LINKS: tuple(fingerprint(key) for key in self.links),
        }


def _digest(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256").hex()


def make_keys(path: Path, dice: Callable[[int], bytes]) -> Keys:
    """Make a file of new keys, readable by its owner alone. Raises FileExistsError where there is one."""
    _write(path, Keys((dice(32),), (dice(32),)))
    return read_keys(path)


def add_key(path: Path, use: KeyUse, dice: Callable[[int], bytes]) -> Keys:
    """Put a new key before the others of its use; the file is replaced whole or not at all. Raises KeysFault."""
    known, new = read_keys(path), (dice(32),)
    if use is KeyUse.LINKS:
        made = Keys(known.objections, new + known.links)
    else:
        made = Keys(new + known.objections, known.links)
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.unlink(missing_ok=True)
    _write(unfinished, made)
    unfinished.replace(path)
    return made


def _write(path: Path, keys: Keys) -> None:
    """A new file that its owner alone can read, on the disk before this returns."""
    told = {
        "objections": [key.hex() for key in keys.objections],
        "links": [key.hex() for key in keys.links],
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(told, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())


def read_keys(path: Path) -> Keys:
    """Read the keys. Raises KeysFault with what to do about it."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        keys = Keys(
            tuple(bytes.fromhex(key) for key in told["objections"]),
            tuple(bytes.fromhex(key) for key in told["links"]),
        )
    except FileNotFoundError:
        raise KeysFault(
            f"{path} is missing: without its keys no link can be signed and the objection list can't be read. "
            "Restore it from your backup; for a new venue, run `scenario init`."
        ) from None
    except (OSError, ValueError, KeyError, TypeError):
        raise KeysFault(f"{path} is damaged: restore it from your backup.") from None
    if not keys.objections or not keys.links or min(map(len, (*keys.objections, *keys.links))) < 16:
        raise KeysFault(f"{path} is damaged: restore it from your backup.")
    return keys
