"""Ways back: systems and providers that post to us, mailboxes that are read. Each list here names one file a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from accord.shell.config_inbound import Box
from accord.shell.engine.ports.wayback import Mailbox
from accord.shell.inbound import events, orders
from accord.shell.inbound.brevo import BREVO
from accord.shell.inbound.hook import Reader
from accord.shell.inbound.imap import ImapMailbox
from accord.shell.inbound.maildir import Maildir
from accord.shell.inbound.postmark import POSTMARK
from accord.shell.inbound.provider import Provider
from accord.shell.inbound.ses import SES

READERS: Mapping[str, Reader] = {"events": events.take, "orders": orders.take}

PROVIDERS: Mapping[str, Provider] = {"brevo": BREVO, "postmark": POSTMARK, "ses": SES}

MAILBOXES: Mapping[str, Callable[[Box], Mailbox]] = {
    "imap": ImapMailbox,
    "maildir": lambda box: Maildir(Path(box.folder)),
}
