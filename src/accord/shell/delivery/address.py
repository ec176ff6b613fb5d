"""An e-mail address as an SMTP path: checked, its domain in ASCII, between angle brackets."""

from __future__ import annotations

import re

from accord.core.model.domain import NotADomain, ascii_domain

# Quoted local parts are legal and extinct; what is let through here can't leave its angle brackets.
_ADDRESS = re.compile(r"[^\s@<>\"(),:;\[\]\\\x00-\x1f\x7f]{1,64}@[^\s@<>\"(),:;\[\]\\\x00-\x1f\x7f]+")
_LONGEST = 254


class Misspelt(ValueError):
    """No mail can go to such an address; the text says which."""


def path_of(address: str, *, or_null: bool = False) -> str:
    """`<local@domain>` with the domain in ASCII (IDNA 2008); `or_null` lets the empty sender be `<>`.

    Raises Misspelt for what is no address.
    """
    if or_null and not address:
        return "<>"
    local, _, domain = address.rpartition("@")
    try:
        domain = domain if domain.isascii() else ascii_domain(domain)
    except NotADomain:
        raise Misspelt(f"{address!r} has no domain that mail could go to") from None
    path = f"{local}@{domain}"
    if not _ADDRESS.fullmatch(path) or len(path.encode("utf-8", "replace")) > _LONGEST:
        raise Misspelt(f"{address!r} is no e-mail address")
    if "" in local.split(".") or "" in domain.split("."):
        raise Misspelt(f"{address!r} has a dot too many")
    return f"<{path}>"
