"""Who stands in From: a domain of the venue's own, for which it can publish what mailboxes ask for."""

from __future__ import annotations

from collections.abc import Iterator

from accord.shell.doctor.findings import Finding, fine, mend
from accord.shell.doctor.patient import Patient

# Mailboxes for everybody: their owners' policies refuse, or will, what others write in their name.
EVERYBODYS: frozenset[str] = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "yahoo.com",
        "yahoo.fr",
        "ymail.com",
        "aol.com",
        "outlook.com",
        "outlook.fr",
        "hotmail.com",
        "hotmail.fr",
        "live.com",
        "live.fr",
        "msn.com",
        "icloud.com",
        "me.com",
        "mac.com",
        "orange.fr",
        "wanadoo.fr",
        "laposte.net",
        "free.fr",
        "sfr.fr",
        "neuf.fr",
        "cegetel.net",
        "bbox.fr",
        "numericable.fr",
        "aliceadsl.fr",
        "club-internet.fr",
        "proton.me",
        "protonmail.com",
        "gmx.com",
        "gmx.fr",
        "gmx.de",
        "web.de",
    ]
)


def sender(patient: Patient) -> Iterator[Finding]:
    """Each domain in From."""
    for domain in patient.domains:
        if domain in EVERYBODYS:
            yield mend(
                "own-domain",
                f"You write as somebody at {domain}: its DMARC policy has mailboxes refuse that from others.",
                "Take a domain of your own, and write from it: [entity.senders] in config.toml.",
            )
        else:
            yield fine("own-domain", f"{domain} is no mailbox provider's")
