"""The patient: all that examinations look at, and what they ask the outside world with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from functools import cached_property

from accord.core.mail.compose import Head, compose, feedback_id
from accord.core.mail.dkim import signed
from accord.core.mail.letter import Rendered
from accord.core.mail.links import LinkKind, Links
from accord.core.model.consent import LegalBasis, Nature
from accord.core.model.domain import NotADomain, ascii_domain
from accord.shell.config_inbound import Box
from accord.shell.delivery.greeting import Greeting
from accord.shell.delivery.smtp import Server
from accord.shell.doctor.dns import Answers
from accord.shell.keys import KeysFault, read_keys
from accord.shell.settings import Settings
from accord.shell.store.database import SqlStore
from accord.shell.way_out import server_of

# No contact and no mail has this number: they begin with 1.
NOBODY = 0


@dataclass
class Patient:
    """One venue. `ask` answers for DNS, `greet` calls a mail server, `press` presses a one-click address.

    `press` gives the status of the answer, or the reason why there was none; `look_into` opens a mailbox and gives
    the reason why it could not.
    """

    settings: Settings
    store: SqlStore
    now: datetime
    ask: Answers
    greet: Callable[[Server], Greeting]
    press: Callable[[str], int | str]
    look_into: Callable[[Box], str | None]

    @property
    def sends(self) -> bool:
        """Whether mail leaves the house at all."""
        return self.settings.delivery != "folder"

    @cached_property
    def sender(self) -> tuple[str, str]:
        """The name and address of the first sender."""
        return parseaddr(next(iter(self.settings.venue.entity.senders.values())))

    @cached_property
    def domains(self) -> list[str]:
        """The domains that stand in From, each once, in ASCII."""
        found = []
        for sender in self.settings.venue.entity.senders.values():
            try:
                found.append(ascii_domain(parseaddr(sender)[1].rpartition("@")[2]))
            except NotADomain:
                continue
        return list(dict.fromkeys(found))

    @property
    def return_paths(self) -> list[str]:
        """The domains that bounces go to: that of [delivery] return_path, else those of From."""
        path = self.settings.return_path
        return [path.rpartition("@")[2].lower()] if path is not None else self.domains

    @property
    def relays(self) -> list[Server]:
        """The mail servers that take our mail."""
        return [server_of(relay) for relay in self.settings.smtp.relays]

    @cached_property
    def sample(self) -> bytes:
        """A letter as it would leave now, to nobody: signed, with all its headers."""
        name, address = self.sender
        host = address.rpartition("@")[2]
        words = Rendered("Examination", "", b"<p>Examination</p>\r\n", b"Examination\r\n", None, "en")
        head = Head(
            sender_name=name,
            sender_address=address,
            recipient=address,
            message_key=f"doctor.{int(self.now.timestamp())}",
            host=host,
            at=self.now,
            unsubscribe=self.one_click,
            list_name="Examination",
            list_id=f"doctor.{host}",
            feedback_id=feedback_id("doctor", "doctor", Nature.EDITORIAL, sender=address),
        )
        return signed(compose(words, head), self.settings.dkim.signers)

    @cached_property
    def one_click(self) -> str:
        """An address as those behind List-Unsubscribe, signed, for somebody who is not there: it stops nobody's mail."""
        base_url = self.settings.venue.base_url
        try:
            links = Links(base_url, read_keys(self.settings.keys_file).links)
        except KeysFault:
            # Another examination tells of it.
            return f"{base_url}/u/unsigned"
        token = links.seal(LinkKind.UNSUBSCRIBE, NOBODY, "examination", LegalBasis.CONSENT, NOBODY)
        return links.url(LinkKind.UNSUBSCRIBE, token)
