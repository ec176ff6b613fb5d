"""Domains as mail servers are told them: in ASCII, by IDNA 2008 (RFC 5891), after the mapping of UTS 46."""

from __future__ import annotations

from functools import lru_cache

import idna


class NotADomain(ValueError):
    """What can't be a domain; the text says why."""


@lru_cache(maxsize=1024)
def ascii_domain(domain: str) -> str:
    """A domain in lower-case ASCII: «Théâtre.fr» is «xn--thtre-4qa2c.fr», «straße.de» is not «strasse.de».

    Raises NotADomain.
    """
    try:
        return idna.encode(domain, uts46=True, transitional=False).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as fault:
        raise NotADomain(str(fault)) from None
