"""Each mail server that takes our mail: whether it answers, takes our password, and how safe the line to it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from accord.shell.delivery.greeting import Greeting
from accord.shell.delivery.smtp import Server
from accord.shell.doctor.findings import Finding, fine, mend, note
from accord.shell.doctor.patient import Patient

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_OLD = frozenset({"SSLv3", "TLSv1", "TLSv1.1"})
SOON = timedelta(days=14)


def relay(patient: Patient) -> Iterator[Finding]:
    """A handshake with each, as for a mail, and no mail."""
    for server in patient.relays:
        seen = patient.greet(server)
        where = f"{server.host}:{server.port}"
        if seen.fault is not None:
            yield mend("relay", f"The mail server {where} can't be used: {seen.fault}.", _fix(seen.fault))
            continue
        yield fine("relay", f"{where} answers" + (", and takes our password" if server.username else ""))
        yield from _line(server, seen, where, patient)
        if "smtputf8" not in seen.offers:
            yield note(
                "smtputf8",
                f"{where} offers no SMTPUTF8: mail to zoé@… is rejected here, and told so.",
                "In Postfix: smtputf8_enable = yes. Few addresses need it.",
            )


def _fix(fault: str) -> str:
    text = fault.lower()
    if "certificate" in text:
        return "Renew its certificate, or name the host that stands in it: host in config.toml, under [smtp]."
    if "auth" in text or "535" in text:
        return "See username in config.toml, under [smtp], and the file that password_file names."
    return "See host, port and security in config.toml, under [smtp], and whether the server runs."


def _line(server: Server, seen: Greeting, where: str, patient: Patient) -> Iterator[Finding]:
    if seen.cipher is None and server.host not in _HERE:
        yield mend(
            "tls",
            f"Mail goes to {where} in clear: everybody between can read it.",
            'security = "starttls" in config.toml, under [smtp].',
        )
    elif seen.cipher is None:
        yield fine(
            "tls", f"{where} is this machine, which needs no TLS; that it uses TLS itself is its own affair"
        )
    elif seen.cipher in _OLD:
        yield mend(
            "tls", f"{where} speaks {seen.cipher}, which is broken.", "Have it speak TLS 1.2 or newer."
        )
    elif seen.ends is not None and seen.ends - patient.now < SOON:
        yield note(
            "tls",
            f"The certificate of {where} ends on {seen.ends:%Y-%m-%d}.",
            "Renew it before: after that no mail leaves.",
        )
    else:
        yield fine("tls", f"the line to {where} is {seen.cipher}")
