"""[dkim] of config.toml: the domain that signs, and the file of each key by its selector."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import TYPE_CHECKING

from accord.core.mail.dkim import SigningKey
from accord.core.model.domain import NotADomain, ascii_domain
from accord.shell.config_shapes import Config
from accord.shell.config_source import Source

if TYPE_CHECKING:
    from accord.shell.signing_keys import DkimKey

# A selector is one or more labels of DNS (RFC 6376, 3.1).
SELECTOR = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")


@dataclass(frozen=True, slots=True)
class Dkim:
    """`domain` signs (d=), with all `keys` at once. Without keys the mail server has to sign."""

    domain: str = ""
    keys: tuple[DkimKey, ...] = ()

    @property
    def signers(self) -> tuple[SigningKey, ...]:
        """What each mail is signed with when it leaves."""
        return tuple(key.signer for key in self.keys)


def read_dkim(config: Config, source: Source, root: Path) -> Dkim:
    """What [dkim] says; the domain is that of the first sender unless it names another."""
    section = config.dkim
    first = next(iter(config.entity.senders.values()))
    named = section.domain or parseaddr(first)[1].rpartition("@")[2]
    try:
        domain = ascii_domain(named)
    except NotADomain:
        if section.domain is not None or section.keys:
            source.fault("dkim.domain", "wrong-value", f"«{named}» is no domain; write theatre.example.")
        return Dkim()
    found = (_key(domain, selector, root / file, source) for selector, file in section.keys.items())
    return Dkim(domain, tuple(key for key in found if key is not None))


def _key(domain: str, selector: str, file: Path, source: Source) -> DkimKey | None:
    path = f"dkim.keys.{selector}"
    if not SELECTOR.fullmatch(selector):
        message = f"«{selector}» is no selector; write letters, digits and hyphens, such as accord2026."
        source.fault(path, "wrong-value", message, at_key=True)
        return None
    # Most venues sign nothing here: the library is loaded by those that do.
    from accord.shell.signing_keys import SigningFault, dkim_key

    try:
        return dkim_key(domain, selector, file)
    except SigningFault as fault:
        source.fault(path, "wrong-value", str(fault))
        return None
