"""What comes back: whether anybody reads bounces, complaints and answers, and can open the mailboxes that they come to."""

from __future__ import annotations

from collections.abc import Iterator

from accord.shell.config_inbound import Box
from accord.shell.doctor.findings import Finding, fine, mend, note
from accord.shell.doctor.patient import Patient
from accord.shell.engine.ports.wayback import MailboxFault
from accord.shell.inbound import MAILBOXES, PROVIDERS


def returns(patient: Patient) -> Iterator[Finding]:
    """Each mailbox is opened and left as it is; providers are only known to be named."""
    settings = patient.settings
    told_by = [hook.name for hook in settings.hooks.values() if hook.kind in PROVIDERS]
    if not settings.mailboxes and not told_by:
        yield mend(
            "returns",
            "Nobody reads what comes back: bounces, complaints and «stop» by answer are lost, and mailboxes count.",
            'In config.toml: [inbound.NAME], kind = "imap" or "maildir", or that of your provider.',
        )
        return
    for name in told_by:
        yield fine("returns", f"{name} tells us of bounces and complaints")
    for name, box in settings.mailboxes.items():
        fault = patient.look_into(box)
        if fault is None:
            yield fine("returns", f"the mailbox {name} can be read")
        else:
            yield mend("returns", f"Nobody reads {name}: {fault}.", f"See [inbound.{name}] in config.toml.")
    if settings.mailboxes and settings.return_path is None:
        yield note(
            "return-path",
            "Bounces come back to the address in From, and are known again by their contents alone.",
            'return_path = "retours+*@…" in config.toml, under [delivery].',
        )


def look_into(box: Box) -> str | None:
    """Open a mailbox, look how much there is in it, and leave everything as it was; the reason where that can't be."""
    mailbox = MAILBOXES[box.kind](box)
    try:
        list(mailbox.fresh(None, 0))
    except MailboxFault as fault:
        return str(fault)
    finally:
        mailbox.close()
    return None
