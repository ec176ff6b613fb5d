"""Addresses at the door: checked as the full validator checks them, and written in one form."""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, validate_email

# RFC 5321 4.5.3.1.3 and errata: a longer path can't be written to.
LONGEST_ADDRESS = 254

# How many domains are remembered: a file may hold as many as it likes.
REMEMBERED = 50_000

# RFC 5322 3.2.3, in ASCII: what nearly every address is before the @.
_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_!#$%&'*+\-/=?^`{|}~]+(?:\.[A-Za-z0-9_!#$%&'*+\-/=?^`{|}~]+)*\Z")

# RFC 2142: these the validator writes in small letters; they are left to it.
_WELL_KNOWN = frozenset(
    {
        *("info", "marketing", "sales", "support", "abuse", "noc", "security", "postmaster", "hostmaster"),
        *("usenet", "news", "webmaster", "www", "uucp", "ftp"),
    }
)


class NoAddress(ValueError):
    """A text that is no address; it says why."""


class Addresses:
    """Checks addresses, and remembers domains: the full validator is asked once for each of them.

    For a plain local part (ASCII, no quotes) at a domain that the validator knows it says exactly what the
    validator would; everything else goes to the validator itself.
    """

    def __init__(self, most: int = REMEMBERED) -> None:
        self._domains: dict[str, str | None] = {}
        self._most = most

    def __len__(self) -> int:
        """How many domains are remembered."""
        return len(self._domains)

    def read(self, text: str) -> str:
        """The address, trimmed, the local part in Unicode's composed form, the domain in small letters.

        Dots and «+tags» are part of it and stay (R-17). Raises NoAddress.
        """
        text = text.strip()
        local, at, domain = text.rpartition("@")
        if at and text.isascii() and _PLAIN_LOCAL.match(local) and local.lower() not in _WELL_KNOWN:
            known = self._domain(domain)
            if known is not None and len(text) <= LONGEST_ADDRESS:
                return f"{local}@{known}"
        return _validated(text)

    def _domain(self, domain: str) -> str | None:
        """The domain as it is written; None where the validator must be asked about the whole address."""
        if domain in self._domains:
            return self._domains[domain]
        if len(self._domains) >= self._most:
            self._domains.clear()
        try:
            found = _validated(f"a@{domain}").rpartition("@")[2]
        except NoAddress:
            found = None
        # A domain in another script is longer in one of its forms than in the other: lengths are the validator's.
        self._domains[domain] = known = found if found is not None and found.isascii() else None
        return known


def _validated(text: str) -> str:
    if not text:
        raise NoAddress("it is missing")
    if len(text) > 4 * LONGEST_ADDRESS:
        raise NoAddress(f"it is longer than {LONGEST_ADDRESS} characters")
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as fault:
        raise NoAddress(str(fault).rstrip(".")) from None
